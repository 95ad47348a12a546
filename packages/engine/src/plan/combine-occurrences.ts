import type { Predicate } from '../catalog/predicate.ts'
import type { Scan } from '../catalog/scan.ts'
import type { FunctionArgument, PlatformTable } from '../catalog/table.ts'
import { predicateColumns, predicateKey, type ScanOccurrence } from './scan-occurrence.ts'

/** One reference to a table as the statement's text has it. */
export interface TableReference {
  readonly source: string
  readonly table: PlatformTable
  readonly arguments?: readonly FunctionArgument[]
}

/**
 * The scans of a statement, one for each reference in its text, from the readings that DuckDB plans. A reference
 * that DuckDB reads nowhere needs no rows; one that it reads several times needs what any of the readings needs.
 */
export function combineOccurrences(
  references: readonly TableReference[],
  occurrences: readonly ScanOccurrence[],
  mayCount: boolean,
): Scan[] {
  return references.map((reference, id) => {
    const own = occurrences.filter((occurrence) => occurrence.scanId === id)
    const [first] = own
    if (first === undefined) return unneededScan(reference, id)
    if (own.length > 1) return combined(reference, id, own)
    const isCountOnly =
      first.usedAbove.size === 0 &&
      first.keysFrom.length === 0 &&
      first.limit === null &&
      // Counted rows come back without columns: a filter can only run again where the text was rid of it.
      (first.where.length === 0 || mayCount)
    return {
      id,
      ...reference,
      columns: usedColumns(reference.table, [first]),
      where: simplified(first.where),
      limit: first.limit,
      orderBy: first.orderBy,
      isCountOnly,
      keysFrom: first.keysFrom,
    }
  })
}

/** The scans of a statement read without pushdown: every row and column. */
export function wholeScans(references: readonly TableReference[]): Scan[] {
  return references.map((reference, id) => ({
    ...unneededScan(reference, id),
    columns: reference.table.columns.map((column) => column.name),
    limit: null,
  }))
}

function unneededScan(reference: TableReference, id: number): Scan {
  return {
    id,
    ...reference,
    columns: [],
    where: [],
    limit: 0,
    orderBy: [],
    isCountOnly: false,
    keysFrom: [],
  }
}

function combined(reference: TableReference, id: number, own: readonly ScanOccurrence[]): Scan {
  const wheres = own.map((occurrence) => simplified(occurrence.where))
  const [firstWhere = [], ...others] = wheres.map((where) => new Set(where.map(predicateKey)))
  const shared = new Set([...firstWhere].filter((key) => others.every((keys) => keys.has(key))))
  const rests = wheres.map((where) => where.filter((term) => !shared.has(predicateKey(term))))
  const where = wheres[0]?.filter((term) => shared.has(predicateKey(term))) ?? []
  // A reading without further conditions needs all of the shared rows.
  if (rests.every((rest) => rest.length > 0)) {
    // In a disjunction each branch may be weaker than it was, so what cannot be expressed is left out of it …
    const branches = rests.map((rest) => rest.filter((term) => term.kind !== 'opaque'))
    if (branches.every((branch) => branch.length > 0)) {
      where.push({ kind: 'or', terms: branches.map(conjunction) })
    }
    // … and said beside it.
    if (rests.some((rest) => rest.some((term) => term.kind === 'opaque'))) {
      where.push({ kind: 'opaque', text: 'conditions of several uses of the table' })
    }
  }
  return {
    id,
    ...reference,
    columns: usedColumns(reference.table, own),
    where,
    limit: null,
    orderBy: [],
    isCountOnly: false,
    keysFrom: [],
  }
}

function conjunction(terms: readonly Predicate[]): Predicate {
  const [only] = terms
  return terms.length === 1 && only !== undefined ? only : { kind: 'and', terms }
}

function usedColumns(table: PlatformTable, occurrences: readonly ScanOccurrence[]): string[] {
  return table.columns
    .filter((column) => occurrences.some((occurrence) => occurrence.used.has(column)))
    .map((column) => column.name)
}

/** Without terms said twice, and without null tests that another term on the same column makes needless. */
function simplified(where: readonly Predicate[]): Predicate[] {
  const seen = new Set<string>()
  const terms = where.filter((term) => {
    const key = predicateKey(term)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
  return terms.filter(
    (term) =>
      term.kind !== 'is-not-null' ||
      !terms.some(
        (other) =>
          (other.kind === 'compare' || other.kind === 'in' || other.kind === 'starts-with') &&
          predicateColumns(other).has(term.column),
      ),
  )
}
