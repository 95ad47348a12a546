import type { GrantRow } from './grant-row.ts'

/** How much an issuer takes from one app for one user. */
export interface TokenBudget {
  /** Token requests a day (UTC), whatever is answered. */
  readonly callsADay: number
  /** Answers of 400, 401, 403 or 404 within any hour: one more blocks the app's key. */
  readonly errorsAnHour: number
}

/** Who a token request counts for: all grants of one user and client, in whatever organisation. */
export interface BudgetKey {
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly user: string
}

/** What was counted so far. */
export interface BudgetUse {
  readonly dayStart: number
  readonly dayUsed: number
  /** Oldest first. */
  readonly errorAt: readonly number[]
}

/** A request that is about to be counted. `reserve`: calls of the day that must be left after it. */
export interface BudgetClaim {
  readonly key: BudgetKey
  readonly budget: TokenBudget
  readonly reserve: number
}

export const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Of a day's calls so many are kept for resends: a chain whose answer was lost must not wait for tomorrow. */
export const callsKeptForResends = 3

export function budgetKeyOf(row: GrantRow): BudgetKey {
  return {
    platform: row.platform,
    region: row.region,
    clientId: row.client_id,
    user: row.platform_user_id ?? row.id,
  }
}

export const dayStartOf = (at: number): number => Math.floor(at / dayMs) * dayMs

/** The first moment, from `now` on, at which a request fits: `now` itself when it does already. */
export function fitsAt(
  use: BudgetUse | null,
  { budget, reserve }: Omit<BudgetClaim, 'key'>,
  now: number,
): number {
  if (use === null) return now
  const isDayFull = use.dayStart >= dayStartOf(now) && use.dayUsed >= budget.callsADay - reserve
  const oldest = use.errorAt.at(-budget.errorsAnHour)
  return Math.max(now, isDayFull ? use.dayStart + dayMs : 0, oldest === undefined ? 0 : oldest + hourMs)
}

/** One more request in the count. */
export function withCall(use: BudgetUse | null, now: number): BudgetUse {
  const dayStart = Math.max(dayStartOf(now), use?.dayStart ?? 0)
  return {
    dayStart,
    dayUsed: use?.dayStart === dayStart ? use.dayUsed + 1 : 1,
    errorAt: use?.errorAt ?? [],
  }
}

/** One more refusal in the count; `most` are remembered. */
export function withError(use: BudgetUse | null, now: number, most: number): BudgetUse {
  const { dayStart, dayUsed, errorAt } = use ?? { dayStart: dayStartOf(now), dayUsed: 0, errorAt: [] }
  return { dayStart, dayUsed, errorAt: [...errorAt, now].slice(-most) }
}

/** Whether an answer with this status counts against the hour's errors. @see Exact support, "API limits" (read November 2026) */
export const countsAsError = (status: number): boolean => [400, 401, 403, 404].includes(status)

const columns = 'platform, region, client_id, user_key'

/**
 * The parts of a statement that counts a request exactly if its UPDATE (named `begun`) happens. The count's row is
 * locked before the grant's, in every statement that takes both. Parameters from `$from` on are `claimValues`.
 */
export function claimSql(from: number): { before: string; condition: string; after: string } {
  const [platform, region, client, user, day, most, errors, at] = Array.from(
    { length: 8 },
    (_, n) => `$${from + n}`,
  )
  return {
    before: `budget AS MATERIALIZED (
      SELECT (day_start < ${day} OR day_used < ${most})
        AND coalesce(error_at[cardinality(error_at) - ${errors} + 1] + ${hourMs} <= ${at}, true) AS fits
      FROM token_budget WHERE (${columns}) = (${platform}, ${region}, ${client}, ${user}) FOR UPDATE),`,
    condition: 'AND coalesce((SELECT fits FROM budget), true)',
    after: `, counted AS (
      INSERT INTO token_budget AS b (${columns}, day_start, day_used)
      SELECT ${platform}, ${region}, ${client}, ${user}, ${day}, 1 FROM begun
      ON CONFLICT (${columns}) DO UPDATE SET
        day_used = CASE WHEN b.day_start < ${day} THEN 1 ELSE b.day_used + 1 END,
        day_start = greatest(b.day_start, ${day}))`,
  }
}

export function claimValues({ key, budget, reserve }: BudgetClaim, at: number): unknown[] {
  const { platform, region, clientId, user } = key
  return [
    platform,
    region,
    clientId,
    user,
    dayStartOf(at),
    budget.callsADay - reserve,
    budget.errorsAnHour,
    at,
  ]
}

/** Reads one count: `$1` to `$4` are the key. */
export const readUseSql = `SELECT day_start AS "dayStart", day_used AS "dayUsed", to_jsonb(error_at) AS "errorAt"
  FROM token_budget WHERE (${columns}) = ($1, $2, $3, $4)`

/** Counts a refusal at `$5`, remembering the last `$7`; `$6` is the day of `$5`. */
export const noteErrorSql = `INSERT INTO token_budget AS b (${columns}, day_start, day_used, error_at)
  VALUES ($1, $2, $3, $4, $6, 0, ARRAY[$5::bigint])
  ON CONFLICT (${columns}) DO UPDATE
  SET error_at = (b.error_at || $5::bigint)[greatest(1, cardinality(b.error_at) + 2 - $7::integer):]`

/**
 * What was counted for a grant (`$4`) whose user (`$5`) nobody knew counts for the user from now on. Run before any
 * grant's row is locked. Refusals stay with the grant: a request that was refused named no user.
 */
export const adoptUseSql = `WITH mine AS (
    DELETE FROM token_budget WHERE (${columns}) = ($1, $2, $3, $4) RETURNING *)
  INSERT INTO token_budget AS b (${columns}, day_start, day_used, error_at)
  SELECT platform, region, client_id, $5, day_start, day_used, error_at FROM mine
  ON CONFLICT (${columns}) DO UPDATE SET
    day_used = CASE WHEN b.day_start < excluded.day_start THEN excluded.day_used
      WHEN b.day_start > excluded.day_start THEN b.day_used ELSE b.day_used + excluded.day_used END,
    day_start = greatest(b.day_start, excluded.day_start)`
