import type { Predicate, SqlValue } from '../catalog/predicate.ts'
import { literal } from './scan-view.ts'

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** A constant as a DuckDB literal of its own type. */
export function valueSql({ type, value }: SqlValue): string {
  if (type === 'TIMESTAMP') return `make_timestamp(${value})`
  if (type === 'VARCHAR') return literal(String(value))
  if (type === 'UUID' || type.startsWith('DECIMAL')) return `${literal(String(value))}::${type}`
  return `${value}::${type}`
}

/**
 * A predicate over a scan's view, in SQL. What the planner could not express is left out (true): the result selects
 * the same rows or more.
 */
export function predicateSql(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'compare':
      return `${quoted(predicate.column)} ${predicate.op} ${valueSql(predicate.value)}`
    case 'in':
      return predicate.values.length === 0
        ? 'false'
        : `${quoted(predicate.column)} IN (${predicate.values.map(valueSql).join(', ')})`
    case 'is-null':
      return `${quoted(predicate.column)} IS NULL`
    case 'is-not-null':
      return `${quoted(predicate.column)} IS NOT NULL`
    case 'starts-with':
      return `starts_with(${quoted(predicate.column)}, ${literal(predicate.text)})`
    case 'ends-with':
      return `ends_with(${quoted(predicate.column)}, ${literal(predicate.text)})`
    case 'contains':
      return `contains(${quoted(predicate.column)}, ${literal(predicate.text)})`
    case 'and':
    case 'or':
      return `(${predicate.terms.map(predicateSql).join(predicate.kind === 'and' ? ' AND ' : ' OR ')})`
    case 'not':
      // Below a NOT, "left out" would select fewer rows: such a term is left out as a whole.
      return isWhole(predicate.term) ? `(NOT ${predicateSql(predicate.term)})` : 'true'
    case 'opaque':
      return 'true'
    default:
      return predicate satisfies never
  }
}

/** Whether a predicate is expressed in full. */
export function isWhole(predicate: Predicate): boolean {
  switch (predicate.kind) {
    case 'opaque':
      return false
    case 'and':
    case 'or':
      return predicate.terms.every(isWhole)
    case 'not':
      return isWhole(predicate.term)
    default:
      return true
  }
}

/** A predicate for people: `Status = 'C'`. Long lists are cut. */
export function describePredicate(predicate: Predicate): string {
  if (predicate.kind === 'in' && predicate.values.length > 5)
    return `${predicate.column} IN (${predicate.values.length} values)`
  if (predicate.kind === 'opaque') return predicate.text
  return predicateSql(predicate)
}
