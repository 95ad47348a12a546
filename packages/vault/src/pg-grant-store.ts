import type { GrantId, OrganisationId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import { beginSpends, type Intent } from './begin-spends.ts'
import { Gather } from './gather.ts'
import type { GrantRow } from './grant-row.ts'
import {
  columnsBesideChain,
  type GrantChange,
  type GrantStore,
  grantChannel,
  grantColumns,
  grantColumnsSql,
  recovered,
  refreshed,
  rowToJson,
  type SpendIntent,
  type StoreEvent,
} from './grant-store.ts'
import { inCompany } from './in-company.ts'
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
export const dueSql = `SELECT ${grantColumnsSql} FROM token_grant
  WHERE due_at <= $1 AND deleted_at IS NULL AND (spend_id IS NULL OR state = 'ambiguous')
    AND platform || ' ' || region <> ALL ($3::text[])
  ORDER BY due_at LIMIT $2`
/** What is to be told of, by the index on `warn_at`. */
export const dueWarningsSql = `SELECT ${grantColumnsSql} FROM token_grant WHERE warn_at <= $1 AND deleted_at IS NULL ORDER BY warn_at LIMIT $2`

/** Sends under way, by the index on their holder. */
export const openSendsSql = `SELECT ${grantColumnsSql} FROM token_grant
  WHERE spend_id IS NOT NULL AND spend_process IS NOT NULL AND deleted_at IS NULL
  ORDER BY spend_started_at LIMIT 1000`

/** Around an UPDATE: what counts it against the issuer's budget, where there is one. */
function counting(claim: BudgetClaim | undefined, from: number) {
  if (!claim) return { before: '', condition: '', after: '' }
  const { before, condition, after } = claimSql(from)
  return {
    before: `WITH ${before} begun AS (`,
    condition,
    after: `)${after} SELECT ${grantColumnsSql} FROM begun`,
  }
}

/** Statements for many rows pass rows that others hold by, so that a batch never waits for one of them. */
type Locking = 'FOR UPDATE' | 'FOR UPDATE SKIP LOCKED'

interface Answer {
  readonly spent: GrantRow
  readonly next: GrantRow
  readonly fingerprint: Buffer | null
  readonly event: StoreEvent
}

/**
 * The rows in PostgreSQL: each write is one statement. Reads, intents and answers that come together share one, and
 * with it one commit; they are planned once a connection, as planning them took a third of PostgreSQL's time. What does not succeed in company is asked again alone, so that each caller gets its own answer.
 */
export class PgGrantStore implements GrantStore {
  readonly #store: Store
  readonly #reads: Gather<GrantId, GrantRow | null>
  readonly #intents: Gather<Intent, GrantRow | null>
  readonly #answers: Gather<Answer, boolean>
  readonly #news: Gather<GrantId, void>
  #told: Promise<void> = Promise.resolve()

  constructor(store: Store) {
    this.#store = store
    this.#reads = new Gather((ids) => this.#readAll(ids))
    this.#intents = new Gather((intents) =>
      inCompany(
        intents,
        null,
        (some) => beginSpends(store.pool, some),
        (one) => this.#beginAlone(one),
      ),
    )
    this.#answers = new Gather((answers) =>
      inCompany(
        answers,
        false,
        (some) => this.#take(some, 'FOR UPDATE SKIP LOCKED'),
        async (one) => (await this.#take([one], 'FOR UPDATE'))[0] === true,
      ),
    )
    this.#news = new Gather((ids) => this.#notify(ids), { atOnce: 1, most: 1000 })
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
    const row = await this.#reads.ask(id)
    return organisationId === undefined || row?.organisation_id === organisationId ? row : null
  }

  async #readAll(ids: readonly GrantId[]): Promise<(GrantRow | null)[]> {
    const { rows } = await this.#store.pool.query<GrantRow>({
      name: 'vault-grants',
      text: `SELECT ${grantColumnsSql} FROM token_grant WHERE id = ANY($1) AND deleted_at IS NULL`,
      values: [ids],
    })
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => byId.get(id) ?? null)
  }

  async list(organisationId: OrganisationId, limit: number, after: string | null): Promise<GrantRow[]> {
    const { rows } = await this.#store.pool.query<GrantRow>(
      `SELECT ${grantColumnsSql} FROM token_grant WHERE organisation_id = $1 AND deleted_at IS NULL AND ($3::text IS NULL OR id > $3)
       ORDER BY id LIMIT $2`,
      [organisationId, limit, after],
    )
    return rows
  }

  beginSpend(row: GrantRow, spend: SpendIntent): Promise<GrantRow | null> {
    return this.#intents.ask({ row, spend })
  }

  async #beginAlone({ row, spend }: Intent): Promise<GrantRow | null> {
    const spending = counting(spend.claim, 11)
    const { rows } = await this.#store.pool.query<GrantRow>(
      `${spending.before}
       UPDATE token_grant SET spend_id = $4, spend_kind = $5, spend_generation = generation, spend_process = $6,
         spend_started_at = $7, spend_sends = 1, spend_lost_at = NULL, spend_refusals = 0, spend_was_early = false, state = $8
       WHERE id = $1 AND chain = $2 AND generation = $3 AND spend_id IS NULL AND state = $9 AND deleted_at IS NULL
         AND (NOT $10 OR NOT EXISTS (SELECT FROM vault_recovery WHERE ended_at IS NULL)) ${spending.condition}
       RETURNING ${grantColumnsSql} ${spending.after}`,
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
       RETURNING ${grantColumnsSql} ${sending.after}`,
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
       SELECT id FROM changed`,
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
    return this.#tellIf(rowCount === 1, row.id)
  }

  advance(spent: GrantRow, next: GrantRow, fingerprint: Buffer | null, event: StoreEvent): Promise<boolean> {
    return this.#answers.ask({ spent, next, fingerprint, event })
  }

  async #take(answers: readonly Answer[], locking: Locking): Promise<boolean[]> {
    const changed = grantColumns.filter((column) => !columnsBesideChain.has(column))
    const asked = answers.map(({ spent, next, fingerprint, event }, place) => ({
      place,
      id: spent.id,
      chain: spent.chain,
      generation: spent.generation,
      at: event.at,
      action: event.action,
      facts: event.facts ?? {},
      fingerprint: fingerprint === null ? null : `\\x${fingerprint.toString('hex')}`,
      next: rowToJson(next),
    }))
    const { rows } = await this.#store.pool.query<{ place: number }>({
      name: `vault-answers ${locking}`,
      text: `WITH before AS (SELECT id, state FROM token_grant WHERE id = ANY($2::text[]) ${locking}),
       changed AS (
         UPDATE token_grant g SET ${changed.map((column) => `${column} = n.${column}`).join(', ')}
         FROM before,
           jsonb_to_recordset($1::jsonb) AS a (place integer, id text, chain integer, generation integer, at bigint,
             action text, facts jsonb, fingerprint bytea, next jsonb),
           jsonb_populate_record(NULL::token_grant, a.next) AS n
         WHERE g.id = ANY ($2::text[]) AND g.id = before.id AND g.id = a.id
           AND g.chain = a.chain AND g.generation = a.generation AND g.deleted_at IS NULL
         RETURNING g.id, g.organisation_id, g.chain, g.generation, before.state AS was, a.place, a.at, a.action, a.facts,
           a.fingerprint),
       audited AS (
         INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         SELECT organisation_id, at, 'vault',
           CASE WHEN action = '${refreshed}' AND was IN ('ambiguous', 'needs_consent') THEN '${recovered}' ELSE action END,
           id, facts FROM changed),
       known AS (
         INSERT INTO token_fingerprint (fingerprint, grant_id, organisation_id, chain, generation, created_at)
         SELECT fingerprint, id, organisation_id, chain, generation, at FROM changed WHERE fingerprint IS NOT NULL
         ON CONFLICT (fingerprint) DO NOTHING)
       SELECT place FROM changed`,
      values: [JSON.stringify(asked), answers.map(({ spent }) => spent.id)],
    })
    const taken = new Set(rows.map(({ place }) => place))
    return answers.map(({ spent }, place) => this.#tellIf(taken.has(place), spent.id))
  }

  #tellIf(hasChanged: boolean, id: GrantId): boolean {
    if (hasChanged) this.#told = this.#news.ask(id)
    return hasChanged
  }

  /** Settles when all processes were told of what changed until now. */
  told(): Promise<void> {
    return this.#told
  }

  /**
   * Tells all processes, after the commit: PostgreSQL takes transactions that notify one by one, each with its wait for
   * the disk. Nobody depends on it: who waits for a grant looks again after a second, what a process remembers is no
   * older than the token's life, and when the database cannot be reached all listeners forget what they remember.
   */
  async #notify(ids: readonly GrantId[]): Promise<undefined[]> {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        await this.#store.pool.query({
          name: 'vault-news',
          text: `SELECT set_config('synchronous_commit', 'off', true), pg_notify('${grantChannel}', id)
           FROM unnest($1::text[]) AS x (id)`,
          values: [ids],
        })
        break
      } catch {
        // A connection that broke; the next attempt takes another.
      }
    }
    return ids.map(() => undefined)
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
         INSERT INTO token_grant (${grantColumnsSql})
         SELECT ${grantColumnsSql} FROM jsonb_populate_record(NULL::token_grant, $1)
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
       SELECT id FROM changed`,
      [JSON.stringify(json), at, fingerprint],
    )
    return this.#tellIf(rowCount === 1, json.id as GrantId)
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
    const { rows } = await this.#store.pool.query<GrantRow>(openSendsSql)
    return rows
  }
}
