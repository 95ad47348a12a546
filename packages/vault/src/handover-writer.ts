import type { GrantId, OrganisationId } from '@sluis/shared'
import { Gather } from './gather.ts'
import type { GrantRow } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import { rowToJson } from './grant-store.ts'
import type { ClaimedKey } from './idempotency.ts'
import { inCompany } from './in-company.ts'
import { nextDue } from './issuer-times.ts'
import type { IssuerPolicy, PlatformUser } from './oauth-platform.ts'
import type { PgGrantStore } from './pg-grant-store.ts'

/** Where a refresh token that was handed over is known from. */
export interface KnownToken extends Pick<GrantRow, 'organisation_id' | 'chain' | 'generation'> {
  readonly grant_id: GrantId
  readonly organisation_id: OrganisationId
}

/** What is written before anything is sent. `alone` writes the same in a transaction of its own. */
export interface Intake {
  readonly row: GrantRow
  readonly fingerprint: Buffer | null
  readonly actor: string
  readonly claims: readonly ClaimedKey[]
  readonly alone: () => Promise<void>
}

interface Verified {
  readonly row: GrantRow
  readonly user: PlatformUser
  readonly policy: IssuerPolicy
  readonly at: number
}

/** Many handovers wait for nobody else's locks longer than this; then each goes its own way. */
const lockMs = 200

/** Writes the handovers that come together in one transaction; those that differ from the plain case go alone. */
export class HandoverWriter {
  readonly #store: PgGrantStore
  readonly #lookups: Gather<Buffer, KnownToken | null>
  readonly #intakes: Gather<Intake, true | null>
  readonly #settlements: Gather<Verified, GrantRow | null>

  constructor(store: PgGrantStore) {
    this.#store = store
    this.#lookups = new Gather((fingerprints) => this.#find(fingerprints))
    this.#intakes = new Gather((intakes) =>
      inCompany<Intake, true | null>(
        intakes,
        null,
        (some) => this.#insert(some),
        async ({ alone }) => {
          await alone()
          return true
        },
      ),
    )
    // One at a time: two of one user in two organisations must see each other.
    const options = { atOnce: 1 }
    this.#settlements = new Gather(
      (settlements) =>
        inCompany<Verified, GrantRow | null>(
          settlements,
          null,
          (some) => this.#settle(some),
          async () => null,
        ),
      options,
    )
  }

  /** Where this refresh token is known from; null when it is not. */
  find(fingerprint: Buffer): Promise<KnownToken | null> {
    return this.#lookups.ask(fingerprint)
  }

  async #find(fingerprints: readonly Buffer[]): Promise<(KnownToken | null)[]> {
    const { rows } = await this.#store.pool.query<KnownToken & { readonly fingerprint: Buffer }>(
      `SELECT fingerprint, grant_id, organisation_id, chain, generation FROM token_fingerprint
       WHERE fingerprint = ANY($1::bytea[])`,
      [fingerprints],
    )
    const known = new Map(rows.map((row) => [row.fingerprint.toString('hex'), row]))
    return fingerprints.map((fingerprint) => known.get(fingerprint.toString('hex')) ?? null)
  }

  /** The intent: row, idempotency keys, fingerprint and event at once. */
  async insert(intake: Intake): Promise<void> {
    await this.#intakes.ask(intake)
  }

  #insert(intakes: readonly Intake[]): Promise<true[]> {
    const rows = intakes.map(({ row, fingerprint, actor }) => ({
      row: rowToJson(row),
      fingerprint: fingerprint === null ? null : hex(fingerprint),
      actor,
    }))
    const claims = intakes.flatMap((intake) =>
      intake.claims.map((claim) => ({ ...claim, body_hash: hex(claim.body_hash) })),
    )
    return this.#patiently(async (query) => {
      await query(
        `WITH asked AS MATERIALIZED (
           SELECT n.*, a.fingerprint, a.actor
           FROM jsonb_to_recordset($1::jsonb) AS a (row jsonb, fingerprint bytea, actor text),
             jsonb_populate_record(NULL::token_grant, a.row) AS n),
         claimed AS (
           INSERT INTO idempotency_key (organisation_id, route, key, body_hash, subject, created_at)
           SELECT * FROM jsonb_to_recordset($2::jsonb) AS c (organisation_id text, route text, key text,
             body_hash bytea, subject text, created_at bigint)),
         inserted AS (
           INSERT INTO token_grant SELECT n.* FROM jsonb_array_elements($1::jsonb) AS e,
             jsonb_populate_record(NULL::token_grant, e -> 'row') AS n),
         known AS (
           INSERT INTO token_fingerprint (fingerprint, grant_id, organisation_id, chain, generation, created_at)
           SELECT fingerprint, id, organisation_id, chain, generation, created_at FROM asked
           WHERE fingerprint IS NOT NULL)
         INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         SELECT organisation_id, created_at, actor, 'grant.pending', id,
           jsonb_build_object('platform', platform, 'region', region) FROM asked`,
        [JSON.stringify(rows), JSON.stringify(claims)],
      )
      return intakes.map(() => true as const)
    })
  }

  /**
   * Makes a pending row the grant of its user, where nobody has a grant of this user on this client and nothing was
   * counted for the row. Null where that is not so, or the row has moved on.
   */
  async settle(
    row: GrantRow,
    user: PlatformUser,
    policy: IssuerPolicy,
    at: number,
  ): Promise<GrantRow | null> {
    return row.state === 'pending' ? this.#settlements.ask({ row, user, policy, at }) : null
  }

  #settle(settlements: readonly Verified[]): Promise<(GrantRow | null)[]> {
    const asked = settlements.map(({ row, user, policy, at }) => {
      const verified: GrantRow = {
        ...row,
        platform_user: user,
        platform_user_id: user.id,
        proven_access: true,
        failures: 0,
        problem: null,
        state: nextState(row.state, 'verified'),
      }
      const next = { ...verified, due_at: nextDue(policy, verified) }
      return { at, was: rowToJson(row), next: rowToJson(next) }
    })
    // Everything that `next` was made of must be as it was read, but for when to look again and how often it failed.
    const same = [
      'chain',
      'generation',
      'state',
      'has_access',
      'has_refresh',
      'received_at',
      'access_expires_at',
    ]
      .concat(['proven_refresh', 'last_refreshed_at', 'platform_user_id', 'deleted_at', 'spend_id'])
      .map((column) => `g.${column} IS NOT DISTINCT FROM w.${column}`)
      .join(' AND ')
    const ofUser = `e.platform = n.platform AND e.region = n.region AND e.client_id = n.client_id
      AND e.platform_user_id = n.platform_user_id AND e.deleted_at IS NULL`
    return this.#patiently(async (query) => {
      const { rows } = await query<GrantRow>(
        `WITH asked AS MATERIALIZED (
           SELECT at, was, next, next ->> 'id' AS id FROM jsonb_to_recordset($1::jsonb) AS a (at bigint, was jsonb, next jsonb)),
         free AS MATERIALIZED (
           SELECT g.id FROM asked a JOIN token_grant g ON g.id = a.id,
             jsonb_populate_record(NULL::token_grant, a.was) AS w, jsonb_populate_record(NULL::token_grant, a.next) AS n
           WHERE ${same} AND NOT EXISTS (SELECT FROM token_grant e WHERE ${ofUser})
             AND NOT EXISTS (SELECT FROM token_budget b WHERE (b.platform, b.region, b.client_id, b.user_key)
               = (n.platform, n.region, n.client_id, n.id))
           FOR UPDATE OF g SKIP LOCKED),
         settled AS (
           UPDATE token_grant g SET platform_user = n.platform_user, platform_user_id = n.platform_user_id,
             proven_access = true, failures = 0, problem = NULL, state = n.state, due_at = n.due_at
           FROM free, asked a, jsonb_populate_record(NULL::token_grant, a.was) AS w,
             jsonb_populate_record(NULL::token_grant, a.next) AS n
           WHERE g.id = free.id AND g.id = a.id AND ${same}
           RETURNING g.*),
         noted AS (
           INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
           SELECT s.organisation_id, a.at, 'vault', 'grant.created', s.id, '{}' FROM settled s JOIN asked a USING (id))
         SELECT * FROM settled`,
        [JSON.stringify(firstOfEachUser(asked))],
      )
      const byId = new Map(rows.map((row) => [row.id, row]))
      return settlements.map(({ row }) => byId.get(row.id) ?? null)
    })
  }

  #patiently<T>(work: (query: QueryOf) => Promise<T>): Promise<T> {
    return this.#store.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = ${lockMs}`)
      return work((text, values) => tx.query(text, values))
    })
  }
}

type QueryOf = <Row extends object>(text: string, values: unknown[]) => Promise<{ readonly rows: Row[] }>

const hex = (bytes: Buffer) => `\\x${bytes.toString('hex')}`

function firstOfEachUser<T extends { readonly next: Record<string, unknown> }>(asked: readonly T[]): T[] {
  const seen = new Set<string>()
  return asked.filter(({ next }) => {
    const name = JSON.stringify([next.platform, next.region, next.client_id, next.platform_user_id])
    return !seen.has(name) && seen.add(name)
  })
}
