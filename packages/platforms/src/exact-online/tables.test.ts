import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { TableColumn } from '@sluis/engine'
import { must } from '@sluis/shared'
import { servedTables } from './tables.ts'

const find = (name: string) =>
  must(servedTables().find(({ table }) => `${table.schema}.${table.name}` === name))
const column = (table: string, name: string): TableColumn =>
  must(find(table).table.columns.find((candidate) => candidate.name === name))

test('every readable entity set is a table with one Division column and one name', () => {
  const tables = servedTables()
  const names = tables.map(({ table }) => `${table.schema}.${table.name}`.toLowerCase())
  assert.equal(new Set(names).size, names.length)
  assert.equal(new Set(tables.flatMap(({ endpoints }) => endpoints.map(({ path }) => path))).size, 349)
  for (const { table } of tables) {
    const columns = table.columns.map(({ name }) => name.toLowerCase())
    assert.equal(columns.filter((name) => name === 'division').length, 1, table.name)
    assert.equal(new Set(columns).size, columns.length, table.name)
  }
})

const served: readonly (readonly [string, readonly string[]])[] = [
  ['crm.Accounts', ['crm/Accounts', 'bulk/CRM/Accounts']],
  ['bulk_crm.Accounts', ['bulk/CRM/Accounts']],
  ['sync_crm.Accounts', ['sync/CRM/Accounts']],
  ['sync.Deleted', ['sync/Deleted']],
  ['financial.ReceivablesList', ['read/financial/ReceivablesList']],
  ['read_financial.ReceivablesList', ['read/financial/ReceivablesList']],
  [
    'financialtransaction.TransactionLines',
    ['financialtransaction/TransactionLines', 'bulk/Financial/TransactionLines'],
  ],
  ['project.ProjectWBS', ['bulk/Project/ProjectWBS']],
  ['openingbalance.CurrentYearAfterEntry', ['openingbalance/CurrentYear/AfterEntry']],
  ['current.Me', ['current/Me']],
]
for (const [name, endpoints] of served) {
  test(`${name} is served by ${endpoints.join(' and ')}`, () => {
    assert.deepEqual(
      find(name).endpoints.map((endpoint) => endpoint.name),
      endpoints,
    )
  })
}

test('what has no company in its address has no partition and a Division that is NULL', () => {
  for (const name of ['current.Me', 'system.Users']) {
    assert.equal(find(name).table.partitionColumn, null)
    assert.equal(column(name, 'Division').page?.expression, 'CAST(NULL AS INTEGER)')
  }
  assert.equal(column('crm.Accounts', 'Division').page, undefined)
  assert.equal(find('users.UserRolesPerDivision').table.isPartitionFromUrl, false)
})

const types: readonly (readonly [string, string, unknown])[] = [
  ['crm.Accounts', 'ID', 'UUID'],
  ['crm.Accounts', 'Code', 'VARCHAR'],
  ['crm.Accounts', 'Created', 'TIMESTAMP'],
  ['crm.Accounts', 'Blocked', 'BOOLEAN'],
  ['crm.Accounts', 'DiscountSales', 'DOUBLE'],
  ['crm.Accounts', 'IsAccountant', 'SMALLINT'],
  ['sync_crm.Accounts', 'Timestamp', 'BIGINT'],
  ['documents.DocumentAttachments', 'Attachment', 'VARCHAR'],
  ['logistics.ItemAssortment', 'Properties', 'VARCHAR'],
]
for (const [table, name, type] of types) {
  test(`${table}.${name} is ${type}`, () => assert.deepEqual(column(table, name).type, type))
}

describe('values from pages', () => {
  let folder: string
  let connection: DuckDBConnection
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluis-tables-'))
    connection = await (await DuckDBInstance.create(':memory:')).connect()
  })
  after(() => {
    connection.closeSync()
    rmSync(folder, { recursive: true })
  })

  /** One row's value by the column's own reading rule, as JSON text that DuckDB writes. */
  async function read(table: string, name: string, row: object): Promise<unknown> {
    const { page, type } = column(table, name)
    assert.ok(page)
    const file = join(folder, 'page.json')
    writeFileSync(file, JSON.stringify([row]))
    const typeName = typeof type === 'string' ? type : null
    const sql = `SELECT to_json(${page.expression}${typeName === null ? '' : `::${typeName}`})::VARCHAR FROM read_json(['${file}'], format='array', columns={'${page.field}': '${page.jsonType}'})`
    const [value] = (await connection.runAndReadAll(sql)).getRows()[0] ?? []
    return typeof value === 'string' ? JSON.parse(value) : value
  }

  const id = '71b961de-0000-4000-8000-0123456789ab'
  const values: readonly (readonly [string, string, unknown, unknown])[] = [
    ['crm.Accounts', 'ID', id, id],
    ['crm.Accounts', 'ID', 'no guid', null],
    ['crm.Accounts', 'Code', '                 8', '8'],
    ['crm.Accounts', 'Country', 'NL ', 'NL'],
    ['crm.Accounts', 'Name', ' Bakker \u{1f950} "& Zn" ', ' Bakker \u{1f950} "& Zn" '],
    ['crm.Accounts', 'Name', null, null],
    ['crm.Accounts', 'Created', '/Date(1382667872203)/', '2013-10-25 02:24:32.203'],
    ['crm.Accounts', 'Created', '/Date(1351209600000)/', '2012-10-26 00:00:00'],
    ['crm.Accounts', 'Created', '/Date(-62135596800000)/', '0001-01-01 00:00:00'],
    ['crm.Accounts', 'Created', '/Date(-5)/', '1969-12-31 23:59:59.995'],
    ['crm.Accounts', 'Created', '/Date(9223372036854775807)/', null],
    ['crm.Accounts', 'Created', '', null],
    ['crm.Accounts', 'Created', null, null],
    ['crm.Accounts', 'Blocked', true, true],
    ['crm.Accounts', 'DiscountSales', 0.21, 0.21],
    ['crm.Accounts', 'DiscountSales', 1e21, 1e21],
    ['crm.Accounts', 'IsAccountant', 2, 2],
    ['crm.Accounts', 'IsAccountant', 99999, null],
    ['logistics.ItemAssortment', 'Properties', { results: [{ a: 1 }] }, '[{"a":1}]'],
  ]
  for (const [table, name, value, expected] of values) {
    test(`${table}.${name} of ${JSON.stringify(value)} is ${JSON.stringify(expected)}`, async () => {
      assert.deepEqual(await read(table, name, { [name]: value }), expected)
    })
  }

  test('a 64-bit integer keeps its digits, from text and from a number', async () => {
    const page = must(column('sync_crm.Accounts', 'Timestamp').page)
    writeFileSync(
      join(folder, 'page.json'),
      '[{"Timestamp":"9007199254740993"},{"Timestamp":9007199254740993}]',
    )
    const rows = await connection.runAndReadAll(
      `SELECT (${page.expression})::VARCHAR FROM read_json(['${folder}/page.json'], format='array', columns={'Timestamp': 'VARCHAR'})`,
    )
    assert.deepEqual(rows.getRows(), [['9007199254740993'], ['9007199254740993']])
  })

  const line = {
    ID: id,
    LineNumber: 1,
    AmountFC: 12.5,
    StartTime: '/Date(1351209600000)/',
    VATCode: '2  ',
    Extra: { x: 1 },
  }
  for (const [shape, lines, count] of [
    ['results', { results: [line, line] }, 2],
    ['an array', [line], 1],
    ['an empty list', { results: [] }, 0],
  ] as const) {
    test(`invoice lines given as ${shape} are a list of typed structs`, async () => {
      const got = await read('salesinvoice.SalesInvoices', 'SalesInvoiceLines', { SalesInvoiceLines: lines })
      assert.ok(Array.isArray(got))
      assert.equal(got.length, count)
      for (const item of got) {
        const { ID, LineNumber, AmountFC, StartTime, VATCode, ItemCode } = item as Record<string, unknown>
        assert.deepEqual(
          { ID, LineNumber, AmountFC, StartTime, VATCode, ItemCode },
          {
            ID: id,
            LineNumber: 1,
            AmountFC: 12.5,
            StartTime: '2012-10-26 00:00:00',
            VATCode: '2',
            ItemCode: null,
          },
        )
      }
    })
  }

  test('lines that were not expanded are NULL', async () => {
    const deferred = { SalesInvoiceLines: { __deferred: { uri: 'https://x' } } }
    assert.equal(await read('salesinvoice.SalesInvoices', 'SalesInvoiceLines', deferred), null)
  })

  test('the expression of every column of every table binds with its type', async () => {
    writeFileSync(join(folder, 'empty.json'), '[]')
    for (const { table } of servedTables()) {
      const paged = table.columns.filter(({ page }) => page !== undefined)
      const shape = paged.map(({ page }) => `'${page?.field}': '${page?.jsonType}'`).join(', ')
      const values = paged.map(({ page, type }, at) => {
        const name =
          typeof type === 'string'
            ? type
            : `STRUCT(${type.list.map((field) => `"${field.name}" ${String(field.type)}`).join(', ')})[]`
        return `(${page?.expression})::${name} AS c${at}`
      })
      const sql = `SELECT ${values.join(', ')} FROM read_json(['${folder}/empty.json'], format='array', columns={${shape}})`
      assert.equal((await connection.runAndReadAll(sql)).currentRowCount, 0, `${table.schema}.${table.name}`)
    }
  })
})
