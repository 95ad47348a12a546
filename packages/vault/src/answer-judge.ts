import type { Clock, RandomBytes } from '@sluis/shared'
import type { GrantProblem, GrantRow } from './grant-row.ts'
import { type GrantEvent, nextState } from './grant-state.ts'
import { type GrantChange, type GrantStore, noSpend } from './grant-store.ts'
import type { SpendResult } from './spender.ts'
import type { SendOutcome, TokenSender } from './token-sender.ts'

type NoTokens = Exclude<SendOutcome, { kind: 'tokens' }>

/** What an answer without tokens means for the grant. `isEnd`: the chain as it stands is dead. */
export interface Verdict {
  readonly isEnd: boolean
  write(): Promise<SpendResult>
}

export interface AnswerJudgeParts {
  readonly store: GrantStore
  readonly sender: TokenSender
  readonly clock: Clock
  readonly random: RandomBytes
}

/** After *too early* on a resend: the lost send has rotated; the issuer may take one more try when its time has come. */
const lastResendMs = 575_000
/** How long after a loss the vault goes on trying before it asks for consent. */
const windowMs = { plain: 60_000, afterTooEarly: 660_000 }
/** A bad night at an issuer looks like a refused client: a chain that worked is tried once more after this. */
const secondOpinionMs = 15 * 60_000

/** Classifies what came instead of tokens, and writes it down: nothing is ever deleted because of a failure. */
export class AnswerJudge {
  readonly #parts: AnswerJudgeParts

  constructor(parts: AnswerJudgeParts) {
    this.#parts = parts
  }

  /** A first send that brought no tokens. */
  judge(row: GrantRow, outcome: NoTokens): Verdict {
    const { text } = outcome
    const goesOn = (write: () => Promise<SpendResult>): Verdict => ({ isEnd: false, write })
    switch (outcome.kind) {
      case 'lost':
        return goesOn(() => this.declareLost(row, text))
      case 'not-sent':
        return goesOn(() => this.#backOff(row, text, 0, 'spend-not-sent'))
      case 'transient':
        return goesOn(() => this.#backOff(row, text, outcome.retryAfterSeconds))
      case 'too-early':
        return goesOn(() => this.#waitFor(row))
      case 'terminal':
        return {
          isEnd: true,
          write: async () => {
            const fault = problem('GRANT_NEEDS_CONSENT', text, consentHint)
            await this.#end(row, 'refused-for-good', { due_at: null }, fault)
            return { kind: 'refused', cause: outcome.cause, text }
          },
        }
      case 'configuration':
        return goesOn(() => this.#refuseClient(row, text))
      default:
        throw outcome satisfies never
    }
  }

  /** The issuer takes no more for this app and user until `notBefore`: nothing was sent, and the state stays. */
  async hold(row: GrantRow, notBefore: number): Promise<SpendResult> {
    const { store, clock } = this.#parts
    const result = { kind: 'over-budget', notBefore } as const
    // A lost answer stays the problem to be told of; its resend waits.
    if (row.state === 'ambiguous') {
      await store.postpone(row, notBefore)
      return result
    }
    const at = new Date(notBefore).toISOString()
    const detail = `The issuer takes no more token requests of this client for this user until ${at}.`
    const fault = problem(
      'PLATFORM_BUDGET_EXHAUSTED',
      detail,
      'Nothing is lost: Sluis tries again then by itself.',
    )
    await store.change(
      row,
      { not_before: notBefore, due_at: notBefore, problem: fault },
      { action: 'grant.refresh-held', at: clock.now(), facts: { until: at } },
    )
    return result
  }

  /** Nothing was rotated. When our own clock thought otherwise, the issuer saw a token answer that we did not. */
  async #waitFor(row: GrantRow): Promise<SpendResult> {
    const { sender, clock } = this.#parts
    const { policy } = sender.issuerOf(row).platform
    const now = clock.now()
    const byPolicy = row.received_at + policy.earliestRefreshSeconds * 1000
    const notBefore = byPolicy > now ? byPolicy : now + 60_000
    await this.#end(row, 'refused-for-now', { not_before: notBefore, due_at: notBefore }, row.problem)
    return { kind: 'too-early', notBefore }
  }

  async #refuseClient(row: GrantRow, text: string): Promise<SpendResult> {
    const fault = problem('HANDOVER_CLIENT_REFUSED', text, clientHint)
    const wasRefusedBefore = row.problem?.code === 'HANDOVER_CLIENT_REFUSED'
    // A chain whose user is known is a living one, also before its first spend.
    const isLiving = row.proven_client || row.platform_user_id !== null
    if (isLiving && !wasRefusedBefore) {
      const due = this.#parts.clock.now() + secondOpinionMs
      await this.#end(row, 'refused-for-now', { due_at: due, not_before: due }, fault)
      return { kind: 'transient', text, isAboutClient: true }
    }
    await this.#end(row, 'client-refused', { due_at: null }, fault)
    return { kind: 'client-refused', text }
  }

  async #backOff(
    row: GrantRow,
    text: string,
    retryAfterSeconds = 0,
    event: GrantEvent = 'refused-for-now',
  ): Promise<SpendResult> {
    const due = this.#parts.clock.now() + Math.max(this.#pauseMs(row), retryAfterSeconds * 1000)
    const fault = problem('PLATFORM_UNAVAILABLE', text, 'Nothing is lost: Sluis tries again by itself.')
    await this.#end(row, event, { due_at: due, not_before: due, failures: row.failures + 1 }, fault)
    return { kind: 'transient', text }
  }

  /** 5 s, 10 s, 20 s … 15 min, with up to half as much again so that many grants do not return together. */
  #pauseMs(row: GrantRow): number {
    const base = Math.min(15 * 60_000, 5000 * 2 ** Math.min(10, row.failures))
    const [byte = 0] = this.#parts.random(1)
    return Math.round(base * (1 + byte / 512))
  }

  #end(row: GrantRow, event: GrantEvent, change: GrantChange, fault: GrantProblem | null): Promise<boolean> {
    const state = nextState(row.state, event)
    const action = state === row.state ? 'grant.refresh-failed' : `grant.${state}`
    return this.#parts.store.change(
      row,
      { ...noSpend, ...change, state, problem: fault },
      { action, at: this.#parts.clock.now(), facts: { event, detail: fault?.detail ?? null } },
    )
  }

  /**
   * The answer of this send is lost: visible at once, and resent as the issuer's policy allows. Where reuse revokes
   * the whole family and the holder's spool is out of reach, half the issuer's window is left for it to come back.
   */
  async declareLost(
    row: GrantRow,
    text: string,
    { isSpoolMissing }: { readonly isSpoolMissing: boolean } = { isSpoolMissing: false },
  ): Promise<SpendResult> {
    const { store, sender, clock } = this.#parts
    const { policy } = sender.issuerOf(row).platform
    // Where a token may be sent again, a lost answer is only a failed try.
    if (policy.rotation !== 'single-use' && row.spend_kind === 'refresh') return this.#backOff(row, text)
    const now = clock.now()
    const [first] = policy.resendAfterSeconds
    // A code is not worth a second try: it lives for seconds and reuse may revoke what the first gave.
    const mayResend = first !== undefined && row.spend_kind === 'refresh'
    const waitSeconds =
      policy.reuseRevokesFamily && isSpoolMissing
        ? Math.max(first ?? 0, policy.previousTokenSeconds / 2)
        : (first ?? 0)
    await store.change(
      row,
      {
        state: nextState(row.state, 'answer-lost'),
        spend_lost_at: now,
        spend_process: null,
        due_at: now + (mayResend ? waitSeconds * 1000 : windowMs.plain),
        problem: problem(
          'GRANT_AMBIGUOUS',
          text,
          'Sluis tries what the issuer allows by itself; look again in a minute.',
        ),
      },
      {
        action: 'grant.ambiguous',
        at: now,
        facts: { generation: row.generation, holder: row.spend_process, detail: text },
      },
    )
    return { kind: 'ambiguous', text }
  }

  /** A resend that brought no tokens: the next try, or the end with the evidence kept. */
  judgeResend(row: GrantRow, outcome: NoTokens): Verdict {
    const { policy } = this.#parts.sender.issuerOf(row).platform
    const { text } = outcome
    const now = this.#parts.clock.now()
    const lostAt = row.spend_lost_at ?? now
    const wasEarly = row.spend_was_early || outcome.kind === 'too-early'
    const refusals = row.spend_refusals + (outcome.kind === 'terminal' ? 1 : 0)
    const due = this.#nextResend(row, outcome, { now, lostAt, resendAfterSeconds: policy.resendAfterSeconds })
    const isOver = refusals >= 2 || (wasEarly && outcome.kind === 'terminal') || due === null
    if (isOver) {
      const facts = { refusals, lostAt, answer: outcome.kind }
      return { isEnd: true, write: () => this.#giveUp(row, text, facts) }
    }
    return {
      isEnd: false,
      write: async () => {
        await this.#parts.store.change(
          row,
          { spend_refusals: refusals, spend_was_early: wasEarly, spend_process: null, due_at: due },
          { action: 'grant.resent', at: now, facts: { answer: outcome.kind, sends: row.spend_sends } },
        )
        return { kind: 'ambiguous', text }
      },
    }
  }

  /**
   * When the same token is sent again after a resend that brought nothing, or null when that was the last. Only the
   * issuer's word, or the end of the sends that the policy names, ends a chain: time alone does not. An issuer that
   * cannot be reached has said nothing, and neither has one that answers nonsense.
   */
  #nextResend(
    row: GrantRow,
    outcome: NoTokens,
    {
      now,
      lostAt,
      resendAfterSeconds,
    }: { now: number; lostAt: number; resendAfterSeconds: readonly number[] },
  ): number | null {
    switch (outcome.kind) {
      case 'transient':
      case 'not-sent': {
        const asked = outcome.kind === 'transient' ? (outcome.retryAfterSeconds ?? 0) * 1000 : 0
        return now + Math.max(asked, Math.min(secondOpinionMs, Math.max(5000, (now - lostAt) / 4)))
      }
      case 'configuration':
        return now + secondOpinionMs
      case 'too-early': {
        const due = Math.max(lostAt + lastResendMs, now + 30_000)
        // The first time one more send follows, however late it is; later ones only while the window is open.
        return !row.spend_was_early || due <= lostAt + windowMs.afterTooEarly ? due : null
      }
      case 'lost':
      case 'terminal': {
        const byPolicy = row.spend_was_early ? undefined : resendAfterSeconds[row.spend_sends - 1]
        return byPolicy === undefined ? null : Math.max(lostAt + byPolicy * 1000, now + 1000)
      }
      default:
        throw outcome satisfies never
    }
  }

  async #giveUp(row: GrantRow, text: string, facts: object): Promise<SpendResult> {
    await this.#parts.store.change(
      row,
      {
        ...noSpend,
        state: nextState('ambiguous', 'refused-for-good'),
        due_at: null,
        problem: problem('GRANT_NEEDS_CONSENT', text, consentHint),
      },
      {
        action: 'grant.needs_consent',
        at: this.#parts.clock.now(),
        facts: { ...facts, sends: row.spend_sends, detail: text },
      },
    )
    return { kind: 'refused', cause: 'spent', text }
  }

  /** The window of an ambiguous code exchange closed without any answer. */
  async giveUpCode(row: GrantRow): Promise<void> {
    await this.#giveUp(row, 'The answer to the code exchange never came.', { lostAt: row.spend_lost_at })
  }
}

const consentHint = 'Let the user consent again and hand the new credentials over: id and databases stay.'
const clientHint =
  'Check client ID, client secret and redirect URI against the registration at the platform, and hand over again.'

function problem(code: GrantProblem['code'], detail: string, hint?: string): GrantProblem {
  return { code, detail, ...(hint === undefined ? {} : { hint }) }
}
