import type {
  ColumnWrite,
  ConnectorWrites,
  PlatformTable,
  RowWrite,
  TableWrite,
  WriteAnswer,
  WriteValue,
} from '@sluis/engine'
import { type IncomingResponse, SluisError } from '@sluis/shared'
import { column, divided, office } from './columns.ts'
import { readXmlPage } from './page.ts'
import { documentRequest, escapeXml, judgeAnswer, messagesIn } from './soap.ts'
import { dimensionRequest, dimensionWrite } from './write-dimensions.ts'

/** Elements of a transaction's header and of its lines, in the order of the documentation. */
const header = {
  Code: 'code',
  Currency: 'currency',
  Date: 'date',
  Period: 'period',
  InvoiceNumber: 'invoicenumber',
  DueDate: 'duedate',
} as const
const line = {
  Dim1: 'dim1',
  Dim2: 'dim2',
  Value: 'value',
  DebitCredit: 'debitcredit',
  VatCode: 'vatcode',
  Description: 'description',
} as const

const headerColumn = (name: keyof typeof header) =>
  column(name, `header/${header[name]}`, name === 'Date' || name === 'DueDate' ? 'TIMESTAMP' : 'VARCHAR')
const lineColumn = (name: string) => column(name, name, name === 'Value' ? 'DECIMAL(38,10)' : 'VARCHAR')

/** A table to write bookings to. They are read in bulk as browse codes, by line. */
export const transactionsTable: PlatformTable = {
  schema: 'transactions',
  name: 'Transactions',
  columns: [
    office,
    column('Number', 'header/number', 'BIGINT', true),
    column('Destiny', '@location', 'VARCHAR'),
    ...(Object.keys(header) as (keyof typeof header)[]).map(headerColumn),
    {
      name: 'Lines',
      type: { list: ['Type', ...Object.keys(line)].map(lineColumn) },
      isNullable: true,
      isKey: false,
      // Not in an answer's rows: what was sent is known.
      page: { field: 'Lines', jsonType: 'VARCHAR', expression: 'NULL' },
    },
  ],
  ...divided,
}

const rule = (isMandatory: boolean) => ({ isInsertable: true, isUpdatable: false, isMandatory })
const mandatory = new Set(['Code', 'Date', 'Period', 'Type', 'Dim1', 'Value', 'DebitCredit'])
const rules = (names: readonly string[]) => names.map((name) => [name, rule(mandatory.has(name))] as const)

const transactionWrite: TableWrite = {
  canInsert: true,
  canUpdate: false,
  canDelete: false,
  columns: new Map<string, ColumnWrite>([
    ...rules(['Destiny', ...Object.keys(header)]),
    ['Lines', { ...rule(true), lines: new Map(rules(['Type', ...Object.keys(line)])) }],
  ]),
  // The number is Twinfield's own, and nothing else of a booking is unique there.
  naturalKey: [],
}

const isTransactions = ({ schema, name }: PlatformTable) =>
  schema === transactionsTable.schema && name === transactionsTable.name

/** How bookings and dimensions are written: one document each, stored whole or not at all. @see DEV, transactions (read November 2026) */
export function twinfieldWrites(dimensionTypes: ReadonlyMap<string, string>): ConnectorWrites {
  const dimensionTypeOf = ({ schema, name }: PlatformTable) =>
    schema === 'dimensions' ? (dimensionTypes.get(name) ?? null) : null
  return {
    describe(table) {
      const type = dimensionTypeOf(table)
      return isTransactions(table) ? transactionWrite : type === null ? null : dimensionWrite(type)
    },
    request(baseUrl, write) {
      const type = dimensionTypeOf(write.table)
      if (type !== null) return dimensionRequest(baseUrl, type, write)
      if (write.partition === null || write.verb !== 'insert')
        throw new TypeError(`${write.verb} of a booking`)
      return documentRequest(baseUrl, write.partition.id, transactionXml(write, write.partition.id))
    },
    judge: judgeWrite,
    readInserted(table, body) {
      const { bytes } = readXmlPage(body)
      const [row = '{}'] = bytes.toString('utf8').split('\n')
      const key = isTransactions(table) ? 'header/number' : 'code'
      return { row, key: (JSON.parse(row) as Record<string, string>)[key] ?? null }
    },
  }
}

function transactionXml({ values }: RowWrite, code: string): string {
  const destiny = String(values.get('Destiny') ?? 'temporary')
  if (destiny !== 'temporary' && destiny !== 'final') throw unfit('Destiny', 'temporary or final')
  const heads = Object.entries(header).map(([name, tag]) => elementOf(tag, name, values.get(name) ?? null))
  const lines = (values.get('Lines') ?? []) as readonly Readonly<Record<string, unknown>>[]
  const lineXml = lines.map((one, at) => {
    const type = String(one.Type)
    if (!/^(total|detail|vat)$/.test(type)) throw unfit('Lines.Type', 'total, detail or vat')
    if (!/^(debit|credit)$/.test(String(one.DebitCredit))) throw unfit('Lines.DebitCredit', 'debit or credit')
    const parts = Object.entries(line).map(([name, tag]) =>
      elementOf(tag, name, (one[name] ?? null) as WriteValue),
    )
    return `<line type="${type}" id="${at + 1}">${parts.join('')}</line>`
  })
  return `<transactions><transaction destiny="${destiny}"><header><office>${escapeXml(code)}</office>${heads.join('')}</header><lines>${lineXml.join('')}</lines></transaction></transactions>`
}

function elementOf(tag: string, name: string, value: WriteValue): string {
  if (value === null) return ''
  let text = String(value)
  if (name === 'Date' || name === 'DueDate') {
    const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)(?: 00:00:00)?$/.exec(text) ?? []
    if (year === undefined) throw unfit(name, 'a day')
    text = `${year}${month}${day}`
  }
  if (name === 'Period' && !/^\d{4}\/\d{2}$/.test(text)) throw unfit(name, 'a period such as 2026/01')
  if (name === 'Value') {
    // Whole cents without a sign: which side is told apart.
    const [, whole, cents = ''] = /^(\d+)(?:\.(\d{1,2})0*)?$/.exec(text) ?? []
    if (whole === undefined) throw unfit('Lines.Value', 'an amount in cents without a sign')
    text = `${whole}.${cents.padEnd(2, '0')}`
  }
  return `<${tag}>${escapeXml(text)}</${tag}>`
}

const unfit = (field: string, what: string) =>
  new SluisError('INVALID_REQUEST', `A value for ${field} is not ${what}.`, { details: { field } })

/** HTTP stays 200 for what the administration refuses; every part that is wrong tells why. */
export function judgeWrite(response: IncomingResponse, receivedAt: number): WriteAnswer {
  if (response.status === 200) {
    const text = response.body.toString('utf8')
    const result = /Result[^>]*>\s*<\w+[^>]*\sresult="([01])"/.exec(text)?.[1]
    if (result === '1') return { kind: 'done' }
    return result === '0'
      ? { kind: 'refused', text: messagesIn(text).join('; ') || 'Twinfield refuses the document.' }
      : { kind: 'unknown', text: 'The answer does not say whether the document is stored.' }
  }
  const read = judgeAnswer(response, receivedAt)
  switch (read.kind) {
    case 'token-refused':
    case 'rate-limited':
    case 'refused':
    case 'moved':
      return read
    case 'forbidden':
      return { kind: 'refused', text: read.text }
    case 'rows':
      return { kind: 'unknown', text: `HTTP ${response.status}` }
    case 'transient':
    case 'too-much':
      return { kind: 'unknown', text: read.text }
    default:
      throw read satisfies never
  }
}
