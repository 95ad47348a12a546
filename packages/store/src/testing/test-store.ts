import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@sluis/shared'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres.ts'
import { migrate, readMigrations } from '../migrations.ts'
import { connectStore, type Store } from '../store.ts'

type Connection = EmbeddedPostgres['connection']

/** The test runner shares one server among all test files through this variable; alone, a file starts its own. */
const variable = 'SLUIS_TEST_POSTGRES'

let own: Promise<{ connection: Connection; stop(): Promise<void> }> | undefined
let openStores = 0

/** A throw-away PostgreSQL server; `environment` hands it to child processes that call `openTestStore`. */
export async function startTestServer(): Promise<{
  connection: Connection
  environment: Record<string, string>
  stop(): Promise<void>
}> {
  const folder = mkdtempSync(join(tmpdir(), 'sluis-pg-'))
  const server = await startEmbeddedPostgres(folder, silentLog)
  return {
    connection: server.connection,
    environment: { [variable]: JSON.stringify(server.connection) },
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * An empty, migrated store on real PostgreSQL, cloned from a template. `close` drops its database. The extra
 * `databaseUrl` lets other processes open the same database.
 */
export async function openTestStore(): Promise<Store & { readonly databaseUrl: string }> {
  const shared = process.env[variable]
  openStores++
  own ??= shared
    ? Promise.resolve({ connection: JSON.parse(shared) as Connection, stop: async () => {} })
    : startTestServer()
  const server = await own
  const name = `test_${randomBytes(8).toString('hex')}`
  await withClient(server.connection, 'postgres', async (client) => {
    const template = await makeTemplate(client, server.connection)
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  })
  const { host, port, user, password } = server.connection
  const store = await connectStore(
    { ...server.connection, database: name },
    { clock: systemClock, log: silentLog, poolSize: 20 },
    async () => {
      await withClient(server.connection, 'postgres', (client) =>
        client.query(`DROP DATABASE ${name} WITH (FORCE)`),
      )
      openStores--
      if (openStores === 0) {
        own = undefined
        await server.stop()
      }
    },
  )
  const address = `postgres://${user}:${encodeURIComponent(password)}@/${name}`
  return { ...store, databaseUrl: `${address}?host=${encodeURIComponent(host)}&port=${port}` }
}

async function makeTemplate(client: pg.Client, connection: Connection): Promise<string> {
  const migrations = readMigrations()
  const hash = createHash('sha256').update(migrations.map(({ checksum }) => checksum).join())
  const template = `template_${hash.digest('hex').slice(0, 16)}`
  // Test files run side by side: the first one makes the template, the others wait for it here.
  await client.query('SELECT pg_advisory_lock(4711)')
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [template])
    if (rowCount === 0) {
      await client.query(`CREATE DATABASE ${template}_new`)
      await withClient(connection, `${template}_new`, (other) => migrate(other, migrations, Date.now()))
      await client.query(`ALTER DATABASE ${template}_new RENAME TO ${template}`)
    }
  } finally {
    await client.query('SELECT pg_advisory_unlock(4711)')
  }
  return template
}

async function withClient<T>(
  connection: Connection,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...connection, database, options: '-c search_path=sluis' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
