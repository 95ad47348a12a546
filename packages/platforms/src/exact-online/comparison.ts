import type { Comparison, SqlValue } from '@sluis/engine'
import type { ScalarField } from './endpoint.ts'
import {
  datetimeLiteral,
  doubleLiteral,
  doubleOf,
  guidLiteral,
  integerLiteral,
  stringLiteral,
  wholePart,
} from './filter-literals.ts'

/** A piece of `$filter`. `isExact`: it takes the same rows as the SQL; else at least those. */
export interface FilterText {
  readonly text: string
  readonly isExact: boolean
  /** The connective at its top: what must be bracketed inside another. */
  readonly joint: 'or' | 'and' | 'none'
}

const operators: Readonly<Record<Comparison, string>> = {
  '=': 'eq',
  '<>': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
}

const atom = (text: string, isExact: boolean): FilterText => ({ text, isExact, joint: 'none' })

/** `column op constant` in `$filter`, or null where the service cannot be asked for at least those rows. */
export function comparison(field: ScalarField, op: Comparison, value: SqlValue): FilterText | null {
  switch (field.type) {
    case 'SMALLINT':
    case 'INTEGER':
    case 'BIGINT':
      return isNumeric(value) ? integers(field, op, value) : null
    case 'DOUBLE':
    case 'DECIMAL(38,10)':
      return isNumeric(value) ? doubles(field, op, value) : null
    case 'BOOLEAN':
      if (value.type !== 'BOOLEAN' || (op !== '=' && op !== '<>')) return null
      return sameOrOther(field, op, String(value.value))
    case 'UUID': {
      // The source sorts GUIDs by other bytes than DuckDB: no ranges.
      const literal =
        value.type === 'UUID' && (op === '=' || op === '<>') ? guidLiteral(String(value.value)) : null
      return literal === null ? null : sameOrOther(field, op, literal)
    }
    case 'TIMESTAMP':
      return value.type === 'TIMESTAMP' && typeof value.value === 'bigint'
        ? moments(field, op, value.value)
        : null
    case 'VARCHAR':
      return value.type === 'VARCHAR' && op === '=' ? sameString(field, String(value.value)) : null
    default:
      return field.type satisfies never
  }
}

function isNumeric({ type }: SqlValue): boolean {
  return ['SMALLINT', 'INTEGER', 'BIGINT', 'DECIMAL(38,10)', 'DOUBLE'].includes(type)
}

/** `ne` of the service may take rows without a value, SQL's `<>` never does. */
function sameOrOther(field: ScalarField, op: Comparison, literal: string): FilterText {
  if (op === '=' || field.isKey) return atom(`${field.name} ${operators[op]} ${literal}`, true)
  return { text: `${field.name} ne ${literal} and ${field.name} ne null`, isExact: true, joint: 'and' }
}

function integers(field: ScalarField, op: Comparison, value: SqlValue): FilterText | null {
  const whole = wholePart(value)
  const literal = whole && integerLiteral(whole.floor, field.edm)
  if (!whole || !literal) return null
  if (whole.isWhole) {
    return op === '=' || op === '<>'
      ? sameOrOther(field, op, literal)
      : atom(`${field.name} ${operators[op]} ${literal}`, true)
  }
  switch (op) {
    case '<':
    case '<=':
      return atom(`${field.name} le ${literal}`, true)
    case '>':
    case '>=':
      return atom(`${field.name} gt ${literal}`, true)
    case '<>':
      return atom(`${field.name} ne null`, true)
    case '=':
      return null
  }
}

/**
 * The service may hold the amount as a decimal and compare it so, while the page shows the nearest double: equality
 * goes out as a range too small to matter.
 */
function doubles(field: ScalarField, op: Comparison, value: SqlValue): FilterText | null {
  const number = doubleOf(value)
  const literal = number === null ? null : doubleLiteral(number)
  if (number === null || literal === null) return null
  if (op === '=') {
    const slack = Math.max(Math.abs(number) * 1e-12, 1e-9)
    const [low, high] = [doubleLiteral(number - slack), doubleLiteral(number + slack)]
    if (low === null || high === null) return null
    return { text: `${field.name} ge ${low} and ${field.name} le ${high}`, isExact: false, joint: 'and' }
  }
  return atom(`${field.name} ${operators[op]} ${literal}`, op !== '<>')
}

/**
 * Moments stand in pages with whole milliseconds; the source holds them with more digits, or in SQL Server's steps of
 * 1/300 s, which are whole at every tenth millisecond only. A bound there is exact; elsewhere it is moved by a step.
 */
function moments(field: ScalarField, op: Comparison, microseconds: bigint): FilterText | null {
  const below = Number(microseconds >= 0n ? microseconds / 1000n : -((-microseconds + 999n) / 1000n))
  const isWhole = BigInt(below) * 1000n === microseconds
  const above = isWhole ? below : below + 1
  const from = (bound: number) => limit('ge', bound)
  const until = (bound: number) => limit('lt', bound)
  const limit = (word: 'ge' | 'lt', bound: number): FilterText | null => {
    const isAligned = isStep(bound) || isStep(bound - 1)
    const literal = datetimeLiteral(isAligned ? bound : bound + (word === 'ge' ? -step : step))
    return literal === null ? null : atom(`${field.name} ${word} ${literal}`, isAligned)
  }
  switch (op) {
    case '<':
      return until(above)
    case '<=':
      return until(below + 1)
    case '>':
      return from(below + 1)
    case '>=':
      return from(above)
    case '=': {
      if (!isWhole) return null
      const [low, high] = [from(below), until(below + 1)]
      return (
        low &&
        high && { text: `${low.text} and ${high.text}`, isExact: low.isExact && high.isExact, joint: 'and' }
      )
    }
    case '<>': {
      if (!isWhole || !isStep(below)) return null
      const [low, high] = [until(below), from(below + 1)]
      return low && high && { text: `${low.text} or ${high.text}`, isExact: true, joint: 'or' }
    }
  }
}

const step = 4
const isStep = (milliseconds: number) => milliseconds % 10 === 0

/**
 * Strings compare without case and trailing blanks at the source, probably: what it finds equal is at least what
 * DuckDB does. Never exact, and nothing but equality. Each spelling that a careful source may insist on is asked for.
 */
function sameString(field: ScalarField, value: string): FilterText | null {
  const text = sendable(value)
  if (text === null || field.edm !== 'Edm.String') return null
  const { name, padding } = field
  if (padding?.side === 'left-maybe') return atom(`trim(${name}) eq ${stringLiteral(text)}`, false)
  const spellings = new Set(
    padding?.side === 'left'
      ? [text.padStart(padding.width)]
      : padding?.side === 'right'
        ? [text, text.padEnd(padding.width)]
        : [text, value],
  )
  const parts = [...spellings].map((spelling) => `${name} eq ${stringLiteral(spelling)}`)
  return { text: parts.join(' or '), isExact: false, joint: parts.length > 1 ? 'or' : 'none' }
}

/** Text as it may stand in an address, trailing blanks off; null for what no address should carry. */
export function sendable(value: string): string | null {
  if (value.length > 400) return null
  const text = value.trimEnd()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what web servers refuse in an address.
  return /[\u0000-\u001f\u007f]/.test(text) || !text.isWellFormed() ? null : text
}
