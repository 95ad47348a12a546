import type { GrantId, OrganisationId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { GrantRow } from './grant-row.ts'
import {
  columnsBesideChain,
  type GrantChange,
  type GrantStore,
  grantChannel,
  grantColumns,
  recovered,
  refreshed,
  type SpendIntent,
  type StoreEvent,
} from './grant-store.ts'
import {
  type BudgetClaim,
  type BudgetKey,
  type BudgetUse,
  claimSql,
  claimValues,
  dayStartOf,
  noteErrorSql,
  readUseSql,
} from './token-budget.ts'

const toParameter = (value: unknown) =>
  value !== null && typeof value === 'object' && !Buffer.isBuffer(value) ? JSON.stringify(value) : value

/** What is due, by the index on `due_at`. */
export const dueSql = `SELECT * FROM token_grant
  WHERE due_at <= $1 AND deleted_at IS NULL AND (spend_id IS NULL OR state = 'ambiguous')
    AND platform || ' ' || region <> ALL ($3::text[])
  ORDER BY due_at LIMIT $2`
/** What is to be told of, by the index on `warn_at`. */
export const dueWarningsSql =
  'SELECT * FROM token_grant WHERE warn_at <= $1 AND deleted_at IS NULL ORDER BY warn_at LIMIT $2'

/** Around an UPDATE: what counts it against the issuer's budget, where there is one. */
function counting(claim: BudgetClaim | undefined, from: number) {
  if (!claim) return { before: '', condition: '', after: '' }
  const { before, condition, after } = claimSql(from)
  return { before: `WITH ${before} begun AS (`, condition, after: `)${after} SELECT * FROM begun` }
}

/** The rows in PostgreSQL: each write is one statement. */
export class PgGrantStore implements GrantStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  get pool(): pg.Pool {
    return this.#store.pool
  }

  transaction<T>(work: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
    return this.#store.transaction(work)
  }

  async insert(tx: pg.ClientBase, row: GrantRow): Promise<void> {
    const marks = grantColumns.map((_, index) => `$${index + 1}`)
    await tx.query(
      `INSERT INTO token_grant (${grantColumns.join(', ')}) VALUES (${marks.join(', ')})`,
      grantColumns.map((column) => toParameter(row[column])),
    )
  }

  async get(id: GrantId, organisationId?: OrganisationId): Promise<GrantRow | null> {
    const { rows } = await this.#store.pool.query<GrantRow>(
      'SELECT * FROM token_grant WHERE id = $1 AND ($2::text IS NULL OR organisation_id = $2) AND deleted_at IS NULL',
      [id, organisationId ?? null],
    )
    return rows[0] ?? null
  }

  async list(organisationId: OrganisationId, limit: number, after: string | null): Promise<GrantRow[]> {
    const { rows } = await this.#store.pool.query<GrantRow>(
      `SELECT * FROM token_grant WHERE organisation_id = $1 AND deleted_at IS NULL AND ($3::text IS NULL OR id > $3)
       ORDER BY id LIMIT $2`,
      [organisationId, limit, after],
    )
    return rows
  }

  async beginSpend(row: GrantRow, spend: SpendIntent): Promise<GrantRow | null> {
    const spending = counting(spend.claim, 11)
    const { rows } = await this.#store.pool.query<GrantRow>(
      `${spending.before}
       UPDATE token_grant SET spend_id = $4, spend_kind = $5, spend_generation = generation, spend_process = $6,
         spend_started_at = $7, spend_sends = 1, spend_lost_at = NULL, spend_refusals = 0, spend_was_early = false, state = $8
       WHERE id = $1 AND chain = $2 AND generation = $3 AND spend_id IS NULL AND state = $9 AND deleted_at IS NULL
         AND (NOT $10 OR NOT EXISTS (SELECT FROM vault_recovery WHERE ended_at IS NULL)) ${spending.condition}
       RETURNING * ${spending.after}`,
      [
        row.id,
        row.chain,
        row.generation,
        spend.id,
        spend.kind,
        spend.process,
        spend.at,
        spend.state,
        row.state,
        spend.isSingleUse,
        ...(spend.claim ? claimValues(spend.claim, spend.at) : []),
      ],
    )
    return rows[0] ?? null
  }

  async beginResend(
    row: GrantRow,
    process: string,
    at: number,
    lostAt: number,
    claim?: BudgetClaim,
  ): Promise<GrantRow | null> {
    const sending = counting(claim, 7)
    const { rows } = await this.#store.pool.query<GrantRow>(
      `${sending.before}
       UPDATE token_grant SET spend_sends = spend_sends + 1, spend_process = $3, spend_started_at = $4, due_at = $6
       WHERE id = $1 AND spend_id = $2 AND spend_sends = $5 AND state = 'ambiguous' AND due_at <= $4
         AND deleted_at IS NULL AND NOT EXISTS (SELECT FROM vault_recovery WHERE ended_at IS NULL) ${sending.condition}
       RETURNING * ${sending.after}`,
      [row.id, row.spend_id, process, at, row.spend_sends, lostAt, ...(claim ? claimValues(claim, at) : [])],
    )
    return rows[0] ?? null
  }

  async budgetUse({ platform, region, clientId, user }: BudgetKey): Promise<BudgetUse | null> {
    const { rows } = await this.#store.pool.query<BudgetUse>(readUseSql, [platform, region, clientId, user])
    return rows[0] ?? null
  }

  async noteTokenError(
    { platform, region, clientId, user }: BudgetKey,
    at: number,
    most: number,
  ): Promise<void> {
    const values = [platform, region, clientId, user, at, dayStartOf(at), most]
    await this.#store.pool.query(noteErrorSql, values)
  }

  async isStillSpending(row: GrantRow): Promise<boolean> {
    const { rowCount } = await this.#store.pool.query(
      'SELECT FROM token_grant WHERE id = $1 AND spend_id = $2 AND spend_sends = $3 AND generation = $4 AND deleted_at IS NULL',
      [row.id, row.spend_id, row.spend_sends, row.generation],
    )
    return rowCount === 1
  }

  async change(row: GrantRow, change: GrantChange, event: StoreEvent | null): Promise<boolean> {
    const names = Object.keys(change) as (keyof GrantChange)[]
    const values = names.map((name) => toParameter(change[name]))
    const assignments = names.map((name, index) => `${name} = $${index + 9}`)
    const { rowCount } = await this.#store.pool.query(
      `WITH changed AS (
         UPDATE token_grant SET ${assignments.join(', ')}
         WHERE id = $1 AND chain = $2 AND generation = $3 AND spend_id IS NOT DISTINCT FROM $4 AND spend_sends = $8
           AND deleted_at IS NULL
         RETURNING id, organisation_id),
       audited AS (
         INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         SELECT organisation_id, $5, 'vault', $6, id, $7::jsonb FROM changed WHERE $6::text IS NOT NULL)
       SELECT pg_notify('${grantChannel}', id) FROM changed`,
      [
        row.id,
        row.chain,
        row.generation,
        row.spend_id,
        event?.at ?? 0,
        event?.action ?? null,
        JSON.stringify(event?.facts ?? {}),
        row.spend_sends,
        ...values,
      ],
    )
    return rowCount === 1
  }

  async advance(
    spent: GrantRow,
    next: GrantRow,
    fingerprint: Buffer | null,
    event: StoreEvent,
  ): Promise<boolean> {
    const changed = grantColumns.filter((column) => !columnsBesideChain.has(column))
    const assignments = changed.map((column, index) => `${column} = $${index + 8}`)
    const { rowCount } = await this.#store.pool.query(
      `WITH changed AS (
         UPDATE token_grant g SET ${assignments.join(', ')}
         FROM (SELECT id, state FROM token_grant WHERE id = $1 FOR UPDATE) AS before
         WHERE g.id = before.id AND g.chain = $2 AND g.generation = $3 AND g.deleted_at IS NULL
         RETURNING g.id, g.organisation_id, g.chain, g.generation, before.state AS was),
       audited AS (
         INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         SELECT organisation_id, $4, 'vault',
           CASE WHEN $5 = '${refreshed}' AND was IN ('ambiguous', 'needs_consent') THEN '${recovered}' ELSE $5 END,
           id, $6::jsonb FROM changed),
       known AS (
         INSERT INTO token_fingerprint (fingerprint, grant_id, organisation_id, chain, generation, created_at)
         SELECT $7::bytea, id, organisation_id, chain, generation, $4 FROM changed WHERE $7::bytea IS NOT NULL
         ON CONFLICT (fingerprint) DO NOTHING)
       SELECT pg_notify('${grantChannel}', id) FROM changed`,
      [
        spent.id,
        spent.chain,
        spent.generation,
        event.at,
        event.action,
        JSON.stringify(event.facts ?? {}),
        fingerprint,
        ...changed.map((column) => toParameter(next[column])),
      ],
    )
    return rowCount === 1
  }

  /** Writes a row over the one of the same id, whatever that holds: for a transaction that has locked it. */
  async replace(tx: pg.ClientBase, row: GrantRow): Promise<void> {
    const changed = grantColumns.filter((column) => column !== 'id')
    await tx.query(
      `UPDATE token_grant SET ${changed.map((column, index) => `${column} = $${index + 2}`).join(', ')} WHERE id = $1`,
      [row.id, ...changed.map((column) => toParameter(row[column]))],
    )
  }

  async replay(json: Record<string, unknown>, at: number, fingerprint: Buffer | null): Promise<boolean> {
    const assignments = grantColumns
      .filter((column) => column !== 'id')
      .map((column) => `${column} = excluded.${column}`)
    const { rowCount } = await this.#store.pool.query(
      `WITH changed AS (
         INSERT INTO token_grant SELECT * FROM jsonb_populate_record(NULL::token_grant, $1)
         ON CONFLICT (id) DO UPDATE SET ${assignments.join(', ')}
         WHERE token_grant.deleted_at IS NULL
           AND ((token_grant.chain, token_grant.generation) < (excluded.chain, excluded.generation)
             OR excluded.deleted_at IS NOT NULL)
         RETURNING id, organisation_id, chain, generation, deleted_at),
       known AS (
         INSERT INTO token_fingerprint (fingerprint, grant_id, organisation_id, chain, generation, created_at)
         SELECT $3::bytea, id, organisation_id, chain, generation, $2 FROM changed
         WHERE $3::bytea IS NOT NULL AND deleted_at IS NULL
         ON CONFLICT (fingerprint) DO NOTHING),
       audited AS (
         INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         SELECT organisation_id, $2, 'vault', 'grant.recovered', id,
           jsonb_build_object('generation', generation, 'from', 'spool') FROM changed)
       SELECT pg_notify('${grantChannel}', id) FROM changed`,
      [JSON.stringify(json), at, fingerprint],
    )
    return rowCount === 1
  }

  async knowsFingerprint(fingerprint: Buffer): Promise<boolean> {
    const { rowCount } = await this.#store.pool.query(
      'SELECT FROM token_fingerprint WHERE fingerprint = $1',
      [fingerprint],
    )
    return rowCount === 1
  }

  async addFingerprint(fingerprint: Buffer, row: GrantRow, at: number): Promise<void> {
    await this.#store.pool.query(
      `INSERT INTO token_fingerprint (fingerprint, grant_id, organisation_id, chain, generation, created_at)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (fingerprint) DO NOTHING`,
      [fingerprint, row.id, row.organisation_id, row.chain, row.generation, at],
    )
  }

  async due(now: number, limit: number, except: readonly string[] = []): Promise<GrantRow[]> {
    const { rows } = await this.#store.pool.query<GrantRow>(dueSql, [now, limit, except])
    return rows
  }

  async dueWarnings(now: number, limit: number): Promise<GrantRow[]> {
    const { rows } = await this.#store.pool.query<GrantRow>(dueWarningsSql, [now, limit])
    return rows
  }

  async warn(row: GrantRow, next: number | null, event: StoreEvent | null): Promise<boolean> {
    const { rowCount } = await this.#store.pool.query(
      `WITH changed AS (
         UPDATE token_grant SET warn_at = $3 WHERE id = $1 AND warn_at = $2 AND deleted_at IS NULL
         RETURNING id, organisation_id),
       audited AS (
         INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         SELECT organisation_id, $4, 'vault', $5, id, $6::jsonb FROM changed WHERE $5::text IS NOT NULL)
       SELECT FROM changed`,
      [row.id, row.warn_at, next, event?.at ?? 0, event?.action ?? null, JSON.stringify(event?.facts ?? {})],
    )
    return rowCount === 1
  }

  async postpone(row: GrantRow, due: number): Promise<void> {
    await this.#store.pool.query(
      'UPDATE token_grant SET due_at = $3 WHERE id = $1 AND due_at = $2 AND deleted_at IS NULL',
      [row.id, row.due_at, due],
    )
  }

  async openSends(): Promise<GrantRow[]> {
    const { rows } = await this.#store.pool.query<GrantRow>(
      `SELECT * FROM token_grant WHERE spend_id IS NOT NULL AND spend_process IS NOT NULL AND deleted_at IS NULL
       ORDER BY spend_started_at LIMIT 1000`,
    )
    return rows
  }
}
