import type { Predicate } from '../catalog/predicate.ts'
import type { KeyTransfer, SortKey } from '../catalog/scan.ts'
import type { PlatformTable, TableColumn } from '../catalog/table.ts'

/**
 * One reading of a table in DuckDB's plan, while the plan is walked. DuckDB may read one reference of the statement
 * several times (a common table expression that it copies into its uses); `combineOccurrences` brings them together.
 */
export interface ScanOccurrence {
  readonly scanId: number
  readonly table: PlatformTable
  /** Columns in the order in which the plan's references count them. */
  readonly projected: readonly TableColumn[]
  /** Columns that something in the plan looks at. */
  readonly used: Set<TableColumn>
  /** Columns that something besides this reading's own filters looks at. */
  readonly usedAbove: Set<TableColumn>
  readonly where: Predicate[]
  readonly keysFrom: KeyTransfer[]
  limit: number | null
  orderBy: readonly SortKey[]
  /** Its rows show in several places of the plan, so that two columns seen together may be of different rows. */
  isSeenTwice?: true
}

/** Where the values of a column in the middle of the plan come from, and where a condition on them may go. */
export interface PlanColumn {
  /** Every value here stands in this column of this reading; null when that cannot be said. */
  readonly source: ScanColumn | null
  /** A condition on the value here may filter this column of this reading; null when it may not. */
  readonly receiver: ScanColumn | null
  /** Readings whose column this is built from: they are looked at whenever this is. */
  readonly uses: readonly ScanColumn[]
}

export interface ScanColumn {
  readonly scan: ScanOccurrence
  readonly column: TableColumn
}

/** The columns that a predicate looks at. */
export function predicateColumns(predicate: Predicate): ReadonlySet<string> {
  const columns = new Set<string>()
  const visit = (term: Predicate): void => {
    switch (term.kind) {
      case 'and':
      case 'or':
        for (const inner of term.terms) visit(inner)
        break
      case 'not':
        visit(term.term)
        break
      case 'opaque':
        break
      default:
        columns.add(term.column)
    }
  }
  visit(predicate)
  return columns
}

/** A predicate on one column said of another. */
export function renameColumn(predicate: Predicate, column: string): Predicate {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return { ...predicate, terms: predicate.terms.map((term) => renameColumn(term, column)) }
    case 'not':
      return { ...predicate, term: renameColumn(predicate.term, column) }
    case 'opaque':
      return predicate
    default:
      return { ...predicate, column }
  }
}

/** True when no row whose value is NULL can pass. */
export function refusesNull(predicate: Predicate, column: string): boolean {
  switch (predicate.kind) {
    case 'is-null':
    case 'opaque':
      return false
    case 'and':
      return predicate.terms.some((term) => refusesNull(term, column))
    case 'or':
      return predicate.terms.every((term) => refusesNull(term, column))
    case 'not':
      // Over a comparison, list or text test the opposite of unknown is unknown; over more, do not guess.
      return (
        !['and', 'or', 'not', 'is-null', 'is-not-null', 'opaque'].includes(predicate.term.kind) &&
        predicateColumns(predicate.term).has(column)
      )
    default:
      return predicate.column === column
  }
}

/** A text that is the same for two predicates that say the same in the same words. */
export function predicateKey(predicate: Predicate): string {
  return JSON.stringify(predicate, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )
}
