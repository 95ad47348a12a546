import { type Clock, type OrganisationId, SluisError, type StatementId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { StatementPage, StatementRecord } from '../engine.ts'

/** A record that is still being written. */
export type LiveRecord = { -readonly [Key in keyof StatementRecord]: StatementRecord[Key] } & {
  readonly organisationId: OrganisationId
}

const notFound = (id: string) =>
  new SluisError('NOT_FOUND', `There is no statement ${id.slice(0, 40)} in this database.`, {
    hint: 'Records are kept for 7 days.',
  })

const keptMs = 7 * 86_400_000

/** What ran and what runs: live records of this process, ended ones in PostgreSQL for 7 days. */
export class StatementLog {
  readonly #store: Store
  readonly #clock: Clock
  readonly #live = new Map<StatementId, { record: LiveRecord; cancel: (reason: Error) => void }>()
  #prunedAt = 0

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  open(record: LiveRecord, cancel: (reason: Error) => void): void {
    this.#live.set(record.id, { record, cancel })
  }

  /** Writes the record down for good. */
  async close(record: LiveRecord): Promise<void> {
    try {
      await this.#write(record)
    } finally {
      // Only now: between the two nobody may find it missing.
      this.#live.delete(record.id)
    }
  }

  async #write(record: LiveRecord): Promise<void> {
    const { organisationId, ...kept } = record
    const now = this.#clock.now()
    await this.#store.pool.query(
      `INSERT INTO statement (id, organisation_id, database_name, actor, started_at, ended_at, record)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
      [
        record.id,
        organisationId,
        record.database,
        record.actor,
        Date.parse(record.startedAt),
        now,
        // PostgreSQL's JSON has no NUL; the statement that held one was refused for it.
        JSON.stringify(kept).replaceAll('\\u0000', '\\ufffd'),
      ],
    )
    if (now - this.#prunedAt > 3_600_000) {
      this.#prunedAt = now
      await this.#store.pool.query('DELETE FROM statement WHERE started_at < $1', [now - keptMs])
    }
  }

  async get(organisationId: OrganisationId, database: string, id: StatementId): Promise<StatementRecord> {
    const live = this.#live.get(id)?.record
    if (live?.organisationId === organisationId && live.database === database) return publicRecord(live)
    const { rows } = await this.#store.pool.query<{ record: StatementRecord }>(
      'SELECT record FROM statement WHERE id = $1 AND organisation_id = $2 AND database_name = $3',
      [id, organisationId, database],
    )
    const [row] = rows
    if (!row) throw notFound(id)
    return row.record
  }

  /** The newest first: ids sort by age. What still runs stands among what has ended. */
  async list(
    organisationId: OrganisationId,
    database: string,
    { actor, limit, after }: StatementPage,
  ): Promise<readonly StatementRecord[]> {
    const live = [...this.#live.values()]
      .map(({ record }) => record)
      .filter((record) => record.organisationId === organisationId && record.database === database)
      .filter((record) => actor === undefined || record.actor === actor)
      .filter((record) => after === undefined || record.id < after)
      .map(publicRecord)
    const { rows } = await this.#store.pool.query<{ record: StatementRecord }>(
      `SELECT record FROM statement WHERE organisation_id = $1 AND database_name = $2 AND ($3::text IS NULL OR actor = $3)
         AND ($4::text IS NULL OR id < $4 COLLATE "C")
       ORDER BY started_at DESC, id COLLATE "C" DESC LIMIT $5`,
      [organisationId, database, actor ?? null, after ?? null, limit],
    )
    const isLive = new Set(live.map(({ id }) => id))
    const all = [...live, ...rows.map(({ record }) => record).filter(({ id }) => !isLive.has(id))]
    return all.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit)
  }

  cancel(organisationId: OrganisationId, database: string, id: StatementId): void {
    const live = this.#live.get(id)
    if (live?.record.organisationId !== organisationId || live.record.database !== database)
      throw notFound(id)
    live.cancel(new SluisError('QUERY_CANCELLED', 'The statement was cancelled.'))
  }

  /** What runs here for an organisation, the newest first. */
  live(organisationId: OrganisationId): readonly StatementRecord[] {
    return [...this.#live.values()]
      .map(({ record }) => record)
      .filter((record) => record.organisationId === organisationId && record.endedAt === null)
      .map(publicRecord)
      .reverse()
  }

  /** Ends what runs: all of it, or all of one organisation. */
  cancelAll(reason: Error, organisationId?: OrganisationId): void {
    for (const { cancel, record } of this.#live.values()) {
      if (organisationId === undefined || record.organisationId === organisationId) cancel(reason)
    }
  }

  get running(): number {
    return this.#live.size
  }
}

function publicRecord({ organisationId: _, ...record }: LiveRecord): StatementRecord {
  return { ...record, nativeCalls: [...record.nativeCalls] }
}
