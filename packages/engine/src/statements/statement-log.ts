import { type Clock, type OrganisationId, SluisError, type StatementId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { StatementPage, StatementRecord } from '../engine.ts'
import type { LeftWrite, StatementJob } from './statement-job.ts'

/** A record that is still being written. */
export type LiveRecord = { -readonly [Key in keyof StatementRecord]: StatementRecord[Key] } & {
  readonly organisationId: OrganisationId
}

const notFound = (id: string) =>
  new SluisError('NOT_FOUND', `There is no statement ${id.slice(0, 40)} in this database.`, {
    hint: 'Records are kept for 7 days.',
  })

const keptMs = 7 * 86_400_000
const flushMs = 1000

const cancelled = () => new SluisError('QUERY_CANCELLED', 'The statement was cancelled.')

/** A statement whose server is gone. */
export interface LeftStatement {
  readonly record: LiveRecord
  readonly job: Partial<StatementJob & LeftWrite>
  readonly isCancelled: boolean
}

/** PostgreSQL's JSON has no NUL; the statement that held one was refused for it. */
const textOf = ({ organisationId: _, ...record }: LiveRecord) =>
  JSON.stringify(record).replaceAll('\\u0000', '\\ufffd')

/** What ran and what runs: live records of this process, ended ones in PostgreSQL for 7 days. */
export class StatementLog {
  readonly #store: Store
  readonly #clock: Clock
  readonly #live = new Map<StatementId, { record: LiveRecord; cancel: (reason: Error) => void }>()
  readonly #durable = new Set<StatementId>()
  readonly #owner: string
  readonly #flushing: NodeJS.Timeout
  #prunedAt = 0

  /** @param owner this process's slot: who takes it over goes on with what it left */
  constructor(store: Store, clock: Clock, owner: string) {
    this.#store = store
    this.#clock = clock
    this.#owner = owner
    this.#flushing = setInterval(() => void this.#flush().catch(() => {}), flushMs).unref()
  }

  /** Writes a record down that shall outlive this server, with how to go on with it. */
  async begin(record: LiveRecord, job: StatementJob | LeftWrite): Promise<void> {
    await this.#store.pool.query(
      `INSERT INTO statement (id, organisation_id, database_name, actor, started_at, record, owner, job)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record, job = statement.job || excluded.job`,
      [
        record.id,
        record.organisationId,
        record.database,
        record.actor,
        Date.parse(record.startedAt),
        textOf(record),
        this.#owner,
        JSON.stringify(job).replaceAll('\\u0000', '\\ufffd'),
      ],
    )
    this.#durable.add(record.id)
  }

  /** Shows other servers how far a statement is, and hears whether one of them was told to cancel it. */
  async #flush(): Promise<void> {
    for (const id of this.#durable) {
      const live = this.#live.get(id)
      if (!live) continue
      const { rows } = await this.#store.pool.query<{ is_cancelled: boolean }>(
        'UPDATE statement SET record = $2 WHERE id = $1 AND ended_at IS NULL RETURNING is_cancelled',
        [id, textOf(live.record)],
      )
      if (rows[0]?.is_cancelled) live.cancel(cancelled())
    }
  }

  /** Lets go of a statement that another server, or the next one here, goes on with. */
  async suspend(record: LiveRecord): Promise<void> {
    await this.#flush().catch(() => {})
    this.#live.delete(record.id)
    this.#durable.delete(record.id)
  }

  /** What the owners of these slots left, now this process's own. */
  async adopt(owners: readonly string[]): Promise<readonly LeftStatement[]> {
    const { rows } = await this.#store.pool.query<{
      organisation_id: OrganisationId
      record: StatementRecord
      job: Partial<StatementJob & LeftWrite> | null
      is_cancelled: boolean
    }>(
      `UPDATE statement SET owner = $2 WHERE owner = ANY($1) AND ended_at IS NULL
       RETURNING organisation_id, record, job, is_cancelled`,
      [owners, this.#owner],
    )
    return rows.map(({ organisation_id, record, job, is_cancelled }) => ({
      record: { ...record, organisationId: organisation_id },
      job: job ?? {},
      isCancelled: is_cancelled,
    }))
  }

  stop(): void {
    clearInterval(this.#flushing)
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
      this.#durable.delete(record.id)
    }
  }

  async #write(record: LiveRecord): Promise<void> {
    const { organisationId } = record
    const now = this.#clock.now()
    await this.#store.pool.query(
      `INSERT INTO statement (id, organisation_id, database_name, actor, started_at, ended_at, record)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at, record = excluded.record, owner = NULL, job = NULL`,
      [
        record.id,
        organisationId,
        record.database,
        record.actor,
        Date.parse(record.startedAt),
        now,
        textOf(record),
      ],
    )
    await this.#store.pool.query('DELETE FROM written_row WHERE statement_id = $1', [record.id])
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

  /** Also of a statement that runs, or waits to be gone on with, at another server. */
  async cancel(organisationId: OrganisationId, database: string, id: StatementId): Promise<void> {
    const live = this.#live.get(id)
    if (live?.record.organisationId === organisationId && live.record.database === database) {
      live.cancel(cancelled())
      return
    }
    const { rowCount } = await this.#store.pool.query(
      `UPDATE statement SET is_cancelled = true
       WHERE id = $1 AND organisation_id = $2 AND database_name = $3 AND ended_at IS NULL`,
      [id, organisationId, database],
    )
    if (!rowCount) throw notFound(id)
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
  /** Why statements end when the server does. */
  readonly stopping = new SluisError('QUERY_CANCELLED', 'The server is stopping.')

  /** Ends what runs: all of it, or all of one organisation. */
  cancelAll(reason: Error = this.stopping, organisationId?: OrganisationId): void {
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
