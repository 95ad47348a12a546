import type { Predicate } from './predicate.ts'
import type { FunctionArgument, PlatformTable } from './table.ts'

export interface SortKey {
  readonly column: string
  readonly isDescending: boolean
  readonly areNullsFirst: boolean
}

/** One reference to a table in a statement, with all that the statement says of the rows it needs. */
export interface Scan {
  /** Position of the reference in the statement, from 0. */
  readonly id: number
  /** The source's alias, e.g. `eol`. */
  readonly source: string
  readonly table: PlatformTable
  /** Columns that the statement can observe, in the table's spelling; empty when only rows are counted. */
  readonly columns: readonly string[]
  /** Conjunction: rows outside it cannot change the answer. */
  readonly where: readonly Predicate[]
  /** Rows that suffice, once every term of `where` is answered exactly; null when all are needed. */
  readonly limit: number | null
  /** With `limit`: which rows suffice. Empty: any. */
  readonly orderBy: readonly SortKey[]
  /** True when the statement uses nothing of the scan but its number of rows. */
  readonly isCountOnly: boolean
  /** Other scans whose distinct values may restrict this one, by the key rules of the planner. */
  readonly keysFrom: readonly KeyTransfer[]
  /** Of a function: what it is called with. */
  readonly arguments?: readonly FunctionArgument[]
}

/** `column` of this scan can only match rows whose value appears in `fromColumn` of the scan `fromScan`. */
export interface KeyTransfer {
  readonly column: string
  readonly fromScan: number
  readonly fromColumn: string
  /** True where the matching row stands in the partition of the row that has the key, so that a key is asked only there. */
  readonly isWithinPartition?: true
}
