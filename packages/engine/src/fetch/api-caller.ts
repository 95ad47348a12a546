import {
  type Clock,
  type IncomingResponse,
  must,
  type OutgoingRequest,
  type SendRequest,
  SluisError,
} from '@sluis/shared'
import type { Connector } from '../catalog/connector.ts'
import type { GrantHosts } from '../databases/grant-hosts.ts'
import type { SourceSession } from '../engine.ts'
import { type BudgetKey, type CallBudgets, type Waiting, waitUntil } from './call-budget.ts'
import { failureText, heldBack, notAgain, refused, tokenRefused, unavailable } from './call-failures.ts'
import {
  type Entry,
  type ErrorMemory,
  type ErrorPlace,
  type KnownFailure,
  leastLeftMs,
} from './error-memory.ts'
import { claimLookUp, endOrAbort } from './host-look-ups.ts'

/** One request that went out, as the statement's record shows it. */
export interface NativeCall {
  readonly method: string
  readonly route: string
  readonly status: number | null
  rows: number | null
  readonly bytes: number
  readonly ms: number
}

export interface ApiCallerOptions {
  readonly connector: Connector
  readonly session: SourceSession
  readonly send: SendRequest
  readonly budgets: CallBudgets
  readonly errors: ErrorMemory
  readonly clock: Clock
  readonly timeoutMs: number
  readonly hosts: GrantHosts
  /** How long a call may wait for its turn, and who sees it. */
  readonly waiting?: Pick<Waiting, 'isPatient' | 'onWait'>
  readonly signal?: AbortSignal
  /** Told of every request that was sent, whatever came of it. */
  readonly onCall: (call: NativeCall) => void
}

/** Why a call brought no rows although the platform answered properly. */
export type CallOutcome =
  | {
      readonly kind: 'answered'
      readonly response: IncomingResponse
      readonly call: NativeCall
      readonly isKept?: 'cache' | 'own'
    }
  | { readonly kind: 'forbidden'; readonly text: string }
  /** The platform gave up, at this time. */
  | { readonly kind: 'too-much'; readonly text: string; readonly at: number }

/** What became of a write that was sent, or not. */
export type WriteOutcome =
  | { readonly kind: 'done'; readonly response: IncomingResponse }
  | { readonly kind: 'refused'; readonly text: string }
  /** It may have been done: no answer came, or one that says nothing. */
  | { readonly kind: 'lost'; readonly text: string }

interface Turn {
  readonly key: BudgetKey
  readonly taken: Awaited<ReturnType<CallBudgets['take']>>
}

/** A call with its turn, and its entry among those whose errors count together. */
interface Place extends Disposable {
  readonly turn: Turn | null
  readonly known: KnownFailure | null
  readonly entry: Entry | null
}

const placeOf = (entry: Entry | null, turn: Turn | null, known: KnownFailure | null): Place => ({
  turn,
  known,
  entry,
  [Symbol.dispose]: () => entry?.leave(),
})

/** How long a call waits before it looks again whether others have ended. */
const crowdedPauseMs = 50

const transientPausesMs = [500, 2000, 5000]
/** A busy client meets several full minutes in a row; each refusal is a wait, not a failure. */
const mostRateLimits = 6

/**
 * Sends reads of one grant: takes a budget for each, puts the token on, judges the answer, and repeats what may be
 * repeated (a refused token once, a full minute after its end, trouble at the platform three times).
 */
export class ApiCaller {
  readonly #options: ApiCallerOptions

  constructor(options: ApiCallerOptions) {
    this.#options = options
  }

  /** Reads once. The answer's body lies in what `takeMemory` gives, for a caller that uses memory again. */
  async call(request: OutgoingRequest, takeMemory?: (bytes: number) => Buffer): Promise<CallOutcome> {
    return must(await this.#ask(request, takeMemory), 'an answer')
  }

  #authorised(request: OutgoingRequest, token: string, host: string | undefined): OutgoingRequest {
    const { connector, session } = this.#options
    return connector.authorise
      ? connector.authorise(request, token, host ?? session.baseUrl)
      : { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } }
  }

  /** With null only finds where the grant's data are, and answers null where it may be read. */
  async #ask(
    request: OutgoingRequest | null,
    takeMemory?: (bytes: number) => Buffer,
  ): Promise<CallOutcome | null> {
    const { connector, session, clock, signal, hosts } = this.#options
    const { lookUps } = hosts
    const hostKey = hosts.keyOf(session)
    let moves = 0
    let refusals = 0
    let troubles = 0
    let rateLimits = 0
    for (;;) {
      signal?.throwIfAborted()
      const host = connector.host && (await hosts.of(session))
      // A look-up takes the same way: it may meet a refused token or trouble like any call, and counts as one.
      const lookUp = host === undefined ? connector.host : undefined
      if (request === null && !lookUp) return null
      const underWay = lookUp && lookUps.get(hostKey)
      if (underWay) {
        await endOrAbort(underWay, signal)
        continue
      }
      using _claim = lookUp ? claimLookUp(lookUps, hostKey) : null
      using place = lookUp || !request ? null : await this.#takePlace(request)
      const known = place?.known
      if (known?.kind === 'forbidden')
        return { kind: 'forbidden', text: `${known.text} · ${notAgain(known)}` }
      if (known) throw refused(known.text, notAgain(known))
      // The turn first: a token that is fetched before a wait of an hour has run out after it.
      const turn = place?.turn ?? null
      const lease = await session.lease()
      const token = lease.accessToken.reveal()
      const outgoing = lookUp
        ? lookUp.request(session.baseUrl, token)
        : this.#authorised(must(request, 'a request'), token, host)
      const sent = await this.#send(outgoing, turn, lookUp ? undefined : takeMemory)
      if ('failure' in sent) {
        place?.entry?.leave()
        signal?.throwIfAborted()
        if (sent.cause instanceof SluisError) throw sent.cause
        const pause = transientPausesMs[troubles++]
        if (pause === undefined) throw unavailable('The platform does not answer.')
        await clock.sleep(pause, signal)
        continue
      }
      const answer = lookUp ? lookUp.judge(sent.response) : connector.judge(sent.response, clock.now())
      if (!lookUp && request) await this.#noteError(request, sent.response.status, answer)
      if (answer.kind === 'rows') place?.entry?.hand()
      else place?.entry?.leave()
      switch (answer.kind) {
        case 'rows':
          if (lookUp) {
            await hosts.keep(session, lookUp.read(sent.response.body, session.baseUrl))
            continue
          }
          return { kind: 'answered', ...sent }
        case 'forbidden':
          return { kind: 'forbidden', text: failureText(answer) }
        case 'too-much':
          return { kind: 'too-much', text: answer.text, at: clock.now() }
        case 'moved':
          await hosts.forget(session, host)
          if (++moves > 1) throw unavailable(answer.text)
          continue
        case 'token-refused':
          await session.refused(lease.generation)
          if (++refusals > 1) throw tokenRefused()
          continue
        case 'rate-limited':
          await this.#waitForTurn(answer.retryAt, ++rateLimits)
          continue
        case 'transient': {
          const pause = transientPausesMs[troubles++]
          if (pause === undefined) throw unavailable(answer.text)
          await clock.sleep(pause, signal)
          continue
        }
        case 'refused':
          throw refused(
            answer.text,
            'The endpoint may have changed; report this statement. Without the filter it may still work.',
          )
        default:
          throw answer satisfies never
      }
    }
  }

  /**
   * Writes once. Only what was certainly not done is sent again: a request that never left, a refused token, a full
   * minute. An answer that is lost is told, never guessed.
   */
  async write(request: OutgoingRequest): Promise<WriteOutcome> {
    const { connector, session, clock, signal, hosts } = this.#options
    const { writes } = connector
    if (!writes) throw new TypeError(`${connector.platform} cannot be written`)
    let moves = 0
    let refusals = 0
    let troubles = 0
    let rateLimits = 0
    for (;;) {
      signal?.throwIfAborted()
      const barred = await this.#ask(null)
      if (barred?.kind === 'forbidden') return { kind: 'refused', text: barred.text }
      using place = await this.#takePlace(request)
      const { known, turn } = place
      if (known) return { kind: 'refused', text: `${known.text} · ${notAgain(known)}` }
      const lease = await session.lease()
      const host = connector.host && (await hosts.of(session))
      const outgoing = this.#authorised(request, lease.accessToken.reveal(), host)
      const sent = await this.#send(outgoing, turn, undefined)
      if ('failure' in sent) {
        place.entry?.leave()
        if (sent.failure === 'lost') return { kind: 'lost', text: 'The answer of the platform was lost.' }
        signal?.throwIfAborted()
        if (sent.cause instanceof SluisError) throw sent.cause
        const pause = transientPausesMs[troubles++]
        if (pause === undefined) throw unavailable('The platform does not answer.')
        await clock.sleep(pause, signal)
        continue
      }
      const answer = writes.judge(sent.response, clock.now())
      await this.#noteError(request, sent.response.status, answer)
      if (answer.kind === 'done') place.entry?.hand()
      else place.entry?.leave()
      switch (answer.kind) {
        case 'done':
          return { kind: 'done', response: sent.response }
        case 'refused':
          return answer
        case 'unknown':
          return { kind: 'lost', text: answer.text }
        case 'moved':
          await hosts.forget(session, host)
          if (++moves > 1) return { kind: 'refused', text: answer.text }
          continue
        case 'token-refused':
          await session.refused(lease.generation)
          if (++refusals > 1) throw tokenRefused()
          continue
        case 'rate-limited':
          await this.#waitForTurn(answer.retryAt, ++rateLimits)
          continue
        default:
          throw answer satisfies never
      }
    }
  }

  async #waitForTurn(retryAt: number | null, rateLimits: number): Promise<void> {
    const { clock, signal, waiting = {} } = this.#options
    const isPatient = waiting.isPatient === true
    if (rateLimits > mostRateLimits && !isPatient) {
      throw new SluisError('PLATFORM_BUDGET_EXHAUSTED', 'The platform goes on refusing calls as too many.', {
        hint: 'Other programs use the same app, or the day is used up; sluis.budgets shows what is left.',
      })
    }
    const waitMs = retryAt === null ? 60_000 : retryAt - clock.now()
    if (waitMs > 10 * 60_000 && !isPatient) {
      throw new SluisError(
        'PLATFORM_BUDGET_EXHAUSTED',
        'The platform refuses calls for the rest of the day.',
        {
          hint: 'Try again tomorrow.',
          details: { resetsAt: new Date(retryAt ?? 0).toISOString() },
        },
      )
    }
    const until = clock.now() + Math.max(50, waitMs)
    await waitUntil(clock, until, { ...waiting, ...(signal ? { signal } : {}) })
  }

  /** Counts one call of a budget, once it may be made; null where none is kept. */
  async #takeTurn(budget: string | null): Promise<Turn | null> {
    if (budget === null) return null
    const { session, budgets, waiting, signal } = this.#options
    const key: BudgetKey = { platform: session.platform, clientId: session.clientId, key: budget }
    return { key, taken: await budgets.take(key, { ...waiting, ...(signal ? { signal } : {}) }) }
  }

  /** Where a request's errors count; null where the platform counts none. */
  #errorPlace(request: OutgoingRequest): ErrorPlace | null {
    const { connector, session } = this.#options
    const partition = connector.budgetKey(request)
    const endpoint = connector.errorLimit?.endpoint(request) ?? null
    if (partition === null || endpoint === null || session.grant === undefined) return null
    const { grant, clientId, consent } = session
    return { grant, clientId, partition, endpoint, ...(consent === undefined ? {} : { consent }) }
  }

  /**
   * Everything that a call needs before it is sent: a place among those whose errors count together, and its turn. Or
   * the failure that this request met within the hour, without a turn.
   */
  async #takePlace(request: OutgoingRequest): Promise<Place> {
    const { connector, clock } = this.#options
    let turn: Turn | null | undefined
    for (;;) {
      const entered = await this.#enter(request)
      if (entered && 'text' in entered) return placeOf(null, null, entered)
      try {
        turn ??= await this.#takeTurn(connector.budgetKey(request))
      } catch (error) {
        entered?.leave()
        throw error
      }
      // Who waited for its turn too long is counted by nobody any more, and enters again.
      if (!entered || clock.now() < entered.until - leastLeftMs) return placeOf(entered, turn, null)
      entered.leave()
    }
  }

  /**
   * The failure that this request met within the hour, or its entry among the calls under way. When one more error would
   * be one too many nothing is sent to the endpoint: a statement without a listener waits for the oldest error to stop
   * counting, any waits for calls that may become errors.
   */
  async #enter(request: OutgoingRequest): Promise<KnownFailure | Entry | null> {
    const { connector, errors, waiting = {}, clock, signal } = this.#options
    const place = this.#errorPlace(request)
    const { perHour } = connector.errorLimit ?? {}
    if (!place || perHour === undefined) return null
    for (;;) {
      const standing = await errors.enter(place, request, perHour)
      switch (standing.kind) {
        case 'free':
          return standing.entry
        case 'known':
          return standing.failure
        case 'crowded':
          await clock.sleep(crowdedPauseMs, signal)
          continue
        case 'held':
          if (!waiting.isPatient) throw heldBack(place, standing.made, perHour, standing.until)
          await waitUntil(clock, standing.until, { ...waiting, ...(signal ? { signal } : {}) })
          continue
        default:
          throw standing satisfies never
      }
    }
  }

  async #noteError(
    request: OutgoingRequest,
    status: number,
    answer: { readonly kind: string; readonly text?: string; readonly reason?: string | null },
  ): Promise<void> {
    const { connector, errors } = this.#options
    if (!connector.errorLimit?.isCounted(status)) return
    const place = this.#errorPlace(request)
    if (!place) return
    const { kind } = answer
    // A refused token is mended by the next one: the error counts, the request is asked again.
    const failure = kind === 'forbidden' || kind === 'refused' ? { kind, text: failureText(answer) } : null
    await errors.note(place, request, failure as Omit<KnownFailure, 'at'> | null)
  }

  async #send(
    request: OutgoingRequest,
    turn: Turn | null,
    takeMemory: ((bytes: number) => Buffer) | undefined,
  ): Promise<
    | { readonly response: IncomingResponse; readonly call: NativeCall }
    | { readonly failure: 'not-sent' | 'lost'; readonly cause: unknown }
  > {
    const { connector, send, budgets, clock, timeoutMs, signal, onCall } = this.#options
    const startedAt = performance.now()
    const route = new URL(request.url).pathname.replace(/\([^)]*\)/g, '(…)')
    let isSent = false
    const record = (status: number | null, bytes: number): NativeCall => {
      const call = {
        method: request.method,
        route,
        status,
        rows: null,
        bytes,
        ms: Math.round(performance.now() - startedAt),
      }
      onCall(call)
      return call
    }
    try {
      const response = await send(request, {
        timeoutMs,
        ...(signal ? { signal } : {}),
        ...(takeMemory ? { takeMemory } : {}),
        onSent: () => {
          isSent = true
        },
      })
      const call = record(response.status, response.body.length)
      if (turn) await budgets.correct(turn.key, turn.taken, connector.readLimits(response, clock.now()))
      return { response, call }
    } catch (error) {
      if (isSent) record(null, 0)
      return { failure: isSent ? 'lost' : 'not-sent', cause: error }
    }
  }
}
