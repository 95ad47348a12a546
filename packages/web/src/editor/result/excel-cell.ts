import { cellText } from './result-rows.ts'

/** Excel computes with 15 digits; an exact number that has more stays text, so that none is lost. */
const mostDigits = 15
/** The longest text that a cell of Excel holds. */
export const mostCellLetters = 32_767

/** Styles of a workbook, by their place in its style sheet. */
export const cellStyles = { plain: 0, heading: 1, day: 2, moment: 3 } as const

/** What a cell of a sheet holds: nothing, a text, a number, or a truth. */
export type ExcelCell =
  | null
  | { readonly kind: 'text'; readonly text: string; readonly isCut: boolean }
  | { readonly kind: 'number'; readonly text: string; readonly style: number }
  | { readonly kind: 'truth'; readonly isTrue: boolean }

/** A value of a result as Excel keeps it: numbers as numbers, times as times, NULL as an empty cell. */
export function excelCell(type: string, value: unknown): ExcelCell {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return { kind: 'truth', isTrue: value }
  const text = cellText(value)
  const isList = type.endsWith(']')
  if (!isList && isNumber(type, text)) return { kind: 'number', text, style: cellStyles.plain }
  const time = isList ? null : serialTime(type, text)
  if (time !== null) return time
  if (text.length <= mostCellLetters) return { kind: 'text', text, isCut: false }
  // Half of a letter that takes two would be none.
  const end = /[\ud800-\udbff]/.test(text.charAt(mostCellLetters - 1)) ? mostCellLetters - 1 : mostCellLetters
  return { kind: 'text', text: text.slice(0, end), isCut: true }
}

function isNumber(type: string, text: string): boolean {
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return false
  // A double is the same in Excel, however many digits it is told with.
  if (/^(DOUBLE|FLOAT)/.test(type)) return Number.isFinite(Number(text))
  if (!/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|^DECIMAL/.test(type)) return false
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  return `${whole}${fraction.replace(/0+$/, '')}`.replace(/^0+/, '').length <= mostDigits
}

const dayMs = 86_400_000
/** Excel counts days from here, and believes that 1900 was a leap year: before March of it, days are off by one. */
const dayZero = Date.UTC(1899, 11, 30)
const firstSureDay = Date.UTC(1900, 2, 1)

/** Excel has no zones: the moment stands as the database told it. */
function serialTime(type: string, text: string): ExcelCell {
  if (!/^(DATE|TIMESTAMP)/.test(type)) return null
  const [, day, time = '00:00:00'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d*)?(?:Z|\+00(?::00)?)?$/.exec(text) ?? []
  if (day === undefined) return null
  const at = Date.parse(`${day}T${time}Z`)
  if (Number.isNaN(at) || at < firstSureDay) return null
  const style = type === 'DATE' ? cellStyles.day : cellStyles.moment
  return { kind: 'number', text: String((at - dayZero) / dayMs), style }
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/**
 * A text as the XML of a sheet has it. What XML cannot hold is told by its number, and a text that looks like that tells
 * its first sign so.
 * @see ECMA-376 part 1, § 22.9.2.19 (ST_Xstring), read 2026-11-25
 */
export const xmlText = (text: string): string =>
  text
    .replaceAll(/_(?=x[0-9a-f]{4}_)/gi, '_x005F_')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML cannot hold
    .replaceAll(/[\u0000-\u0008\u000b\u000c\r\u000e-\u001f\ufffe\uffff]/g, (sign) => {
      const number = sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
      return `_x${number}_`
    })
    .replaceAll(/[&<>"]/g, (sign) => entities[sign] ?? sign)
