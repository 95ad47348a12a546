import { type Clock, isSluisError, type Log } from '@sluis/shared'
import type { Alternate, GrantRow, GrantSeals, HeldTokens, OutlivedSend } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import { type GrantStore, noSpend, refreshed, rowToJson } from './grant-store.ts'
import { nextWarning } from './grant-warnings.ts'
import { expiryOf, nextDue } from './issuer-times.ts'
import type { KeyRing } from './key-ring.ts'
import type { TokenSet } from './oauth-platform.ts'
import { afterSend, hasTakenOver, outlivedSendOf } from './outlived-send.ts'
import type { Spool } from './spool.ts'
import type { SendOutcome, TokenSender } from './token-sender.ts'
import type { GrantState } from './vault.ts'

export interface AnswerKeeperParts {
  readonly store: GrantStore
  readonly seals: GrantSeals
  readonly keys: Pick<KeyRing, 'fingerprint'>
  readonly spool: Pick<Spool, 'append'>
  readonly sender: TokenSender
  readonly clock: Clock
  readonly log: Log
}

/** A grant whose tokens came from a spend a moment ago is looked at again then, if who they are from is not known. */
const verifySoonMs = 5000

/** Keeps what the issuer answered: on the disk first, then in the database, and beside the chain if its place is taken. */
export class AnswerKeeper {
  readonly #parts: AnswerKeeperParts

  constructor(parts: AnswerKeeperParts) {
    this.#parts = parts
  }

  /**
   * Keeps a good answer: sealed and fsynced in the spool, then compare-and-set, repeated until the database takes it.
   * Whatever became of the state meanwhile, a late answer wins as long as the generation is the one that was spent.
   * Gives the row of the next generation; null when its place was taken, and the pair is kept beside the chain.
   */
  async keep(spent: GrantRow, held: HeldTokens, tokens: TokenSet): Promise<GrantRow | null> {
    const { seals, sender, clock, store } = this.#parts
    const { policy, consent } = sender.issuerOf(spent).platform
    const now = clock.now()
    const refreshToken = tokens.refreshToken?.reveal() ?? held.refreshToken
    const accessToken = tokens.accessToken?.reveal()
    const values = held.values || tokens.values ? { ...held.values, ...tokens.values } : undefined
    // Without the nonce that was sent these are the tokens of another request; some platforms promise no ID token (ADR 0019).
    const isForeign =
      held.nonce !== undefined &&
      (tokens.nonce === undefined ? consent?.promisesIdToken === true : tokens.nonce !== held.nonce)
    const pair: HeldTokens = {
      ...(accessToken === undefined ? {} : { accessToken }),
      ...(refreshToken === undefined ? {} : { refreshToken }),
      ...(values === undefined ? {} : { values }),
      ...(isForeign ? { isForeign } : {}),
    }
    const place = { ...spent, generation: spent.generation + 1 }
    const isVerified = spent.platform_user_id !== null
    const consentedAt = spent.refresh_absolute_expires_at
    const moved: GrantRow = {
      ...place,
      ...noSpend,
      ...expiryOf(policy, now, tokens.expiresInSeconds, now),
      ...(consentedAt === null ? {} : { refresh_absolute_expires_at: consentedAt }),
      state: nextState(spent.state, isVerified ? 'spent' : 'spent-unverified'),
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
    const due = isVerified ? nextDue(policy, moved) : now + verifySoonMs
    const next = { ...moved, due_at: due, warn_at: nextWarning(policy, moved, now) }
    const isStored = await this.advance(spent, next, refreshToken ?? null, {
      action: refreshed,
      at: now,
      facts: { generation: next.generation, sends: spent.spend_sends },
    })
    if (isStored) return next
    const current = await this.#untilDone(spent, () => store.get(spent.id))
    if (current === null) return null
    // The chain went, and its token came back with this very send: this is what is waited for.
    if (hasTakenOver(current, spent)) return this.keep(current, held, tokens)
    // Whose commit was not answered may have stored it all the same, and others have gone on: then it is spent by now.
    const fingerprint =
      refreshToken === undefined
        ? null
        : await this.#untilDone(spent, () => this.#parts.keys.fingerprint(refreshToken))
    if (fingerprint !== null && (await this.#untilDone(spent, () => store.knowsFingerprint(fingerprint))))
      return null
    await this.#untilDone(spent, () =>
      this.addAlternate(current, { tokens: pair, receivedAt: now }, spent.spend_id),
    )
    return null
  }

  /** Writes the next generation to the spool and then to the database. False when its place is taken. */
  async advance(
    from: GrantRow,
    next: GrantRow,
    refreshToken: string | null,
    event: { readonly action: string; readonly at: number; readonly facts: object },
  ): Promise<boolean> {
    const { store, keys, spool, sender, log } = this.#parts
    try {
      await spool.append({ kind: 'grant', at: event.at, row: rowToJson(next) })
    } catch (error) {
      // The disk broke although room was reserved: the answer is in memory still, and the database may be well.
      log.error({ grant: from.id, error: (error as Error).message }, 'the spool does not take a token answer')
    }
    // Whatever was put in the place of another token is recognised when it is handed over.
    const rotates = sender.issuerOf(next).platform.policy.rotation !== 'none'
    return this.#untilDone(from, async () =>
      store.advance(
        from,
        next,
        rotates && refreshToken !== null ? await keys.fingerprint(refreshToken) : null,
        event,
      ),
    )
  }

  /** Repeats until the database takes it: nobody gets a token that is not durable, and none is thrown away. */
  async #untilDone<T>(row: GrantRow, work: () => Promise<T>): Promise<T> {
    const { clock, log } = this.#parts
    for (let attempt = 0; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        log.warn(
          { grant: row.id, attempt, error: (error as Error).message },
          'the database does not take a token answer yet',
        )
        await clock.sleep(Math.min(5000, 100 * 2 ** Math.min(attempt, 10)))
      }
    }
  }

  /**
   * Keeps a pair beside the chain, for the case that the chain itself is refused for good. Where it is the answer of send
   * `answerOf`, the pair that was spent for it goes.
   */
  async addAlternate(row: GrantRow, alternate: Alternate, answerOf: string | null = null): Promise<void> {
    const { store, seals, keys, clock } = this.#parts
    const { refreshToken } = alternate.tokens
    if (refreshToken === undefined) return
    for (;;) {
      const current = await store.get(row.id)
      if (current === null) return
      const known = (await seals.openAlternates(current)).filter(
        ({ send }) => answerOf === null || send?.spend_id !== answerOf,
      )
      const held = await seals.openTokens(current)
      const isKnown = [held, ...known.map(({ tokens }) => tokens)].some(
        (tokens) => tokens.refreshToken === refreshToken,
      )
      if (isKnown) return
      const sealed = await seals.sealAlternates([alternate, ...known], current)
      const event = { action: 'grant.alternate-kept', at: clock.now() }
      if (await store.change(current, { sealed_alternates: sealed }, event)) {
        await store.addFingerprint(await keys.fingerprint(refreshToken), current, clock.now())
        // The chain was given up already: this pair may be the living one, and nothing else would try it.
        if (current.state === 'needs_consent') await this.#promoteKept(current)
        return
      }
    }
  }

  async #promoteKept(row: GrantRow): Promise<void> {
    try {
      await this.promoteAlternate(row)
    } catch (error) {
      if (!isSluisError(error, 'GRANT_MISCONFIGURED')) throw error
      // Its region was taken from this server. The pair is kept, and tried when somebody asks for the grant.
      this.#parts.log.warn({ grant: row.id, error: error.message }, 'a pair kept beside a chain waits')
    }
  }

  /**
   * Where a send that brought no tokens stands now: in the row that it was begun on, or in the one that took it over. Null
   * when its chain was superseded: then what came of it is noted beside the chain that is there.
   */
  async placeOf(sent: GrantRow, kind: Exclude<SendOutcome['kind'], 'tokens'>): Promise<GrantRow | null> {
    const { store, seals, clock } = this.#parts
    for (;;) {
      const current = await store.get(sent.id)
      if (current === null || current.chain === sent.chain) return sent
      if (hasTakenOver(current, sent)) return current.spend_sends === sent.spend_sends ? current : sent
      const known = await seals.openAlternates(current)
      const left = known.flatMap((each) =>
        each.send?.spend_id === sent.spend_id && each.send.spend_sends === sent.spend_sends
          ? (afterSend(each, sent, kind, clock.now()) ?? [])
          : each,
      )
      if (left.every((each, index) => each === known[index]) && left.length === known.length) return null
      const sealed = await seals.sealAlternates(left, current)
      if (await store.change(current, { sealed_alternates: sealed }, null)) return null
    }
  }

  /**
   * The newest pair kept beside the chain becomes its primary, as a generation of its own; null when there is none. If its
   * token is being spent already, that send stands in the row again. What is left of the refused primary's access token
   * goes on being served. `answeredSince`: only a pair that came since then, and the primary takes its place beside it.
   */
  async promoteAlternate(
    refused: GrantRow,
    { answeredSince }: { readonly answeredSince?: number } = {},
  ): Promise<GrantRow | null> {
    const { store, seals, sender, clock } = this.#parts
    const current = await store.get(refused.id)
    if (current === null || current.chain !== refused.chain || current.generation !== refused.generation)
      return null
    const [newest, ...rest] = await seals.openAlternates(current)
    if (newest?.tokens.refreshToken === undefined) return null
    const held = await seals.openTokens(current)
    const isAnswer = answeredSince !== undefined
    if (isAnswer && newest.receivedAt < answeredSince) return null
    const { accessToken: _, ...spent } = held
    const own = outlivedSendOf(current)
    const left = isAnswer
      ? [{ tokens: spent, receivedAt: current.received_at, ...(own && { send: own }) }, ...rest]
      : rest
    const { policy } = sender.issuerOf(current).platform
    const now = clock.now()
    const place = { ...current, generation: current.generation + 1 }
    const isVerified = current.platform_user_id !== null
    const pair: HeldTokens = {
      ...(held.accessToken === undefined ? {} : { accessToken: held.accessToken }),
      refreshToken: newest.tokens.refreshToken,
    }
    const { send } = newest
    const taken: GrantRow = {
      ...place,
      ...(send ?? noSpend),
      ...expiryOf(policy, newest.receivedAt, null, newest.receivedAt),
      access_expires_at: current.access_expires_at,
      state: stateWith(nextState(current.state, isVerified ? 'alternate-taken' : 'spent-unverified'), send),
      sealed_tokens: await seals.sealTokens(pair, place),
      sealed_alternates: await seals.sealAlternates(left, place),
      has_refresh: true,
      received_at: newest.receivedAt,
      proven_refresh: false,
      not_before: null,
      due_at: send ? send.due_at : now,
      failures: 0,
      problem: null,
    }
    const next = { ...taken, warn_at: nextWarning(policy, taken, now) }
    const event = {
      action: 'grant.alternate-taken',
      at: now,
      facts: { generation: next.generation, left: left.length },
    }
    return (await this.advance(refused, next, newest.tokens.refreshToken, event)) ? next : null
  }
}

/** The state of a chain whose token is being spent, or was with an outcome that nobody knows. */
function stateWith(state: GrantState, send: OutlivedSend | undefined): GrantState {
  if (send === undefined) return state
  const begun = nextState(state, 'spend-begun')
  return send.spend_lost_at === null ? begun : nextState(begun, 'answer-lost')
}
