import type { Clock, Log } from '@sluis/shared'
import type { AnswerJudge } from './answer-judge.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { GrantRow } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import { type GrantStore, issuerName } from './grant-store.ts'
import type { Handovers } from './handovers.ts'
import { spreadOf } from './issuer-times.ts'
import type { Leases } from './leases.ts'
import { type QuietHours, quietUntil, wallClockOf } from './quiet-hours.ts'
import type { Spender, SpendResult } from './spender.ts'
import type { TokenSender } from './token-sender.ts'

export interface DueGrantsParts {
  readonly store: GrantStore
  readonly spender: Spender
  readonly judge: AnswerJudge
  readonly leases: Leases
  readonly handovers: Pick<Handovers, 'verify'>
  readonly sender: Pick<TokenSender, 'issuerOf'>
  readonly clock: Clock
  readonly log: Log
}

/** Grants that one look takes on, and how many of one issuer at the same time. */
const perLook = 200
const atOnce = 8
/** A grant that cannot be attended at all is looked at again after this. */
const restMs = 60_000
/** What waited for the end of quiet hours does not all come in their last minute. */
const morningMs = 30 * 60_000

/**
 * Attends the grants whose time has come, found by their time and never by looking through all. Each issuer has lanes
 * of its own: one that is slow keeps nobody else waiting.
 */
export class DueGrants {
  readonly #parts: DueGrantsParts
  readonly #breaker: CircuitBreaker
  readonly #busy = new Set<string>()
  readonly #wallClocks = new Map<string, Intl.DateTimeFormat>()

  constructor(parts: DueGrantsParts) {
    this.#parts = parts
    this.#breaker = new CircuitBreaker(parts.clock)
  }

  /** Begins with everything that is due at issuers that nobody is at work with; `attended` settles when all is done. */
  async begin(): Promise<{ readonly attended: Promise<void> }> {
    const { store, clock } = this.#parts
    const rows = await store.due(clock.now(), perLook, [...this.#busy])
    const byIssuer = Map.groupBy(rows, issuerName)
    const groups = [...byIssuer].map(async ([issuer, own]) => {
      // Another look may have begun with it while this one was reading.
      if (this.#busy.has(issuer)) return
      this.#busy.add(issuer)
      let at = 0
      const lane = async () => {
        for (let row = own[at++]; row; row = own[at++]) await this.#attendSafely(row)
      }
      await Promise.all(Array.from({ length: atOnce }, lane)).finally(() => this.#busy.delete(issuer))
    })
    return { attended: Promise.all(groups).then(() => {}) }
  }

  async #attendSafely(row: GrantRow): Promise<void> {
    const { store, clock, log } = this.#parts
    try {
      await this.#attend(row)
    } catch (error) {
      log.warn({ grant: row.id, error: (error as Error).message }, 'a grant could not be attended')
      await store.postpone(row, clock.now() + restMs).catch(() => {})
    }
  }

  async #attend(row: GrantRow): Promise<void> {
    const { store, spender, judge, handovers, clock } = this.#parts
    switch (row.state) {
      case 'ambiguous':
        if (row.spend_kind === 'code') await judge.giveUpCode(row)
        else await spender.resend(row)
        return
      case 'pending':
        await handovers.verify(row)
        return
      case 'active': {
        if (!row.has_refresh) return this.#runOut(row)
        const notBefore = spender.notBefore(row)
        if (notBefore > clock.now()) await store.postpone(row, notBefore)
        else await this.#keepAlive(row)
        return
      }
      case 'misconfigured':
        // Its client was changed: that is what makes such a grant due.
        await this.#parts.leases.spend(row)
        return
      default:
        await store.postpone(row, clock.now() + restMs)
    }
  }

  /** Spends for nobody in particular: that can wait for the end of a bad night, and for an issuer that is down. */
  async #keepAlive(row: GrantRow): Promise<void> {
    const { store, leases, sender } = this.#parts
    const issuer = issuerName(row)
    const { quietHours } = sender.issuerOf(row).platform.policy
    // What was never spent is spent at once: its partner is still there to correct a wrong secret.
    const morning = quietHours && row.proven_refresh ? this.#morningOf(quietHours) : null
    if (morning !== null) return store.postpone(row, morning + Math.round(spreadOf(row.id) * morningMs))
    const closedUntil = this.#breaker.closedUntil(issuer)
    if (closedUntil !== null) {
      return store.postpone(row, closedUntil + Math.round(spreadOf(row.id) * 10_000))
    }
    try {
      this.#learn(issuer, await leases.spend(row))
    } catch (error) {
      this.#breaker.untried(issuer)
      throw error
    }
  }

  #morningOf(hours: QuietHours): number | null {
    const wallClock = this.#wallClocks.get(hours.timeZone) ?? wallClockOf(hours)
    this.#wallClocks.set(hours.timeZone, wallClock)
    return quietUntil(hours, this.#parts.clock.now(), wallClock)
  }

  #learn(issuer: string, result: SpendResult): void {
    switch (result.kind) {
      case 'transient':
        if (result.isAboutClient) this.#breaker.answered(issuer)
        else this.#breaker.failed(issuer)
        return
      case 'ambiguous':
        this.#breaker.failed(issuer)
        return
      case 'elsewhere':
      case 'over-budget':
        this.#breaker.untried(issuer)
        return
      default:
        this.#breaker.answered(issuer)
    }
  }

  async #runOut(row: GrantRow): Promise<void> {
    const { store, clock } = this.#parts
    const problem = {
      code: 'GRANT_NEEDS_CONSENT',
      detail: 'The access token has run out, and there is no refresh token.',
      hint: 'Hand new credentials over, with a refresh token.',
    }
    await store.change(
      row,
      { state: nextState(row.state, 'refused-for-good'), due_at: null, problem },
      { action: 'grant.needs_consent', at: clock.now(), facts: { detail: problem.detail } },
    )
  }
}
