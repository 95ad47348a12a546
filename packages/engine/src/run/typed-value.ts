import type { SqlValue } from '../catalog/predicate.ts'
import type { ScalarType } from '../catalog/table.ts'

/** DuckDB's text of a value as the value that predicates hold. */
export function toValue(text: string, type: ScalarType): SqlValue {
  switch (type) {
    case 'BOOLEAN':
      return { type, value: text === 'true' }
    case 'SMALLINT':
    case 'INTEGER':
    case 'DOUBLE':
      return { type, value: Number(text) }
    case 'BIGINT':
      return { type, value: BigInt(text) }
    case 'TIMESTAMP':
      return { type, value: timestampMicros(text) }
    default:
      return { type, value: text }
  }
}

/** `2024-02-29 12:00:00.123456` as microseconds since 1970. */
function timestampMicros(text: string): bigint {
  const [, whole = '', fraction = ''] = /^([^.]+)(?:\.(\d+))?$/.exec(text) ?? []
  return (
    BigInt(Date.parse(`${whole.replace(' ', 'T')}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6))
  )
}
