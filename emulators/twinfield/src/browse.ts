import { type BrowseColumn, twinfieldBrowseCodes } from '@sluis/facts'
import { type Line, type Office, type Transaction, vatCodes } from './dataset.ts'
import type { Language } from './faults.ts'
import { childOf, element, escapeXml, textOf, type XmlNode } from './xml.ts'

export type Documented =
  | { readonly kind: 'rows'; readonly xml: string; readonly rows: number }
  | { readonly kind: 'error'; readonly text: string }

interface Row {
  readonly office: Office
  readonly transaction: Transaction
  readonly line: Line
}

/** Which lines a browse code shows; those that are not here show all. */
const ranges: Readonly<Record<string, (row: Row) => boolean>> = {
  '010': ({ line }) => line.matchStatus === 'available',
  100: ({ line }) => line.dim1 === '1300',
  '130_1': ({ line }) => line.dim1 === '1300',
  200: ({ line }) => line.dim1 === '1600',
  '230_2': ({ line }) => line.dim1 === '1600',
  410: ({ transaction }) => transaction.code === 'BNK',
  900: ({ line }) => line.dim2 === '001' || line.dim2 === '002',
}
/** Codes that sum up: rows with the same texts are one. */
const summed = new Set(['040_1', '060', '670'])
/** Every asked field must be visible there, and a filter on the match status is refused. */
const strict = new Set(['100', '200'])

interface Asked {
  readonly column: BrowseColumn
  readonly isVisible: boolean
  readonly operator: string
  readonly from: string
  readonly to: string
}

/** The rows that a `columns` document asks for. @see wire facts § 4 */
export function answerBrowse(document: XmlNode, office: Office, language: Language): Documented {
  const code = document.attributes.code ?? ''
  const definition = twinfieldBrowseCodes().find((known) => known.code === code)
  if (!definition) return { kind: 'error', text: `Browse code ${code} does not exist.` }
  const asked: Asked[] = []
  for (const node of document.children.filter(({ name }) => name === 'column')) {
    const field = textOf(node, 'field')
    const column = definition.columns.find((known) => known.field === field)
    const operator = textOf(node, 'operator') ?? 'none'
    if (!column) return { kind: 'error', text: 'Veld bestaat niet' }
    const isVisible = textOf(node, 'visible') === 'true'
    const isFilter = operator !== 'none'
    const isUnfit =
      (isFilter && column.operator === 'none') ||
      (isFilter && strict.has(code) && (!isVisible || /matchstatus$/.test(column.field)))
    if (isUnfit) return { kind: 'error', text: `Veld kan niet worden gevraagd: ${field}` }
    if (!/^(none|equal|between|like)$/.test(operator)) return { kind: 'error', text: `Operator ${operator}?` }
    asked.push({
      column,
      isVisible,
      operator,
      from: textOf(node, 'from') ?? '',
      to: textOf(node, 'to') ?? '',
    })
  }
  const isInRange = ranges[code] ?? (() => true)
  const rows = office.transactions
    .flatMap((transaction) => transaction.lines.map((line): Row => ({ office, transaction, line })))
    .filter(isInRange)
    .filter((row) => asked.every((one) => takes(one, fieldText(one.column.field, row))))
  for (const node of (childOf(document, 'sort')?.children ?? []).toReversed()) {
    const column = definition.columns.find((known) => known.field === node.text.trim())
    if (!column) return { kind: 'error', text: 'Veld bestaat niet' }
    const sign = node.attributes.order === 'descending' ? -1 : 1
    const textIn = (row: Row) => fieldText(column.field, row)
    rows.sort((a, b) => sign * compare(column, textIn(a), textIn(b)))
  }
  const visible = asked.filter(({ isVisible }) => isVisible).map(({ column }) => column)
  const head = visible
    .map(
      ({ field, type }) => `<td label="${escapeXml(field)}" hideforuser="false" type="${type}">${field}</td>`,
    )
    .join('')
  const texts = summed.has(code) ? sumUp(rows, visible) : rows.map((row) => cellsOf(row, visible))
  const body = texts.map((cells, at) => {
    const row = rows[at]
    const key =
      summed.has(code) || !row
        ? ''
        : `<key>${element('office', office.code)}${element('code', row.transaction.code)}${element('number', String(row.transaction.number))}${element('line', String(row.line.id))}</key>`
    const tds = visible
      .map(({ field, type }, index) => {
        const text = cells[index] ?? ''
        const shown = shownText(text, type, language)
        return element(
          'td',
          text,
          ` field="${field}" hideforuser="false" type="${type}"${shown === null ? '' : ` name="${escapeXml(shown)}"`}`,
        )
      })
      .join('')
    return `<tr>${tds}${key}</tr>`
  })
  const count = body.length
  return {
    kind: 'rows',
    rows: count,
    xml: `<browse result="1" first="${count === 0 ? 0 : 1}" last="${count}" total="${count}"><th>${head}</th>${body.join('')}</browse>`,
  }
}

const cellsOf = (row: Row, visible: readonly BrowseColumn[]) =>
  visible.map(({ field }) => fieldText(field, row))

function sumUp(rows: readonly Row[], visible: readonly BrowseColumn[]): string[][] {
  const isSummed = ({ type, field }: BrowseColumn) => type === 'Value' || /quantity$|count$/.test(field)
  const groups = new Map<string, { cells: string[]; sums: number[] }>()
  for (const row of rows) {
    const cells = cellsOf(row, visible)
    const key = JSON.stringify(cells.filter((_, at) => !isSummed(visible[at] as BrowseColumn)))
    const group = groups.get(key) ?? { cells, sums: cells.map(() => 0) }
    groups.set(key, group)
    cells.forEach((cell, at) => {
      // Cents as whole numbers: sums of amounts stay exact.
      group.sums[at] = (group.sums[at] ?? 0) + Math.round(Number(cell) * 100)
    })
  }
  return [...groups.values()].map(({ cells, sums }) =>
    cells.map((cell, at) => {
      const column = visible[at] as BrowseColumn
      return isSummed(column) ? money(sums[at] ?? 0, column.type === 'Value') : cell
    }),
  )
}

const money = (cents: number, isAmount = true) => (isAmount ? (cents / 100).toFixed(2) : String(cents / 100))

/** Numbers by their value, texts without case. */
const compare = ({ type }: BrowseColumn, a: string, b: string) =>
  ['Number', 'Decimal', 'Value', 'Long'].includes(type)
    ? Number(a) - Number(b)
    : a.toLowerCase().localeCompare(b.toLowerCase(), 'en')

function takes({ column, operator, from, to }: Asked, value: string): boolean {
  const isEmpty = (bound: string) => bound === '' || bound === '$DEFAULT$'
  if (operator === 'none' || (isEmpty(from) && isEmpty(to))) return true
  if (column.field === 'fin.trs.head.status' && from === 'normal')
    return value === 'temporary' || value === 'final'
  if (operator === 'like') {
    const pattern = from
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    return new RegExp(`^${pattern}$`, 'i').test(value)
  }
  const order = (bound: string) => compare(column, value, bound)
  if (operator === 'equal') return order(from) === 0
  if (value === '') return false
  return (isEmpty(from) || order(from) >= 0) && (isEmpty(to) || order(to) <= 0)
}

/** Texts that the user reads: dates in the Dutch form, codes in words. Null where the code is all there is. */
function shownText(text: string, type: string, language: Language): string | null {
  if (text === '') return null
  if (type === 'Date') return `${text.slice(6, 8)}/${text.slice(4, 6)}/${text.slice(0, 4)}`
  if (type === 'Datetime')
    return `${text.slice(6, 8)}/${text.slice(4, 6)}/${text.slice(0, 4)} ${text.slice(8, 10)}:${text.slice(10, 12)}:${text.slice(12, 14)}`
  return words[text]?.[language] ?? null
}

const words: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  draft: { nl: 'Concept', en: 'Draft' },
  temporary: { nl: 'Concept', en: 'Provisional' },
  final: { nl: 'Definitief', en: 'Final' },
  matched: { nl: 'Afgeletterd', en: 'Matched' },
  available: { nl: 'Beschikbaar', en: 'Available' },
  debit: { nl: 'Debet', en: 'Debit' },
  credit: { nl: 'Credit', en: 'Credit' },
}

/** A field of a row; fields of which the books hold nothing are empty. */
function fieldText(field: string, { office, transaction, line }: Row): string {
  const dimension = (code: string) =>
    office.dimensions.find(
      (known) => known.code === code && (code !== line.dim2 || isRelation(known.type, line.dim1)),
    )
  switch (field.replace('fin.trs.', '')) {
    case 'head.office':
      return office.code
    case 'head.officename':
      return office.name
    case 'head.year':
      return transaction.period.slice(0, 4)
    case 'head.period':
      return String(Number(transaction.period.slice(5)))
    case 'head.yearperiod':
      return transaction.period
    case 'head.code':
    case 'head.bankcode':
      return transaction.code
    case 'head.number':
      return String(transaction.number)
    case 'head.status':
      return transaction.status
    case 'head.date':
      return transaction.date
    case 'head.curcode':
      return 'EUR'
    case 'head.modified':
    case 'head.inpdate':
    case 'line.modified':
      return transaction.modified
    case 'head.relation':
    case 'line.dim2':
      return line.dim2
    case 'head.relationname':
    case 'line.dim2name':
      return dimension(line.dim2)?.name ?? ''
    case 'line.dim2type':
      return dimension(line.dim2)?.type ?? ''
    case 'line.dim1':
      return line.dim1
    case 'line.dim1name':
      return dimension(line.dim1)?.name ?? ''
    case 'line.dim1type':
      return dimension(line.dim1)?.type ?? ''
    case 'line.valuesigned':
    case 'line.basevaluesigned':
    case 'line.repvaluesigned':
      return money(line.cents)
    case 'line.openvaluesigned':
    case 'line.openbasevaluesigned':
      return money(line.openCents)
    case 'line.vatbasevaluesigned':
      return line.type === 'vat' ? money(line.cents) : ''
    case 'line.debitcredit':
      return line.cents < 0 ? 'credit' : 'debit'
    case 'line.vatcode':
      return vatCodes.some(({ code }) => code === line.vatCode) ? line.vatCode : ''
    case 'line.description':
      return line.description
    case 'line.invnumber':
      return transaction.invoice
    case 'line.matchstatus':
      return line.matchStatus
    case 'line.count':
      return '1'
    case 'head.count':
      return line.id === 1 ? '1' : '0'
    default:
      return ''
  }
}

function isRelation(type: string, dim1: string): boolean {
  return dim1 === '1300' ? type === 'DEB' : dim1 === '1600' ? type === 'CRD' : type === 'KPL'
}

/** A browse code's definition, as `read` gives it. */
export function browseDefinition(code: string, office: string): string | null {
  const definition = twinfieldBrowseCodes().find((known) => known.code === code)
  if (!definition) return null
  const columns = definition.columns.map(
    ({ field, visible, ask, operator }, at) =>
      `<column id="${at + 1}">${element('field', field)}${element('label', field)}${element('visible', String(visible))}${element('ask', String(ask ?? false))}${element('operator', operator ?? 'none')}<from/><to/><finderparam/></column>`,
  )
  return `<browse result="1">${element('office', office)}${element('code', code)}${element('name', definition.name)}<shortname/>${element('visible', 'true')}<columns code="${code}">${columns.join('')}</columns></browse>`
}
