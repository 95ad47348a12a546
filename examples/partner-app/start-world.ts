import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createLogTo, readServerOptions, startServer } from '@sluis/server'
import { exactOnline, twinfield } from './app/platforms.ts'
import { callbackPath, returnPath, startPartnerApp } from './app/start-app.ts'

export interface WorldOptions {
  readonly folder: string
  /** Sluis' PostgreSQL; without it, one of its own in the folder. */
  readonly databaseUrl?: string
  readonly appPort: number
  readonly sluisPort: number
  readonly log: (line: string) => void
  /** How the partner's application reaches the platforms. */
  readonly fetch?: typeof globalThis.fetch
}

export interface World {
  readonly appUrl: string
  readonly sluisUrl: string
  readonly apiKey: string
  readonly platformUrls: Readonly<Record<'exact-online' | 'twinfield', string>>
  control(at: 'exact-online' | 'twinfield', path: string, body?: object): Promise<Record<string, unknown>>
  /** Moves the time of both platforms and of Sluis; done when all have it. */
  advance(seconds: number): Promise<void>
  close(): Promise<void>
}

/** The partner's app as both platforms know it. */
export const partnerClient = { clientId: 'polder', clientSecret: 'the secret of Polder’s app' } as const
/** Just what the application needs of Sluis. */
const scopes = ['handover:write', 'databases:read', 'databases:write', 'query', 'connect:write']

/** Both emulated platforms in processes of their own, Sluis beside them on their clock, and the partner's application. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const { folder } = options
  const ends: (() => Promise<unknown> | unknown)[] = []
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    const exact = await startEmulator(['exact-online'])
    ends.push(exact.stop)
    const twin = await startEmulator(['twinfield', '--follow-clock', exact.url])
    ends.push(twin.stop)
    const platformUrls = { 'exact-online': exact.url, twinfield: twin.url }
    const regions = join(folder, 'regions.json')
    const region = (baseUrl: string) => ({ lab: { label: 'Emulated', baseUrl } })
    writeFileSync(
      regions,
      JSON.stringify({ 'exact-online': region(exact.url), twinfield: region(twin.url) }),
      { mode: 0o600 },
    )
    const bootstrapKey = `operator-${crypto.randomUUID()}`
    const server = await startServer(
      readServerOptions({
        SLUIS_HOME: folder,
        SLUIS_PORT: String(options.sluisPort),
        SLUIS_BOOTSTRAP_API_KEY: bootstrapKey,
        SLUIS_REGIONS_FILE: regions,
        SLUIS_UNSAFE_CLOCK_URL: exact.url,
        ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
      }),
      createLogTo({ write: options.log }, 'info'),
    )
    ends.push(() => server.close())
    /** What the operator sets up at Sluis once. */
    const setUp = async (method: string, path: string, body: object) => {
      const response = await fetch(`${server.url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${bootstrapKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      if (!response.ok) throw new Error(`Sluis refuses ${path}: ${await response.text()}`)
      return (await response.json()) as { readonly id: string; readonly key: string }
    }
    const { key } = await setUp('POST', '/keys', { name: 'Polder', scopes })
    const sluisReturn = `${server.url}/app/consent/return`
    const place = async (platform: keyof typeof platformUrls) => {
      const app = { platform, region: 'lab', ...partnerClient, redirectUris: [sluisReturn] }
      const { id: connectClient } = await setUp('POST', '/clients', app)
      return { region: 'lab', baseUrl: platformUrls[platform], ...partnerClient, connectClient }
    }
    const platforms = [exactOnline(await place('exact-online')), twinfield(await place('twinfield'))]
    const app = await startPartnerApp({
      port: options.appPort,
      databaseFile: join(folder, 'polder.sqlite'),
      sluisUrl: server.url,
      sluisApiKey: key,
      platforms,
      ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    })
    ends.push(() => app.close())
    const control: World['control'] = (at, path, body) => controlOf(platformUrls[at], path, body)
    for (const platform of platforms) {
      await control(platform.id, 'apps', {
        ...partnerClient,
        redirectUris: [`${app.url}${callbackPath(platform)}`, sluisReturn],
      })
    }
    await setUp('PATCH', '/connect-settings', {
      name: 'Polder',
      colour: '#0b6e4f',
      texts: {
        en: 'Then Polder can show who still owes you.',
        nl: 'Dan kan Polder tonen wie u nog moet betalen.',
      },
      returnAddresses: [`${app.url}${returnPath}`],
    })
    return {
      appUrl: app.url,
      sluisUrl: server.url,
      apiKey: bootstrapKey,
      platformUrls,
      control,
      async advance(seconds) {
        const { now } = await control('exact-online', 'clock', { advanceSeconds: seconds })
        await control('twinfield', 'clock', { now: Number(now) })
        while (server.now() < Number(now)) await delay(20)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function startEmulator(args: readonly string[]): Promise<{ url: string; stop: () => Promise<void> }> {
  const main = fileURLToPath(new URL('../../emulators/main.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [main, ...args, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.stdout === null) throw new Error('no output of the emulator')
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => {
      throw new Error(`the emulator of ${args[0]} did not start`)
    }),
  ])) as [string]
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  return { url: (JSON.parse(line) as { url: string }).url, stop }
}

async function controlOf(url: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
  const response = await fetch(`${url}/_control/${path}`, init)
  if (!response.ok) throw new Error(`the emulator refuses ${path}: ${await response.text()}`)
  return (await response.json()) as Record<string, unknown>
}
