import type { SqlValue } from '@sluis/engine'

const int32 = 2n ** 31n
const int64 = 2n ** 63n

/** A whole number in `$filter`, with the suffix that 64-bit values need; null beyond 64 bits. */
export function integerLiteral(value: bigint, edm: string): string | null {
  if (value < -int64 || value >= int64) return null
  const isLong = edm === 'Edm.Int64' || value < -int32 || value >= int32
  return `${value}${isLong ? 'L' : ''}`
}

/** A double in `$filter`, without exponent where the usual notation does; null for what is no finite number. */
export function doubleLiteral(value: number): string | null {
  if (!Number.isFinite(value)) return null
  const text = String(value)
  if (!text.includes('e')) return `${text}d`
  const fixed = value.toFixed(20).replace(/0+$/, '0')
  return Number(fixed) === value && Math.abs(value) < 1 ? `${fixed}d` : `${text}d`
}

/** A string in `$filter`. */
export function stringLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/**
 * A moment in `$filter`, given in milliseconds of wall-clock time read as UTC; null outside what SQL Server's
 * `datetime` holds, where the service fails instead of answering.
 */
export function datetimeLiteral(milliseconds: number): string | null {
  if (milliseconds < Date.UTC(1753, 0, 1) || milliseconds >= Date.UTC(9999, 11, 31)) return null
  return `datetime'${new Date(milliseconds).toISOString().slice(0, 23).replace('.000', '')}'`
}

/** A GUID in `$filter`; null for text that is none. */
export function guidLiteral(text: string): string | null {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? `guid'${text.toLowerCase()}'` : null
}

/** The largest whole number not above a numeric constant, and whether it is the constant itself. */
export function wholePart({ value }: SqlValue): { readonly floor: bigint; readonly isWhole: boolean } | null {
  if (typeof value === 'bigint') return { floor: value, isWhole: true }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return null
    const floor = Math.floor(value)
    return { floor: BigInt(floor), isWhole: floor === value }
  }
  const match = typeof value === 'string' ? /^(-?)(\d+)(?:\.(\d*))?$/.exec(value) : null
  if (match === null) return null
  const [, sign, digits = '0', fraction = ''] = match
  const isWhole = !/[1-9]/.test(fraction)
  const whole = BigInt(`${sign}${digits}`)
  return { floor: sign === '-' && !isWhole ? whole - 1n : whole, isWhole }
}

/** A numeric constant as a double, as DuckDB makes it one to compare it with a DOUBLE column. */
export function doubleOf({ value }: SqlValue): number | null {
  const number = typeof value === 'boolean' || value === '' ? Number.NaN : Number(value)
  return Number.isFinite(number) ? number : null
}
