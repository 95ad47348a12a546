import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { newId, type OrganisationId, silentLog } from '@sluis/shared'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@sluis/store/testing'
import { canary } from '../issuer/ledger-issuer.ts'
import { IssuerProcess } from '../issuer/start-issuer.ts'
import type { LostAnswer } from './lost-answers.ts'
import type { LabTime } from './scaled-clock.ts'
import type { Answer, Request, ServerSettings } from './server-process.ts'

const lost: Answer = { kind: 'failed', code: 'PROCESS_GONE', text: 'the process ended before it answered' }

/** One of the cluster's server processes; after its end the next one in its place is another. */
export class Server {
  readonly name: string
  killedAt: number | null = null
  readonly ready: Promise<boolean>
  readonly #child: ChildProcess
  readonly #asked = new Map<number, (answer: Answer) => void>()
  #last = 0
  #isReady = false

  constructor(settings: ServerSettings, onCrash: (text: string) => void) {
    this.name = settings.name
    this.#child = fork(new URL('server-process.ts', import.meta.url), [JSON.stringify(settings)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--max-semi-space-size=4'],
    })
    let complaint = ''
    this.#child.stderr?.on('data', (part: Buffer) => {
      complaint = (complaint + part).slice(-2000)
    })
    this.ready = new Promise((resolve) => {
      this.#child.on('message', ({ id, answer }: { id: number; answer: Answer }) => {
        if (id === 0) {
          this.#isReady = true
          resolve(true)
        }
        this.#asked.get(id)?.(answer)
        this.#asked.delete(id)
      })
      this.#child.once('exit', () => {
        const isCrash = this.killedAt === null && this.#isReady
        this.killedAt ??= Date.now()
        resolve(false)
        for (const answer of this.#asked.values()) answer(lost)
        if (isCrash) onCrash(`${this.name} ended by itself: ${complaint}`)
      })
    })
  }

  get isUsable(): boolean {
    return this.#isReady && this.killedAt === null
  }

  ask(request: Request): Promise<Answer> {
    if (!this.isUsable) return Promise.resolve(lost)
    const id = ++this.#last
    return new Promise((resolve) => {
      this.#asked.set(id, resolve)
      this.#child.send({ id, request }, (error) => error && resolve(lost))
    })
  }

  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    if (this.killedAt !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.killedAt = Date.now()
    this.#child.kill('SIGKILL')
    await ended
  }
}

/** Real PostgreSQL, a real issuer and real server processes, each of which can be brought down alone. */
export class Cluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'sluis-nemesis-'))
  readonly organisationId = newId('org', 1) as OrganisationId
  readonly time: LabTime
  readonly servers: Server[] = []
  readonly kills: { readonly name: string; readonly at: number }[] = []
  /** What servers said that nobody had killed. */
  readonly crashes: string[] = []
  /** Stretches of real time in which PostgreSQL was down. */
  readonly outages: { readonly from: number; to: number }[] = []
  issuer!: IssuerProcess
  #postgres: EmbeddedPostgres | null = null
  #started = 0
  #isStopping = false

  private constructor(time: LabTime) {
    this.time = time
  }

  static async start(time: LabTime, servers: number): Promise<Cluster> {
    const cluster = new Cluster(time)
    try {
      await cluster.startPostgres()
      const padding = { access: 0, refresh: 0 }
      cluster.issuer = await IssuerProcess.start({ ...time, latencyMs: 0, padding })
      // The first one makes tables and keys; the others find them.
      for (let slot = 0; slot < servers; slot++) await cluster.startServer(slot, 0)
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  get databaseUrl(): string {
    if (this.#postgres === null) throw new TypeError('PostgreSQL is down')
    const { host, port, user, password, database } = this.#postgres.connection
    return `postgres://${user}:${encodeURIComponent(password)}@/${database}?host=${encodeURIComponent(host)}&port=${port}`
  }

  get connection(): EmbeddedPostgres['connection'] {
    if (this.#postgres === null) throw new TypeError('PostgreSQL is down')
    return this.#postgres.connection
  }

  get kekFile(): string {
    return join(this.folder, 'kek')
  }

  get postgresPid(): number | null {
    return this.#postgres?.pid ?? null
  }

  get #lossesFile(): string {
    return join(this.folder, 'losses.ndjson')
  }

  /** Answers that servers gave up waiting for. */
  losses(): readonly LostAnswer[] {
    if (!existsSync(this.#lossesFile)) return []
    return readFileSync(this.#lossesFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LostAnswer)
  }

  spoolFolder(slot: number): string {
    return join(this.folder, `server-${slot}`)
  }

  async startServer(slot: number, skewMs: number): Promise<Server> {
    mkdirSync(this.spoolFolder(slot), { recursive: true, mode: 0o700 })
    for (;;) {
      const name = `s${slot}.${++this.#started}`
      const server = new Server(
        {
          name,
          time: this.time,
          skewMs,
          databaseUrl: await this.#untilUp(),
          issuerUrl: this.issuer.url,
          kekFile: this.kekFile,
          spoolFolder: this.spoolFolder(slot),
          logFile: join(this.folder, `server-${slot}.log`),
          lossesFile: this.#lossesFile,
          organisationId: this.organisationId,
          client: {
            clientId: 'lab-app',
            clientSecret: `${canary}S-client-secret`,
            redirectUri: 'https://partner.example/cb',
          },
        },
        (text) => {
          this.crashes.push(text)
          this.kills.push({ name, at: Date.now() })
          if (!this.#isStopping) void this.startServer(slot, skewMs)
        },
      )
      this.servers[slot] = server
      // PostgreSQL may go down while a server starts: it ends in order, and is started again as an operator's would be.
      if ((await server.ready) || this.#isStopping) return server
    }
  }

  async #untilUp(): Promise<string> {
    while (this.#postgres === null) await delay(20)
    return this.databaseUrl
  }

  async killServer(slot: number): Promise<void> {
    const server = this.servers[slot]
    if (!server?.isUsable) return
    await server.kill()
    this.kills.push({ name: server.name, at: server.killedAt ?? Date.now() })
  }

  async startPostgres(): Promise<void> {
    this.#postgres = await startEmbeddedPostgres(join(this.folder, 'postgres'), silentLog)
    const outage = this.outages.at(-1)
    if (outage) outage.to = Date.now()
  }

  /** As `pg_ctl stop -m immediate`: no checkpoint, every connection cut; the next start is a crash recovery. */
  async crashPostgres(): Promise<void> {
    const postgres = this.#postgres
    if (postgres === null) return
    this.outages.push({ from: Date.now(), to: Number.POSITIVE_INFINITY })
    this.#postgres = null
    process.kill(postgres.pid, 'SIGQUIT')
    await postgres.stop()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    for (const server of this.servers) {
      server.resume()
      await server.kill()
    }
    await this.issuer?.stop()
    await this.#postgres?.stop()
  }

  /** Call it after `stop`. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
