import type { ColumnWrite, PlatformTable, RowWrite, TableWrite, WriteValue } from '@sluis/engine'
import type { OutgoingRequest } from '@sluis/shared'
import { column, divided, office } from './columns.ts'
import { documentRequest, escapeXml } from './soap.ts'
import { dayText, decimalText, unfit } from './wire-values.ts'

/** Elements of a matched line, in the order of the documentation. */
const line = {
  TransCode: 'transcode',
  TransNumber: 'transnumber',
  TransLine: 'transline',
  MatchValue: 'matchvalue',
} as const
const lineTypes = {
  TransCode: 'VARCHAR',
  TransNumber: 'BIGINT',
  TransLine: 'BIGINT',
  MatchValue: 'DECIMAL(38,10)',
} as const
type LineName = keyof typeof line

/** A table to write matches to: lines of bookings that are settled with each other. Codes: 070, 170, 270, 370. */
export const matchesTable: PlatformTable = {
  schema: 'transactions',
  name: 'Matches',
  columns: [
    office,
    column('MatchCode', 'set/matchcode', 'VARCHAR', true),
    column('MatchDate', 'set/matchdate', 'TIMESTAMP'),
    {
      name: 'Lines',
      type: { list: (Object.keys(line) as LineName[]).map((name) => column(name, name, lineTypes[name])) },
      isNullable: true,
      isKey: false,
      // Not in an answer's rows: what was sent is known.
      page: { field: 'Lines', jsonType: 'VARCHAR', expression: 'NULL' },
    },
  ],
  ...divided,
}

const rule = (isMandatory: boolean): ColumnWrite => ({ isInsertable: true, isUpdatable: false, isMandatory })

export const matchWrite: TableWrite = {
  canInsert: true,
  canUpdate: false,
  canDelete: false,
  columns: new Map<string, ColumnWrite>([
    ['MatchCode', rule(true)],
    ['MatchDate', rule(true)],
    [
      'Lines',
      {
        ...rule(true),
        lines: new Map(Object.keys(line).map((name) => [name, rule(name !== 'MatchValue')])),
      },
    ],
  ]),
  // A match has no key of its own; whether one is there shows in the lines.
  naturalKey: [],
}

/** The document of one set: it is matched whole or not at all. @see wire facts § 3.5 */
export function matchRequest(baseUrl: string, { verb, partition, values }: RowWrite): OutgoingRequest {
  if (partition === null || verb !== 'insert') throw new TypeError(`${verb} of a match`)
  const code = String(values.get('MatchCode'))
  if (!/^(070|170|270|370)$/.test(code)) throw unfit('MatchCode', '070, 170, 270 or 370')
  const date = dayText('MatchDate', values.get('MatchDate') ?? '')
  const lines = (values.get('Lines') ?? []) as readonly Readonly<Record<string, WriteValue>>[]
  const lineXml = lines.map((one) => {
    const parts = (Object.keys(line) as LineName[]).map((name) => {
      const value = one[name] ?? null
      if (value === null) return ''
      return `<${line[name]}>${escapeXml(name === 'MatchValue' ? amountText(value) : String(value))}</${line[name]}>`
    })
    return `<line>${parts.join('')}</line>`
  })
  const document = `<match><set><office>${escapeXml(partition.id)}</office><matchcode>${code}</matchcode><matchdate>${date}</matchdate><lines>${lineXml.join('')}</lines></set></match>`
  return documentRequest(baseUrl, partition.id, document)
}

/** Signed, in cents. */
function amountText(value: WriteValue): string {
  const [, whole, cents = ''] = /^(-?\d+)(?:\.(\d{1,2}))?$/.exec(decimalText(value)) ?? []
  if (whole === undefined) throw unfit('Lines.MatchValue', 'an amount in cents')
  return `${whole}.${cents.padEnd(2, '0')}`
}
