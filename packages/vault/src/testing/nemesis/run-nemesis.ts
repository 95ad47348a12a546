import { setTimeout as delay } from 'node:timers/promises'
import type { GrantId } from '@sluis/shared'
import { seededRandom } from '../../simulator/seeded-random.ts'
import { Checker, type Violation } from './checker.ts'
import { Cluster } from './cluster.ts'
import {
  type Blow,
  type Consent,
  judgedAfterSeconds,
  mostSkewMs,
  planRound,
  type RoundPlan,
  roundSeconds,
} from './round-plan.ts'
import { labNow } from './scaled-clock.ts'

export interface NemesisOptions {
  readonly seed: number
  /** The first round, from 1: a run that was broken off goes on from there. */
  readonly from: number
  readonly rounds: number
  readonly scale: number
  readonly servers: number
  /** Told after every judged round. */
  onRound?(round: number, summary: NemesisSummary): void
}

export interface NemesisSummary {
  rounds: number
  grants: number
  spends: number
  leases: number
  kills: number
  pauses: number
  crashes: number
  recovered: number
  needsConsent: number
  readonly violations: Violation[]
}

/** A consent that was handed over, with what callers were given. */
export interface HeldGrant {
  readonly id: GrantId | null
  readonly round: number
  readonly consent: Consent
  readonly chain: number
  readonly leases: { readonly token: string; readonly generation: number }[]
  /** The error that ended the handover, if one did. */
  readonly refusal: string | null
}

/** Callers that lease and refresh at the same time. */
const callers = 4

/** Lets real servers live through rounds of misfortune, and judges them by the issuer's ledger. */
export async function runNemesis(options: NemesisOptions): Promise<NemesisSummary> {
  const { seed, from, rounds, scale, servers } = options
  const time = { origin: Date.now(), scale }
  const cluster = await Cluster.start(time, servers)
  const checker = await Checker.open(cluster)
  const summary: NemesisSummary = {
    rounds: 0,
    grants: 0,
    spends: 0,
    leases: 0,
    kills: 0,
    pauses: 0,
    crashes: 0,
    recovered: 0,
    needsConsent: 0,
    violations: [],
  }
  const judging: Promise<void>[] = []
  try {
    for (let number = from; number < from + rounds; number++) {
      const round = new Round(cluster, planRound(seed, number, servers), summary)
      const startedAt = Date.now()
      await round.play()
      const judge = async () => {
        const rest = judgedAfterSeconds * 1000 * scale - (Date.now() - startedAt)
        await delay(Math.max(0, rest))
        await checker.judge(round.grants, summary)
        summary.rounds++
        options.onRound?.(number, summary)
      }
      judging.push(judge())
    }
    await Promise.all(judging)
    await checker.searchCanaries(summary)
    return summary
  } finally {
    await checker.close()
    await cluster.stop()
    if (summary.violations.length === 0) cluster.remove()
    else process.stderr.write(`logs and data are kept in ${cluster.folder}\n`)
  }
}

class Round {
  readonly grants: HeldGrant[] = []
  readonly #cluster: Cluster
  readonly #plan: RoundPlan
  readonly #summary: NemesisSummary
  #isOver = false

  constructor(cluster: Cluster, plan: RoundPlan, summary: NemesisSummary) {
    this.#cluster = cluster
    this.#plan = plan
    this.#summary = summary
  }

  async play(): Promise<void> {
    const { consents, faults, blows, number } = this.#plan
    const random = seededRandom(number)
    const work = [
      ...consents.map((consent, index) => this.#at(consent.atSecond, () => this.#deposit(consent, index))),
      ...faults.map(({ atSecond, fault }) => this.#at(atSecond, () => this.#cluster.issuer.fault([fault]))),
      this.#strike(blows),
    ]
    const traffic = Array.from({ length: callers }, () => this.#call(random))
    await this.#seconds(roundSeconds)
    this.#isOver = true
    await Promise.all([...work, ...traffic])
  }

  #seconds(seconds: number): Promise<void> {
    return delay(seconds * 1000 * this.#cluster.time.scale)
  }

  async #at(second: number, work: () => Promise<unknown>): Promise<void> {
    await this.#seconds(second)
    await work()
  }

  /** One after another: a server that is down cannot be brought down. */
  async #strike(blows: readonly Blow[]): Promise<void> {
    let passed = 0
    for (const blow of blows) {
      await this.#seconds(Math.max(0, blow.atSecond - passed))
      passed = Math.max(passed, blow.atSecond)
      await this.#fall(blow)
    }
  }

  async #fall(blow: Blow): Promise<void> {
    const { slot } = blow
    const skew = 'skewMs' in blow ? blow.skewMs : (slot - 1) * (mostSkewMs / 4)
    if ('afterSeconds' in blow) {
      const grant = this.grants.findLast(({ id, consent }) => id !== null && consent.mode !== 'exact')?.id
      await this.#cluster.issuer.fault([{ kind: 'slow-answer', seconds: blow.afterSeconds * 2 }])
      if (grant) void this.#cluster.servers[slot]?.ask({ kind: 'refresh', grant })
      await this.#seconds(blow.afterSeconds)
    }
    switch (blow.kind) {
      case 'kill':
      case 'kill-while-sent':
        this.#summary.kills++
        await this.#cluster.killServer(slot)
        await this.#seconds(blow.downSeconds)
        await this.#cluster.startServer(slot, skew)
        return
      case 'pause':
      case 'pause-while-sent': {
        this.#summary.pauses++
        const server = this.#cluster.servers[slot]
        server?.pause()
        await this.#seconds(blow.seconds)
        server?.resume()
        return
      }
      case 'postgres':
      case 'postgres-while-sent':
        this.#summary.crashes++
        await this.#cluster.crashPostgres()
        await this.#seconds(blow.downSeconds)
        await this.#cluster.startPostgres()
        return
      default:
        throw blow satisfies never
    }
  }

  /** Plays the partner: repeats the same request, at any server, until it has an answer. */
  async #deposit(consent: Consent, index: number): Promise<void> {
    const { issuer, time, servers } = this.#cluster
    const [pair] = await issuer.mint(consent.mode, 1, consent.ageSeconds)
    if (!pair) throw new TypeError('the issuer made no pair')
    const key = `round ${this.#plan.number} consent ${index}`
    const obtainedAt = Math.floor(Math.min(pair.issuedAt, labNow(time)))
    const held = { round: this.#plan.number, consent, chain: pair.chain, leases: [] }
    for (let attempt = 0; ; attempt++) {
      const answer = await servers[(index + attempt) % servers.length]?.ask({
        kind: 'deposit',
        mode: consent.mode,
        key,
        ...(consent.hasAccessToken ? { accessToken: pair.accessToken } : {}),
        refreshToken: pair.refreshToken,
        obtainedAt,
      })
      this.#summary.grants += answer?.kind === 'granted' ? 1 : 0
      if (answer?.kind === 'granted') {
        this.grants.push({ ...held, id: answer.grant, refusal: null })
        return
      }
      const code = answer?.kind === 'failed' ? answer.code : 'UNKNOWN'
      const isRefused = code.startsWith('HANDOVER_') && code !== 'HANDOVER_TOKEN_ALREADY_HELD'
      if (isRefused || code === 'INVALID_REQUEST' || attempt > 400) {
        this.grants.push({
          ...held,
          id: null,
          refusal: answer?.kind === 'failed' ? `${code} ${answer.text}` : code,
        })
        return
      }
      await this.#seconds(3)
    }
  }

  /** A caller that leases, and sometimes asks for a refresh, wherever it is sent. */
  async #call(random: ReturnType<typeof seededRandom>): Promise<void> {
    const { servers } = this.#cluster
    while (!this.#isOver) {
      const grant = this.grants.length === 0 ? null : random.pick(this.grants)
      const kind = random.chance(0.85) ? 'lease' : 'refresh'
      if (grant !== null && grant.id !== null) {
        const asked = random.pick(servers).ask({ kind, grant: grant.id })
        // A paused server answers late; its caller has left by then, and the answer counts all the same.
        void asked.then((answer) => {
          if (answer.kind !== 'leased') return
          this.#summary.leases++
          grant.leases.push({ token: answer.token, generation: answer.generation })
        })
        await Promise.race([asked, this.#seconds(20)])
      }
      await this.#seconds(1 + random.below(5))
    }
  }
}
