import { type GrantId, isSluisError, type OrganisationId } from '@sluis/shared'
import type { Absentee } from '../death-watch.ts'
import type { GrantRow } from '../grant-row.ts'
import { GrantSeals } from '../grant-row.ts'
import { noSpend, rowFromJson } from '../grant-store.ts'
import { nextDue } from '../issuer-times.ts'
import type { GrantRecord, SpoolFile } from '../spool-records.ts'
import { type IssuerName, issuerModels, SimulatedIssuer } from './issuers.ts'
import { MemoryGrantStore } from './memory-grant-store.ts'
import { undeclaredSpends, wrongAtRest } from './promises.ts'
import { Scheduler, type SimulatedProcess, type Step } from './scheduler.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { type NetworkWay, SimulatedNetwork } from './simulated-network.ts'
import { SimulatedServer, simulatedKeys } from './simulated-server.ts'

export type { NetworkWay }

export interface WorldOptions {
  readonly seed: number
  readonly issuer?: IssuerName
  readonly isTraced?: boolean
  /** Faults by their number that do not strike: for making a failing schedule smaller. */
  readonly spared?: ReadonlySet<number>
  readonly makeStore?: (world: World) => MemoryGrantStore
  /** What appending to the spool does; in the product, the record is on the disk when it returns. */
  readonly isSpoolLazy?: boolean
}

const organisationId = 'org_sim' as OrganisationId
const grantId = 'grt_sim' as GrantId
const start = Date.UTC(2026, 0, 5, 9)
/** After PostgreSQL was away nobody's lock is judged for so long. */
const quietMs = 15_000
/** The steps between intent and saved answer, where faults are most likely to do harm: they get more of them. */
const delicate =
  /^(beginSpend|beginResend|isStillSpending|connects|hears \d|spools|advance|replay|change grant)/
/** How long the world may misbehave, and how long the vault then has to come to rest. */
const troubleMs = [900_000, 1_500_000, 3_600_000]
const restMs = 2_400_000

/** One schedule: servers over one database, an issuer, clients, and everything that can go wrong, all from one seed. */
export class World {
  readonly random: SeededRandom
  readonly scheduler: Scheduler
  readonly store: MemoryGrantStore
  readonly issuer: SimulatedIssuer
  readonly network: SimulatedNetwork
  readonly issuerName: IssuerName
  readonly violations: string[] = []
  /** Faults that struck, by their number. */
  readonly faults: { readonly number: number; readonly what: string }[] = []
  databaseEpoch = 1
  #databaseUpAt = 0
  #keysUpAt = 0
  #judgeFrom = 0
  readonly #options: WorldOptions
  /** Connections that showed that their process lives, and broke. */
  readonly #cuts = new Map<string, { readonly until: number; readonly connects: number }>()
  readonly #spools = new Map<string, { readonly machine: string; readonly records: GrantRecord[] }>()
  readonly #faultRandom: SeededRandom
  readonly #servers: SimulatedServer[] = []
  readonly #seals: GrantSeals
  #serverCount = 0
  #faultsLeft: number
  readonly #faultRate: number
  #faultNumber = 0
  #isHealed = false
  /** Opening rows that were written, to know what was ever durable. */
  readonly #opening = new Set<Promise<void>>()
  readonly #heldRefresh = new Set<string>()
  readonly #durableAccess = new Set<string>()
  readonly #generationsOf = new Map<string, Set<string>>()

  constructor(options: WorldOptions) {
    this.#options = options
    this.random = seededRandom(options.seed)
    this.#faultRandom = seededRandom(options.seed ^ 0x5bd1e995)
    const names = Object.keys(issuerModels) as IssuerName[]
    this.issuerName = options.issuer ?? this.random.pick(names)
    this.scheduler = new Scheduler(this.random, (step) => this.#befall(step), {
      now: start,
      isTraced: options.isTraced ?? false,
    })
    this.issuer = new SimulatedIssuer(issuerModels[this.issuerName], this.random, start)
    this.network = new SimulatedNetwork(this.#faultRandom, this.random, (what) => this.#strikes(what))
    this.store = options.makeStore?.(this) ?? new MemoryGrantStore((row) => this.onRow(row))
    this.#seals = new GrantSeals(simulatedKeys((count) => this.random.bytes(count)))
    this.#faultsLeft = this.#faultRandom.below(13)
    this.#faultRate = this.#faultRandom.pick([0.001, 0.004, 0.02])
  }

  // What is durable, and who hears of it

  onRow(row: GrantRow): void {
    this.#open(row, true)
    for (const server of this.#servers) {
      if (!server.process.isAlive || this.random.chance(0.05)) continue
      this.scheduler.add({
        process: server.process,
        kind: 'lock',
        name: 'hears of a change',
        at: this.scheduler.now,
        run: () => server.cache.hear(row.id),
      })
    }
  }

  #open(row: GrantRow, isInDatabase: boolean): void {
    const opening = this.#seals.openTokens(row).then(({ accessToken, refreshToken }) => {
      if (accessToken !== undefined && isInDatabase) this.#durableAccess.add(accessToken)
      if (refreshToken === undefined) return
      this.#heldRefresh.add(refreshToken)
      const known = this.#generationsOf.get(refreshToken) ?? new Set()
      this.#generationsOf.set(refreshToken, known.add(`${row.generation}`))
    })
    this.#opening.add(opening)
    void opening.finally(() => this.#opening.delete(opening))
  }

  writeSpool(server: SimulatedServer, record: GrantRecord): void {
    const { name } = server.process
    const spool = this.#spools.get(name) ?? { machine: server.machine, records: [] }
    this.#spools.set(name, spool)
    // A lazy disk says that it has written, and writes when it likes.
    const write = () => {
      spool.records.push(JSON.parse(JSON.stringify(record)))
      this.noteHeld(record)
    }
    if (!this.#options.isSpoolLazy) write()
    else
      this.scheduler.add({
        process: server.process,
        kind: 'time',
        name: 'writes at last',
        at: this.scheduler.now + 60_000,
        run: write,
      })
  }

  noteHeld(record: GrantRecord): void {
    this.#open(rowFromJson(record.row), false)
  }

  spoolsOn(machine: string): readonly SpoolFile[] {
    return [...this.#spools]
      .filter(([, spool]) => spool.machine === machine)
      .map(([name, { records }]) => ({ path: name, processId: name, writtenAt: records.length }))
  }

  readSpool(path: string): readonly GrantRecord[] {
    return this.#spools.get(path)?.records ?? []
  }

  /** Who of these holds no lock right now; null while nobody may judge. */
  absent(names: readonly string[]): readonly Absentee[] | null {
    if (!this.isDatabaseUp || this.scheduler.now < this.#judgeFrom) return null
    return names.flatMap((name) => {
      const cut = this.#cuts.get(name)
      const isHere = this.processNamed(name)?.isAlive && this.scheduler.now >= (cut?.until ?? 0)
      // How often it has connected is known when it has the lock again.
      return isHere ? [] : [{ id: name, connects: cut === undefined ? 1 : cut.connects }]
    })
  }

  /** Whether the connection breaks at a statement, and on which side of it. */
  breaksAt(process: SimulatedProcess, name: string): 'before' | 'after' | null {
    if (!this.#faultRandom.chance(this.#faultRate * (delicate.test(name) ? 12 : 1))) return null
    const side = this.#faultRandom.pick(['before', 'after'] as const)
    return this.#strikes(`the connection breaks ${side}: ${process.name} ${name}`) ? side : null
  }

  get isDatabaseUp(): boolean {
    return this.scheduler.now >= this.#databaseUpAt
  }

  /** Whether the service that opens data keys can be asked; a process that opened its key asks it no more. */
  get isKeyServiceUp(): boolean {
    return this.scheduler.now >= this.#keysUpAt
  }

  processNamed(name: string | null): SimulatedProcess | null {
    return this.#servers.find(({ process }) => process.name === name)?.process ?? null
  }

  // What goes wrong

  /** Whether the fault that was drawn strikes: within the schedule's measure, and not spared. */
  #strikes(what: string): boolean {
    if (this.#isHealed || this.#faultsLeft <= 0) return false
    this.#faultsLeft--
    const number = ++this.#faultNumber
    if (this.#options.spared?.has(number)) return false
    this.faults.push({ number, what })
    this.scheduler.note(`FAULT ${number}: ${what}`)
    return true
  }

  #befall(step: Step): boolean {
    if (step.process === null || step.kind === 'time') return true
    const rate = this.#faultRate * (delicate.test(step.name) ? 12 : 1)
    if (!this.#faultRandom.chance(rate)) return true
    const { process } = step
    const seconds = this.#faultRandom.pick([1, 3, 30, 150, 250, 7200])
    const how = this.#faultRandom.pick(['kill before', 'kill after', 'pause', 'cut', 'database', 'keys'])
    const name = `${process.name} ${step.name}`
    switch (how) {
      case 'kill before':
        if (!this.#strikes(`killed before: ${name}`)) return true
        this.#kill(process.name)
        return false
      case 'kill after':
        if (!this.#strikes(`killed after: ${name}`)) return true
        // The effect happens, and nobody is left to learn of it.
        process.isAlive = false
        step.run()
        this.#kill(process.name)
        return false
      case 'pause':
        if (!this.#strikes(`paused for ${seconds} s before: ${name}`)) return true
        process.pausedUntil = this.scheduler.now + seconds * 1000
        this.scheduler.add(step)
        return false
      case 'cut': {
        // It lives, and its lock is gone until it has a connection again.
        const away = this.#faultRandom.pick([300, 2000, 9000])
        if (!this.#strikes(`its lock is gone for ${away} ms at: ${name}`)) return true
        const before = this.#cuts.get(process.name)?.connects ?? 1
        this.#cuts.set(process.name, { until: this.scheduler.now + away, connects: before })
        this.scheduler.add({
          process: null,
          kind: 'driver',
          name: `${process.name} has its lock again`,
          at: this.scheduler.now + away,
          run: () => this.#cuts.set(process.name, { until: 0, connects: before + 1 }),
        })
        for (const server of this.#servers) if (server.process === process) server.cache.forgetAll()
        return true
      }
      case 'database':
        if (!this.#strikes(`the database is down for ${seconds} s at: ${name}`)) return true
        this.#databaseUpAt = this.scheduler.now + seconds * 1000
        this.#judgeFrom = this.#databaseUpAt + quietMs
        this.databaseEpoch++
        for (const server of this.#servers) if (server.process.isAlive) server.cache.forgetAll()
        return true
      case 'keys':
        if (this.#strikes(`the key service is away for ${seconds} s at: ${name}`))
          this.#keysUpAt = this.scheduler.now + seconds * 1000
        return true
      default:
        return true
    }
  }

  #kill(name: string): void {
    const server = this.#servers.find(({ process }) => process.name === name)
    if (!server) return
    server.process.isAlive = false
    this.scheduler.add({
      process: null,
      kind: 'driver',
      name: 'a server starts again',
      at: this.scheduler.now + this.random.pick([100, 5000, 60_000, 400_000]),
      run: () => this.#startServer(server.machine),
    })
  }

  // What goes on

  #startServer(machine: string): void {
    const server = new SimulatedServer(this, `p${++this.#serverCount}`, machine)
    this.#servers.push(server)
    void this.#look(server)
    void this.#useTokens(server)
  }

  async #look(server: SimulatedServer): Promise<void> {
    const clock = this.scheduler.clockOf(server.process)
    for (;;) {
      await server.tick().catch((error) => this.#expect(error))
      const row = this.store.rows.get(grantId)
      const isCalm = row?.spend_id === null && this.isDatabaseUp
      await clock.sleep(
        isCalm ? this.random.pick([5000, 120_000, 240_000, 400_000]) : this.random.pick([1000, 3000, 9000]),
      )
    }
  }

  async #useTokens(server: SimulatedServer): Promise<void> {
    const clock = this.scheduler.clockOf(server.process)
    for (;;) {
      // Two at once now and then: a herd.
      const herd = this.random.chance(0.2) ? 2 : 1
      await Promise.all(Array.from({ length: herd }, () => this.#useToken(server)))
      await clock.sleep(this.random.pick([1000, 300_000, 575_000, 601_000]))
    }
  }

  async #useToken(server: SimulatedServer): Promise<void> {
    try {
      const { accessToken, generation } = await server.lease(organisationId, grantId)
      while (this.#opening.size > 0) await Promise.all(this.#opening)
      if (!this.#durableAccess.has(accessToken.reveal())) {
        this.#violate(
          `an access token of generation ${generation} was given out before it was in the database`,
        )
      }
    } catch (error) {
      this.#expect(error)
    }
  }

  /** Refusals and a database that is away are part of life; anything else is a fault of ours. */
  #expect(error: unknown): void {
    if (isSluisError(error) || /database is down/.test((error as Error).message)) return
    this.#violate(`an error of our own: ${(error as Error).stack}`)
  }

  #violate(text: string): void {
    this.scheduler.note(`VIOLATION ${text}`)
    this.violations.push(text)
  }

  // What must be true

  /** Runs the schedule to its end. */
  async run(): Promise<void> {
    await this.#begin()
    for (const machine of ['a', 'b']) this.#startServer(machine)
    await this.scheduler.run(() => this.violations.length > 0, start + this.random.pick(troubleMs))
    this.#isHealed = true
    this.issuer.isHonest = true
    const { scheduler } = this
    scheduler.note('all is healed')
    for (const { process } of this.#servers) process.pausedUntil = 0
    this.#databaseUpAt = Math.min(this.#databaseUpAt, scheduler.now)
    this.#keysUpAt = Math.min(this.#keysUpAt, scheduler.now)
    this.#judgeFrom = Math.min(this.#judgeFrom, scheduler.now + quietMs)
    const restedAt = scheduler.now + restMs
    const isAtRest = () => scheduler.now >= restedAt && this.store.rows.get(grantId)?.spend_id === null
    await scheduler.run(() => this.violations.length > 0 || isAtRest(), restedAt + restMs)
    this.#checkLedger()
    await this.#checkEnd()
  }

  async #begin(): Promise<void> {
    const { policy } = this.issuer.model
    const place = { organisation_id: organisationId, id: grantId, chain: 1, generation: 1 }
    const refreshToken = this.issuer.issue(null)
    const row: GrantRow = {
      ...place,
      platform: 'sim',
      region: 'sim',
      client_id: 'client',
      redirect_uri: 'https://partner.example/cb',
      sealed_secret: await this.#seals.sealSecret('secret', place),
      sealed_tokens: await this.#seals.sealTokens({ accessToken: 'access-0', refreshToken }, place),
      sealed_alternates: null,
      platform_user: { id: 'anna', name: 'Anna' },
      platform_user_id: 'anna',
      label: null,
      external_id: null,
      renews: null,
      state: 'active',
      has_access: true,
      has_refresh: true,
      received_at: start,
      access_expires_at: start + policy.accessTokenSeconds * 1000,
      refresh_idle_expires_at: null,
      refresh_absolute_expires_at: null,
      proven_access: true,
      proven_refresh: true,
      proven_client: true,
      not_before: null,
      due_at: null,
      warn_at: null,
      failures: 0,
      problem: null,
      ...noSpend,
      created_at: start,
      last_refreshed_at: null,
      deleted_at: null,
    }
    this.store.put({ ...row, due_at: nextDue(policy, row) })
  }

  /** A token that had been exchanged was sent again only where its generation was declared ambiguous. */
  #checkLedger(): void {
    for (const text of undeclaredSpends(this.issuer, this.store.events, this.#generationsOf))
      this.#violate(text)
  }

  /** The vault is at rest, and with a living token if it ever held one that the issuer still takes. */
  async #checkEnd(): Promise<void> {
    while (this.#opening.size > 0) await Promise.all(this.#opening)
    const row = this.store.rows.get(grantId)
    if (!row) return this.#violate('the grant is gone')
    const { refreshToken = '' } = await this.#seals.openTokens(row)
    const { issuer, store, scheduler } = this
    const facts = { issuer, events: store.events, held: this.#heldRefresh, now: scheduler.now }
    const wrong = wrongAtRest(row, refreshToken, facts)
    if (wrong !== null) this.#violate(wrong)
  }
}
