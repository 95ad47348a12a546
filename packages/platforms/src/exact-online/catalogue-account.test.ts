import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exactOnlineCatalogue } from '@sluis/facts'
import { servedFunctions } from './functions.ts'
import { servedTables } from './tables.ts'
import { writableEntity } from './write-tables.ts'

// Every entry of the catalogue is accounted for: what it is in SQL, or why it is nothing there.

/** What only takes a POST and gives no rows: steps of a process, not data. */
const notInSql: Readonly<Record<string, string>> = {
  'cashflow/ProcessPayments': 'starts the processing of payments',
  'crm/AcceptQuotation': 'moves a quotation to another state',
  'crm/EmailWithSignOffQuotation': 'sends mail',
  'crm/OptionalQuotationLineID': 'part of the body of AcceptQuotation',
  'crm/PrintQuotation': 'prints',
  'crm/RejectQuotation': 'moves a quotation to another state',
  'crm/ReopenQuotation': 'moves a quotation to another state',
  'crm/ReviewQuotation': 'moves a quotation to another state',
  'financial/ProcessReturn': 'files a tax return',
  'inventory/FinishAssemblyOrder': 'moves an assembly order to another state',
  'inventory/ProcessStockCount': 'moves a stock count to another state',
  'inventory/ProcessWarehouseTransfer': 'moves a transfer to another state',
  'salesinvoice/InvoiceSalesOrders': 'makes invoices of orders',
  'salesinvoice/PrintedSalesInvoices': 'prints',
  'salesinvoice/SalesOrderID': 'part of the body of InvoiceSalesOrders',
  'salesorder/CompleteSalesOrder': 'moves an order to another state',
  'salesorder/CompleteSalesOrderLine': 'moves an order to another state',
  'salesorder/PrintedSalesOrders': 'prints',
}

test('each of the 438 entries is a table, a function or one of the steps that are named here, and nothing twice', () => {
  const catalogue = exactOnlineCatalogue()
  assert.equal(catalogue.length, 438)
  const paths = new Map(
    servedTables().flatMap(({ endpoints }) => endpoints.map(({ path, kind }) => [path, kind])),
  )
  const functions = new Map(servedFunctions().map((one) => [one.endpoint.path, one]))
  const counts: Record<string, number> = {}
  for (const { uri, kind, methods, properties } of catalogue) {
    const name = uri.replace(/^\/api\/v1\/(beta\/)?(\{division\}\/)?/, '')
    const served = paths.get(uri)
    const called = functions.get(uri)
    const reason = notInSql[name]
    const accounts = [served, called, reason].filter((account) => account !== undefined)
    assert.equal(accounts.length, 1, `${uri} is ${accounts.length} things in SQL`)
    const account = served ?? (called ? (called.isWrite ? 'writing function' : 'function') : 'step')
    counts[account] = (counts[account] ?? 0) + 1
    assert.equal(called !== undefined, kind === 'function', uri)
    if (reason !== undefined) assert.deepEqual(methods, ['POST'], uri)
    if (kind === 'bulk' || kind === 'sync') assert.equal(served, kind, uri)
    if (served) assert.ok(properties.length > 0, uri)
  }
  assert.deepEqual(counts, {
    plain: 241,
    read: 31,
    bulk: 21,
    sync: 56,
    function: 70,
    'writing function': 1,
    step: 18,
  })
  assert.equal(Object.keys(notInSql).length, counts.step)
})

/** Entities that offer POST, PUT or DELETE and are yet only read in SQL. */
const onlyRead: Readonly<Record<string, string>> = {
  'system.Divisions': 'its key is a number: closing a company is nothing for a statement',
  'system.Users': 'belongs to the licence, no company is in its address',
}

test('each entity that can be changed is written by its table, or is named here with the reason', () => {
  const tables = servedTables().filter(({ endpoints: [main] }) => main?.kind === 'plain')
  const left: string[] = []
  for (const { uri, methods } of exactOnlineCatalogue()) {
    const own = tables.find(({ endpoints: [main] }) => main?.path === uri)
    if (!own) continue
    const write = writableEntity(own.table)?.write ?? null
    const offers = (method: string) => methods.includes(method as 'GET')
    const [insert, update, remove] = [offers('POST'), offers('PUT'), offers('DELETE')]
    if (!insert && !update && !remove) {
      assert.equal(write, null, uri)
      continue
    }
    const name = `${own.table.schema}.${own.table.name}`
    if (write === null) left.push(name)
    else assert.deepEqual([write.canInsert, write.canUpdate, write.canDelete], [insert, update, remove], name)
  }
  assert.deepEqual(left.sort(), Object.keys(onlyRead).sort())
})
