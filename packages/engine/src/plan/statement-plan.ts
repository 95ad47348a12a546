import type { Scan } from '../catalog/scan.ts'
import type { WritePlan } from './write-plan.ts'

/** What a statement is, by DuckDB's own parser. */
export type StatementClass = 'catalogue' | 'session' | 'transaction' | 'query' | 'write'

export interface ResultColumn {
  readonly name: string
  /** DuckDB's type text, e.g. `DECIMAL(38,10)`. */
  readonly type: string
}

/**
 * A statement understood: which tables it reads, what it needs of each, and the text that gives the answer once the
 * views `scan_0`, `scan_1`, … exist in the schema `main`. Plain data.
 */
export interface StatementPlan {
  readonly class: StatementClass
  /** The user's text, untouched. */
  readonly sql: string
  /**
   * The text to run: the user's with each table reference spliced to its `scan_N`, parameters and the present as
   * literals.
   */
  readonly runnableSql: string
  /**
   * The text to run instead when the scan with `isCountOnly` was answered by bare counts: its view then has that
   * many rows and no usable columns, and this text asks for none. Null where no such text is known or needed.
   */
  readonly countedSql: string | null
  /** One for each reference in the text, in its order. A scan with `limit` 0 needs no rows at all. */
  readonly scans: readonly Scan[]
  /** Catalogue relations that the text reads as tables of these names, see `catalogueRelations`. */
  readonly catalogue: readonly string[]
  /** What the answer's columns are; empty where only the run can tell (a PIVOT over the data's own values). */
  readonly columns: readonly ResultColumn[]
  /** Microseconds since 1970 that `now()` and its kin mean in planner and runner. */
  readonly frozenAt: bigint
  readonly timeZone: string
  /** For a write: what is done with the rows that the text gives. */
  readonly write?: WritePlan
  readonly planMs: number
}
