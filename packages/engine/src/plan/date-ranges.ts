import type { Comparison, Predicate } from '../catalog/predicate.ts'
import { type JsonNode, nodeOf, nodesOf, type TypedConstant, textOf, typeNameOf } from './plan-json.ts'

/** A function of a column that never falls as the column rises. */
export type MonotoneStep = {
  readonly kind: 'date' | 'year' | 'instant' | 'wider-integer'
}

const microsecondsPerDay = 86_400_000_000n
const microsecondsPerHour = 3_600_000_000n
const integerTypes = ['SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT']

/** The monotone step that an expression makes, and over what; null when it makes none that we know. */
export function stepOver(
  expression: JsonNode,
): { readonly step: MonotoneStep; readonly over: JsonNode } | null {
  const type = textOf(expression, 'type')
  if (type === 'OPERATOR_CAST') {
    const over = nodeOf(expression, 'child')
    if (over === null || expression.try_cast === true) return null
    const from = typeNameOf(nodeOf(over, 'return_type'))
    const to = typeNameOf(nodeOf(expression, 'return_type'))
    if (from === 'TIMESTAMP' && to === 'DATE') return { step: { kind: 'date' }, over }
    if (from === 'TIMESTAMP' && to === 'TIMESTAMP WITH TIME ZONE') return { step: { kind: 'instant' }, over }
    if (integerTypes.includes(from) && integerTypes.indexOf(to) > integerTypes.indexOf(from)) {
      return { step: { kind: 'wider-integer' }, over }
    }
    return null
  }
  if (type === 'BOUND_FUNCTION' && textOf(expression, 'name') === 'year') {
    const [over] = nodesOf(expression, 'children')
    if (over !== undefined && typeNameOf(nodeOf(over, 'return_type')) === 'TIMESTAMP') {
      return { step: { kind: 'year' }, over }
    }
  }
  return null
}

/**
 * A comparison of a step of a TIMESTAMP column with a constant, as ranges of the column itself.
 *
 * `instant` (the column read as local time of a zone) comes out one hour wider at both ends and not exact: around
 * the end of summer time one local hour stands for two instants.
 */
export function dateRange(
  column: string,
  step: MonotoneStep,
  op: Comparison,
  constant: TypedConstant,
  timeZone: string,
): { readonly predicate: Predicate; readonly isExact: boolean; readonly isSame: boolean } | null {
  if (typeof constant.value !== 'bigint') return null
  if (step.kind === 'instant') {
    if (constant.typeName !== 'TIMESTAMP WITH TIME ZONE') return null
    const local = localMicroseconds(constant.value, timeZone)
    if (local === null || op === '<>') return null
    const earliest = local - microsecondsPerHour
    const latest = local + microsecondsPerHour + 1n
    // Turned round on purpose: `< x` must reach to the latest local time that x can be, `> x` to the earliest.
    const isRange = op === '<' || op === '>'
    const predicate = isRange
      ? stepRange(column, op, latest, earliest)
      : stepRange(column, op, earliest, latest)
    return { predicate, isExact: false, isSame: false }
  }
  if (step.kind === 'date') {
    if (constant.typeName !== 'DATE') return null
    const start = constant.value * microsecondsPerDay
    return {
      predicate: stepRange(column, op, start, start + microsecondsPerDay),
      isExact: true,
      isSame: true,
    }
  }
  if (step.kind !== 'year' || constant.typeName !== 'BIGINT') return null
  const start = startOfYear(constant.value)
  const end = startOfYear(constant.value + 1n)
  return start === null || end === null
    ? null
    : { predicate: stepRange(column, op, start, end), isExact: true, isSame: true }
}

/** The rows whose value compares so with some value in the half-open range `[start, end)` that is one step. */
function stepRange(column: string, op: Comparison, start: bigint, end: bigint): Predicate {
  const bound = (side: '<' | '>=', value: bigint): Predicate => ({
    kind: 'compare',
    column,
    op: side,
    value: { type: 'TIMESTAMP', value },
  })
  switch (op) {
    case '=':
      return { kind: 'and', terms: [bound('>=', start), bound('<', end)] }
    case '<>':
      return { kind: 'or', terms: [bound('<', start), bound('>=', end)] }
    case '<':
      return bound('<', start)
    case '<=':
      return bound('<', end)
    case '>':
      return bound('>=', end)
    case '>=':
      return bound('>=', start)
    default:
      return op satisfies never
  }
}

function startOfYear(year: bigint): bigint | null {
  // Years of fewer than four digits are not worth Date.UTC's two-digit rule.
  if (year < 1000n || year > 9999n) return null
  return BigInt(Date.UTC(Number(year), 0, 1)) * 1000n
}

function localMicroseconds(instant: bigint, timeZone: string): bigint | null {
  const milliseconds = Number(instant / 1000n)
  const year = new Date(milliseconds).getUTCFullYear()
  if (!(year >= 1970 && year <= 9998)) return null
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' }).formatToParts(
    milliseconds,
  )
  const text = parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
  const offset = /^GMT(?:([+-])(\d{2}):(\d{2}))?$/.exec(text)
  if (offset === null) return null
  const minutes = BigInt(offset[2] ?? 0) * 60n + BigInt(offset[3] ?? 0)
  return instant + (offset[1] === '-' ? -minutes : minutes) * 60_000_000n
}
