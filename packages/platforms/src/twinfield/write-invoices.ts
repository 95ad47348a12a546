import type { ColumnWrite, PlatformTable, RowWrite, TableWrite, WriteValue } from '@sluis/engine'
import type { OutgoingRequest } from '@sluis/shared'
import { column, divided, office } from './columns.ts'
import { documentRequest, escapeXml } from './soap.ts'
import { dayText, decimalText, periodText, unfit } from './wire-values.ts'

/** Elements of an invoice's header and of its lines, in the order of the documentation. */
const header = {
  InvoiceType: 'invoicetype',
  InvoiceDate: 'invoicedate',
  Customer: 'customer',
  Bank: 'bank',
  Status: 'status',
  Currency: 'currency',
  Period: 'period',
  DueDate: 'duedate',
} as const
const line = {
  Article: 'article',
  Quantity: 'quantity',
  Units: 'units',
  UnitsPriceExcl: 'unitspriceexcl',
  VatCode: 'vatcode',
} as const
const decimals: ReadonlySet<string> = new Set(['Quantity', 'Units', 'UnitsPriceExcl'])
const isDay = (name: string) => /Date$/.test(name)

/** Sales invoices: written, and read by type and number. Open ones are listed in `finder.IVT`. */
export const salesInvoicesTable: PlatformTable = {
  schema: 'invoices',
  name: 'SalesInvoices',
  columns: [
    office,
    // Counted by type: the number alone names no invoice, and is nothing to calculate with.
    column('InvoiceNumber', 'header/invoicenumber', 'VARCHAR', true),
    ...Object.entries(header).map(([name, tag]) =>
      column(name, `header/${tag}`, isDay(name) ? 'TIMESTAMP' : 'VARCHAR'),
    ),
    {
      name: 'Lines',
      type: {
        list: Object.keys(line).map((name) =>
          column(name, name, decimals.has(name) ? 'DECIMAL(38,10)' : 'VARCHAR'),
        ),
      },
      isNullable: true,
      isKey: false,
      page: {
        field: 'Lines',
        jsonType: 'JSON',
        expression: `list_transform(from_json("Lines", '${JSON.stringify([
          Object.fromEntries(Object.values(line).map((tag) => [tag, 'VARCHAR'])),
        ])}'), lambda line_: {${Object.entries(line)
          .map(([name, tag]) => {
            const raw = `line_."${tag}"`
            return `'${name}': ${decimals.has(name) ? `TRY_CAST(${raw} AS DECIMAL(38,10))` : raw}`
          })
          .join(', ')}})`,
      },
    },
  ],
  ...divided,
}

const mandatory = new Set(['InvoiceType', 'Customer', 'Article', 'Quantity'])
const rules = (names: readonly string[]) =>
  names.map((name): [string, ColumnWrite] => [
    name,
    { isInsertable: true, isUpdatable: false, isMandatory: mandatory.has(name) },
  ])

export const salesInvoiceWrite: TableWrite = {
  canInsert: true,
  canUpdate: false,
  canDelete: false,
  columns: new Map<string, ColumnWrite>([
    ...rules(Object.keys(header)),
    [
      'Lines',
      {
        isInsertable: true,
        isUpdatable: false,
        isMandatory: true,
        lines: new Map(rules(Object.keys(line))),
      },
    ],
  ]),
  // The number is Twinfield's own, and nothing else of an invoice is unique there.
  naturalKey: [],
}

/** The document of one invoice, stored whole or not at all. @see DEV, sales invoices (read November 2026) */
export function salesInvoiceRequest(baseUrl: string, { verb, partition, values }: RowWrite): OutgoingRequest {
  if (partition === null || verb !== 'insert') throw new TypeError(`${verb} of an invoice`)
  const status = values.get('Status') ?? 'concept'
  if (status !== 'concept' && status !== 'final') throw unfit('Status', 'concept or final')
  const heads = Object.entries(header).map(([name, tag]) =>
    elementOf(tag, name, name === 'Status' ? status : values.get(name)),
  )
  const lines = (values.get('Lines') ?? []) as readonly Readonly<Record<string, WriteValue>>[]
  const lineXml = lines.map((one) => {
    const parts = Object.entries(line).map(([name, tag]) => elementOf(tag, name, one[name]))
    return `<line>${parts.join('')}</line>`
  })
  const code = escapeXml(partition.id)
  const document = `<salesinvoices><salesinvoice><header><office>${code}</office>${heads.join('')}</header><lines>${lineXml.join('')}</lines></salesinvoice></salesinvoices>`
  return documentRequest(baseUrl, partition.id, document)
}

function elementOf(tag: string, name: string, value: WriteValue | undefined): string {
  if (value === undefined || value === null) return ''
  const text = isDay(name)
    ? dayText(name, value)
    : name === 'Period'
      ? periodText(name, value)
      : decimals.has(name)
        ? decimalText(value)
        : String(value)
  return `<${tag}>${escapeXml(text)}</${tag}>`
}
