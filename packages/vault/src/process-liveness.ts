import { type Clock, type Log, newId, type ProcessId, type RandomBytes, SluisError } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import { type Absentee, DeathWatch, graceMs } from './death-watch.ts'
import { grantChannel } from './grant-store.ts'

/** Any constant of our own; the second half of the lock names the process. */
const lockClass = 1_936_484_713

/** What a look at the locks of other processes shows. */
export interface Absence {
  /** Without a lock right now: dead, or between two connections. What their spools know may be put back. */
  readonly absent: readonly string[]
  /** Dead for certain: nobody waits for an answer to what they sent. */
  readonly dead: readonly string[]
}

/**
 * Shows that this process lives, by a session lock on a connection of its own, tells which others do, and hears what
 * changed. A paused process keeps its lock; a killed one loses it at once, and so does one whose connection breaks.
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
  readonly #watch = new DeathWatch()
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
      `INSERT INTO vault_process (id, lock_key, started_at) VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET connects = vault_process.connects + 1`,
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
        // Where the database was away, all locks are taken anew in this time.
        this.#judgeFrom = this.#clock.now() + graceMs
        return
      } catch (error) {
        this.#log.warn({ error: (error as Error).message }, 'the database is away; trying again')
        await this.#clock.sleep(500)
      }
    }
  }

  /** Which of these processes have no lock, and which are dead; none while nobody may judge. */
  async look(processes: readonly string[]): Promise<Absence> {
    if (this.#connection === null || processes.length === 0) return { absent: [], dead: [] }
    const { rows } = await this.#connection.query<Absentee>(
      `SELECT asked.id, p.connects FROM unnest($1::text[]) AS asked (id) LEFT JOIN vault_process p ON p.id = asked.id
       WHERE NOT EXISTS (
         SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid::bigint = $2 AND l.objsubid = 2 AND l.granted
           AND l.objid::bigint = (p.lock_key::bigint & 4294967295)
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
      [processes, lockClass],
    )
    const now = this.#clock.now()
    const dead = this.#watch.judge(processes, rows, now)
    return now < this.#judgeFrom ? { absent: [], dead: [] } : { absent: rows.map(({ id }) => id), dead }
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
