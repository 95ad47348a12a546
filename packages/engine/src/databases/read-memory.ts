import { createHash } from 'node:crypto'
import type { Clock, GrantId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { ReadOffer } from '../catalog/connector.ts'

export interface RememberedRead {
  readonly rows: number
  readonly calls: number
}

/** As it is stored. */
export interface RememberedRow extends RememberedRead {
  readonly endpoint: string
  readonly partition: string
  readonly request: string
}

/** Finds what a read cost last time: `request` is `requestKey(…)`, or `''` for a full read. */
export type LookUpRead = (endpoint: string, partition: string, request: string) => RememberedRead | null

/** What tells one read of an endpoint from another: its filter, columns, limit and order. */
export function requestKey(offer: ReadOffer, limit: number | null, order: string): string {
  const parts = [
    offer.filter,
    offer.columns.join(','),
    offer.isLimitPushed ? `${limit} ${order}` : '',
    String(offer.isCount),
    String(limit),
  ]
  return createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 22)
}

/** A look-up in rows at hand. */
export function lookUpIn(rows: readonly RememberedRow[]): LookUpRead {
  const known = new Map(rows.map((row) => [`${row.endpoint}\n${row.partition}\n${row.request}`, row]))
  return (endpoint, partition, request) => known.get(`${endpoint}\n${partition}\n${request}`) ?? null
}

/** Row counts and call counts of earlier reads, per grant, endpoint and partition: estimates without a call. */
export class ReadMemory {
  readonly #store: Store
  readonly #clock: Clock

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** All that is known of these endpoints, fetched at once, as a look-up. */
  async load(grant: GrantId, endpoints: readonly string[]): Promise<LookUpRead> {
    return lookUpIn(await this.rows(grant, endpoints))
  }

  async rows(grant: GrantId, endpoints: readonly string[]): Promise<readonly RememberedRow[]> {
    const { rows } = await this.#store.pool.query<RememberedRow>(
      'SELECT endpoint, partition, request, rows, calls FROM read_memory WHERE grant_id = $1 AND endpoint = ANY($2)',
      [grant, endpoints],
    )
    return rows
  }

  async remember(
    grant: GrantId,
    endpoint: string,
    request: string,
    reads: readonly { readonly partition: string; readonly rows: number; readonly calls: number }[],
  ): Promise<void> {
    await this.#store.pool.query(
      `INSERT INTO read_memory (grant_id, endpoint, partition, request, rows, calls, read_at)
       SELECT $1, $2, p, $3, r, c, $7 FROM unnest($4::text[], $5::integer[], $6::integer[]) AS t (p, r, c)
       ON CONFLICT (grant_id, endpoint, partition, request) DO UPDATE
         SET rows = excluded.rows, calls = excluded.calls, read_at = excluded.read_at`,
      [
        grant,
        endpoint,
        request,
        reads.map(({ partition }) => partition),
        reads.map(({ rows }) => rows),
        reads.map(({ calls }) => calls),
        this.#clock.now(),
      ],
    )
  }
}
