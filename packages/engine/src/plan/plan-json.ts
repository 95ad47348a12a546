import type { SqlValue } from '../catalog/predicate.ts'
import type { ScalarType } from '../catalog/table.ts'

/** A node of the trees that `json_serialize_sql` and `json_serialize_plan` write; read with the `…Of` functions. */
export type JsonNode = { readonly [key: string]: unknown }

/**
 * The value of a JSON text with every integer kept whole: one beyond 2^53 comes out as a bigint. DuckDB writes
 * BIGINT and the halves of UUID and HUGEINT as bare JSON numbers.
 */
export function parseLosslessJson(text: string): unknown {
  // Calling a reviver for each of a plan's values costs more than all else; most plans hold no long number.
  if (!/\d{16}/.test(text.replaceAll('18446744073709551615', ''))) return JSON.parse(text)
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
    const source = context?.source ?? ''
    return /^-?\d+$/.test(source) ? BigInt(source) : value
  })
}

export function isNode(value: unknown): value is JsonNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function nodeOf(node: JsonNode, key: string): JsonNode | null {
  const value = node[key]
  return isNode(value) ? value : null
}

export function nodesOf(node: JsonNode, key: string): readonly JsonNode[] {
  const value = node[key]
  return Array.isArray(value) ? value.filter(isNode) : []
}

export function textOf(node: JsonNode, key: string): string {
  const value = node[key]
  return typeof value === 'string' ? value : ''
}

export function integerOf(node: JsonNode, key: string): number | null {
  const value = node[key]
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
}

export function integersOf(node: JsonNode, key: string): readonly number[] {
  const value = node[key]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : []
}

/** DuckDB's type of a `{id, type_info}` node as SQL text, without the parts that no column of ours has. */
export function typeNameOf(type: JsonNode | null): string {
  if (type === null) return ''
  const id = textOf(type, 'id')
  if (id !== 'DECIMAL') return id
  const info = nodeOf(type, 'type_info')
  return info === null ? id : `DECIMAL(${integerOf(info, 'width')},${integerOf(info, 'scale')})`
}

/** A constant of a plan: its type's name and its value, null for SQL's NULL; undefined for what we do not read. */
export function readConstant(expression: JsonNode): TypedConstant | undefined {
  const holder = nodeOf(expression, 'value')
  const type = holder === null ? null : nodeOf(holder, 'type')
  if (holder === null || type === null) return undefined
  const typeName = typeNameOf(type)
  if (holder.is_null === true) return { typeName, value: null }
  const raw = holder.value
  if (typeName === 'BOOLEAN') return typeof raw === 'boolean' ? { typeName, value: raw } : undefined
  if (typeName === 'VARCHAR') return typeof raw === 'string' ? { typeName, value: raw } : undefined
  if (typeName === 'DOUBLE' || typeName === 'FLOAT') {
    return typeof raw === 'number' || typeof raw === 'bigint' ? { typeName, value: Number(raw) } : undefined
  }
  if (typeName === 'UUID') {
    const value = wideInteger(raw, false)
    if (value === null) return undefined
    // The upper half is stored with its top bit flipped so that UUIDs sort as signed 128-bit integers.
    const bits = BigInt.asUintN(128, value) ^ (1n << 127n)
    const hex = bits.toString(16).padStart(32, '0')
    return { typeName, value: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') }
  }
  const integer = wideInteger(raw, true)
  return integer === null ? undefined : { typeName, value: integer }
}

/** DATE: days · TIMESTAMP and TIMESTAMPTZ: microseconds · DECIMAL: the scaled integer · integers: themselves. */
export interface TypedConstant {
  readonly typeName: string
  readonly value: boolean | number | bigint | string | null
}

/** A constant as a value of a column's type; null when the plan left it in another type. */
export function toSqlValue(constant: TypedConstant, type: ScalarType): SqlValue | null {
  const { typeName, value } = constant
  if (value === null || typeName !== type) return null
  switch (type) {
    case 'SMALLINT':
    case 'INTEGER':
      return { type, value: Number(value) }
    case 'DECIMAL(38,10)':
      return typeof value === 'bigint' ? { type, value: decimalText(value, 10) } : null
    case 'BIGINT':
    case 'TIMESTAMP':
    case 'BOOLEAN':
    case 'DOUBLE':
    case 'UUID':
    case 'VARCHAR':
      return { type, value }
    default:
      return type satisfies never
  }
}

function wideInteger(raw: unknown, isSigned: boolean): bigint | null {
  if (typeof raw === 'bigint') return raw
  if (typeof raw === 'number') return Number.isInteger(raw) ? BigInt(raw) : null
  if (!isNode(raw)) return null
  const { upper, lower } = raw
  if (typeof upper !== 'number' && typeof upper !== 'bigint') return null
  if (typeof lower !== 'number' && typeof lower !== 'bigint') return null
  const bits = (BigInt(upper) << 64n) | BigInt.asUintN(64, BigInt(lower))
  return isSigned ? BigInt.asIntN(128, bits) : bits
}

function decimalText(scaled: bigint, scale: number): string {
  const sign = scaled < 0n ? '-' : ''
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(scale + 1, '0')
  const fraction = digits.slice(-scale).replace(/0+$/, '')
  return sign + digits.slice(0, -scale) + (fraction === '' ? '' : `.${fraction}`)
}
