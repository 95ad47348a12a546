import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { silentLog } from '@sluis/shared'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@sluis/store/testing'
import { IssuerProcess } from '@sluis/vault/testing'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What `npm start` starts: what it sets in the environment, and the words after `node`. */
export function startScript(): {
  readonly env: Readonly<Record<string, string>>
  readonly words: readonly string[]
} {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: { start: string }
  }
  const [, settings = '', words] = /^((?:[A-Z_]+=\S+ )*)node (.+)$/.exec(scripts.start) ?? []
  if (words === undefined) throw new TypeError(`npm start runs no node: "${scripts.start}"`)
  return {
    env: Object.fromEntries(
      settings
        .split(' ')
        .filter(Boolean)
        .map((setting) => setting.split('=')),
    ),
    words: words.split(' '),
  }
}

/** A server as it is run for real: as `npm start` starts it, on a PostgreSQL of its own, and an issuer beside it. */
export class VaultServer {
  readonly key = randomBytes(24).toString('base64url')
  readonly folder = mkdtempSync(join(tmpdir(), 'sluis-bench-'))
  postgres!: EmbeddedPostgres
  issuer!: IssuerProcess
  url = ''
  #server: ChildProcess | null = null

  static async start(): Promise<VaultServer> {
    const lab = new VaultServer()
    lab.postgres = await startEmbeddedPostgres(join(lab.folder, 'postgres'), silentLog)
    // Tokens about as long as Exact Online's.
    const padding = { access: 900, refresh: 500 }
    lab.issuer = await IssuerProcess.start({ origin: Date.now(), scale: 1, latencyMs: 0, padding })
    const regions = { 'exact-online': { lab: { label: 'Lab', baseUrl: lab.issuer.url } } }
    writeFileSync(join(lab.folder, 'regions.json'), JSON.stringify(regions))
    return lab
  }

  get databaseUrl(): string {
    const { host, port, user, password, database } = this.postgres.connection
    return `postgres://${user}:${encodeURIComponent(password)}@localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`
  }

  get pid(): number {
    return this.#server?.pid ?? 0
  }

  /** Milliseconds until the server said that it is ready. `clockUrl`: it follows the issuer's clock. */
  async serve({ nodeFlags = [] as readonly string[] } = {}): Promise<number> {
    const home = join(this.folder, 'home')
    mkdirSync(home, { recursive: true, mode: 0o700 })
    const startedAt = performance.now()
    const { env, words } = startScript()
    const server = spawn(process.execPath, [...nodeFlags, ...words, '--json', '--port', '0'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...env,
        PATH: process.env.PATH,
        SLUIS_HOME: home,
        DATABASE_URL: this.databaseUrl,
        SLUIS_BOOTSTRAP_API_KEY: this.key,
        SLUIS_REGIONS_FILE: join(this.folder, 'regions.json'),
        SLUIS_UNSAFE_CLOCK_URL: `${this.issuer.url}/_control/clock`,
        SLUIS_LOG_LEVEL: 'warn',
        SLUIS_WORKERS: '1',
      },
    })
    this.#server = server
    const ended = once(server, 'exit').then(() => {
      throw new Error('the server ended at its start')
    })
    const lines = once(createInterface(server.stdout), 'line') as Promise<[string]>
    const [line] = await Promise.race([lines, ended])
    ended.catch(() => {})
    this.url = (JSON.parse(line) as { url: string }).url
    for (;;) if ((await fetch(`${this.url}/readyz`)).ok) return performance.now() - startedAt
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${this.key}` },
    })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as T
  }

  async post<T>(path: string, body: object): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as T
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`)
    return answer
  }

  /** Megabytes of the server process itself; query workers and planners are processes of their own. */
  residentMegabytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
  }

  async stopServer(): Promise<void> {
    if (this.#server === null) return
    const ended = once(this.#server, 'exit')
    this.#server.kill('SIGTERM')
    await ended
    this.#server = null
  }

  async stop(): Promise<void> {
    await this.stopServer()
    await this.issuer.stop()
    await this.postgres.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
