import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openTestStore } from '@sluis/store/testing'
import { createLogTo } from '../create-log.ts'
import { readServerOptions } from '../server-options.ts'
import { type RunningServer, startServer } from '../start-server.ts'

export const labKey = 'canary-api-key-0123456789abcdefghij'
export const labClient = {
  clientId: 'lab',
  clientSecret: 'canary-client-secret-4711',
  redirectUri: 'https://partner.example/cb',
} as const

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a JSON answer, whose form is what the tests assert
  readonly body: any
}

export interface CallOptions {
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A real server on real PostgreSQL, beside the emulator in a process of its own. */
export interface HttpLab {
  readonly url: string
  /** The first owner's link of the last start; null once there is an owner. */
  readonly setupUrl: string | null
  readonly home: string
  /** What the server was started with. */
  readonly environment: Readonly<Record<string, string>>
  readonly store: Awaited<ReturnType<typeof openTestStore>>
  /** Every line that the server logged, at level debug. */
  readonly logged: string[]
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>
  control(path: string, body?: object): Promise<Record<string, unknown>>
  /**
   * Moves the emulator's clock, by seconds or to a moment, and comes back when the server has followed. A test that
   * moves it by `control('clock')` alone goes on in the server's old time, and meets the new one at any step.
   */
  moveClock(to: { advanceSeconds: number } | { now: string }): Promise<void>
  code(user?: string): Promise<string>
  /** Plays the partner: tokens as the partner's own web application would hold them. */
  tokens(user?: string): Promise<{ accessToken: string; refreshToken: string }>
  /** Plays somebody else who spends a refresh token: the status of the answer. */
  refreshElsewhere(refreshToken: string): Promise<number>
  handover(credentials: object, more?: object): object
  tokenCalls(): Promise<number>
  apiCalls(): Promise<number>
  clearFaults(): Promise<void>
  restart(): Promise<void>
  /** Another server on the same database and the same home. */
  beside(): Promise<RunningServer>
  close(): Promise<void>
}

/**
 * @param environment options of the server beside those that the lab needs
 * @param moreRegions regions of other platforms, as in the file of `SLUIS_REGIONS_FILE`
 */
export async function openHttpLab(
  environment: Readonly<Record<string, string>> = {},
  moreRegions: Readonly<Record<string, object>> = {},
): Promise<HttpLab> {
  const home = mkdtempSync(join(tmpdir(), 'sluis-http-lab-'))
  // As root the database may run under another account, which must pass through here.
  chmodSync(home, 0o711)
  const main = fileURLToPath(new URL('../../../../emulators/main.ts', import.meta.url))
  const emulator = spawn(process.execPath, [main, 'exact-online', '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(emulator.stdout), 'line')) as [string]
  const { url: platformUrl } = JSON.parse(line) as { url: string }
  const control = async (path: string, body?: object) => {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
    return (await (await fetch(`${platformUrl}/_control/${path}`, init)).json()) as Record<string, unknown>
  }
  const { redirectUri, ...client } = labClient
  await control('apps', {
    ...client,
    redirectUris: [redirectUri],
    limits: { minute: 100_000, day: 1_000_000 },
  })
  const regionsFile = join(home, 'regions.json')
  writeFileSync(
    regionsFile,
    JSON.stringify({ 'exact-online': { lab: { label: 'Lab', baseUrl: platformUrl } }, ...moreRegions }),
  )
  const store = await openTestStore()
  const logged: string[] = []
  const start = async () =>
    startServer(readServerOptions(options), createLogTo({ write: (text) => logged.push(text) }, 'debug'))
  const options = {
    SLUIS_HOME: home,
    SLUIS_PORT: '0',
    DATABASE_URL: store.databaseUrl,
    SLUIS_BOOTSTRAP_API_KEY: labKey,
    SLUIS_REGIONS_FILE: regionsFile,
    SLUIS_TOKEN_TIMEOUT_MS: '20000',
    SLUIS_UNSAFE_CLOCK_URL: platformUrl,
    ...environment,
  }
  let server: RunningServer = await start().catch((error) => {
    emulator.kill('SIGKILL')
    throw error
  })

  const call = async (method: string, path: string, body?: unknown, options: CallOptions = {}) => {
    const headers = {
      authorization: `Bearer ${options.key ?? labKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    }
    const response = await fetch(`${server.url}${path.startsWith('/api') ? path : `/api/v1${path}`}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson =
      /json/.test(response.headers.get('content-type') ?? '') &&
      !/ndjson/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : null,
    }
  }
  const code = async (user = 'anna@example.com') =>
    String((await control('consents', { clientId: labClient.clientId, user, redirectUri })).code)
  const totals = async () => ((await control('ledger')) as { totals: { api: number; token: number } }).totals
  return {
    get url() {
      return server.url
    },
    get setupUrl() {
      return server.setupUrl
    },
    home,
    environment: options,
    store,
    logged,
    call,
    control,
    async moveClock(to) {
      const { now } = (await control('clock', to)) as { now: number }
      const answered = performance.now()
      const lag = () => Math.abs(server.now() - now - (performance.now() - answered))
      for (let look = 0; lag() > 500; look++) {
        if (look === 3000) throw new Error(`the server is ${lag()} ms off the clock that it follows`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    code,
    async tokens(user) {
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code: await code(user),
        redirect_uri: redirectUri,
        client_id: labClient.clientId,
        client_secret: labClient.clientSecret,
      })
      const answer = await fetch(`${platformUrl}/api/oauth2/token`, { method: 'POST', body })
      const pair = (await answer.json()) as Record<string, string>
      return { accessToken: pair.access_token ?? '', refreshToken: pair.refresh_token ?? '' }
    },
    async refreshElsewhere(refreshToken) {
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: labClient.clientId,
        client_secret: labClient.clientSecret,
      })
      return (await fetch(`${platformUrl}/api/oauth2/token`, { method: 'POST', body })).status
    },
    handover: (credentials, more = {}) => ({
      platform: 'exact-online',
      region: 'lab',
      client: labClient,
      credentials,
      ...more,
    }),
    tokenCalls: async () => (await totals()).token,
    apiCalls: async () => (await totals()).api,
    async clearFaults() {
      await fetch(`${platformUrl}/_control/faults`, { method: 'DELETE' })
      // What was learnt from them would last an hour.
      await store.pool.query('DELETE FROM call_error')
    },
    async restart() {
      await server.close()
      server = await start()
    },
    beside: start,
    async close() {
      await server.close()
      await store.close()
      emulator.kill('SIGTERM')
      await once(emulator, 'exit')
      rmSync(home, { recursive: true, force: true })
    },
  }
}
