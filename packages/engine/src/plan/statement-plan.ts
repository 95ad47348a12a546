import type { Scan } from '../catalog/scan.ts'

/** What a statement is, by DuckDB's own parser. */
export type StatementClass = 'catalogue' | 'session' | 'transaction' | 'query' | 'write'

export interface ResultColumn {
  readonly name: string
  /** DuckDB's type text, e.g. `DECIMAL(38,10)`. */
  readonly type: string
}

/**
 * A statement understood: which tables it reads, what it needs of each, and the text that gives the answer once the
 * views `scan_0`, `scan_1`, … exist. Plain data.
 */
export interface StatementPlan {
  readonly class: StatementClass
  /** The user's text, untouched. */
  readonly sql: string
  /** The text to run: the user's with each table reference spliced to its `scan_N`, parameters as literals. */
  readonly runnableSql: string
  readonly scans: readonly Scan[]
  readonly columns: readonly ResultColumn[]
  /** Microseconds since 1970 that `now()` and its kin mean in planner and runner. */
  readonly frozenAt: bigint
  readonly timeZone: string
  readonly planMs: number
}
