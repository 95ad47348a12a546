import type { OrganisationId } from '@sluis/shared'
import type { Store } from '@sluis/store'

/** What was asked for, by day and by kind of failure. */
export interface StatementUsage {
  readonly days: readonly {
    /** The first moment of the day, in UTC. */
    readonly day: string
    readonly statements: number
    readonly failed: number
    readonly calls: number
    readonly rows: number
  }[]
  /** The most frequent first. */
  readonly errors: readonly { readonly code: string; readonly statements: number }[]
}

export interface UsageScope {
  readonly organisationId: OrganisationId
  /** Only what this one ran. */
  readonly actor?: string
  /** Only these databases. */
  readonly databases?: readonly string[]
  readonly now: number
}

const dayMs = 86_400_000
/** Records are kept for this long. */
const keptDays = 7

/** Counts what statements of an organisation cost in the days that records are kept, days without any included. */
export async function readUsage(
  store: Store,
  { organisationId, actor, databases, now }: UsageScope,
): Promise<StatementUsage> {
  const first = (Math.floor(now / dayMs) - keptDays + 1) * dayMs
  const values = [organisationId, first, actor ?? null, databases ?? null]
  const chosen = `FROM statement WHERE organisation_id = $1 AND started_at >= $2
    AND ($3::text IS NULL OR actor = $3) AND ($4::text[] IS NULL OR database_name = ANY($4))`
  const [byDay, byError] = await Promise.all([
    store.pool.query<{ day: number; statements: number; failed: number; calls: number; rows: number }>(
      `SELECT (started_at / ${dayMs})::float8 AS day, count(*)::float8 AS statements,
         (count(*) FILTER (WHERE record->>'state' = 'failed'))::float8 AS failed,
         coalesce(sum((record->'progress'->>'callsMade')::bigint), 0)::float8 AS calls,
         coalesce(sum((record->'progress'->>'rowsFetched')::bigint), 0)::float8 AS rows
       ${chosen} GROUP BY 1`,
      values,
    ),
    store.pool.query<{ code: string; statements: number }>(
      `SELECT record->'error'->>'code' AS code, count(*)::float8 AS statements
       ${chosen} AND record->'error'->>'code' IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20`,
      values,
    ),
  ])
  const found = new Map(byDay.rows.map(({ day, ...counts }) => [day, counts]))
  const none = { statements: 0, failed: 0, calls: 0, rows: 0 }
  return {
    days: Array.from({ length: keptDays }, (_, index) => {
      const at = first / dayMs + index
      return { day: new Date(at * dayMs).toISOString(), ...(found.get(at) ?? none) }
    }),
    errors: byError.rows,
  }
}
