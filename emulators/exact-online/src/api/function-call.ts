import type { EntitySet } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'
import { parseQueryOptions } from './query-options.ts'
import { matchingRows, type ReadContext } from './read-entities.ts'

export type Row = ReadonlyMap<string, Value>
/** Rows, or one value; a text is a 64-bit number. */
export type FunctionAnswer = readonly Row[] | boolean | number | string

/** A function that was asked, with the company and the parameters. */
export interface FunctionCall {
  readonly context: ReadContext
  readonly now: number
  /** A parameter's value without quotes and type, by its name without case; undefined where it is not given. */
  readonly given: (name: string) => string | undefined
}

export type Functions = Readonly<Record<string, (call: FunctionCall) => FunctionAnswer>>

const setOf = ({ context }: FunctionCall, path: string): EntitySet | undefined =>
  context.dataset.entitySets.get(path)

/** The rows of an entity set with the properties named, as the API shows them. */
export function rowsOf(call: FunctionCall, path: string, names: readonly string[] | null = null): Row[] {
  const { context } = call
  const set = setOf(call, path)
  if (!set) return []
  const options = parseQueryOptions(new URLSearchParams({ $top: '1' }), set, false)
  const properties = [...set.properties.values()].filter(({ name }) => names?.includes(name) ?? true)
  const indexes = matchingRows(set, { ...options, top: null }, { ...context, visible: null }, -1)
  return [...indexes].map(
    (index) => new Map(properties.map(({ name, value }) => [name, value(context.division, index)])),
  )
}

/** A property of the row with this id; null where there is none. */
export function lookUp(call: FunctionCall, path: string, id: Value, name: string): Value {
  const set = setOf(call, path)
  const { division } = call.context
  const found = id === null ? undefined : set?.keys[0]?.rowsWith?.(division, id)
  return found?.count === 1 ? (set?.properties.get(name)?.value(division, found.first) ?? null) : null
}

/** An id among the parameters: `projectId`, `project`, or as `id` where one of these alone is meant. */
export function givenId(call: FunctionCall, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = call.given(name)
    if (value !== undefined) return value.toLowerCase()
  }
  return undefined
}

export const numberIn = (row: Row, name: string) => Number(row.get(name) ?? 0)

/** Amounts added up in cents. */
export const sumOf = (rows: readonly Row[], name = 'Amount') =>
  rows.reduce((sum, row) => sum + Math.round(numberIn(row, name) * 100), 0) / 100
