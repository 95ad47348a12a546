import { createHash } from 'node:crypto'
import type { Clock, OutgoingRequest } from '@sluis/shared'
import type { Store } from '@sluis/store'

/** What errors count together: one client and grant at one endpoint of one partition. */
export interface ErrorPlace {
  readonly grant: string
  readonly clientId: string
  readonly partition: string
  readonly endpoint: string
  /** Which consent of the grant's user asks: a later one may be allowed what an earlier one was not. */
  readonly consent?: number
}

/** An error that asking again cannot mend within the hour. */
export interface KnownFailure {
  readonly kind: 'forbidden' | 'refused'
  readonly text: string
  readonly at: number
}

/** Whether a request may be sent to where errors are counted. */
export type Standing =
  /** It may, and counts as an error that may come until it is left. */
  | { readonly kind: 'free'; readonly entry: Entry }
  | { readonly kind: 'known'; readonly failure: KnownFailure }
  | { readonly kind: 'held'; readonly made: number; readonly until: number }
  /** If all calls under way became errors there would be too many: it may when some of them have ended. */
  | { readonly kind: 'crowded' }

/** A call that is under way. It ends once: what is said after that does nothing. */
export interface Entry {
  /** When others stop counting it, as though its process were dead. */
  readonly until: number
  /** It has ended; where as an error, after that was noted. */
  leave(): void
  /** It has ended well: the next call to this place, if one follows at once, goes on in its stead. */
  hand(): void
}

/** Errors that still count at one endpoint. */
export interface ErrorCount {
  readonly partition: string
  readonly endpoint: string
  readonly made: number
  /** When the oldest stops counting. */
  readonly oldestEndsAt: number
}

/** The entry of a call that may be made, else the errors that count, the newest first. */
type EnteredRow =
  | { readonly entry: string }
  | {
      readonly entry: null
      readonly at: number
      readonly request: string | null
      readonly kind: KnownFailure['kind'] | 'counted'
      readonly text: string
    }

const hour = 3_600_000

/** After this a call that a killed process left behind is forgotten. */
const longestCallMs = 200_000
/** What must be left of an entry's time when its call is sent: the longest that a call may take, and its token. */
export const leastLeftMs = 140_000
/** How long an entry waits for the next page of its chain: no longer than others can do without. */
const handedMs = 250

/** Named, so that PostgreSQL parses and plans it once a connection: it runs before every counted call. */
const enterCall = {
  name: 'call-enter',
  text: 'SELECT entry, at, request, kind, text FROM enter_call($1, $2, $3, $4, $5, $6, $7, $8, $9)',
}
const recentErrors = {
  name: 'call-errors-recent',
  text: `SELECT NULL AS entry, at, request, kind, text FROM call_error
    WHERE grant_id = $1 AND client_id = $2 AND partition = $3 AND endpoint = $4 AND at > $5 ORDER BY at DESC LIMIT $6`,
}
const leaveCall = {
  name: 'call-leave',
  text: `UPDATE call_in_flight SET entries = array_remove(entries, $5::bigint)
    WHERE grant_id = $1 AND client_id = $2 AND partition = $3 AND endpoint = $4`,
}

/**
 * The errors of the last hour in PostgreSQL, shared by all processes. The hour slides: whether the platform counts clock
 * hours or sliding ones, no hour of its own holds more errors than are counted here. Calls under way count as errors
 * that may come: however many processes call at once, the last error is never made.
 */
export class ErrorMemory {
  readonly #store: Store
  readonly #clock: Clock
  /** Entries of calls that ended well, by place. */
  readonly #handed = new Map<string, { readonly own: string; readonly until: number }[]>()

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * Lets a request in, to be left when its answer is there; or holds it back when one more error would be the platform's
   * last: `limit` errors an hour are never made.
   */
  async enter(place: ErrorPlace, request: OutgoingRequest, limit: number): Promise<Standing> {
    const now = this.#clock.now()
    const hash = hashOf(place, request)
    const handed = this.#takeHanded(place, now)
    const until = now + longestCallMs
    const { rows } = await this.#store.pool.query<EnteredRow>(
      handed
        ? { ...recentErrors, values: [...identity(place), now - hour, limit] }
        : { ...enterCall, values: [...identity(place), now, until, now - hour, limit, hash] },
    )
    const errors = []
    for (const row of rows) {
      if (row.entry !== null) return { kind: 'free', entry: this.#entry(place, row.entry, until) }
      const { at, request: failed, kind, text } = row
      if (failed === hash && kind !== 'counted') {
        handed?.leave()
        return { kind: 'known', failure: { kind, text, at } }
      }
      errors.push(row)
    }
    const lastAllowed = errors[limit - 2]
    if (handed && !lastAllowed) return { kind: 'free', entry: handed }
    handed?.leave()
    if (!lastAllowed) return { kind: 'crowded' }
    return { kind: 'held', made: errors.length, until: lastAllowed.at + hour + 1 }
  }

  #takeHanded(place: ErrorPlace, now: number): Entry | null {
    const found = this.#handed.get(identity(place).join('\n'))?.pop()
    if (!found) return null
    const entry = this.#entry(place, found.own, found.until)
    if (found.until - leastLeftMs > now) return entry
    entry.leave()
    return null
  }

  #entry(place: ErrorPlace, own: string, until: number): Entry {
    let hasEnded = false
    const end = (how: () => void) => () => {
      if (hasEnded) return
      hasEnded = true
      how()
    }
    return {
      until,
      leave: end(() => this.#leave(place, own)),
      hand: end(() => this.#hand(place, { own, until })),
    }
  }

  /** Nobody waits for it: where it is lost, its time passes. */
  #leave(place: ErrorPlace, own: string): void {
    this.#store.pool.query({ ...leaveCall, values: [...identity(place), own] }).catch(() => {})
  }

  #hand(place: ErrorPlace, entry: { readonly own: string; readonly until: number }): void {
    const key = identity(place).join('\n')
    const waiting = this.#handed.get(key) ?? []
    this.#handed.set(key, waiting)
    waiting.push(entry)
    void this.#clock.sleep(handedMs).then(() => {
      const at = waiting.indexOf(entry)
      if (at < 0) return
      waiting.splice(at, 1)
      if (waiting.length === 0) this.#handed.delete(key)
      this.#leave(place, entry.own)
    })
  }

  /** Counts an error; with a `failure` the request is not sent again within the hour. */
  async note(
    place: ErrorPlace,
    request: OutgoingRequest,
    failure: Omit<KnownFailure, 'at'> | null,
  ): Promise<void> {
    const now = this.#clock.now()
    await this.#store.pool.query('DELETE FROM call_error WHERE at <= $1', [now - hour])
    await this.#store.pool.query(
      `INSERT INTO call_error (grant_id, client_id, partition, endpoint, at, request, kind, text)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        ...identity(place),
        now,
        failure ? hashOf(place, request) : null,
        failure?.kind ?? 'counted',
        failure?.text ?? '',
      ],
    )
  }

  /** The endpoints of these partitions at which errors still count. */
  async list(grant: string, clientId: string, partitions: readonly string[]): Promise<ErrorCount[]> {
    const { rows } = await this.#store.pool.query<{
      partition: string
      endpoint: string
      made: number
      oldest: number
    }>(
      `SELECT partition, endpoint, count(*)::integer AS made, min(at) AS oldest FROM call_error
       WHERE grant_id = $1 AND client_id = $2 AND partition = ANY($3) AND at > $4
       GROUP BY partition, endpoint ORDER BY partition, endpoint`,
      [grant, clientId, partitions, this.#clock.now() - hour],
    )
    return rows.map(({ oldest, ...rest }) => ({ ...rest, oldestEndsAt: Number(oldest) + hour }))
  }
}

const identity = ({ grant, clientId, partition, endpoint }: ErrorPlace) => [
  grant,
  clientId,
  partition,
  endpoint,
]

/** The whole request: another value in a filter may well succeed. The token is not on it yet. */
function hashOf({ consent = 0 }: ErrorPlace, { method, url, body }: OutgoingRequest): string {
  return createHash('sha256')
    .update(`${consent} ${method} ${url}\n`)
    .update(body ?? '')
    .digest('base64')
}
