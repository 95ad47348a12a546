import type { PlatformTable, ScalarType, TableColumn } from '../../catalog/table.ts'
import { typeText } from '../../run/scan-view.ts'
import type { CorpusValues } from './corpus-statement.ts'

/** Texts that the corpus asks for, and their likes: other case, trailing blanks, what LIKE takes and what it leaves. */
const texts = [
  'C',
  'c',
  'S',
  'C ',
  'Leiden',
  'LEIDEN',
  'Amsterdam',
  'Vos',
  'Peters',
  'ACME Nederland B.V.',
  'acme',
  'Noordzee Handel B.V.',
  'Müller & Zonen V.O.F.',
  'info@example.com',
  'I00001',
  'I00002',
  'I00007',
  '1000',
  '12',
  '1',
  '2',
  '',
]
const moments = [
  '2019-05-20',
  '2019-12-31 23:59:59.999',
  '2020-05-31 12:00:00',
  '2021-01-01',
  '2021-12-01',
  '2021-12-30',
  '2021-12-30 08:15:00',
  '2021-12-31 23:59:59.999999',
  '2022-01-01',
  '2023-08-18 23:59:59',
  '2023-08-19',
  '2024-03-02 11:30:00.123456',
  '2024-03-02 11:30:00.123457',
  '2026-02-01',
]
/** By column, the table whose keys it holds. */
const references: Readonly<Record<string, string>> = {
  InvoiceTo: 'Accounts',
  OrderedBy: 'Accounts',
  Account: 'Accounts',
  Parent: 'Accounts',
  MainContact: 'Contacts',
  InvoiceID: 'SalesInvoices',
  Item: 'Items',
}

/**
 * The SELECT that makes `rows` rows of a table out of nothing, the same for the same seed: few different values, so
 * that joins meet, with NULL wherever it may be.
 */
export function corpusData(table: PlatformTable, rows: number, seed: number, values: CorpusValues): string {
  const columns = table.columns.map((column) => {
    const draw = `hash(i, '${table.name}.${column.name}', ${seed})`
    const value = column.isKey ? keyOf(table.name, 'i', values) : drawn(column, draw, values)
    const isNull = column.isNullable && !column.isKey ? `${draw} % 7 = 0` : 'false'
    return `CASE WHEN ${isNull} THEN NULL ELSE ${value} END::${typeText(column.type)} AS "${column.name}"`
  })
  return `SELECT ${columns.join(', ')} FROM range(${rows}) t(i)`
}

function drawn(column: TableColumn, draw: string, values: CorpusValues): string {
  // The low bits decide on NULL already.
  const number = `(((${draw} >> 8) % 1000)::BIGINT)`
  if (column.name === 'Division') return pick([values.division, values.otherDivision, 7], number)
  if (column.name === 'InvoiceNumber') return `${values.firstInvoiceNumber} + i`
  const target = references[column.name]
  if (target !== undefined && column.type === 'UUID') return keyOf(target, `(${number} % 50)`, values)
  if (typeof column.type === 'object') return `[NULL::${typeText(column.type).slice(0, -2)}]`
  const pools: Readonly<Record<ScalarType, string>> = {
    BOOLEAN: `${number} % 2 = 0`,
    SMALLINT: pick([10, 20, 50], number),
    INTEGER: pick([10, 20, 50, 100000], number),
    BIGINT: pick(['9007199254740993', '1'], number),
    'DECIMAL(38,10)': pick(['0.1', '1000.5', '-3'], number),
    DOUBLE: pick([0, 0.1, 12, 100, 1000, 2500.5, 4000, 4950, -1], number),
    UUID: keyOf('Others', number, values),
    TIMESTAMP: pick(moments.map(quoted), number),
    VARCHAR: pick(texts.map(quoted), number),
  }
  return pools[column.type]
}

function keyOf(table: string, index: string, values: CorpusValues): string {
  if (table === 'Accounts') return `[${values.accountIds.slice(0, 80).map(quoted).join(', ')}][1 + ${index}]`
  const [first = ''] = values.invoiceIds
  if (table === 'SalesInvoices') return `'${first.slice(0, -12)}' || lpad((${index} + 1)::VARCHAR, 12, '0')`
  const prefix = `c0000000-0000-4000-8000-${Buffer.from(table).toString('hex').slice(0, 6)}`
  return `'${prefix}' || lpad((${index})::VARCHAR, 6, '0')`
}

function pick(list: readonly (string | number)[], number: string): string {
  return `[${list.join(', ')}][1 + ${number} % ${list.length}]`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
