import { integerOf, isNode, type JsonNode, nodeOf, typeNameOf } from './plan-json.ts'
import type { PlanColumn } from './scan-occurrence.ts'

/**
 * A plan of a shape that we do not know. DuckDB's serialised plans are no stable interface: where one cannot be
 * followed with certainty, nothing of it is believed and every table is read whole, which is slow and right.
 */
export class UnreadablePlan extends Error {
  override readonly name = 'UnreadablePlan'
}

/**
 * The column that a bound reference stands for.
 * @throws UnreadablePlan when there is none, or one of another type: then columns were counted wrongly
 */
export function columnAt(columns: readonly PlanColumn[], reference: JsonNode): PlanColumn {
  const column = columns[integerOf(reference, 'index') ?? -1]
  if (column === undefined) throw new UnreadablePlan('a reference points beyond the columns')
  const declared = (column.source ?? column.receiver)?.column.type
  if (declared !== undefined) {
    const expected = typeof declared === 'string' ? declared : 'LIST'
    const type = typeNameOf(nodeOf(reference, 'return_type'))
    if (type !== expected) throw new UnreadablePlan(`a reference to ${expected} reads ${type}`)
  }
  return column
}

/**
 * The references of an expression, or a list of them, one for each column; null when some are not resolved to places.
 */
export function expressionReferences(value: unknown): readonly JsonNode[] | null {
  const found = new Map<number, JsonNode>()
  return collect(value, found) ? [...found.values()] : null
}

function collect(value: unknown, found: Map<number, JsonNode>): boolean {
  if (Array.isArray(value)) return value.every((item) => collect(item, found))
  if (!isNode(value)) return true
  if (value.type === 'BOUND_COLUMN_REF') return false
  if (value.type === 'BOUND_REF') {
    const index = integerOf(value, 'index')
    if (index !== null) found.set(index, value)
    return true
  }
  return Object.entries(value).every(
    // What a function was bound with has references of its own: a lambda counts its parameters.
    ([key, item]) => key === 'function_data' || typeof item !== 'object' || collect(item, found),
  )
}
