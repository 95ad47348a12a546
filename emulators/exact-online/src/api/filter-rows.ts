import type { RowSteps } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'
import { type Collation, compareValues, foldForSearch } from './collation.ts'
import type { FilterNode } from './filter-parser.ts'

type Evaluate = (division: number, index: number) => Value

/** A filter as a function of a row, in SQL's three-valued logic: null is unknown. */
export function compileFilter(node: FilterNode, collation: Collation): Evaluate {
  switch (node.kind) {
    case 'literal':
      return () => node.value
    case 'property':
      return node.property.value
    case 'and': {
      const [left, right] = [compileFilter(node.left, collation), compileFilter(node.right, collation)]
      return (division, index) => {
        const first = left(division, index)
        if (first === false) return false
        const second = right(division, index)
        return second === false ? false : first === null || second === null ? null : true
      }
    }
    case 'or': {
      const oneOf = oneOfGuids(node)
      if (oneOf) return oneOf
      const [left, right] = [compileFilter(node.left, collation), compileFilter(node.right, collation)]
      return (division, index) => {
        const first = left(division, index)
        if (first === true) return true
        const second = right(division, index)
        return second === true ? true : first === null || second === null ? null : false
      }
    }
    case 'not': {
      const inner = compileFilter(node.node, collation)
      return (division, index) => {
        const value = inner(division, index)
        return value === null ? null : !value
      }
    }
    case 'compare':
      return compileComparison(node, collation)
    case 'call': {
      const args = node.args.map((arg) => compileFilter(arg, collation))
      return (division, index) => {
        const values = args.map((arg) => arg(division, index))
        return values.includes(null) ? null : callFunction(node.name, values, collation)
      }
    }
  }
}

/** A chain of `ID eq guid'…' or ID eq guid'…'`, which clients send by the hundred: one look at the row is enough. */
function oneOfGuids(node: FilterNode): Evaluate | null {
  const wanted = new Set<Value>()
  let value: Evaluate | null = null
  const nodes: FilterNode[] = [node]
  for (let next = nodes.pop(); next; next = nodes.pop()) {
    if (next.kind === 'or') {
      nodes.push(next.left, next.right)
      continue
    }
    if (next.kind !== 'compare' || next.op !== 'eq' || next.left.kind !== 'property') return null
    const { left, right } = next
    if (left.type !== 'Edm.Guid' || right.kind !== 'literal' || typeof right.value !== 'string') return null
    if (value !== null && value !== left.property.value) return null
    value = left.property.value
    wanted.add(right.value)
  }
  const read = value
  return (
    read &&
    ((division, index) => {
      const found = read(division, index)
      return found === null ? null : wanted.has(found)
    })
  )
}

function compileComparison(node: FilterNode & { kind: 'compare' }, collation: Collation): Evaluate {
  const [left, right] = [compileFilter(node.left, collation), compileFilter(node.right, collation)]
  const isNullTest = node.left.type === 'null' || node.right.type === 'null'
  const type = node.left.type === 'null' ? node.right.type : node.left.type
  const { op } = node
  return (division, index) => {
    const a = left(division, index)
    const b = right(division, index)
    if (isNullTest) {
      if (op === 'eq') return a === b
      return op === 'ne' ? a !== b : null
    }
    if (a === null || b === null) return null
    const order = compareValues(a, b, type, collation)
    switch (op) {
      case 'eq':
        return order === 0
      case 'ne':
        return order !== 0
      case 'gt':
        return order > 0
      case 'ge':
        return order >= 0
      case 'lt':
        return order < 0
      case 'le':
        return order <= 0
    }
  }
}

function callFunction(
  name: string,
  [first = null, second = null, third = null]: readonly Value[],
  collation: Collation,
): Value {
  const fold = (value: Value) => foldForSearch(String(value), collation)
  const date = () => new Date(Number(first))
  switch (name) {
    case 'substringof':
      return fold(second).includes(fold(first))
    case 'startswith':
      return fold(first).startsWith(fold(second))
    case 'endswith':
      return fold(first).endsWith(fold(second))
    case 'length':
      return String(first).length
    case 'indexof':
      return fold(first).indexOf(fold(second))
    case 'tolower':
      return String(first).toLowerCase()
    case 'toupper':
      return String(first).toUpperCase()
    case 'trim':
      return String(first).trim()
    case 'concat':
      return `${first}${second}`
    case 'substring': {
      const rest = String(first).slice(Math.max(0, Number(second)))
      return third === null ? rest : rest.slice(0, Math.max(0, Number(third)))
    }
    case 'replace':
      return second === '' ? String(first) : String(first).replaceAll(String(second), String(third))
    case 'year':
      return date().getUTCFullYear()
    case 'month':
      return date().getUTCMonth() + 1
    case 'day':
      return date().getUTCDate()
    case 'hour':
      return date().getUTCHours()
    case 'minute':
      return date().getUTCMinutes()
    case 'second':
      return date().getUTCSeconds()
    case 'round':
      return Math.round(Number(first))
    case 'floor':
      return Math.floor(Number(first))
    case 'ceiling':
      return Math.ceil(Number(first))
    default:
      throw new TypeError(`no function ${name}`)
  }
}

/**
 * Rows worth looking at, in order, from `start` on: all, unless an equality leads straight to some. Rows that clients
 * `touched` are never ruled out by what was generated.
 */
export function* candidateRows(
  division: number,
  filter: FilterNode | null,
  rows: number,
  start: number,
  touched: readonly number[] = [],
): Generator<number> {
  const narrowed = filter && narrow(filter, division)
  if (!narrowed) {
    for (let index = Math.max(start, firstByTimestamp(filter)); index < rows; index++) yield index
    return
  }
  if (narrowed.length === 1 && touched.length === 0) {
    const [{ first, step, count } = { first: 0, step: 1, count: 0 }] = narrowed
    const skipped = Math.max(0, Math.ceil((start - first) / step))
    const end = Math.min(rows, count === null ? rows : first + count * step)
    for (let index = first + skipped * step; index < end; index += step) yield index
    return
  }
  const found = new Set<number>()
  for (const { first, step, count } of narrowed) {
    const end = Math.min(rows, count === null ? rows : first + count * step)
    for (let index = first; index < end; index += step) if (index >= start) found.add(index)
  }
  for (const index of touched) if (index >= start) found.add(index)
  yield* [...found].sort((a, b) => a - b)
}

/** The few places where a filter's rows can be, or null when they can be anywhere. */
function narrow(node: FilterNode, division: number): readonly RowSteps[] | null {
  if (node.kind === 'compare' && node.op === 'eq') {
    const [property, literal] =
      node.left.kind === 'property' ? [node.left, node.right] : [node.right, node.left]
    if (property.kind !== 'property' || literal.kind !== 'literal' || literal.value === null) return null
    return property.property.rowsWith ? [property.property.rowsWith(division, literal.value)] : null
  }
  if (node.kind === 'and') {
    const [left, right] = [narrow(node.left, division), narrow(node.right, division)]
    if (left && right) return sizeOf(left) <= sizeOf(right) ? left : right
    return left ?? right
  }
  if (node.kind === 'or') {
    const left = narrow(node.left, division)
    const right = left && narrow(node.right, division)
    return right && [...left, ...right]
  }
  return null
}

const sizeOf = (steps: readonly RowSteps[]) =>
  steps.reduce((sum, { step, count }) => sum + (count ?? 1_000_000 / step), 0)

/** Sync reads ask for `Timestamp gt n`: rows are in the order of their timestamps, so the start is known. */
function firstByTimestamp(node: FilterNode | null): number {
  if (node?.kind === 'and') return Math.max(firstByTimestamp(node.left), firstByTimestamp(node.right))
  if (node?.kind !== 'compare' || (node.op !== 'gt' && node.op !== 'ge')) return 0
  if (node.left.kind !== 'property' || node.left.property.name !== 'Timestamp') return 0
  const at = node.left.property.rowsWith?.(0, node.right.kind === 'literal' ? node.right.value : null)
  return at && at.count === 1 ? at.first : 0
}
