import { createReadStream, mkdirSync } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, type OrganisationId, SluisError, type StatementId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { QueryStats, StatementRun } from '../engine.ts'
import type { PageSealer } from '../keep/page-sealer.ts'

type Finished = Omit<StatementRun, 'stats' | 'body'> & { readonly stats: QueryStats }
/** A finished statement with the file that holds its rows. */
export type KeptResult = Finished & { readonly file: string }

const keptMs = 3_600_000
/** Up to this size a result is kept in PostgreSQL too, where every server finds it. */
const sharedBytes = 64 << 20
const partBytes = 1 << 20
/** How long another server is given to put a result down after its statement has ended. */
const settlingMs = 10_000

/** Results of statements that ran without a listener, kept for an hour. */
export class StoredResults {
  readonly #folder: string
  readonly #store: Store
  readonly #clock: Clock
  readonly #sealer: PageSealer
  readonly #finished = new Map<StatementId, KeptResult & { readonly at: number }>()
  readonly #writing = new Map<StatementId, Promise<void>>()

  constructor(parts: {
    readonly folder: string
    readonly store: Store
    readonly clock: Clock
    readonly sealer: PageSealer
  }) {
    this.#folder = parts.folder
    this.#store = parts.store
    this.#clock = parts.clock
    this.#sealer = parts.sealer
    mkdirSync(parts.folder, { recursive: true, mode: 0o700 })
  }

  /** Lets `work`, which begins at once, write the result to a file and keeps it. */
  async keep(
    { id, organisationId }: { readonly id: StatementId; readonly organisationId: OrganisationId },
    work: (file: string) => Promise<Finished>,
  ): Promise<void> {
    const writing = this.#write(id, organisationId, work)
    this.#writing.set(id, writing)
    try {
      await writing
    } finally {
      this.#writing.delete(id)
      await this.#prune()
    }
  }

  async #write(
    id: StatementId,
    organisationId: OrganisationId,
    work: (file: string) => Promise<Finished>,
  ): Promise<void> {
    const file = join(this.#folder, id)
    try {
      const finished = await work(file)
      this.#finished.set(id, { ...finished, file, at: this.#clock.now() })
      await this.#share(id, organisationId, finished, file)
    } catch (error) {
      await rm(file, { force: true })
      throw error
    }
  }

  /** Puts a result where every server finds it, unless it is too large for that. */
  async #share(
    id: StatementId,
    organisationId: OrganisationId,
    { stats, ...run }: Finished,
    file: string,
  ): Promise<void> {
    const { size } = await stat(file)
    const { id: _, columns, format, warnings } = run
    const parts = size > sharedBytes ? null : Math.ceil(size / partBytes)
    const handle = await open(file)
    try {
      for (let part = 0; part < (parts ?? 0); part++) {
        const plain = Buffer.alloc(Math.min(partBytes, size - part * partBytes))
        await handle.read(plain, 0, plain.length, part * partBytes)
        const sealed = await this.#sealer.seal(
          organisationId,
          { grant: 'result', chain: id, page: part },
          plain,
        )
        await this.#store.pool.query(
          `INSERT INTO statement_result (statement_id, part, sealed, kept_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (statement_id, part) DO UPDATE SET sealed = excluded.sealed, kept_at = excluded.kept_at`,
          [id, part, sealed, this.#clock.now()],
        )
      }
    } finally {
      await handle.close()
    }
    await this.#store.pool.query('UPDATE statement SET result = $2 WHERE id = $1', [
      id,
      JSON.stringify({ columns, format, warnings, stats, parts, at: this.#clock.now() }),
    ])
  }

  /** The kept rows, wherever they were made; of a statement that has just ended, once its last bytes are written. */
  async get(organisationId: OrganisationId, id: StatementId, endedAt: string | null): Promise<KeptResult> {
    await this.#writing.get(id)?.catch(() => {})
    return this.#finished.get(id) ?? (await this.#fetch(organisationId, id, endedAt))
  }

  async #fetch(organisationId: OrganisationId, id: StatementId, endedAt: string | null): Promise<KeptResult> {
    const until = Date.parse(endedAt ?? '') + settlingMs
    for (;;) {
      const { rows } = await this.#store.pool.query<{ result: SharedResult | null }>(
        'SELECT result FROM statement WHERE id = $1',
        [id],
      )
      const result = rows[0]?.result ?? null
      if (result === null) {
        if (!(this.#clock.now() < until)) throw gone()
        await this.#clock.sleep(200)
        continue
      }
      const { parts, at, ...finished } = result
      if (parts === null) {
        throw new SluisError(
          'NOT_FOUND',
          'The rows of this statement are too many to be kept but where they were made.',
          {
            hint: 'Ask the server that ran it, or run the statement again.',
          },
        )
      }
      const file = join(this.#folder, id)
      const handle = await open(file, 'w', 0o600)
      try {
        for (let part = 0; part < parts; part++) {
          const { rows: sealed } = await this.#store.pool.query<{ sealed: Buffer }>(
            'SELECT sealed FROM statement_result WHERE statement_id = $1 AND part = $2',
            [id, part],
          )
          if (!sealed[0]) throw gone()
          const place = { grant: 'result', chain: id, page: part }
          await handle.writeFile(await this.#sealer.unseal(organisationId, place, sealed[0].sealed))
        }
      } finally {
        await handle.close()
      }
      const kept = { ...finished, id, file, at }
      this.#finished.set(id, kept)
      return kept
    }
  }

  /** The rows as they were kept. */
  static open({ id, columns, format, warnings, file, stats }: KeptResult): StatementRun {
    return {
      id,
      columns,
      format,
      warnings,
      body: createReadStream(file),
      stats: Promise.resolve(stats),
    }
  }

  /** Removes the rows of these statements before their time. */
  async forget(ids: readonly StatementId[]): Promise<void> {
    for (const id of ids) {
      const file = this.#finished.get(id)?.file
      this.#finished.delete(id)
      if (file !== undefined) await rm(file, { force: true })
    }
  }

  async #prune(): Promise<void> {
    const now = this.#clock.now()
    await this.#store.pool.query('DELETE FROM statement_result WHERE kept_at < $1', [now - keptMs])
    for (const [id, { file, at }] of this.#finished) {
      if (now - at < keptMs) continue
      this.#finished.delete(id)
      await rm(file, { force: true })
    }
  }
}

/** A result as its statement's row tells it; `parts` is null where it was too large. */
type SharedResult = Omit<Finished, 'id'> & { readonly parts: number | null; readonly at: number }

const gone = () =>
  new SluisError('NOT_FOUND', 'The rows of this statement are not kept any more.', {
    hint: 'Results are kept for an hour; run the statement again.',
  })
