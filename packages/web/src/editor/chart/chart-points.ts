import { cellText, type ResultColumn } from '../result/result-rows.ts'

export type ChartKind = 'bar' | 'line'
/** What somebody wants to see of a result: columns by their place. */
export interface ChartWish {
  readonly kind: ChartKind
  readonly label: number
  readonly value: number
}
export interface ChartPoint {
  readonly label: string
  /** Null: there is no value, which is not nought. */
  readonly value: number | null
  /** Where it stands on an axis of times or numbers; null: it has a place of its own, like a name. */
  readonly at: number | null
}

/** More could not be told apart. */
export const mostPoints: Readonly<Record<ChartKind, number>> = { bar: 60, line: 1000 }

const isNumeric = ({ type }: ResultColumn) =>
  /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|DOUBLE|FLOAT|DECIMAL)/.test(type) && !type.endsWith(']')
const isTime = ({ type }: ResultColumn) => /^(DATE|TIMESTAMP)/.test(type) && !type.endsWith(']')

/** Columns that can be drawn. */
export const valueColumns = (columns: readonly ResultColumn[]): readonly number[] =>
  columns.flatMap((column, index) => (isNumeric(column) ? [index] : []))

/** A first guess: the last number over the first time, name or else column; null where there is no number. */
export function firstWish(columns: readonly ResultColumn[]): ChartWish | null {
  const value = valueColumns(columns).at(-1)
  if (value === undefined) return null
  const others = columns.map((column, index) => ({ column, index })).filter(({ index }) => index !== value)
  const label =
    others.find(({ column }) => isTime(column)) ??
    others.find(({ column }) => !isNumeric(column)) ??
    others[0]
  const isOverTime = label !== undefined && isTime(label.column)
  return { kind: isOverTime ? 'line' : 'bar', label: label?.index ?? value, value }
}

/** Points of the rows, in their order; a line over times or numbers goes from left to right. */
export function chartPoints(
  columns: readonly ResultColumn[],
  rows: readonly (readonly unknown[])[],
  { kind, label, value }: ChartWish,
): readonly ChartPoint[] {
  const by = columns[label]
  const points = rows.slice(0, mostPoints[kind]).map((row) => ({
    label: labelText(row[label]),
    value: toNumber(row[value]),
    at: by !== undefined && kind === 'line' ? place(by, row[label]) : null,
  }))
  // One that has no place of its own there leaves all of them in their order.
  if (points.some(({ at }) => at === null)) return points.map((point) => ({ ...point, at: null }))
  return points.toSorted((left, right) => Number(left.at) - Number(right.at))
}

const labelText = (value: unknown): string =>
  value === null || value === undefined ? 'NULL' : cellText(value).replace(/[T ]00:00:00(\.0+)?$/, '')

function toNumber(value: unknown): number | null {
  if (value === null || value === undefined || value === '') return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

function place(column: ResultColumn, value: unknown): number | null {
  if (isNumeric(column)) return toNumber(value)
  if (!isTime(column) || value === null || value === undefined) return null
  const text = cellText(value).replace(' ', 'T')
  const at = Date.parse(
    /T.*(Z|[+-]\d\d(:?\d\d)?)$/.test(text) ? text : `${text}${text.includes('T') ? '' : 'T00:00:00'}Z`,
  )
  return Number.isNaN(at) ? null : at
}
