import type { CatalogueEntry } from '@sluis/facts'
import type { Value } from './named-values.ts'
import type { WrittenView } from './written-rows.ts'

export interface Division {
  readonly code: number
  readonly name: string
  readonly country: 'NL' | 'BE'
  readonly index: number
}

/** One property of an entity set: what it is, and its value in any row. */
export interface Property {
  readonly name: string
  readonly type: string
  readonly isKey: boolean
  readonly value: (division: number, index: number) => Value
  /** The same without what clients wrote. */
  readonly generated: (division: number, index: number) => Value
  /** The rows of a division that may have this value; null where only a look at every row tells. */
  readonly rowsWith: ((division: number, value: Value) => RowSteps) | null
}

/** Rows `first`, `first + step`, …: `count` of them, or to the end where that is null. */
export interface RowSteps {
  readonly first: number
  readonly step: number
  readonly count: number | null
}

/** A line collection of a header, e.g. `SalesInvoiceLines`. */
export interface Collection {
  readonly name: string
  /** The entity set of the lines, or null where the emulator keeps none: always empty. */
  readonly lines: EntitySet | null
}

/**
 * One endpoint's rows. Every value is computed from seed, division, row and property; only what clients wrote is
 * stored, and wins.
 */
export interface EntitySet {
  readonly entry: CatalogueEntry
  /** `crm/accounts`: the path below the division, lower case. */
  readonly path: string
  readonly properties: ReadonlyMap<string, Property>
  readonly keys: readonly Property[]
  readonly collections: readonly Collection[]
  readonly typeName: string
  /** Generated rows in each company. */
  readonly rows: number
  readonly written: WrittenView
  /** Rows of a company with those that were added; deleted ones keep their place. */
  rowsIn(division: number): number
}

/** Where a reference property leads, for the properties that accompany it. */
export const targets = new WeakMap<
  Property,
  { readonly path: string; readonly rowOf: (division: number, index: number) => number | null }
>()

export const noRows: RowSteps = { first: 0, step: 1, count: 0 }

/** That row alone, where there is such a row. */
export function oneRow(row: number, size: number): RowSteps {
  return Number.isInteger(row) && row >= 0 && row < size ? { first: row, step: 1, count: 1 } : noRows
}
