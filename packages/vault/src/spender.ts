import { type Clock, type Log, type RandomBytes, SluisError } from '@sluis/shared'
import type { Alternate, GrantProblem, GrantRow, GrantSeals, HeldTokens } from './grant-row.ts'
import { type GrantEvent, nextState } from './grant-state.ts'
import { type GrantChange, type GrantStore, noSpend, rowToJson } from './grant-store.ts'
import { earliestSpend, expiryOf, nextDue } from './issuer-times.ts'
import type { KeyRing } from './key-ring.ts'
import type { TokenSet } from './oauth-platform.ts'
import type { Spool } from './spool.ts'
import type { SendOutcome, TokenSender } from './token-sender.ts'

/** How a spend ended, for the caller who asked for it. */
export type SpendResult =
  | { readonly kind: 'spent' }
  /** Somebody else spends this generation, or has. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'too-early'; readonly notBefore: number }
  | { readonly kind: 'refused'; readonly cause: 'spent' | 'expired' | 'invalid'; readonly text: string }
  | { readonly kind: 'client-refused'; readonly text: string }
  | { readonly kind: 'transient'; readonly text: string }
  | { readonly kind: 'ambiguous'; readonly text: string }

export interface SpenderParts {
  readonly store: GrantStore
  readonly seals: GrantSeals
  readonly keys: KeyRing
  readonly spool: Spool
  readonly sender: TokenSender
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly processId: string
}

/** A holder that was paused longer than this between intent and sending looks again before it sends. */
const staleIntentMs = 2000
/** After *too early* on a resend: the lost send has rotated; the issuer may take one more try when its time has come. */
const lastResendMs = 575_000
const windowMs = { plain: 60_000, afterTooEarly: 660_000 }

/**
 * The protocol of one spend: recorded intent, one send, the answer on the disk before anything else, compare-and-set.
 * A spend whose answer is lost is never silently repeated: it is declared ambiguous first.
 */
export class Spender {
  readonly #parts: SpenderParts

  constructor(parts: SpenderParts) {
    this.#parts = parts
  }

  /** Spends the row's generation, if nobody else does. */
  async spend(row: GrantRow): Promise<SpendResult> {
    const { store, seals, spool, clock, random, processId } = this.#parts
    const held = await seals.openTokens(row)
    const kind = held.code === undefined ? 'refresh' : 'code'
    // Room for the answer first: a full disk must show before the token is gone.
    const release = await spool.reserve().catch((cause) => {
      throw new SluisError(
        'STORE_UNAVAILABLE',
        'The disk has no room to keep a token answer, so none was asked for.',
        {
          hint: 'Make room in the data folder (SLUIS_HOME).',
          cause,
        },
      )
    })
    try {
      const begun = await store.beginSpend(row, {
        id: Buffer.from(random(12)).toString('base64url'),
        kind,
        process: processId,
        at: clock.now(),
        state: nextState(row.state, 'spend-begun'),
      })
      if (begun === null) return { kind: 'elsewhere' }
      return await this.#send(begun, held)
    } finally {
      release()
    }
  }

  /** Sends an ambiguous spend once more, where the issuer's policy says so and its time has come. */
  async resend(row: GrantRow): Promise<SpendResult> {
    const { store, seals, spool, clock, processId } = this.#parts
    const release = await spool.reserve()
    try {
      const begun = await store.beginResend(row, processId, clock.now())
      if (begun === null) return { kind: 'elsewhere' }
      return await this.#send(begun, await seals.openTokens(begun))
    } finally {
      release()
    }
  }

  async #send(row: GrantRow, held: HeldTokens): Promise<SpendResult> {
    const { store, seals, sender, clock } = this.#parts
    const isStale = clock.now() - (row.spend_started_at ?? 0) > staleIntentMs
    if (isStale && !(await store.isStillSpending(row))) return { kind: 'elsewhere' }
    let outcome = await sender.sendTokens(row, held, seals)
    if (outcome.kind === 'terminal' && row.state !== 'ambiguous') {
      // The primary is dead for good: a pair kept beside it may be the living one.
      const saved = await this.#tryAlternates(row)
      if (saved !== null) outcome = saved
    }
    if (outcome.kind === 'tokens') {
      await this.keep(row, held, outcome.tokens)
      return { kind: 'spent' }
    }
    return row.state === 'ambiguous' || row.spend_lost_at !== null
      ? this.#judgeResend(row, outcome)
      : this.#judge(row, outcome)
  }

  async #tryAlternates(row: GrantRow): Promise<SendOutcome | null> {
    const { seals, sender } = this.#parts
    for (const { tokens } of await seals.openAlternates(row)) {
      if (tokens.refreshToken === undefined) continue
      const outcome = await sender.sendTokens(row, tokens, seals)
      if (outcome.kind !== 'terminal') return outcome
    }
    return null
  }

  /**
   * Keeps a good answer: sealed and fsynced in the spool, then compare-and-set, repeated until the database takes it.
   * An answer whose place is taken already joins the alternates.
   */
  async keep(spent: GrantRow, held: HeldTokens, tokens: TokenSet): Promise<void> {
    const { seals, keys, spool, sender, clock, log, store } = this.#parts
    const { platform } = sender.issuerOf(spent)
    const now = clock.now()
    const refreshToken = tokens.refreshToken?.reveal() ?? held.refreshToken
    const accessToken = tokens.accessToken?.reveal()
    const pair: HeldTokens = {
      ...(accessToken === undefined ? {} : { accessToken }),
      ...(refreshToken === undefined ? {} : { refreshToken }),
    }
    const place = { ...spent, generation: spent.generation + 1 }
    const state = nextState(spent.state, 'spent')
    const moved: GrantRow = {
      ...place,
      ...noSpend,
      ...expiryOf(
        platform.policy,
        now,
        tokens.expiresInSeconds,
        spent.chain === 1 ? spent.created_at : spent.received_at,
      ),
      state,
      sealed_tokens: await seals.sealTokens(pair, place),
      sealed_alternates: null,
      has_access: accessToken !== undefined,
      has_refresh: refreshToken !== undefined,
      received_at: now,
      proven_access: spent.proven_access || accessToken !== undefined,
      proven_refresh: true,
      proven_client: true,
      not_before: null,
      failures: 0,
      problem: null,
      last_refreshed_at: now,
    }
    // A pending grant still has to learn whose it is.
    const next: GrantRow = {
      ...moved,
      due_at: state === 'pending' ? now + 5000 : nextDue(platform.policy, moved),
    }
    await spool.append({ kind: 'grant', at: now, row: rowToJson(next) })
    const isSingleUse = platform.policy.rotation === 'single-use' && tokens.refreshToken !== null
    const fingerprint = isSingleUse ? await keys.fingerprint(tokens.refreshToken.reveal()) : null
    const wasLost = spent.state === 'ambiguous' || spent.state === 'needs_consent'
    const event = {
      action: wasLost ? 'grant.recovered' : 'grant.refreshed',
      at: now,
      facts: { generation: next.generation, sends: spent.spend_sends },
    }
    for (let attempt = 0; ; attempt++) {
      try {
        if (await store.advance(spent, next, fingerprint, event)) return
        return await this.addAlternate(spent, { tokens: pair, receivedAt: now })
      } catch (error) {
        // The answer is safe in the spool; until the database takes it nobody gets the new access token.
        log.warn(
          { grant: spent.id, attempt, error: (error as Error).message },
          'the database does not take a token answer yet',
        )
        await clock.sleep(Math.min(5000, 100 * 2 ** attempt))
      }
    }
  }

  /** Keeps a pair beside the chain, for the case that the chain itself is refused for good. */
  async addAlternate(row: Pick<GrantRow, 'id' | 'organisation_id'>, alternate: Alternate): Promise<void> {
    const { store, seals, clock } = this.#parts
    for (;;) {
      const current = await store.get(row.id)
      if (current === null) return
      const known = await seals.openAlternates(current)
      const held = await seals.openTokens(current)
      if (held.refreshToken === alternate.tokens.refreshToken) return
      const sealed = await seals.sealAlternates([alternate, ...known], current)
      const event = { action: 'grant.alternate-kept', at: clock.now() }
      if (await store.change(current, { sealed_alternates: sealed }, event)) return
    }
  }

  /** A first send that brought no tokens. */
  async #judge(row: GrantRow, outcome: Exclude<SendOutcome, { kind: 'tokens' }>): Promise<SpendResult> {
    const { sender, clock } = this.#parts
    const { policy } = sender.issuerOf(row).platform
    const now = clock.now()
    switch (outcome.kind) {
      case 'lost':
        // Where a token may be sent again, a lost answer is only a failed try.
        if (policy.rotation !== 'single-use' && row.spend_kind === 'refresh')
          return this.#backOff(row, outcome.text)
        return this.declareLost(row, outcome.text)
      case 'not-sent':
        await this.#end(
          row,
          'spend-not-sent',
          { due_at: now + this.#pauseMs(row), failures: row.failures + 1 },
          problem('PLATFORM_UNAVAILABLE', outcome.text),
        )
        return { kind: 'transient', text: outcome.text }
      case 'transient':
        return this.#backOff(row, outcome.text, outcome.retryAfterSeconds)
      case 'too-early': {
        // Nothing was rotated. When our own clock thought otherwise, the issuer saw a token answer that we did not.
        const byPolicy = row.received_at + policy.earliestRefreshSeconds * 1000
        const notBefore = byPolicy > now ? byPolicy : now + 60_000
        await this.#end(row, 'refused-for-now', { not_before: notBefore, due_at: notBefore }, row.problem)
        return { kind: 'too-early', notBefore }
      }
      case 'terminal': {
        const text = outcome.text
        await this.#end(
          row,
          'refused-for-good',
          { due_at: null },
          problem('GRANT_NEEDS_CONSENT', text, consentHint),
        )
        return { kind: 'refused', cause: outcome.cause, text }
      }
      case 'configuration': {
        // A bad night at the issuer looks the same: a chain that worked gets one more try.
        if (row.proven_client && row.failures === 0) {
          await this.#end(
            row,
            'refused-for-now',
            { failures: 1, due_at: now + 15 * 60_000 },
            problem('HANDOVER_CLIENT_REFUSED', outcome.text),
          )
          return { kind: 'transient', text: outcome.text }
        }
        await this.#end(
          row,
          'client-refused',
          { due_at: null },
          problem('HANDOVER_CLIENT_REFUSED', outcome.text, clientHint),
        )
        return { kind: 'client-refused', text: outcome.text }
      }
      default:
        throw outcome satisfies never
    }
  }

  async #backOff(row: GrantRow, text: string, retryAfterSeconds?: number): Promise<SpendResult> {
    const due = this.#parts.clock.now() + Math.max(this.#pauseMs(row), (retryAfterSeconds ?? 0) * 1000)
    await this.#end(
      row,
      'refused-for-now',
      { due_at: due, not_before: due, failures: row.failures + 1 },
      problem('PLATFORM_UNAVAILABLE', text),
    )
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
      { action, at: this.#parts.clock.now(), facts: { event } },
    )
  }

  /** The answer of this spend is lost: visible at once, and resent as the issuer's policy allows. */
  async declareLost(row: GrantRow, text: string): Promise<SpendResult> {
    const { store, sender, clock } = this.#parts
    const { policy } = sender.issuerOf(row).platform
    const now = clock.now()
    const first = policy.resendAfterSeconds[0]
    // A code is not worth a second try: it lives for seconds and reuse may revoke what the first gave.
    const mayResend = first !== undefined && row.spend_kind === 'refresh'
    const state = nextState(row.state, 'answer-lost')
    await store.change(
      row,
      {
        state,
        spend_lost_at: now,
        due_at: mayResend ? now + first * 1000 : now + windowMs.plain,
        problem: problem(
          'GRANT_AMBIGUOUS',
          text,
          'Sluis tries what the issuer allows by itself; look again in a minute.',
        ),
      },
      { action: 'grant.ambiguous', at: now, facts: { generation: row.generation } },
    )
    return { kind: 'ambiguous', text }
  }

  /** A resend that brought no tokens: the next try, or the end with the evidence kept. */
  async #judgeResend(row: GrantRow, outcome: Exclude<SendOutcome, { kind: 'tokens' }>): Promise<SpendResult> {
    const { store, sender, clock } = this.#parts
    const { policy } = sender.issuerOf(row).platform
    const now = clock.now()
    const lostAt = row.spend_lost_at ?? now
    const wasEarly = row.spend_was_early || outcome.kind === 'too-early'
    const refusals = row.spend_refusals + (outcome.kind === 'terminal' ? 1 : 0)
    const windowEnd = lostAt + (wasEarly ? windowMs.afterTooEarly : windowMs.plain)
    const nextByPolicy = policy.resendAfterSeconds[row.spend_sends - 1]
    const due = wasEarly
      ? Math.max(lostAt + lastResendMs, now + 5000)
      : nextByPolicy === undefined
        ? now + 5000
        : Math.max(lostAt + nextByPolicy * 1000, now + 1000)
    const isOver = refusals >= 2 || (wasEarly && outcome.kind === 'terminal') || due > windowEnd
    if (isOver) {
      await store.change(
        row,
        {
          ...noSpend,
          state: nextState('ambiguous', 'refused-for-good'),
          due_at: null,
          problem: problem('GRANT_NEEDS_CONSENT', outcome.text, consentHint),
        },
        { action: 'grant.needs_consent', at: now, facts: { sends: row.spend_sends, refusals, lostAt } },
      )
      return { kind: 'refused', cause: 'spent', text: outcome.text }
    }
    await store.change(
      row,
      { spend_refusals: refusals, spend_was_early: wasEarly, due_at: due },
      { action: 'grant.resent', at: now, facts: { answer: outcome.kind, sends: row.spend_sends } },
    )
    return { kind: 'ambiguous', text: outcome.text }
  }

  /** The window of an ambiguous code exchange closed without any answer. */
  async giveUp(row: GrantRow): Promise<void> {
    const fault = problem('GRANT_NEEDS_CONSENT', 'The answer to the code exchange never came.', consentHint)
    await this.#parts.store.change(
      row,
      { ...noSpend, state: nextState('ambiguous', 'refused-for-good'), due_at: null, problem: fault },
      { action: 'grant.needs_consent', at: this.#parts.clock.now() },
    )
  }

  /** Whether the issuer lets this row be refreshed now; else when. */
  notBefore(row: GrantRow): number {
    return earliestSpend(this.#parts.sender.issuerOf(row).platform.policy, row)
  }
}

const consentHint = 'Let the user consent again and hand the new credentials over: id and databases stay.'
const clientHint =
  'Check client ID, client secret and redirect URI against the registration at the platform, and hand over again.'

function problem(code: GrantProblem['code'], detail: string, hint?: string): GrantProblem {
  return { code, detail, ...(hint === undefined ? {} : { hint }) }
}
