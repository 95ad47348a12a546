import type { ScalarType } from './table.ts'

/**
 * A constant with its SQL type, in one lossless form per type: BOOLEAN boolean · SMALLINT, INTEGER, DOUBLE number ·
 * BIGINT bigint · DECIMAL string of digits · UUID lower-case text · TIMESTAMP bigint microseconds since 1970 without
 * zone · VARCHAR string.
 */
export interface SqlValue {
  readonly type: ScalarType
  readonly value: boolean | number | bigint | string
}

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

/** A condition on one row of one scan, in SQL's three-valued logic; a row passes when it is true. */
export type Predicate =
  | { readonly kind: 'compare'; readonly column: string; readonly op: Comparison; readonly value: SqlValue }
  | { readonly kind: 'in'; readonly column: string; readonly values: readonly SqlValue[] }
  | { readonly kind: 'is-null'; readonly column: string }
  | { readonly kind: 'is-not-null'; readonly column: string }
  | { readonly kind: 'starts-with'; readonly column: string; readonly text: string }
  | { readonly kind: 'ends-with'; readonly column: string; readonly text: string }
  | { readonly kind: 'contains'; readonly column: string; readonly text: string }
  | { readonly kind: 'and'; readonly terms: readonly Predicate[] }
  | { readonly kind: 'or'; readonly terms: readonly Predicate[] }
  | { readonly kind: 'not'; readonly term: Predicate }
  /** Something the planner saw but cannot express; it filters rows, so LIMIT may not rest on it. */
  | { readonly kind: 'opaque'; readonly text: string }
