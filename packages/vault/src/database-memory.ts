import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, type Log, SluisError } from '@sluis/shared'
import type { Store, StoreIdentity } from '@sluis/store'
import type { GrantRow } from './grant-row.ts'

/** Every process gets so long to come back and say what it knows, before a repair may end. */
const graceMs = 15_000
const fileName = 'database.json'
/** In these states a grant of a database that forgot is in doubt. */
const doubted: ReadonlySet<string> = new Set(['active', 'refreshing', 'misconfigured'])
/** The same in SQL, of grant `g` and the platforms `$3`. */
const inDoubt = `g.platform = ANY ($3) AND g.deleted_at IS NULL AND g.has_refresh
  AND g.state IN ('active', 'refreshing', 'misconfigured')`

/**
 * Remembers how far the database had come, in memory and beside the spools. A database that is less far, or that has
 * another history, is an older copy: tokens that were spent since are in the spools and not in it. Then a recovery is
 * opened, which stops all spends of single-use tokens until every registered process has replayed its spool.
 */
export class DatabaseMemory {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  readonly #path: string
  readonly #singleUse: readonly string[]
  #last: StoreIdentity | null
  #checking: Promise<void> = Promise.resolve()

  /** `singleUse`: the platforms whose grants are in doubt when the database forgot. */
  constructor(store: Store, clock: Clock, log: Log, folder: string, singleUse: readonly string[]) {
    this.#singleUse = singleUse
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#path = join(folder, fileName)
    this.#last = this.#read()
  }

  /**
   * Compares the database with what is remembered, and opens a recovery if it forgot. One look after the other: of two at
   * once the answers may come in the other order, and the older would look like a database that forgot.
   */
  check(): Promise<void> {
    const look = this.#checking.then(() => this.#look())
    this.#checking = look.catch(() => {})
    return look
  }

  async #look(): Promise<void> {
    const identity = await this.#store.identity()
    const reason = this.#last === null ? null : whatIsLost(this.#last, identity)
    if (reason !== null) {
      // Each grant in doubt is told of, once: by the process that opens the recovery. Where one is open already it begins
      // anew, under a new number: what was replayed for it may have been forgotten again.
      await this.#store.pool.query(
        `WITH opened AS (
           INSERT INTO vault_recovery (reason, detected_at) VALUES ($1, $2)
           ON CONFLICT ((true)) WHERE ended_at IS NULL DO UPDATE SET id = DEFAULT, reason = $1, detected_at = $2
           RETURNING id, xmax = 0 AS is_new)
         INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         SELECT g.organisation_id, $2, 'vault', 'grant.ambiguous', g.id,
           jsonb_build_object('generation', g.generation, 'recovery', opened.id, 'detail', $1::text)
         FROM opened, token_grant g WHERE opened.is_new AND ${inDoubt}`,
        [reason, this.#clock.now(), this.#singleUse],
      )
      this.#log.error(
        { reason },
        'the database forgot what it knew; no single-use token is spent until all replayed',
      )
    }
    const hasMoved = this.#last === null || reason !== null || identity.writeCounter > this.#last.writeCounter
    this.#last = identity
    if (hasMoved) this.#write(identity)
  }

  /** The open recovery that this process has not replayed for yet. */
  async openRecovery(processId: string): Promise<number | null> {
    const { rows } = await this.#store.pool.query<{ id: number }>(
      `SELECT r.id FROM vault_recovery r WHERE r.ended_at IS NULL
         AND NOT EXISTS (SELECT FROM vault_process p WHERE p.id = $1 AND p.replayed_recovery >= r.id)`,
      [processId],
    )
    return rows[0]?.id ?? null
  }

  /** Notes that the spools of these processes have been replayed for a recovery. */
  async noteReplayed(recovery: number, processIds: readonly string[]): Promise<void> {
    await this.#store.pool.query('UPDATE vault_process SET replayed_recovery = $1 WHERE id = ANY($2)', [
      recovery,
      processIds,
    ])
  }

  /** Ends the recovery once every registered process has replayed and had time to register. */
  async endRecovery(): Promise<void> {
    const { rowCount } = await this.#store.pool.query(
      `WITH ended AS (
         UPDATE vault_recovery r SET ended_at = $1 WHERE ended_at IS NULL AND detected_at <= $2
           AND NOT EXISTS (SELECT FROM vault_process p WHERE p.replayed_recovery < r.id)
         RETURNING id, detected_at),
       audited AS (
         INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         SELECT g.organisation_id, $1, 'vault', 'grant.recovered', g.id,
           jsonb_build_object('generation', g.generation, 'recovery', ended.id)
         FROM ended, token_grant g
         WHERE ${inDoubt} AND NOT EXISTS (SELECT FROM audit_event e
           WHERE e.subject = g.id AND e.action = 'grant.recovered' AND e.at >= ended.detected_at))
       SELECT FROM ended`,
      [this.#clock.now(), this.#clock.now() - graceMs, this.#singleUse],
    )
    if (rowCount === 1) this.#log.info({}, 'every process has replayed its spool; tokens may be spent again')
  }

  /**
   * An operator's word that a process and its spool are gone for good. Only one that a recovery waits for can be given
   * up: any other may hold answers that are nowhere else.
   */
  async assumeLost(processId: string): Promise<void> {
    const { rowCount } = await this.#store.pool.query(
      `DELETE FROM vault_process p USING vault_recovery r
       WHERE p.id = $1 AND r.ended_at IS NULL AND p.replayed_recovery < r.id`,
      [processId],
    )
    if (rowCount !== 0) return
    const awaited = await this.awaited()
    throw new SluisError('NOT_FOUND', `The vault does not wait for a process ${processId}.`, {
      hint:
        awaited.length === 0
          ? 'It waits for none: there is nothing to give up.'
          : `It waits for ${awaited.join(', ')}.`,
    })
  }

  /** Which processes a recovery still waits for. */
  async awaited(): Promise<readonly string[]> {
    const { rows } = await this.#store.pool.query<{ id: string }>(
      `SELECT p.id FROM vault_process p, vault_recovery r WHERE r.ended_at IS NULL AND p.replayed_recovery < r.id
       ORDER BY p.id`,
    )
    return rows.map(({ id }) => id)
  }

  /**
   * The rows as callers see them: while a recovery is open, a chain of single-use tokens may be further than its row
   * says, and is ambiguous. An access token that is valid is served all the same.
   */
  async seen(rows: readonly GrantRow[]): Promise<readonly GrantRow[]> {
    const isInDoubt = ({ platform, state, has_refresh: has }: GrantRow) =>
      has && doubted.has(state) && this.#singleUse.includes(platform)
    if (!rows.some(isInDoubt)) return rows
    const { rowCount } = await this.#store.pool.query('SELECT FROM vault_recovery WHERE ended_at IS NULL')
    if (rowCount === 0) return rows
    const awaited = await this.awaited()
    const problem = {
      code: 'GRANT_AMBIGUOUS',
      detail: 'The database was found to be an older copy of itself: this chain may be further than it says.',
      hint:
        awaited.length === 0
          ? 'The vault is putting back what its processes know; try again in a minute.'
          : `The vault waits for ${awaited.join(', ')}. Start them again on their own disk; if one is gone for good, say so: sluis vault assume-lost <process>.`,
    }
    return rows.map((row) => (isInDoubt(row) ? { ...row, state: 'ambiguous', problem } : row))
  }

  #read(): StoreIdentity | null {
    try {
      const { systemIdentifier, timeline, writeCounter } = JSON.parse(readFileSync(this.#path, 'utf8'))
      return { systemIdentifier, timeline, writeCounter: BigInt(writeCounter) }
    } catch {
      // Nothing remembered, or a file cut off by a crash: as on the first day.
      return null
    }
  }

  #write({ systemIdentifier, timeline, writeCounter }: StoreIdentity): void {
    const draft = `${this.#path}.${process.pid}.new`
    const json = JSON.stringify({ systemIdentifier, timeline, writeCounter: String(writeCounter) })
    try {
      writeFileSync(draft, json, { mode: 0o600 })
      renameSync(draft, this.#path)
    } catch (error) {
      this.#log.warn({ error: (error as Error).message }, 'the state of the database could not be noted')
    }
  }
}

/** What two looks at the database say when the later one shows an earlier state; null when all is well. */
export function whatIsLost(before: StoreIdentity, now: StoreIdentity): string | null {
  if (before.systemIdentifier !== now.systemIdentifier) return 'another database server'
  if (before.timeline !== now.timeline) return `timeline ${now.timeline} in place of ${before.timeline}`
  if (now.writeCounter < before.writeCounter) return 'fewer writes than were seen before'
  return null
}
