import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { exactOnlineCatalogue } from '@sluis/facts'
import { must } from '@sluis/shared'
import { deletedTypes } from './data/deleted-types.ts'
import { type Lab, startLab } from './testing/lab.ts'

let lab: Lab
before(async () => {
  lab = await startLab()
})
after(() => lab.close())

const accounts = 'sync/CRM/Accounts'

describe('§ 4.1: streams', () => {
  test('§ 4.1: a first run reads 1,000 a page in the order of Timestamp, whose key the next page is from', async () => {
    const first = await lab.get('sync/Financial/TransactionLines?$filter=Timestamp gt 1&$select=Timestamp,ID')
    assert.equal(first.d.results.length, 1000)
    assert.match(first.d.__next, /\$skiptoken=\d+L$/)
    const all = await lab.all('sync/Financial/TransactionLines?$filter=Timestamp gt 1L&$select=Timestamp,ID')
    const stamps = all.map(({ Timestamp }) => BigInt(String(Timestamp)))
    assert.ok(stamps.every((stamp, at) => at === 0 || stamp > must(stamps[at - 1])))
    assert.equal(new Set(all.map(({ ID }) => ID)).size, all.length)
  })

  test('§ 4.1: Timestamp is a text of digits in JSON, and the key of the address', async () => {
    const [row] = await lab.rows(`${accounts}?$filter=Timestamp gt 1L&$top=1`)
    assert.match(String(row?.Timestamp), /^\d+$/)
    assert.equal(typeof row?.Timestamp, 'string')
    assert.match((must(row).__metadata as { uri: string }).uri, /Accounts\(\d+L\)$/)
  })

  test('§ 4.1: the literal may go without its suffix', async () => {
    const [row] = await lab.rows(`${accounts}?$filter=Timestamp gt 1L&$top=1`)
    const after = async (literal: string) =>
      (await lab.rows(`${accounts}?$filter=Timestamp gt ${literal}&$select=ID&$top=5`)).map(({ ID }) => ID)
    assert.deepEqual(await after(`${row?.Timestamp}`), await after(`${row?.Timestamp}L`))
  })

  for (const [what, path, status] of [
    ['Timestamp', `${accounts}?$filter=Timestamp gt 1L`, 200],
    ['Modified, for a first load', `${accounts}?$filter=Modified gt datetime'2020-01-01'`, 200],
    ['another property', `${accounts}?$filter=Timestamp gt 1L and Name eq 'x'`, 400],
    ['EntityType of deletions', 'sync/Deleted?$filter=Timestamp gt 1L and EntityType eq 2', 200],
    ['EntityKey of deletions', 'sync/Deleted?$filter=EntityKey ne null', 400],
    ['$select=*', `${accounts}?$filter=Timestamp gt 1L&$select=*`, 400],
  ] as const) {
    test(`§ 4.1: ${what}: ${status}`, async () => {
      assert.equal((await lab.get(path)).status, status)
    })
  }

  test('§ 4.1: SyncTimestamp turns a time of change into the version to start from', async () => {
    const rows = await lab.all(`${accounts}?$filter=Timestamp gt 1L&$select=Timestamp,ID,Modified`)
    const time = (row: Record<string, unknown>) => Number(/\d+/.exec(String(row.Modified))?.[0])
    const modified = Date.UTC(2025, 0, 1)
    const { d } = await lab.get(
      `sync/SyncTimestamp?modified=datetime'${new Date(modified).toISOString().slice(0, 19)}'&endPoint='CRM/Accounts'`,
    )
    const changed = rows.filter((row) => time(row) >= modified)
    assert.ok(changed.length > 0 && changed.length < rows.length)
    const after = await lab.all(`${accounts}?$filter=Timestamp gt ${d.SyncTimestamp}L&$select=ID`)
    const ids = new Set(after.map(({ ID }) => ID))
    assert.ok(changed.every(({ ID }) => ids.has(ID)))
  })
})

describe('§ 4.1: streams of headers and lines', () => {
  test('§ 4.1: headers and lines share one stream, the header as line 0', async () => {
    const invoices = await lab.all(
      'bulk/SalesInvoice/SalesInvoices?$select=InvoiceID,AmountDC,InvoiceNumber&$filter=InvoiceID ne null',
    )
    const lines = await lab.all(
      'bulk/SalesInvoice/SalesInvoiceLines?$select=ID,InvoiceID,LineNumber,AmountDC&$filter=ID ne null',
    )
    const stream = await lab.all(
      'sync/SalesInvoice/SalesInvoices?$filter=Timestamp gt 1L&$select=Timestamp,ID,InvoiceID,LineNumber,AmountDC,InvoiceNumber,Item',
    )
    assert.equal(stream.length, invoices.length + lines.length)
    const headerRows = stream.filter(({ LineNumber }) => LineNumber === 0)
    assert.deepEqual(
      headerRows.map(({ ID, InvoiceID, AmountDC, Item }) => [ID, InvoiceID, AmountDC, Item]),
      invoices.map(({ InvoiceID, AmountDC }) => [InvoiceID, InvoiceID, AmountDC, null]),
    )
    const lineRows = stream.filter(({ LineNumber }) => Number(LineNumber) > 0)
    assert.deepEqual(
      lineRows.map(({ ID, InvoiceID, LineNumber, AmountDC }) => [ID, InvoiceID, LineNumber, AmountDC]),
      lines.map(({ ID, InvoiceID, LineNumber, AmountDC }) => [ID, InvoiceID, LineNumber, AmountDC]),
    )
    const number = new Map(invoices.map(({ InvoiceID, InvoiceNumber }) => [InvoiceID, InvoiceNumber]))
    for (const row of lineRows) assert.equal(row.InvoiceNumber, number.get(row.InvoiceID))
  })

  test('§ 4.1: a new invoice comes last, with its lines; a deleted one is gone, with its lines', async () => {
    const [customer] = await lab.rows('crm/Accounts?$filter=ID ne null&$select=ID&$top=1')
    const [account] = await lab.rows('financial/GLAccounts?$filter=ID ne null&$select=ID&$top=1')
    const feed = (after: unknown) =>
      lab.all(
        `sync/SalesInvoice/SalesInvoices?$filter=Timestamp gt ${after}L&$select=Timestamp,ID,InvoiceID,LineNumber`,
      )
    const before = await feed(1)
    const last = before.at(-1)?.Timestamp
    const line = { GLAccount: account?.ID, Quantity: 1, NetPrice: 5 }
    const [item] = await lab.rows('logistics/Items?$filter=ID ne null&$select=ID&$top=1')
    const { d, status, text } = await lab.call('salesinvoice/SalesInvoices', {
      method: 'POST',
      body: {
        Journal: '70',
        OrderedBy: customer?.ID,
        SalesInvoiceLines: [line, line].map((one) => ({ ...one, Item: item?.ID })),
      },
    })
    assert.equal(status, 201, text)
    const news = await feed(last)
    assert.ok(news.every(({ InvoiceID }) => InvoiceID === d.InvoiceID))
    assert.deepEqual(news.map(({ LineNumber }) => LineNumber).sort(), [0, 1, 2])
    await lab.call(`salesinvoice/SalesInvoices(guid'${d.InvoiceID}')`, { method: 'DELETE' })
    assert.deepEqual(await feed(last), [])
    assert.equal((await feed(1)).length, before.length)
  })
})

describe('§ 4.2: sync/Deleted', () => {
  test('§ 4.2: every entity with a number exists in the catalogue', () => {
    const paths = new Set(
      exactOnlineCatalogue().map(({ uri }) => uri.replace('/api/v1/{division}/', '').toLowerCase()),
    )
    assert.deepEqual(
      Object.keys(deletedTypes).filter((path) => !paths.has(path)),
      [],
    )
    assert.equal(new Set(Object.values(deletedTypes)).size, Object.values(deletedTypes).length)
  })

  test('§ 4.2: the numbers are those of the document', () => {
    // Without those of entities that the catalogue lacks or that clients cannot delete.
    const documented = `1 TransactionLines, 2 Accounts, 3 Addresses, 4 DocumentAttachments, 5 Contacts, 6 Documents, 7 GLAccounts,
      8 SalesItemPrices, 9 Items, 10 PaymentConditions, 13 SalesInvoices, 14 TimeTransactions, 16 GoodsDeliveries,
      17 GoodsDeliveryLines, 18 GLClassifications, 19 ItemWarehouses, 21 Projects, 22 PurchaseOrders, 23 Subscriptions,
      24 SubscriptionLines, 26 ProjectPlanning, 27 LeaveAbsenceHoursByDay, 32 SalesOrders, 33 SalesOrderLines,
      34 Quotations, 35 QuotationLines, 36 ShopOrders, 37 ShopOrderMaterialPlans, 38 ShopOrderRoutingStepPlans,
      39 Schedules, 42 Employees, 43 Employments, 44 EmploymentContracts, 45 EmploymentOrganizations,
      47 EmploymentSalaries, 48 BankAccounts`
    assert.deepEqual(
      Object.entries(deletedTypes).map(([path, number]) => `${number} ${path.split('/')[1]}`),
      documented.split(',').map((pair) => pair.trim().toLowerCase()),
    )
  })

  test('§ 4.2: what can be deleted is listed with its number, its key, who and when', async () => {
    const { d: me } = await lab.get('/api/v1/current/Me')
    const { now } = (await lab.control('clock')).body
    const deletable = exactOnlineCatalogue().filter(
      ({ uri, methods, kind }) =>
        kind === 'rest' &&
        methods.includes('DELETE') &&
        uri.replace('/api/v1/{division}/', '').toLowerCase() in deletedTypes,
    )
    assert.ok(deletable.length >= 10)
    const earlier = (await lab.rows('sync/Deleted?$filter=Timestamp gt 1L')).length
    const expected: unknown[] = []
    for (const { uri, properties, filterFields } of deletable) {
      const path = uri.replace('/api/v1/{division}/', '')
      const key = must(properties.find((property) => property.key)).name
      const field = filterFields?.[0]
      const filter = field ? `&$filter=${field} ne null or ${field} eq null` : ''
      const [row] = await lab.rows(`${path}?$top=1&$select=${key}${filter}`)
      const id = row?.[key]
      assert.equal((await lab.call(`${path}(guid'${id}')`, { method: 'DELETE' })).status, 204, path)
      expected.push([deletedTypes[path.toLowerCase()], id])
    }
    const listed = (await lab.rows('sync/Deleted?$filter=Timestamp gt 1L')).slice(earlier)
    assert.deepEqual(
      listed.map(({ EntityType, EntityKey }) => [EntityType, EntityKey]),
      expected,
    )
    for (const row of listed) {
      assert.deepEqual(
        Object.keys(row)
          .filter((name) => name !== '__metadata')
          .sort(),
        ['DeletedBy', 'DeletedDate', 'Division', 'EntityKey', 'EntityType', 'ID', 'Timestamp'],
      )
      assert.deepEqual([row.DeletedBy, row.Division], [me.results[0].UserID, lab.division])
      const wall = Number(/\d+/.exec(String(row.DeletedDate))?.[0])
      assert.ok(Math.abs(wall - now) < 3 * 3_600_000)
    }
    const [type, id] = must(expected[0]) as [number, string]
    const own = await lab.rows(`sync/Deleted?$filter=Timestamp gt 1L and EntityType eq ${type}`)
    assert.deepEqual(
      own.map(({ EntityKey }) => EntityKey),
      [id],
    )
  })

  test('§ 4.2: it forgets after two months', async () => {
    assert.ok((await lab.rows('sync/Deleted?$filter=Timestamp gt 1L')).length > 0)
    await lab.advance(59 * 86_400)
    await lab.as('anna')
    assert.ok((await lab.rows('sync/Deleted?$filter=Timestamp gt 1L')).length > 0)
    await lab.advance(2 * 86_400)
    await lab.as('anna')
    assert.deepEqual(await lab.rows('sync/Deleted?$filter=Timestamp gt 1L'), [])
  })
})
