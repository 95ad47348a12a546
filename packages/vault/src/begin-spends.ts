import type pg from 'pg'
import type { GrantRow } from './grant-row.ts'
import { grantColumns, grantColumnsSql, type SpendIntent } from './grant-store.ts'
import { dayStartOf, hourMs } from './token-budget.ts'

export interface Intent {
  readonly row: GrantRow
  readonly spend: SpendIntent
}

const key = 'platform, region, client_id, user_key'

/**
 * The intents of many grants in one statement, each row compared and set by itself; null where one did nothing. It
 * waits for no row that somebody else holds, be it a grant's or a budget's: such an intent did nothing here. Counts as
 * `claimSql` does, for which a grant and a budget may stand here once. Each row is asked for by key, also where a join
 * says the same: PostgreSQL plans this before it knows the tables, and would read them whole.
 */
export async function beginSpends(db: pg.Pool, intents: readonly Intent[]): Promise<(GrantRow | null)[]> {
  const together = withoutTwins(intents)
  const asked = together.map(({ row, spend }) => ({
    id: row.id,
    chain: row.chain,
    generation: row.generation,
    was: row.state,
    spend: spend.id,
    kind: spend.kind,
    process: spend.process,
    at: spend.at,
    state: spend.state,
    is_single_use: spend.isSingleUse,
    ...(spend.claim === undefined
      ? {}
      : {
          platform: spend.claim.key.platform,
          region: spend.claim.key.region,
          client_id: spend.claim.key.clientId,
          user_key: spend.claim.key.user,
          day: dayStartOf(spend.at),
          most: spend.claim.budget.callsADay - spend.claim.reserve,
          errors: spend.claim.budget.errorsAnHour,
        }),
  }))
  const { rows } = await db.query<GrantRow>({
    name: 'vault-begin-spends',
    text: `WITH asked AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS a (id text, chain integer, generation integer, was text, spend text,
         kind text, process text, at bigint, state text, is_single_use boolean, platform text, region text,
         client_id text, user_key text, day bigint, most integer, errors integer)),
     budget AS MATERIALIZED (
       SELECT a.id, (b.day_start < a.day OR b.day_used < a.most)
         AND coalesce(b.error_at[cardinality(b.error_at) - a.errors + 1] + ${hourMs} <= a.at, true) AS fits
       FROM asked a CROSS JOIN LATERAL (
         SELECT day_start, day_used, error_at FROM token_budget t
         WHERE (t.platform, t.region, t.client_id, t.user_key) = (a.platform, a.region, a.client_id, a.user_key)
         LIMIT 1 FOR UPDATE SKIP LOCKED) AS b),
     free AS MATERIALIZED (
       SELECT g.id FROM asked a JOIN token_grant g ON g.id = a.id LEFT JOIN budget ON budget.id = a.id
       WHERE g.id = ANY (ARRAY(SELECT id FROM asked)) AND coalesce(budget.fits, NOT EXISTS (
         SELECT FROM token_budget b WHERE (b.platform, b.region, b.client_id, b.user_key)
           = (a.platform, a.region, a.client_id, a.user_key)))
       FOR UPDATE OF g SKIP LOCKED),
     begun AS (
       UPDATE token_grant g SET spend_id = a.spend, spend_kind = a.kind, spend_generation = g.generation,
         spend_process = a.process, spend_started_at = a.at, spend_sends = 1, spend_lost_at = NULL, spend_refusals = 0,
         spend_was_early = false, state = a.state
       FROM free, asked a
       WHERE g.id = ANY (ARRAY(SELECT id FROM free)) AND g.id = free.id AND g.id = a.id
         AND g.chain = a.chain AND g.generation = a.generation
         AND g.spend_id IS NULL AND g.state = a.was AND g.deleted_at IS NULL
         AND (NOT a.is_single_use OR NOT EXISTS (SELECT FROM vault_recovery WHERE ended_at IS NULL))
       RETURNING ${grantColumns.map((column) => `g.${column}`).join(', ')}),
     counted AS (
       INSERT INTO token_budget AS b (${key}, day_start, day_used)
       SELECT a.platform, a.region, a.client_id, a.user_key, a.day, 1 FROM begun JOIN asked a ON a.id = begun.id
       WHERE a.user_key IS NOT NULL ORDER BY 1, 2, 3, 4
       ON CONFLICT (${key}) DO UPDATE SET
         day_used = CASE WHEN b.day_start < excluded.day_start THEN 1 ELSE b.day_used + 1 END,
         day_start = greatest(b.day_start, excluded.day_start))
     SELECT ${grantColumnsSql} FROM begun`,
    values: [JSON.stringify(asked)],
  })
  const bySpend = new Map(rows.map((row) => [row.spend_id, row]))
  return intents.map(({ spend }) => bySpend.get(spend.id) ?? null)
}

/** Of several for one grant, or for one user's budget, the first. */
function withoutTwins(intents: readonly Intent[]): Intent[] {
  const seen = new Set<string>()
  return intents.filter(({ row, spend: { claim } }) => {
    const names = [row.id, ...(claim === undefined ? [] : [JSON.stringify(claim.key)])]
    if (names.some((name) => seen.has(name))) return false
    for (const name of names) seen.add(name)
    return true
  })
}
