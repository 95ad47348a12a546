import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { silentLog } from '@sluis/shared'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@sluis/store/testing'
import { startScript } from './vault-server.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const client = {
  clientId: 'bench-app',
  clientSecret: 'bench-secret',
  redirectUri: 'https://partner.example/cb',
}
export const owner = { name: 'Olga Owner', email: 'olga@example.com', password: 'a sentence nobody guesses' }

/** The web application as people meet it: a server as `npm start` starts it, with an owner and databases to list. */
export class WebServer {
  readonly #key = randomBytes(24).toString('base64url')
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluis-bench-web-'))
  readonly #children: ChildProcess[] = []
  #postgres: EmbeddedPostgres | null = null
  url = ''

  static async start(databases: number): Promise<WebServer> {
    const lab = new WebServer()
    try {
      await lab.#begin(databases)
    } catch (error) {
      await lab.stop()
      throw error
    }
    return lab
  }

  async #begin(databases: number): Promise<void> {
    this.#postgres = await startEmbeddedPostgres(join(this.#folder, 'postgres'), silentLog)
    const { host, port, user, password, database } = this.#postgres.connection
    const emulator = await this.#spawn(
      [join(root, 'emulators', 'main.ts'), 'exact-online', '--port', '0', '--json'],
      {},
    )
    const regions = join(this.#folder, 'regions.json')
    writeFileSync(
      regions,
      JSON.stringify({ 'exact-online': { lab: { label: 'Lab', baseUrl: emulator.url } } }),
    )
    const { env, words } = startScript()
    const { url, setupUrl } = await this.#spawn([...words, '--json', '--port', '0'], {
      ...env,
      SLUIS_HOME: join(this.#folder, 'home'),
      DATABASE_URL: `postgres://${user}:${encodeURIComponent(password)}@localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`,
      SLUIS_BOOTSTRAP_API_KEY: this.#key,
      SLUIS_REGIONS_FILE: regions,
      SLUIS_UNSAFE_CLOCK_URL: `${emulator.url}/_control/clock`,
      SLUIS_LOG_LEVEL: 'warn',
    })
    this.url = url
    const token = /#token=(.+)$/.exec(setupUrl ?? '')?.[1]
    if (token === undefined) throw new TypeError('a new server gave no link for its first owner')
    await this.#post('/setup', { token, ...owner })
    const control = async (path: string, body: object) => {
      const init = { method: 'POST', body: JSON.stringify(body) }
      return (await (await fetch(`${emulator.url}/_control/${path}`, init)).json()) as { code: string }
    }
    const { redirectUri, ...app } = client
    await control('apps', { ...app, redirectUris: [redirectUri] })
    const { code } = await control('consents', {
      clientId: app.clientId,
      user: 'anna@example.com',
      redirectUri,
    })
    const place = { platform: 'exact-online', region: 'lab', client, credentials: { kind: 'code', code } }
    const { id } = await this.#post<{ id: string }>('/grants', place)
    for (let number = 1; number <= databases; number++)
      await this.#post('/databases', {
        name: `customer-${number}`,
        title: `Customer ${number}`,
        sources: [{ grant: id }],
      })
  }

  async #post<T>(path: string, body: object): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as T
  }

  /** A process that says its address in a first line of JSON. */
  async #spawn(words: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, words, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, ...env },
    })
    this.#children.push(child)
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${words[0]} ended at its start`)
    })
    ended.catch(() => {})
    const line = once(createInterface(child.stdout), 'line') as Promise<[string]>
    const [text] = await Promise.race([line, ended])
    return JSON.parse(text) as { readonly url: string; readonly setupUrl?: string }
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
    await this.#postgres?.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
