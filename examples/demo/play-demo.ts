import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ApiClient, ApiRefusal, renderTable } from '@sluis/cli'
import { createLogTo, readServerOptions, startServer } from '@sluis/server'
import { isSluisError, SluisError } from '@sluis/shared'
import { openDemoHome, writeDemoFile } from './demo-home.ts'
import {
  type DemoPlatform,
  type EmulatorProcess,
  startEmulatorProcess,
  stopEmulatorsOf,
} from './emulator-process.ts'
import { bothBooksQuery, firstQuery, sharedCustomersQuery } from './first-query.ts'
import { obtainTokens } from './partner.ts'

export interface DemoOptions {
  readonly folder: string
  readonly isOnce: boolean
  readonly isReset: boolean
  readonly write: (text: string) => void
  /** A path as the reader would type it. */
  readonly shownPath: (path: string) => string
  /** Ends the demo in order: after the step under way, or while it serves. */
  readonly signal: AbortSignal
}

interface Grant {
  readonly id: string
  readonly state: string
  readonly platform: string
  readonly clientId: string
  readonly generation: number
  readonly platformUser: { readonly name: string } | null
  readonly refreshToken: { readonly idleExpiresAt: string | null } | null
}

interface Database {
  readonly name: string
  readonly sources: readonly { readonly grant: string }[]
}

interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly stats: {
    readonly apiCalls: number
    readonly rowsFetched: number
    readonly elapsedMs: number
    readonly scans: readonly {
      readonly table: string
      readonly endpoint: string
      readonly filter: string
      readonly calls: number
      readonly rows: number
    }[]
  }
}

const databaseName = 'demo'
const bothName = 'both'
const platforms: Readonly<Record<DemoPlatform, { label: string; tokenPath: string; holds: string }>> = {
  'exact-online': {
    label: 'Exact Online',
    tokenPath: '/api/oauth2/token',
    holds: 'the partner holds an access token (10 minutes) and a refresh token (30 days, single use)',
  },
  twinfield: {
    label: 'Twinfield',
    tokenPath: '/auth/authentication/connect/token',
    holds: 'the partner holds an access token (1 hour) and a refresh token (years, never rotated)',
  },
}
const user = 'anna@zeezicht.example'
const redirectUri = 'https://partner.example/oauth/callback'
/** States that settle by themselves: the vault repeats, asks again or waits for the issuer. */
const settling = new Set(['pending', 'refreshing', 'ambiguous'])
const longestSettlingMs = 60_000

/** Plays the whole path, one printed step after the other; goes on serving unless `isOnce`. */
export async function playDemo(options: DemoOptions): Promise<void> {
  const { write, shownPath } = options
  const startedAt = performance.now()
  let number = 0
  const step = async <T>(what: string, work: () => Promise<readonly [T, string]>): Promise<T> => {
    options.signal.throwIfAborted()
    const stepAt = performance.now()
    write(`${String(++number).padStart(2)}  ${what.padEnd(44)} `)
    const [result, said] = await work()
    write(`${said}  (${((performance.now() - stepAt) / 1000).toFixed(1)} s)\n`)
    return result
  }
  write('\nSluis: a partner’s tokens become a SQL database.\n\n')

  if (options.isReset) await stopEmulatorsOf(options.folder)
  const home = await openDemoHome(options.folder, options)
  const { settings, folder } = home
  const ends: (() => Promise<unknown> | unknown)[] = [home.release]
  try {
    const emulator = await step('Exact Online, emulated', async () => {
      const started = await startEmulatorProcess({
        folder,
        platform: 'exact-online',
        port: settings.emulatorPort,
      })
      return [started, started.url]
    })
    ends.push(() => emulator.stop())
    const twinfield = await step('Twinfield, emulated', async () => {
      const started = await startEmulatorProcess({
        folder,
        platform: 'twinfield',
        port: settings.twinfieldPort,
        followClock: emulator.url,
      })
      return [started, started.url]
    })
    ends.push(() => twinfield.stop())
    const emulators: Readonly<Record<DemoPlatform, EmulatorProcess>> = { 'exact-online': emulator, twinfield }
    const server = await step('Sluis, with a PostgreSQL of its own', async () => {
      const regions = {
        'exact-online': { demo: { label: 'Demo', baseUrl: emulator.url } },
        twinfield: { demo: { label: 'Demo', baseUrl: twinfield.url } },
      }
      const optionsAt = (port: number) =>
        readServerOptions({
          SLUIS_HOME: folder,
          SLUIS_PORT: String(port),
          SLUIS_BOOTSTRAP_API_KEY: settings.apiKey,
          SLUIS_REGIONS_FILE: writeDemoFile(folder, 'regions.json', JSON.stringify(regions)),
          SLUIS_UNSAFE_CLOCK_URL: emulator.url,
        })
      const log = createLogTo(
        createWriteStream(join(folder, 'server.log'), { flags: 'a', mode: 0o600 }),
        'info',
      )
      const running = await startServer(optionsAt(settings.serverPort), log).catch((error: unknown) => {
        // The port is a wish: another program, or another demo, may have it.
        if (!isSluisError(error, 'OPTIONS_INVALID')) throw error
        return startServer(optionsAt(0), log)
      })
      return [running, running.url.replace('127.0.0.1', 'localhost')]
    })
    ends.push(() => server.close())
    const client = new ApiClient(server.url, settings.apiKey)
    const handOver = async (platform: DemoPlatform, why: string): Promise<Grant> => {
      const { label, tokenPath, holds } = platforms[platform]
      const partner = { clientId: settings.clientId, clientSecret: settings.clientSecret, redirectUri }
      const tokens = await step(`${why} at ${label}`, async () => {
        return [await obtainTokens(emulators[platform], partner, user, tokenPath), holds]
      })
      return step('The partner hands them over: POST /grants', async () => {
        const { body } = await client.call('POST', '/grants', {
          platform,
          region: 'demo',
          client: partner,
          credentials: { kind: 'tokens', ...tokens },
          label: 'Zeezicht',
        })
        const grant = body as Grant
        return [grant, `${grant.state}, of ${grant.platformUser?.name}; the refresh token is not spent`]
      })
    }

    const ensureGrant = async (platform: DemoPlatform): Promise<Grant> => {
      let grant = await findGrant(client, platform, settings.clientId)
      if (grant) grant = await settle(client, grant)
      if (grant?.state === 'active') return grant
      return handOver(platform, grant ? 'The consent ended; Anna consents again' : 'Anna consents')
    }
    const { id } = await ensureGrant('exact-online')
    if (!(await hasDatabase(client, databaseName))) {
      await step(`A database on that grant: POST /databases`, async () => {
        await client.call('POST', '/databases', { name: databaseName, sources: [{ grant: id }] })
        const { body: partitions } = await client.call('GET', `/databases/${databaseName}/partitions`)
        const { body: tables } = await client.call('GET', `/databases/${databaseName}/tables`)
        const count = (list: unknown) => (list as unknown[]).length
        return [
          null,
          `"${databaseName}": ${count((partitions as Record<string, unknown>).partitions)} companies, ${count((tables as Record<string, unknown>).tables)} tables`,
        ]
      })
    } else
      write(`    Database "${databaseName}" of an earlier run is there; nothing needs to be handed over.\n`)

    const ask = async (name: string, sql: string) =>
      (await client.call('POST', `/databases/${name}/query`, { sql })).body as Answer
    const query = (name: string, sql: string) =>
      step(`SQL: POST /databases/${name}/query`, async () => {
        const answer = await ask(name, sql)
        return [answer, `${answer.rows.length} rows for ${plural(answer.stats.apiCalls, 'API call')}`]
      })
    const show = (sql: string, answer: Answer) =>
      write(
        `\n${indent(sql)}\n\n${indent(renderTable(answer.columns, answer.rows))}\n\n${indent(renderCost(answer))}\n\n`,
      )
    const answer = await query(databaseName, firstQuery).catch(async (error: unknown) => {
      // The platform may have ended the consent without a word, for instance after 30 idle days.
      if (!(error instanceof ApiRefusal) || error.code !== 'GRANT_NEEDS_CONSENT') throw error
      write('\n')
      await handOver('exact-online', 'The consent ended; Anna consents again')
      return query(databaseName, firstQuery)
    })
    show(firstQuery, answer)

    const { id: other } = await ensureGrant('twinfield')
    if (!(await hasDatabase(client, bothName))) {
      await step('A database on both grants: POST /databases', async () => {
        // The emulated books are of two groups of customers, until Twinfield's are told to be the same firms.
        const shared = await ask(databaseName, sharedCustomersQuery)
        await twinfield.control('data', { vatNumbers: shared.rows.map(([number]) => String(number)) })
        const sources = [
          { alias: 'eol', grant: id },
          { alias: 'twf', grant: other },
        ]
        await client.call('POST', '/databases', { name: bothName, sources })
        return [null, `"${bothName}": eol is Exact Online, twf is Twinfield`]
      })
    } else write(`    Database "${bothName}" of an earlier run is there.\n`)
    show(bothBooksQuery, await query(bothName, bothBooksQuery))
    write(`Done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.\n`)
    if (options.isOnce) return

    const address = server.url.replace('127.0.0.1', 'localhost')
    const file = shownPath(home.apiKeyFile)
    write(`
Sluis goes on serving:
  API       ${address}/api/v1, described at ${address}/api/docs
  log-in    the API key in ${file}
  platforms ${emulator.url} and ${twinfield.url}, each with a ledger of all calls at /_control/ledger
  log       ${shownPath(join(folder, 'server.log'))}

Try in another terminal:
  export SLUIS_URL=${server.url} SLUIS_API_KEY_FILE=${file} PLATFORM_URL=${emulator.url}
  npm run sluis -- query demo "select Name, City from crm.Accounts limit 5"
  npm run sluis -- query demo "select * from crm.Accounts where Name like 'A%'" --explain
  npm run sluis -- grant list

Ctrl-C stops all; the next run goes on from here.
`)
    if (!options.signal.aborted) await once(options.signal, 'abort')
    write('\nStopping.\n')
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

async function findGrant(client: ApiClient, platform: DemoPlatform, clientId: string): Promise<Grant | null> {
  const { body } = await client.call('GET', '/grants')
  const { grants } = body as { grants: readonly Grant[] }
  const isOurs = (grant: Grant) =>
    grant.platform === platform && grant.clientId === clientId && grant.state !== 'revoked'
  return grants.find(isOurs) ?? null
}

/** The grant once the vault has found out what an earlier end left open. */
async function settle(client: ApiClient, found: Grant): Promise<Grant> {
  let grant = found
  const until = performance.now() + longestSettlingMs
  while (settling.has(grant.state) && performance.now() < until) {
    await delay(250)
    grant = (await client.call('GET', `/grants/${grant.id}`)).body as Grant
  }
  if (settling.has(grant.state)) {
    throw new SluisError('GRANT_AMBIGUOUS', `The grant of the earlier run is still ${grant.state}.`, {
      hint: 'Run the demo again in a minute, or start anew: npm run demo -- --reset',
    })
  }
  return grant
}

async function hasDatabase(client: ApiClient, wanted: string): Promise<boolean> {
  const { body } = await client.call('GET', '/databases')
  return (body as { databases: readonly Database[] }).databases.some(({ name }) => name === wanted)
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

const indent = (text: string) => text.replace(/^/gm, '    ')

/** What was asked of the platform, and what it cost. */
function renderCost({ stats }: Answer): string {
  // Twinfield tells at which host an office is; a server that has just started asks.
  const others = stats.apiCalls - stats.scans.reduce((sum, { calls }) => sum + calls, 0)
  const asked = renderTable(
    [
      { name: 'asked of the platform' },
      { name: 'calls', type: 'INTEGER' },
      { name: 'rows', type: 'INTEGER' },
      { name: 'filter that travelled along' },
    ],
    [
      ...stats.scans.map(({ endpoint, calls, rows, filter }) => [endpoint, calls, rows, filter || '(none)']),
      ...(others > 0 ? [['where the data are', others, 0, '(none)']] : []),
    ],
  )
  return `${asked}\n\n${plural(stats.apiCalls, 'API call')}, ${plural(stats.rowsFetched, 'row')} fetched, ${stats.elapsedMs} ms.`
}
