import type { StatementId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { WrittenRow } from '../engine.ts'

type Content = Omit<WrittenRow, 'row' | 'outcome'>

/**
 * The rows of a write, durable: all of them before the first call, each before and after its own. Whatever ends the
 * server, they say which rows are done, which were not tried, and of which one nobody knows.
 */
export class WriteJournal {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async begin(id: StatementId, rows: readonly WrittenRow[]): Promise<void> {
    await this.#store.pool.query(
      `INSERT INTO written_row (statement_id, row, outcome, content)
       SELECT $1, r, o, c FROM unnest($2::integer[], $3::text[], $4::jsonb[]) AS t (r, o, c)`,
      [id, rows.map(({ row }) => row), rows.map(({ outcome }) => outcome), rows.map(contentOf)],
    )
  }

  async sending(id: StatementId, row: number): Promise<void> {
    await this.#store.pool.query(
      "UPDATE written_row SET outcome = 'sending' WHERE statement_id = $1 AND row = $2",
      [id, row],
    )
  }

  async settled(id: StatementId, written: WrittenRow): Promise<void> {
    await this.#store.pool.query(
      'UPDATE written_row SET outcome = $3, content = $4 WHERE statement_id = $1 AND row = $2',
      [id, written.row, written.outcome, contentOf(written)],
    )
  }

  /** What a server left that ended in the midst of a write; empty where none was begun. */
  async left(id: StatementId): Promise<readonly WrittenRow[]> {
    const { rows } = await this.#store.pool.query<{ row: number; outcome: string; content: Content }>(
      'SELECT row, outcome, content FROM written_row WHERE statement_id = $1 ORDER BY row',
      [id],
    )
    return rows.map(({ row, outcome, content }) =>
      outcome === 'sending'
        ? { row, ...content, outcome: 'unknown', error: 'The server ended while this row was on its way.' }
        : { row, ...content, outcome: outcome as WrittenRow['outcome'] },
    )
  }
}

const contentOf = ({ row: _, outcome: __, ...content }: WrittenRow) =>
  JSON.stringify(content).replaceAll('\\u0000', '\\ufffd')
