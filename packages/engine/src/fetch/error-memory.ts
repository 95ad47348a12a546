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
  | { readonly kind: 'free' }
  | { readonly kind: 'known'; readonly failure: KnownFailure }
  | { readonly kind: 'held'; readonly made: number; readonly until: number }

/** Errors that still count at one endpoint. */
export interface ErrorCount {
  readonly partition: string
  readonly endpoint: string
  readonly made: number
  /** When the oldest stops counting. */
  readonly oldestEndsAt: number
}

interface ErrorRow {
  readonly at: number
  readonly request: string | null
  readonly kind: KnownFailure['kind'] | 'counted'
  readonly text: string
}

const hour = 3_600_000

/** Named, so that PostgreSQL parses and plans it once a connection: it runs before every counted call. */
const recentErrors = {
  name: 'call-errors-recent',
  text: `SELECT at, request, kind, text FROM call_error
    WHERE grant_id = $1 AND client_id = $2 AND partition = $3 AND endpoint = $4 AND at > $5 ORDER BY at DESC LIMIT $6`,
}

/**
 * The errors of the last hour in PostgreSQL, shared by all processes. The hour slides: whether the platform counts clock
 * hours or sliding ones, no hour of its own holds more errors than are counted here.
 */
export class ErrorMemory {
  readonly #store: Store
  readonly #clock: Clock

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Holds requests back when one more error would be the platform's last: `limit` errors an hour are never made. */
  async standing(place: ErrorPlace, request: OutgoingRequest, limit: number): Promise<Standing> {
    const { rows } = await this.#store.pool.query<ErrorRow>({
      ...recentErrors,
      values: [...identity(place), this.#clock.now() - hour, limit],
    })
    if (rows.length === 0) return { kind: 'free' }
    const hash = hashOf(place, request)
    for (const { at, request: failed, kind, text } of rows) {
      if (failed === hash && kind !== 'counted') return { kind: 'known', failure: { kind, text, at } }
    }
    const lastAllowed = rows[limit - 2]
    if (!lastAllowed) return { kind: 'free' }
    return { kind: 'held', made: rows.length, until: lastAllowed.at + hour + 1 }
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
