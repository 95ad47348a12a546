import type { WriteValue } from '@sluis/engine'
import { SluisError } from '@sluis/shared'

/** A value that the wire has no form for; nothing was sent. */
export const unfit = (field: string, what: string) =>
  new SluisError('INVALID_REQUEST', `A value for ${field} is not ${what}.`, { details: { field } })

/** `2026-01-31 00:00:00` as `20260131`. */
export function dayText(field: string, value: WriteValue): string {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)(?: 00:00:00)?$/.exec(String(value)) ?? []
  if (year === undefined) throw unfit(field, 'a day')
  return `${year}${month}${day}`
}

/** `2026/01` as it is. */
export function periodText(field: string, value: WriteValue): string {
  const text = String(value)
  if (!/^\d{4}\/\d{2}$/.test(text)) throw unfit(field, 'a period such as 2026/01')
  return text
}

/** Whole cents without a sign: which side is told apart. */
export function centsText(field: string, value: WriteValue): string {
  const [, whole, cents = ''] = /^(\d+)(?:\.(\d{1,2})0*)?$/.exec(String(value)) ?? []
  if (whole === undefined) throw unfit(field, 'an amount in cents without a sign')
  return `${whole}.${cents.padEnd(2, '0')}`
}

/** A number without the zeros that its type fills it up with. */
export const decimalText = (value: WriteValue): string =>
  String(value)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
