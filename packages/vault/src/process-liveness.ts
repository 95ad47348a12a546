import { type Clock, type Log, newId, type ProcessId, type RandomBytes, SluisError } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import { grantChannel } from './grant-store.ts'

/** Any constant of our own; the second half of the lock names the process. */
const lockClass = 1_936_484_713
/** After a lost connection nobody's lock is judged for so long: all are taken anew in that time. */
const graceMs = 15_000

/**
 * Shows that this process lives, by a session lock on a connection of its own, tells which others do, and hears what
 * changed. A paused process keeps its lock; a killed one loses it at once.
 */
export class ProcessLiveness {
  readonly id: ProcessId
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  readonly #lockKey: number
  readonly #onGrant: (id: string) => void
  readonly #onBlind: () => void
  #connection: pg.Client | null = null
  #connected: Promise<void> = Promise.resolve()
  #epoch = 0
  #judgeFrom = 0
  #isClosed = false

  private constructor(
    store: Store,
    clock: Clock,
    random: RandomBytes,
    log: Log,
    onGrant: (id: string) => void,
    onBlind: () => void,
  ) {
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.id = newId('prc', clock.now(), random)
    this.#lockKey = Buffer.from(random(4)).readInt32BE()
    this.#onGrant = onGrant
    this.#onBlind = onBlind
  }

  /** `onGrant` hears every change of a grant; `onBlind` that some may have been missed. */
  static async start(
    store: Store,
    clock: Clock,
    random: RandomBytes,
    log: Log,
    onGrant: (id: string) => void,
    onBlind: () => void,
  ): Promise<ProcessLiveness> {
    const liveness = new ProcessLiveness(store, clock, random, log, onGrant, onBlind)
    liveness.#connected = liveness.#connect()
    await liveness.#connected
    return liveness
  }

  /** Whether changes made elsewhere are heard right now. */
  get isListening(): boolean {
    return this.#connection !== null
  }

  /** How often the database was connected to; settles once it is again. Rejects after `close`. */
  async epoch(): Promise<number> {
    while (this.#connection === null) {
      if (this.#isClosed) throw new SluisError('STORE_UNAVAILABLE', 'This process is ending.')
      await this.#connected
    }
    return this.#epoch
  }

  async #connect(): Promise<void> {
    const connection = await this.#store.connect()
    // Anew each time: a database that was restored may not know this process.
    await connection.query(
      'INSERT INTO vault_process (id, lock_key, started_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING',
      [this.id, this.#lockKey, this.#clock.now()],
    )
    connection.on('notification', ({ payload }) => {
      if (payload) this.#onGrant(payload)
    })
    connection.on('end', () => {
      if (this.#connection !== connection) return
      this.#connection = null
      this.#onBlind()
      if (!this.#isClosed) this.#connected = this.#reconnect()
    })
    await connection.query('SELECT pg_advisory_lock($1, $2)', [lockClass, this.#lockKey])
    await connection.query(`LISTEN ${grantChannel}`)
    this.#connection = connection
    this.#epoch++
  }

  async #reconnect(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#connect()
        this.#judgeFrom = this.#clock.now() + graceMs
        return
      } catch (error) {
        this.#log.warn({ error: (error as Error).message }, 'the database is away; trying again')
        await this.#clock.sleep(500)
      }
    }
  }

  /** Which of these processes are dead for certain; none while nobody may judge. */
  async findDead(processes: readonly string[]): Promise<readonly string[]> {
    if (this.#connection === null || this.#clock.now() < this.#judgeFrom || processes.length === 0) return []
    const { rows } = await this.#connection.query<{ id: string }>(
      `SELECT asked.id FROM unnest($1::text[]) AS asked (id) LEFT JOIN vault_process p ON p.id = asked.id
       WHERE NOT EXISTS (
         SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid::bigint = $2 AND l.objsubid = 2 AND l.granted
           AND l.objid::bigint = (p.lock_key::bigint & 4294967295)
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
      [processes, lockClass],
    )
    return rows.map(({ id }) => id)
  }

  /** Forgets processes whose spools are gone: nobody will ask for them again. */
  async forget(processes: readonly string[]): Promise<void> {
    if (processes.length === 0) return
    await this.#store.pool.query('DELETE FROM vault_process WHERE id = ANY($1)', [processes])
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const connection = this.#connection
    this.#connection = null
    await connection?.end().catch(() => {})
  }
}
