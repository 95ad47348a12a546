import type {
  ColumnWrite,
  ConnectorWrites,
  PlatformTable,
  RowWrite,
  TableWrite,
  WriteAnswer,
  WriteValue,
} from '@sluis/engine'
import type { IncomingResponse } from '@sluis/shared'
import { column, divided, office } from './columns.ts'
import { readXmlPage } from './page.ts'
import { documentRequest, escapeXml, judgeAnswer, messagesIn } from './soap.ts'
import { centsText, dayText, periodText, unfit } from './wire-values.ts'
import { dimensionRequest, dimensionWrite } from './write-dimensions.ts'
import { salesInvoiceRequest, salesInvoicesTable, salesInvoiceWrite } from './write-invoices.ts'
import { matchesTable, matchRequest, matchWrite } from './write-matches.ts'

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

const isThe = (known: PlatformTable, { schema, name }: PlatformTable) =>
  schema === known.schema && name === known.name

/** How bookings, matches, sales invoices and dimensions are written: one document each, stored whole or not at all. @see DEV, transactions (read November 2026) */
export function twinfieldWrites(dimensionTypes: ReadonlyMap<string, string>): ConnectorWrites {
  const dimensionTypeOf = ({ schema, name }: PlatformTable) =>
    schema === 'dimensions' ? (dimensionTypes.get(name) ?? null) : null
  return {
    describe(table) {
      const type = dimensionTypeOf(table)
      if (isThe(transactionsTable, table)) return transactionWrite
      if (isThe(salesInvoicesTable, table)) return salesInvoiceWrite
      if (isThe(matchesTable, table)) return matchWrite
      return type === null ? null : dimensionWrite(type)
    },
    request(baseUrl, write) {
      const type = dimensionTypeOf(write.table)
      if (type !== null) return dimensionRequest(baseUrl, type, write)
      if (isThe(salesInvoicesTable, write.table)) return salesInvoiceRequest(baseUrl, write)
      if (isThe(matchesTable, write.table)) return matchRequest(baseUrl, write)
      if (write.partition === null || write.verb !== 'insert')
        throw new TypeError(`${write.verb} of a booking`)
      return documentRequest(baseUrl, write.partition.id, transactionXml(write, write.partition.id))
    },
    judge: judgeWrite,
    readInserted(table, body) {
      const { bytes } = readXmlPage(body)
      const [row = '{}'] = bytes.toString('utf8').split('\n')
      const field = table.columns.find(({ isKey, page: place }) => isKey && place)?.page?.field ?? ''
      return { row, key: (JSON.parse(row) as Record<string, string>)[field] ?? null }
    },
  }
}

function transactionXml({ values }: RowWrite, code: string): string {
  const destiny = String(values.get('Destiny') ?? 'temporary')
  if (destiny !== 'temporary' && destiny !== 'final') throw unfit('Destiny', 'temporary or final')
  const heads = Object.entries(header).map(([name, tag]) => elementOf(tag, name, values.get(name) ?? null))
  const lines = (values.get('Lines') ?? []) as readonly Readonly<Record<string, unknown>>[]
  // The service answers more with a bare status 400.
  if (lines.length > 1000) throw unfit('Lines', 'a list of at most 1000 lines')
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
  const text =
    name === 'Date' || name === 'DueDate'
      ? dayText(name, value)
      : name === 'Period'
        ? periodText(name, value)
        : name === 'Value'
          ? centsText('Lines.Value', value)
          : String(value)
  return `<${tag}>${escapeXml(text)}</${tag}>`
}

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
