import { join } from 'node:path'
import { type Clock, type Log, SluisError } from '@sluis/shared'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
import { migrate, readMigrations } from './migrations.ts'

/** What tells one PostgreSQL history from another, so that a restored or promoted server is noticed. */
export interface StoreIdentity {
  readonly systemIdentifier: string
  readonly timeline: number
  /** Position in the write-ahead log, in bytes; never falls within one history. */
  readonly writeCounter: bigint
}

/** The control plane's PostgreSQL. Tables are in schema `sluis`, which is on the search path. */
export interface Store {
  readonly pool: pg.Pool
  /** A connection of the caller's own, for LISTEN and session locks; the caller ends it. */
  connect(): Promise<pg.Client>
  /** Runs `work` between BEGIN and COMMIT on one connection; a thrown error rolls back. */
  transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>
  identity(): Promise<StoreIdentity>
  close(): Promise<void>
}

export interface StoreOptions {
  /** Data folder for the embedded server; unused with `databaseUrl`. */
  readonly home: string
  /** A PostgreSQL server of your own. */
  readonly databaseUrl?: string
  readonly clock: Clock
  readonly log: Log
  /** Connections in the pool, 20 unless told. */
  readonly poolSize?: number
  /** How long a server is waited for, or a free connection of the pool; 60,000 unless told. */
  readonly connectTimeoutMs?: number
}

/** A server that says nothing for this long is asked whether it is there: half-open connections end by themselves. */
const keepAliveDelayMs = 10_000

/** Times are milliseconds in bigint columns and all counters stay far below 2^53: numbers are exact here. */
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === 20 ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
}

/** Opens the store, starting the embedded server when no `databaseUrl` is given, and brings its schema up to date. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, clock, log, poolSize = 20, connectTimeoutMs } = options
  let embedded: EmbeddedPostgres | undefined
  if (databaseUrl === undefined) embedded = await startEmbeddedPostgres(join(options.home, 'postgres'), log)
  try {
    return await connectStore(
      embedded ? embedded.connection : { connectionString: must(databaseUrl) },
      { clock, log, poolSize, ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }) },
      async () => embedded?.stop(),
    )
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

const must = (url: string | undefined): string => {
  if (!url || !/^postgres(ql)?:\/\//.test(url)) {
    throw new SluisError('OPTIONS_INVALID', 'DATABASE_URL is not a PostgreSQL address.', {
      hint: 'It looks like postgres://user:password@host:5432/database.',
    })
  }
  return url
}

/** A store over a server that runs already; `afterClose` ends what belongs to it. */
export async function connectStore(
  server: pg.ClientConfig,
  {
    clock,
    log,
    poolSize,
    connectTimeoutMs = 60_000,
  }: { clock: Clock; log: Log; poolSize: number; connectTimeoutMs?: number },
  afterClose: () => Promise<void> = async () => {},
): Promise<Store> {
  const config = {
    ...server,
    application_name: 'sluis',
    options: '-c search_path=sluis',
    types,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    connectionTimeoutMillis: connectTimeoutMs,
  }
  const pool = new pg.Pool({ ...config, max: poolSize, idleTimeoutMillis: 60_000 })
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', (error) => log.warn({ error: error.message }, 'an idle database connection broke'))
  // One that breaks while a transaction holds it, between two statements, tells nobody else.
  pool.on('connect', (client) => client.on('error', () => {}))
  const connect = async () => {
    const client = new pg.Client(config)
    client.on('error', (error) => log.warn({ error: error.message }, 'a database connection broke'))
    await client.connect()
    return client
  }
  const transaction = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query('BEGIN')
      const result = await work(client)
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: Error) => {
        broken = failure
      })
      throw error
    } finally {
      // A connection on which not even ROLLBACK works must not return to the pool.
      client.release(broken)
    }
  }
  try {
    const client = await connect().catch((error: Error) => {
      throw new SluisError('STORE_UNAVAILABLE', `PostgreSQL does not answer: ${error.message}`, {
        hint: 'Check that the server runs and that DATABASE_URL names it.',
        cause: error,
      })
    })
    try {
      await migrate(client, readMigrations(), clock.now())
    } finally {
      await client.end()
    }
  } catch (error) {
    await pool.end()
    throw error
  }
  let closing: Promise<void> | undefined
  return {
    pool,
    connect,
    transaction,
    async identity() {
      const { rows } = await pool.query<{ system: string; timeline: number; counter: string }>(`
        SELECT s.system_identifier::text AS system, l.lsn::text AS counter,
          ('x' || substr(pg_walfile_name(l.raw), 1, 8))::bit(32)::integer AS timeline
        FROM pg_control_system() s,
          (SELECT pg_current_wal_lsn() AS raw, pg_current_wal_lsn() - '0/0'::pg_lsn AS lsn) l`)
      const [row] = rows
      if (!row) throw new TypeError('PostgreSQL gave no identity')
      return {
        systemIdentifier: row.system,
        timeline: row.timeline,
        writeCounter: BigInt(row.counter),
      }
    },
    close() {
      closing ??= pool.end().then(afterClose)
      return closing
    },
  }
}
