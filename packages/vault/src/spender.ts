import { type Clock, type Log, type RandomBytes, SluisError } from '@sluis/shared'
import type { AnswerJudge, Verdict } from './answer-judge.ts'
import type { AnswerKeeper } from './answer-keeper.ts'
import type { GrantRow, GrantSeals, HeldTokens } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import type { GrantStore } from './grant-store.ts'
import { earliestSpend } from './issuer-times.ts'
import { isOutlived } from './outlived-send.ts'
import type { Spool } from './spool.ts'
import { type BudgetClaim, budgetKeyOf, callsKeptForResends, countsAsError, fitsAt } from './token-budget.ts'
import type { Sent, TokenSender } from './token-sender.ts'

/** How a spend ended, for the caller who asked for it. */
export type SpendResult =
  /** `row`: the generation that it brought, where that is the grant's now. */
  | { readonly kind: 'spent'; readonly row: GrantRow | null }
  /** Somebody else spends this generation, or has. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'too-early'; readonly notBefore: number }
  /** It was not sent: the issuer takes no more from this app for this user until then. */
  | { readonly kind: 'over-budget'; readonly notBefore: number }
  | { readonly kind: 'refused'; readonly cause: 'spent' | 'expired' | 'invalid'; readonly text: string }
  | { readonly kind: 'client-refused'; readonly text: string }
  /** `isAboutClient`: the issuer answered well, and refused the client, perhaps for now. */
  | { readonly kind: 'transient'; readonly text: string; readonly isAboutClient?: true }
  | { readonly kind: 'ambiguous'; readonly text: string }

export interface SpenderParts {
  readonly store: GrantStore
  readonly seals: GrantSeals
  readonly spool: Pick<Spool, 'reserve'>
  readonly sender: TokenSender
  readonly keeper: AnswerKeeper
  readonly judge: AnswerJudge
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly processId: string
  /** Above this a send is lost whoever holds it. */
  readonly lostAfterMs: number
  /** Settles once the database is there and known to have forgotten nothing since it was last connected to. */
  untilTrusted(): Promise<void>
}

/** A holder that was paused longer than this between intent and sending looks again before it sends. */
const staleIntentMs = 2000

/**
 * The protocol of one spend: recorded intent, one send, the answer on the disk before anything else, compare-and-set.
 * A spend whose answer is lost is never silently repeated: it is declared ambiguous first.
 */
export class Spender {
  readonly #parts: SpenderParts
  readonly #busy = new Set<string>()

  constructor(parts: SpenderParts) {
    this.#parts = parts
  }

  /** Whether this process is at work on a spend right now. */
  isBusyWith(spendId: string): boolean {
    return this.#busy.has(spendId)
  }

  /** The first moment at which the issuer lets this row be refreshed. */
  notBefore(row: GrantRow): number {
    return earliestSpend(this.#parts.sender.issuerOf(row).platform.policy, row)
  }

  /** Spends the row's generation, if nobody else does. */
  async spend(row: GrantRow): Promise<SpendResult> {
    const { store, seals, sender, clock, random, processId, untilTrusted } = this.#parts
    const { policy } = sender.issuerOf(row).platform
    await untilTrusted()
    await seals.prepare(row)
    const held = await seals.openTokens(row)
    const id = Buffer.from(random(12)).toString('base64url')
    const claim = this.#claimOf(row, callsKeptForResends)
    return this.#withRoom(id, async () => {
      const begun = await store.beginSpend(row, {
        id,
        kind: held.code === undefined ? 'refresh' : 'code',
        process: processId,
        at: clock.now(),
        state: nextState(row.state, 'spend-begun'),
        isSingleUse: policy.rotation === 'single-use',
        ...(claim ? { claim } : {}),
      })
      return begun === null ? this.#notBegun(row, claim) : this.#send(begun, held)
    })
  }

  /** Sends an ambiguous spend once more, where the issuer's policy says so and its time has come. */
  async resend(row: GrantRow): Promise<SpendResult> {
    const { store, seals, clock, processId, lostAfterMs, untilTrusted } = this.#parts
    await untilTrusted()
    await seals.prepare(row)
    return this.#withRoom(row.spend_id ?? '', async () => {
      const now = clock.now()
      const claim = this.#claimOf(row, 0)
      const begun = await store.beginResend(row, processId, now, now + lostAfterMs, claim)
      return begun === null ? this.#notBegun(row, claim) : this.#send(begun, await seals.openTokens(begun))
    })
  }

  #claimOf(row: GrantRow, reserve: number): BudgetClaim | undefined {
    const { budget } = this.#parts.sender.issuerOf(row).platform.policy
    return budget && { key: budgetKeyOf(row), budget, reserve }
  }

  /** Somebody else was first, or the issuer takes no more for now: then the row says so, and until when. */
  async #notBegun(row: GrantRow, claim: BudgetClaim | undefined): Promise<SpendResult> {
    const { store, judge, clock } = this.#parts
    if (!claim) return { kind: 'elsewhere' }
    const now = clock.now()
    const notBefore = fitsAt(await store.budgetUse(claim.key), claim, now)
    return notBefore > now ? judge.hold(row, notBefore) : { kind: 'elsewhere' }
  }

  /** Room for the answer first: a full disk must show before the token is gone. */
  async #withRoom(spendId: string, work: () => Promise<SpendResult>): Promise<SpendResult> {
    if (this.#busy.has(spendId)) return { kind: 'elsewhere' }
    this.#busy.add(spendId)
    try {
      const release = await this.#parts.spool.reserve().catch((cause) => {
        throw new SluisError(
          'STORE_UNAVAILABLE',
          'The disk has no room to keep a token answer, so none was asked for.',
          { hint: 'Make room in the data folder (SLUIS_HOME).', cause },
        )
      })
      try {
        return await work()
      } finally {
        release()
      }
    } finally {
      this.#busy.delete(spendId)
    }
  }

  async #send(row: GrantRow, held: HeldTokens): Promise<SpendResult> {
    const { store, keeper, judge, clock } = this.#parts
    const isStale = clock.now() - (row.spend_started_at ?? 0) > staleIntentMs
    if (isStale && !(await store.isStillSpending(row))) return { kind: 'elsewhere' }
    const { outcome, status } = await this.#sendOnce(row, held)
    if (outcome.kind === 'tokens') {
      const next = await keeper.keep(row, held, outcome.tokens)
      await this.#countError(row, status)
      return { kind: 'spent', row: next }
    }
    await this.#countError(row, status)
    const place = await keeper.placeOf(row, outcome.kind)
    // A new consent took its chain's place: who waits for a token finds that one's.
    if (place === null) return { kind: 'elsewhere' }
    return this.#settle(
      place,
      place.spend_lost_at === null ? judge.judge(place, outcome) : judge.judgeResend(place, outcome),
    )
  }

  async #countError(row: GrantRow, status: number | null): Promise<void> {
    const { store, clock, log } = this.#parts
    const claim = this.#claimOf(row, 0)
    if (!claim || status === null || !countsAsError(status)) return
    const { key, budget } = claim
    // What was answered matters more than its count: a database that is away must not keep it from being judged.
    await store.noteTokenError(key, clock.now(), budget.errorsAnHour).catch((error) => {
      log.warn({ grant: row.id, error: (error as Error).message }, 'a refusal could not be counted')
    })
  }

  /** The holder of this send is dead or overdue, and no answer of it was found. */
  async lose(row: GrantRow, text: string, facts: { readonly isSpoolMissing: boolean }): Promise<SpendResult> {
    const { judge, keeper } = this.#parts
    // What came beside its chain since it was sent may be its answer, found in a spool: then its token is dead.
    const answer = isOutlived(row)
      ? await keeper.promoteAlternate(row, { answeredSince: row.spend_started_at ?? 0 })
      : null
    if (answer !== null) return this.#goOn(answer)
    if (row.spend_lost_at === null) return judge.declareLost(row, text, facts)
    return this.#settle(row, judge.judgeResend(row, { kind: 'lost', text }))
  }

  /** Refused for good, a pair kept beside the chain may be the living one: it is spent by the same protocol. */
  async #settle(row: GrantRow, verdict: Verdict): Promise<SpendResult> {
    const promoted = verdict.isEnd ? await this.#parts.keeper.promoteAlternate(row) : null
    return promoted === null ? verdict.write() : this.#goOn(promoted)
  }

  async #goOn(promoted: GrantRow): Promise<SpendResult> {
    // Its token is being spent already: that send is waited for, and declared lost before there is another.
    if (promoted.spend_id !== null) return { kind: 'elsewhere' }
    const notBefore = this.notBefore(promoted)
    return notBefore > this.#parts.clock.now() ? { kind: 'too-early', notBefore } : this.spend(promoted)
  }

  async #sendOnce(row: GrantRow, held: HeldTokens): Promise<Sent> {
    try {
      return await this.#parts.sender.sendTokens(row, held, this.#parts.seals)
    } catch (error) {
      // Nothing left this process: a key that does not open, a region that was taken away, an address not pinned.
      this.#parts.log.error(
        { grant: row.id, error: (error as Error).message },
        'a token request could not be made',
      )
      const text = `The request could not be made: ${(error as Error).message}`
      return { outcome: { kind: 'not-sent', text }, status: null }
    }
  }
}
