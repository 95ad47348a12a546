import type { Comparison, Predicate, SqlValue } from '../catalog/predicate.ts'
import type { ScalarType, TableColumn } from '../catalog/table.ts'
import { dateRange, type MonotoneStep, stepOver } from './date-ranges.ts'
import type { TypedConstant } from './plan-json.ts'
import {
  integerOf,
  type JsonNode,
  nodeOf,
  nodesOf,
  readConstant,
  textOf,
  toSqlValue,
  typeNameOf,
} from './plan-json.ts'

/** A filter of a plan in our words. */
export interface ReadPredicate {
  readonly predicate: Predicate
  /** False when it lets pass rows that the filter refuses. */
  readonly isExact: boolean
  /** True when it is also false exactly where the filter is false, not unknown: then it may be turned round. */
  readonly isSame: boolean
}

/** The column that a reference of the expression stands for; null where it is not a column of the scan. */
export type ColumnOf = (index: number) => TableColumn | null

const comparisons: Readonly<Record<string, Comparison>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHAN: '>',
  COMPARE_GREATERTHANOREQUALTO: '>=',
}
const mirrored: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}
const opposites: Readonly<Record<Comparison, Comparison>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
}

/**
 * A bound boolean expression of DuckDB as a predicate on one scan, or the strongest predicate that every row passes
 * which passes the expression; null when nothing can be said.
 */
export function readPredicate(
  expression: JsonNode,
  columnOf: ColumnOf,
  timeZone: string,
): ReadPredicate | null {
  const read = (child: JsonNode) => readPredicate(child, columnOf, timeZone)
  const type = textOf(expression, 'type')
  const comparison = comparisons[type]
  if (comparison !== undefined) {
    const left = nodeOf(expression, 'left')
    const right = nodeOf(expression, 'right')
    if (left === null || right === null) return null
    if (right.type === 'VALUE_CONSTANT') return readComparison(left, comparison, right, columnOf, timeZone)
    if (left.type === 'VALUE_CONSTANT')
      return readComparison(right, mirrored[comparison], left, columnOf, timeZone)
    return null
  }
  switch (type) {
    case 'BOUND_REF': {
      const column = columnOf(integerOf(expression, 'index') ?? -1)
      return column?.type === 'BOOLEAN'
        ? exactly(compare(column, '=', { type: 'BOOLEAN', value: true }))
        : null
    }
    case 'COMPARE_DISTINCT_FROM':
    case 'COMPARE_NOT_DISTINCT_FROM':
      return readDistinct(expression, type === 'COMPARE_DISTINCT_FROM', columnOf, timeZone)
    case 'COMPARE_BETWEEN':
      return readBetween(expression, columnOf, timeZone)
    case 'COMPARE_IN':
      return readIn(expression, columnOf, timeZone)
    case 'COMPARE_NOT_IN':
      return negate(readIn(expression, columnOf, timeZone, true))
    case 'OPERATOR_NOT': {
      const child = nodesOf(expression, 'children')[0]
      return child === undefined ? null : negate(read(child))
    }
    case 'OPERATOR_IS_NULL':
    case 'OPERATOR_IS_NOT_NULL': {
      const child = nodesOf(expression, 'children')[0]
      // A cast or a step of a date is null exactly where its column is.
      const column = child === undefined ? null : (readSteppedColumn(child, columnOf)?.column ?? null)
      if (column === null) return null
      const kind = type === 'OPERATOR_IS_NULL' ? 'is-null' : 'is-not-null'
      return exactly({ kind, column: column.name })
    }
    case 'CONJUNCTION_AND': {
      const children = nodesOf(expression, 'children').map(read)
      const found = children.filter((child) => child !== null)
      if (found.length === 0) return null
      const terms = found.map((child) => child.predicate)
      const isWhole = found.length === children.length
      return {
        predicate: terms.length === 1 && terms[0] ? terms[0] : { kind: 'and', terms },
        isExact: isWhole && found.every((child) => child.isExact),
        isSame: isWhole && found.every((child) => child.isSame),
      }
    }
    case 'CONJUNCTION_OR': {
      const children = nodesOf(expression, 'children').map(read)
      const terms = children.filter((child) => child !== null)
      if (terms.length < children.length) return null
      return {
        predicate: { kind: 'or', terms: terms.map((child) => child.predicate) },
        isExact: terms.every((child) => child.isExact),
        isSame: terms.every((child) => child.isSame),
      }
    }
    case 'BOUND_FUNCTION':
      return readTextFunction(expression, columnOf)
    default:
      return null
  }
}

/** The predicate that is true where another is false; comparisons turn round, the rest stands under `not`. */
export function negatePredicate(predicate: Predicate): Predicate {
  switch (predicate.kind) {
    case 'compare':
      return { ...predicate, op: opposites[predicate.op] }
    case 'is-null':
      return { kind: 'is-not-null', column: predicate.column }
    case 'is-not-null':
      return { kind: 'is-null', column: predicate.column }
    case 'and':
      return { kind: 'or', terms: predicate.terms.map(negatePredicate) }
    case 'or':
      return { kind: 'and', terms: predicate.terms.map(negatePredicate) }
    case 'not':
      return predicate.term
    case 'in':
    case 'starts-with':
    case 'ends-with':
    case 'contains':
    case 'opaque':
      return { kind: 'not', term: predicate }
    default:
      return predicate satisfies never
  }
}

function negate(read: ReadPredicate | null): ReadPredicate | null {
  // The opposite of a weaker condition would be a stronger one and lose rows.
  return read?.isSame ? exactly(negatePredicate(read.predicate)) : null
}

function exactly(predicate: Predicate): ReadPredicate {
  return { predicate, isExact: true, isSame: true }
}

function compare(column: TableColumn, op: Comparison, value: SqlValue): Predicate {
  return { kind: 'compare', column: column.name, op, value }
}

/** A column, or a function of it that never falls as the column rises, e.g. `CAST(x AS DATE)`. */
function readSteppedColumn(
  expression: JsonNode,
  columnOf: ColumnOf,
): { readonly column: TableColumn; readonly step: MonotoneStep | null } | null {
  if (expression.type === 'BOUND_REF') {
    const column = columnOf(integerOf(expression, 'index') ?? -1)
    return column === null ? null : { column, step: null }
  }
  const step = stepOver(expression)
  if (step === null) return null
  const inner = readSteppedColumn(step.over, columnOf)
  // One step only: the ranges of a step over a step are not worth their proof.
  return inner === null || inner.step !== null ? null : { column: inner.column, step: step.step }
}

function readComparison(
  left: JsonNode,
  op: Comparison,
  right: JsonNode,
  columnOf: ColumnOf,
  timeZone: string,
): ReadPredicate | null {
  const found = readSteppedColumn(left, columnOf)
  const constant = readConstant(right)
  if (found === null || constant === undefined) return null
  return compareStepped(found.column, found.step, op, constant, timeZone)
}

function compareStepped(
  column: TableColumn,
  step: MonotoneStep | null,
  op: Comparison,
  constant: TypedConstant,
  timeZone: string,
): ReadPredicate | null {
  if (typeof column.type === 'object') return null
  if (step === null) {
    const value = toSqlValue(constant, column.type)
    return value === null ? null : exactly(compare(column, op, value))
  }
  if (step.kind === 'wider-integer') {
    const value = narrowed(constant, column.type)
    return value === null ? null : exactly(compare(column, op, value))
  }
  return column.type === 'TIMESTAMP' ? dateRange(column.name, step, op, constant, timeZone) : null
}

const integerRanges: Partial<Record<ScalarType, readonly [bigint, bigint]>> = {
  SMALLINT: [-(2n ** 15n), 2n ** 15n - 1n],
  INTEGER: [-(2n ** 31n), 2n ** 31n - 1n],
  BIGINT: [-(2n ** 63n), 2n ** 63n - 1n],
}

function narrowed(constant: TypedConstant, type: ScalarType): SqlValue | null {
  const range = integerRanges[type]
  const { value } = constant
  if (range === undefined || typeof value !== 'bigint' || !/INT$|^INTEGER$/.test(constant.typeName))
    return null
  if (value < range[0] || value > range[1]) return null
  return { type, value: type === 'BIGINT' ? value : Number(value) }
}

function readDistinct(
  expression: JsonNode,
  isDistinct: boolean,
  columnOf: ColumnOf,
  timeZone: string,
): ReadPredicate | null {
  const sides = [nodeOf(expression, 'left'), nodeOf(expression, 'right')]
  const constantNode = sides.find((side) => side?.type === 'VALUE_CONSTANT')
  const other = sides.find((side) => side !== constantNode)
  if (!constantNode || !other) return null
  const column = readSteppedColumn(other, columnOf)?.column
  if (column === undefined) return null
  if (readConstant(constantNode)?.value === null) {
    return exactly({ kind: isDistinct ? 'is-not-null' : 'is-null', column: column.name })
  }
  const equal = readComparison(other, isDistinct ? '<>' : '=', constantNode, columnOf, timeZone)
  if (equal === null || !isDistinct) {
    // `=` passes the same rows, but is null where this is false: not to be turned round.
    return equal && { ...equal, predicate: { kind: 'and', terms: [equal.predicate, notNull(column)] } }
  }
  return {
    ...equal,
    predicate: { kind: 'or', terms: [equal.predicate, { kind: 'is-null', column: column.name }] },
  }
}

function notNull(column: TableColumn): Predicate {
  return { kind: 'is-not-null', column: column.name }
}

function readBetween(expression: JsonNode, columnOf: ColumnOf, timeZone: string): ReadPredicate | null {
  const input = nodeOf(expression, 'input')
  const lower = nodeOf(expression, 'lower')
  const upper = nodeOf(expression, 'upper')
  if (input === null || lower === null || upper === null) return null
  const bounds = [
    { bound: lower, op: expression.lower_inclusive === true ? '>=' : '>' },
    { bound: upper, op: expression.upper_inclusive === true ? '<=' : '<' },
  ] as const
  const terms = bounds.map(({ bound, op }) =>
    bound.type === 'VALUE_CONSTANT' ? readComparison(input, op, bound, columnOf, timeZone) : null,
  )
  const found = terms.filter((term) => term !== null)
  if (found.length === 0) return null
  const predicates = found.map((term) => term.predicate)
  const isWhole = found.length === 2
  return {
    predicate: predicates.length === 1 && predicates[0] ? predicates[0] : { kind: 'and', terms: predicates },
    isExact: isWhole && found.every((term) => term.isExact),
    isSame: isWhole && found.every((term) => term.isSame),
  }
}

function readIn(
  expression: JsonNode,
  columnOf: ColumnOf,
  timeZone: string,
  isNegated = false,
): ReadPredicate | null {
  const [subject, ...items] = nodesOf(expression, 'children')
  const found = subject === undefined ? null : readSteppedColumn(subject, columnOf)
  if (found === null || typeof found.column.type === 'object') return null
  const constants = items.map((item) => (item.type === 'VALUE_CONSTANT' ? readConstant(item) : undefined))
  const known = constants.filter((constant) => constant !== undefined)
  if (known.length < constants.length) return null
  // A NULL in the list makes what is not in it unknown instead of false: the same rows pass, unless turned round.
  const present = known.filter((constant) => constant.value !== null)
  if (present.length === 0 || (isNegated && present.length < known.length)) return null
  const { column, step } = found
  if (step === null || step.kind === 'wider-integer') {
    const type = found.column.type
    const values = present.map((constant) =>
      step === null ? toSqlValue(constant, type) : narrowed(constant, type),
    )
    const usable = values.filter((value) => value !== null)
    if (usable.length < values.length) return null
    return { predicate: oneOf(column, usable), isExact: true, isSame: present.length === known.length }
  }
  const terms = present.map((constant) => compareStepped(column, step, '=', constant, timeZone))
  const usable = terms.filter((term) => term !== null)
  if (usable.length < terms.length) return null
  return {
    predicate: { kind: 'or', terms: usable.map((term) => term.predicate) },
    isExact: usable.every((term) => term.isExact),
    isSame: present.length === known.length && usable.every((term) => term.isSame),
  }
}

function oneOf(column: TableColumn, values: readonly SqlValue[]): Predicate {
  const distinct = [...new Map(values.map((value) => [value.value, value])).values()]
  const [only] = distinct
  if (only !== undefined && distinct.length === 1) return compare(column, '=', only)
  return { kind: 'in', column: column.name, values: distinct }
}

const textKinds: Readonly<Record<string, 'starts-with' | 'ends-with' | 'contains'>> = {
  prefix: 'starts-with',
  starts_with: 'starts-with',
  '^@': 'starts-with',
  suffix: 'ends-with',
  ends_with: 'ends-with',
  contains: 'contains',
}

function readTextFunction(expression: JsonNode, columnOf: ColumnOf): ReadPredicate | null {
  const [subject, pattern] = nodesOf(expression, 'children')
  if (subject?.type !== 'BOUND_REF' || pattern?.type !== 'VALUE_CONSTANT') return null
  const column = columnOf(integerOf(subject, 'index') ?? -1)
  const text = readConstant(pattern)?.value
  if (column?.type !== 'VARCHAR' || typeof text !== 'string') return null
  const name = textOf(expression, 'name')
  const kind = textKinds[name]
  if (kind !== undefined) {
    return text === ''
      ? { predicate: notNull(column), isExact: true, isSame: false }
      : exactly({ kind, column: column.name, text })
  }
  if (name !== '~~') return null
  // A pattern that DuckDB did not simplify: what stands before its first wildcard is certain.
  const start = /^[^%_]*/.exec(text)?.[0] ?? ''
  return start === ''
    ? null
    : { predicate: { kind: 'starts-with', column: column.name, text: start }, isExact: false, isSame: false }
}

/** The expression in words, for people who ask why a filter was not sent. Holds no values of the data. */
export function describeExpression(expression: JsonNode, nameOf: (index: number) => string): string {
  const describe = (child: JsonNode) => describeExpression(child, nameOf)
  const type = textOf(expression, 'type')
  const children = nodesOf(expression, 'children').map(describe)
  const sides = [nodeOf(expression, 'left'), nodeOf(expression, 'right')].filter((side) => side !== null)
  if (type === 'BOUND_REF') return nameOf(integerOf(expression, 'index') ?? -1)
  if (type === 'VALUE_CONSTANT') {
    const value = readConstant(expression)?.value
    return typeof value === 'string' ? `'${value}'` : String(value ?? 'NULL')
  }
  if (sides.length === 2) return sides.map(describe).join(` ${comparisons[type] ?? type} `)
  if (type === 'OPERATOR_CAST') {
    const child = nodeOf(expression, 'child')
    return `CAST(${child === null ? '' : describe(child)} AS ${typeNameOf(nodeOf(expression, 'return_type'))})`
  }
  if (type === 'CONJUNCTION_AND' || type === 'CONJUNCTION_OR') {
    return `(${children.join(type === 'CONJUNCTION_AND' ? ' AND ' : ' OR ')})`
  }
  const name = textOf(expression, 'name')
  return `${name === '' ? type : name}(${children.join(', ')})`
}
