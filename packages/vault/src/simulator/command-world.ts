import type { GrantId, OrganisationId } from '@sluis/shared'
import type { Absentee } from '../death-watch.ts'
import { type GrantRow, GrantSeals } from '../grant-row.ts'
import { noSpend, rowFromJson } from '../grant-store.ts'
import { expiryOf, nextDue } from '../issuer-times.ts'
import { supersede } from '../settle-grant.ts'
import type { GrantRecord, SpoolFile } from '../spool-records.ts'
import { type IssuerName, issuerModels, SimulatedIssuer } from './issuers.ts'
import { MemoryGrantStore } from './memory-grant-store.ts'
import { undeclaredSpends, wrongAtRest } from './promises.ts'
import { Scheduler } from './scheduler.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import type { NetworkWay } from './simulated-network.ts'
import { SimulatedServer, type Surroundings, simulatedKeys } from './simulated-server.ts'

/** How the next request to the issuer goes. */
export type NextSend = 'answer lost' | 'request lost' | 'unreachable' | 'slow'

const organisationId = 'org_model' as OrganisationId
const grantId = 'grt_model' as GrantId
const start = Date.UTC(2026, 0, 5, 9)
const restMs = 1_500_000

/**
 * One server at a time over the simulator's store and issuer, for commands that a model-based test chooses. Nothing
 * goes wrong by itself: only what a command asks for.
 */
export class CommandWorld implements Surroundings {
  readonly random: SeededRandom
  readonly scheduler: Scheduler
  readonly store: MemoryGrantStore
  readonly issuer: SimulatedIssuer
  readonly network: Surroundings['network']
  readonly databaseEpoch = 1
  readonly isDatabaseUp = true
  readonly isKeyServiceUp = true
  readonly #seals: GrantSeals
  readonly #spools = new Map<string, GrantRecord[]>()
  readonly #held = new Set<string>()
  readonly #generationsOf = new Map<string, Set<string>>()
  readonly #opening = new Set<Promise<void>>()
  readonly #next: NextSend[] = []
  #server: SimulatedServer
  #servers = 0
  #stepsToCrash = Number.POSITIVE_INFINITY

  constructor(issuerName: IssuerName, seed: number) {
    this.random = seededRandom(seed)
    this.#seals = new GrantSeals(simulatedKeys((count) => this.random.bytes(count)))
    this.scheduler = new Scheduler(this.random, ({ kind }) => this.#survives(kind), {
      now: start,
      isTraced: false,
    })
    this.issuer = new SimulatedIssuer(issuerModels[issuerName], this.random, start)
    this.store = new MemoryGrantStore((row) => this.#open(row))
    this.network = { draw: () => this.#way() }
    this.#server = this.#startServer()
  }

  #way(): NetworkWay {
    switch (this.#next.shift()) {
      case 'answer lost':
        return { kind: 'answer lost', requestMs: 100, answerMs: 100 }
      case 'request lost':
        return { kind: 'reset', answerMs: 100 }
      case 'unreachable':
        return { kind: 'unreachable' }
      case 'slow':
        return { kind: 'answered', requestMs: 100, answerMs: 120_000 }
      default:
        return { kind: 'answered', requestMs: 100, answerMs: 100 }
    }
  }

  /** Counts the steps of the protocol down to the crash that was asked for. */
  #survives(kind: string): boolean {
    if (kind === 'time' || kind === 'driver' || kind === 'issuer' || --this.#stepsToCrash > 0) return true
    this.crash()
    return false
  }

  #open(row: GrantRow): void {
    const opening = this.#seals.openTokens(row).then(({ refreshToken }) => {
      if (refreshToken === undefined) return
      this.#held.add(refreshToken)
      const known = this.#generationsOf.get(refreshToken) ?? new Set()
      this.#generationsOf.set(refreshToken, known.add(String(row.generation)))
    })
    this.#opening.add(opening)
    void opening.finally(() => this.#opening.delete(opening))
  }

  writeSpool({ process }: SimulatedServer, record: GrantRecord): void {
    this.#spools.set(process.name, [
      ...(this.#spools.get(process.name) ?? []),
      JSON.parse(JSON.stringify(record)),
    ])
    this.noteHeld(record)
  }

  noteHeld(record: GrantRecord): void {
    this.#open(rowFromJson(record.row))
  }

  spoolsOn(): readonly SpoolFile[] {
    return [...this.#spools].map(([name, { length }]) => ({ path: name, processId: name, writtenAt: length }))
  }

  readSpool(path: string): readonly GrantRecord[] {
    return this.#spools.get(path) ?? []
  }

  absent(names: readonly string[]): readonly Absentee[] {
    return names.flatMap((id) => (id === this.#server.process.name ? [] : [{ id, connects: 1 }]))
  }

  breaksAt = () => null

  #startServer(): SimulatedServer {
    const server = new SimulatedServer(this, `p${++this.#servers}`, 'a')
    const clock = this.scheduler.clockOf(server.process)
    void (async () => {
      for (;;) {
        await server.tick()
        const isBusy = this.row?.spend_id != null
        await clock.sleep(isBusy ? 3000 : 100_000)
      }
    })()
    return server
  }

  // What commands do

  get row(): GrantRow | null {
    return this.store.rows.get(grantId) ?? null
  }

  /** The user consents (again): at the issuer a new chain, here a grant or the end of its old chain. */
  async deposit(): Promise<void> {
    const { policy } = this.issuer.model
    const now = this.scheduler.now
    const held = { accessToken: `access of consent ${now}`, refreshToken: this.issuer.consent(now) }
    const place = { organisation_id: organisationId, id: grantId, chain: 1, generation: 1 }
    const row: GrantRow = {
      ...place,
      ...noSpend,
      ...expiryOf(policy, now, null, now),
      platform: 'sim',
      region: 'sim',
      client_id: 'client',
      redirect_uri: 'https://partner.example/cb',
      sealed_secret: await this.#seals.sealSecret('secret', place),
      sealed_tokens: await this.#seals.sealTokens(held, place),
      sealed_alternates: null,
      platform_user: { id: 'anna', name: 'Anna' },
      platform_user_id: 'anna',
      label: null,
      external_id: null,
      renews: null,
      state: 'active',
      has_access: true,
      has_refresh: true,
      received_at: now,
      proven_access: true,
      proven_refresh: false,
      proven_client: false,
      not_before: null,
      due_at: null,
      warn_at: null,
      failures: 0,
      problem: null,
      created_at: now,
      last_refreshed_at: null,
      deleted_at: null,
    }
    const existing = this.row
    const isDead = existing?.state === 'needs_consent'
    const { platform_user, proven_access, failures, problem } = row
    const verified = { platform_user, proven_access, failures, problem, isDead }
    const next = existing
      ? await supersede(this.#seals, row, existing, verified, policy)
      : { ...row, due_at: nextDue(policy, row) }
    this.store.put(next)
    this.#server.cache.hear(grantId)
  }

  /** Works for a caller until it has its answer, its refusal, or its server has died. */
  async #ask<T>(work: () => Promise<T>): Promise<T | null> {
    const { process } = this.#server
    let outcome: { readonly value: T | null } | null = null
    work().then(
      (value) => {
        outcome = { value }
      },
      () => {
        outcome = { value: null }
      },
    )
    await this.scheduler.run(() => outcome !== null || !process.isAlive, this.scheduler.now + 400_000)
    return (outcome as { readonly value: T | null } | null)?.value ?? null
  }

  /** The generation that was leased, or null when none was. */
  async lease(): Promise<number | null> {
    return (await this.#ask(() => this.#server.lease(organisationId, grantId)))?.generation ?? null
  }

  async refresh(): Promise<void> {
    await this.#ask(() => this.#server.leases.refresh(organisationId, grantId))
  }

  sendNext(way: NextSend): void {
    this.#next.push(way)
  }

  crashAfter(steps: number): void {
    this.#stepsToCrash = steps
  }

  /** The server dies with all that it was doing, and another one starts. */
  crash(): void {
    this.#stepsToCrash = Number.POSITIVE_INFINITY
    this.#server.process.isAlive = false
    this.#server = this.#startServer()
  }

  async wait(ms: number): Promise<void> {
    const until = this.scheduler.now + ms
    await this.scheduler.run(() => false, until)
    this.scheduler.now = Math.max(this.scheduler.now, until)
  }

  /** Heals all and lets the vault come to rest; what is wrong then. */
  async wrongInTheEnd(): Promise<string[]> {
    this.#next.length = 0
    this.#stepsToCrash = Number.POSITIVE_INFINITY
    await this.wait(restMs)
    const { row } = this
    if (row === null) return []
    await this.#ask(() => this.#server.lease(organisationId, grantId))
    await this.wait(restMs)
    await Promise.all(this.#opening)
    const rested = this.row ?? row
    const { refreshToken = '' } = await this.#seals.openTokens(rested)
    const facts = {
      issuer: this.issuer,
      events: this.store.events,
      held: this.#held,
      now: this.scheduler.now,
    }
    const wrong = wrongAtRest(rested, refreshToken, facts)
    return [
      ...undeclaredSpends(this.issuer, this.store.events, this.#generationsOf),
      ...(wrong === null ? [] : [wrong]),
      ...(rested.spend_id === null ? [] : ['a spend is still open']),
    ]
  }
}
