import type { GrantId, OrganisationId } from '@sluis/shared'
import { type GrantRow, GrantSeals } from '../grant-row.ts'
import { noSpend } from '../grant-store.ts'
import { nextWarning } from '../grant-warnings.ts'
import { expiryOf, nextDue } from '../issuer-times.ts'
import {
  type IdleIssuerName,
  IdleIssuers,
  type IdleTally,
  idleIssuerNames,
  idleIssuers,
} from './idle-issuers.ts'
import { MemoryGrantStore } from './memory-grant-store.ts'
import { Scheduler } from './scheduler.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { SimulatedServer, type Surroundings, simulatedKeys } from './simulated-server.ts'

export interface IdleYearOptions {
  readonly seed: number
  readonly grants: number
  readonly days: number
  /** Told at the end of each day. */
  readonly onDay?: (day: number, spends: number) => void
}

export interface IdleYear {
  readonly tallies: Readonly<Record<IdleIssuerName, IdleTally>>
  /** Grants in another state than `active` at the end. */
  readonly notActive: number
  /** How often whatever happened beside a refresh. */
  readonly events: Readonly<Record<string, number>>
  readonly outages: number
}

const start = Date.UTC(2026, 0, 5, 20)
const dayMs = 86_400_000
const hourMs = 3_600_000
/** All that a partner has was handed over in one evening: the worst that spreading can be given. */
const eveningMs = 4 * hourMs
const organisationId = 'org_idle' as OrganisationId

/** Two servers of the product's own parts that keep grants alive which nobody uses, at issuers that are down for hours now and then. */
class IdleWorld implements Surroundings {
  readonly random: SeededRandom
  readonly scheduler: Scheduler
  readonly issuer = new IdleIssuers()
  readonly store: MemoryGrantStore
  readonly network: Surroundings['network']
  readonly databaseEpoch = 1
  readonly isDatabaseUp = true
  readonly isKeyServiceUp = true
  readonly events: Record<string, number> = {}
  outages = 0
  readonly #seals: GrantSeals

  constructor(seed: number) {
    this.random = seededRandom(seed)
    const { random } = this
    this.scheduler = new Scheduler(random, () => true, {
      now: start,
      isTraced: false,
      mostSteps: Number.POSITIVE_INFINITY,
    })
    this.store = new MemoryGrantStore(undefined, ({ action }) => {
      this.events[action] = (this.events[action] ?? 0) + 1
    })
    this.network = {
      draw: () => ({ kind: 'answered', requestMs: random.below(500), answerMs: random.below(1500) }),
    }
    this.#seals = new GrantSeals(simulatedKeys((count) => random.bytes(count)))
  }

  // Nobody dies here: the schedules of `prove` are for that.
  writeSpool(): void {}
  noteHeld(): void {}
  spoolsOn = () => []
  readSpool = () => []
  absent = () => []
  breaksAt = () => null

  async handOver(name: IdleIssuerName, user: number): Promise<void> {
    const at = start - this.random.below(eveningMs)
    const { policy } = idleIssuers[name]
    const place = {
      organisation_id: organisationId,
      id: `grt_${Buffer.from(this.random.bytes(12)).toString('base64url')}` as GrantId,
      chain: 1,
      generation: 1,
    }
    const row: GrantRow = {
      ...place,
      ...noSpend,
      ...expiryOf(policy, at, null, at),
      platform: name,
      region: 'sim',
      client_id: 'client',
      redirect_uri: 'https://partner.example/cb',
      sealed_secret: await this.#seals.sealSecret('secret', place),
      sealed_tokens: await this.#seals.sealTokens(
        { refreshToken: this.issuer.consent(name, user, at) },
        place,
      ),
      sealed_alternates: null,
      platform_user: { id: `user-${user}`, name: `User ${user}` },
      platform_user_id: `user-${user}`,
      label: null,
      external_id: null,
      renews: null,
      state: 'active',
      has_access: false,
      has_refresh: true,
      received_at: at,
      proven_access: true,
      proven_refresh: true,
      proven_client: true,
      not_before: null,
      due_at: null,
      warn_at: null,
      failures: 0,
      problem: null,
      created_at: at,
      last_refreshed_at: at,
      deleted_at: null,
    }
    this.store.put({ ...row, due_at: nextDue(policy, row), warn_at: nextWarning(policy, row, at) })
  }

  /** Looks again and again, as the product does every second; minutes are often enough for what has days. */
  startServer(name: string): void {
    const server = new SimulatedServer(this, name, name)
    const clock = this.scheduler.clockOf(server.process)
    void (async () => {
      for (;;) {
        await server.tick()
        await clock.sleep(120_000 + this.random.below(600_000))
      }
    })()
  }

  /** Once in three weeks each issuer is down for up to ten hours. */
  async misbehave(name: IdleIssuerName): Promise<void> {
    const clock = this.scheduler.clockOf(null)
    for (;;) {
      await clock.sleep(this.random.below(42 * dayMs))
      this.outages++
      this.issuer.takeDown(name, clock.now() + this.random.below(10 * hourMs))
    }
  }
}

/** What becomes of grants that nobody uses, with the vault's own parts over a simulated clock, network and store. */
export async function simulateIdleYear({ seed, grants, days, onDay }: IdleYearOptions): Promise<IdleYear> {
  const world = new IdleWorld(seed)
  const { issuer, scheduler, store } = world
  for (const name of idleIssuerNames) {
    const count = Math.round(grants * idleIssuers[name].share)
    for (let user = 0; user < count; user++) await world.handOver(name, user)
    void world.misbehave(name)
  }
  for (const name of ['a', 'b']) world.startServer(name)
  for (let day = 1; day <= days; day++) {
    await scheduler.run(() => false, start + day * dayMs)
    onDay?.(
      day,
      idleIssuerNames.reduce((sum, name) => sum + issuer.tallies[name].spends, 0),
    )
  }
  issuer.countHeld(scheduler.now)
  let notActive = 0
  for (const { state } of store.rows.values()) if (state !== 'active') notActive++
  return { tallies: issuer.tallies, notActive, events: world.events, outages: world.outages }
}
