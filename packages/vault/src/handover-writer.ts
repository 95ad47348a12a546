import type { GrantId, OrganisationId } from '@sluis/shared'
import { Gather } from './gather.ts'
import { type GrantRow, sealedColumns } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import { grantColumns, grantColumnsSql, rowToJson } from './grant-store.ts'
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
/** In the statement itself, and for its own transaction: a round trip for BEGIN, SET and COMMIT each would cost more. */
const patience = `patience AS MATERIALIZED (SELECT set_config('lock_timeout', '${lockMs}', true) AS ms)`
/** What a row has beside its sealed values, which nothing changes while chain and generation stay. */
const openColumns = grantColumns.filter((column) => !sealedColumns.some((sealed) => sealed === column))

/** Writes the handovers that come together in one statement; those that differ from the plain case go alone. */
export class HandoverWriter {
  readonly #store: PgGrantStore
  readonly #lookups: Gather<Buffer, KnownToken | null>
  readonly #intakes: Gather<Intake, true | null>
  readonly #settlements: Gather<Verified, GrantRow | null>

  constructor(store: PgGrantStore) {
    this.#store = store
    this.#lookups = new Gather((fingerprints) => this.#find(fingerprints))
    this.#intakes = new Gather(
      (intakes) =>
        inCompany<Intake, true | null>(
          intakes,
          null,
          (some) => this.#insert(some),
          async ({ alone }) => {
            await alone()
            return true
          },
        ),
      { atOnce: 2 },
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

  async #insert(intakes: readonly Intake[]): Promise<true[]> {
    const rows = intakes.map(({ row, fingerprint, actor }) => ({
      row: rowToJson(row),
      fingerprint: fingerprint === null ? null : hex(fingerprint),
      actor,
    }))
    const claims = intakes.flatMap((intake) =>
      intake.claims.map((claim) => ({ ...claim, body_hash: hex(claim.body_hash) })),
    )
    await this.#store.pool.query({
      name: 'vault-handover-insert',
      text: `WITH ${patience},
         asked AS MATERIALIZED (
           SELECT ${grantColumns.map((column) => `n.${column}`).join(', ')}, a.fingerprint, a.actor
           FROM patience, json_to_recordset($1::json) AS a (row json, fingerprint bytea, actor text),
             json_populate_record(NULL::token_grant, a.row) AS n),
         claimed AS (
           INSERT INTO idempotency_key (organisation_id, route, key, body_hash, subject, created_at)
           SELECT c.* FROM patience, json_to_recordset($2::json) AS c (organisation_id text, route text, key text,
             body_hash bytea, subject text, created_at bigint)),
         inserted AS (INSERT INTO token_grant (${grantColumnsSql}) SELECT ${grantColumnsSql} FROM asked),
         known AS (
           INSERT INTO token_fingerprint (fingerprint, grant_id, organisation_id, chain, generation, created_at)
           SELECT fingerprint, id, organisation_id, chain, generation, created_at FROM asked
           WHERE fingerprint IS NOT NULL)
         INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         SELECT organisation_id, created_at, actor, 'grant.pending', id,
           jsonb_build_object('platform', platform, 'region', region) FROM asked`,
      values: [JSON.stringify(rows), JSON.stringify(claims)],
    })
    return intakes.map(() => true as const)
  }

  /**
   * Makes a pending row the grant of its user, where nobody has a grant of this user on this client, nothing was counted
   * for the row and it is to renew no other. Null where that is not so, or the row has moved on.
   */
  async settle(
    row: GrantRow,
    user: PlatformUser,
    policy: IssuerPolicy,
    at: number,
  ): Promise<GrantRow | null> {
    return row.state === 'pending' && row.renews === null
      ? this.#settlements.ask({ row, user, policy, at })
      : null
  }

  async #settle(settlements: readonly Verified[]): Promise<(GrantRow | null)[]> {
    const asked = settlements.map(({ row, user, policy, at }) => {
      const next: GrantRow = {
        ...row,
        platform_user: user,
        platform_user_id: user.id,
        proven_access: true,
        failures: 0,
        problem: null,
        state: nextState(row.state, 'verified'),
      }
      return {
        ...Object.fromEntries(asRead.map((column) => [column, row[column]])),
        id: row.id,
        at,
        user,
        user_id: user.id,
        next_state: next.state,
        next_due: nextDue(policy, next),
      }
    })
    const { rows } = await this.#store.pool.query<Omit<GrantRow, (typeof sealedColumns)[number]>>({
      name: 'vault-handover-settle',
      text: settleSql,
      values: [JSON.stringify(firstOfEachUser(settlements, asked))],
    })
    const byId = new Map(rows.map((row) => [row.id, row]))
    return settlements.map(({ row }) => {
      const settled = byId.get(row.id)
      return settled ? { ...row, ...settled } : null
    })
  }
}

/** Everything that the settled row is made of must be as it was read, but for when to look again and how often it failed. */
const asRead = [
  'chain',
  'generation',
  'state',
  'has_access',
  'has_refresh',
  'received_at',
  'access_expires_at',
  'proven_refresh',
  'last_refreshed_at',
  'platform_user_id',
  'deleted_at',
  'spend_id',
] as const satisfies readonly (keyof GrantRow)[]
const same = asRead.map((column) => `g.${column} IS NOT DISTINCT FROM a.${column}`).join(' AND ')
// Written so that the keys alone can answer it: PostgreSQL plans it before it knows how many grants there are, and
// keeps the plan. As joins both questions were answered by reading every grant of the client.
const settleSql = `WITH ${patience},
  asked AS MATERIALIZED (
    SELECT a.* FROM patience, json_to_recordset($1::json) AS a (id text, at bigint, "user" jsonb, user_id text,
      next_state text, next_due bigint, chain integer, generation integer, state text, has_access boolean,
      has_refresh boolean, received_at bigint, access_expires_at bigint, proven_refresh boolean,
      last_refreshed_at bigint, platform_user_id text, deleted_at bigint, spend_id text)),
  free AS MATERIALIZED (
    SELECT g.id FROM asked a JOIN token_grant g ON g.id = a.id
    WHERE g.id = ANY (ARRAY(SELECT id FROM asked)) AND ${same}
      AND (SELECT e.id FROM token_grant e WHERE e.platform = g.platform AND e.region = g.region
        AND e.client_id = g.client_id AND e.platform_user_id = a.user_id AND e.deleted_at IS NULL LIMIT 1) IS NULL
      AND NOT EXISTS (SELECT FROM token_budget b WHERE (b.platform, b.region, b.client_id, b.user_key)
        = (g.platform, g.region, g.client_id, g.id))
    FOR UPDATE OF g SKIP LOCKED),
  settled AS (
    UPDATE token_grant g SET platform_user = a."user", platform_user_id = a.user_id, proven_access = true,
      failures = 0, problem = NULL, state = a.next_state, due_at = a.next_due
    FROM asked a
    WHERE g.id = ANY (ARRAY(SELECT id FROM free)) AND g.id = a.id AND ${same}
    RETURNING ${openColumns.map((column) => `g.${column}`).join(', ')}, a.at),
  noted AS (
    INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
    SELECT organisation_id, at, 'vault', 'grant.created', id, '{}' FROM settled)
  SELECT ${openColumns.join(', ')} FROM settled`

const hex = (bytes: Buffer) => `\\x${bytes.toString('hex')}`

/** Of several of one user on one client only the first is asked for: the others must see it. */
function firstOfEachUser<T>(settlements: readonly Verified[], asked: readonly T[]): T[] {
  const seen = new Set<string>()
  return asked.filter((_, index) => {
    const { row, user } = settlements[index] as Verified
    const name = JSON.stringify([row.platform, row.region, row.client_id, user.id])
    return !seen.has(name) && seen.add(name)
  })
}
