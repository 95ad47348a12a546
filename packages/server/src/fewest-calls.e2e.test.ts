import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { must } from '@sluis/shared'
import { openQueryLab, type QueryLab } from './testing/query-lab.ts'

// Joins that cost fewer calls than their scans would one by one, over two companies: the answer is that of tables read
// whole, the calls are those of the platform's ledger.

let lab: QueryLab

before(async () => {
  lab = await openQueryLab({ divisions: 2, scale: 3 })
  await lab.run(lab.planned, { sql: 'SELECT Code FROM vat.VATCodes' })
})
after(() => lab.close())

const asSet = (rows: readonly (readonly unknown[])[]) =>
  rows
    .map((row) =>
      JSON.stringify(row.map((cell) => (typeof cell === 'number' ? Number(cell.toPrecision(10)) : cell))),
    )
    .sort()

/** Runs a statement as on a fresh database, then again; both answers are right and cost what they tell. */
async function runTwice(sql: string) {
  const whole = asSet((await lab.run(lab.whole, { sql })).rows)
  assert.ok(whole.length > 0, 'the statement finds rows')
  await lab.forget()
  const runs = []
  for (const round of ['first', 'second']) {
    const said = await lab.explain({ sql })
    const { result, calls } = await lab.seen(() => lab.run(lab.planned, { sql }))
    assert.deepEqual(asSet(result.rows), whole, `${round}: the answer`)
    assert.equal(result.stats.apiCalls, calls, `${round}: the ledger`)
    assert.ok(said.calls.min <= calls && calls <= (said.calls.max ?? calls), `${round}: explain's bounds`)
    if (round === 'second') assert.equal(said.calls.expected, calls, 'what explain expects')
    runs.push({ calls, said })
  }
  const [first, second] = runs
  return { first: must(first), second: must(second) }
}

describe('lines come with their header', () => {
  const pairs = [
    ['salesinvoice', 'SalesInvoices', 'SalesInvoiceLines', 'InvoiceID', 'InvoiceNumber'],
    ['salesorder', 'SalesOrders', 'SalesOrderLines', 'OrderID', 'OrderNumber'],
    ['crm', 'Quotations', 'QuotationLines', 'QuotationID', 'QuotationNumber'],
    [
      'purchaseorder',
      'PurchaseOrders',
      'PurchaseOrderLines',
      'PurchaseOrderID',
      'OrderNumber',
      'ID, AmountDC',
    ],
    ['salesentry', 'SalesEntries', 'SalesEntryLines', 'EntryID', 'EntryNumber'],
  ] as const satisfies readonly (readonly string[])[]
  for (const [schema, headers, lines, key, number, columns = '* EXCLUDE (Division)'] of pairs) {
    test(`${headers}: once it is known that they fit the header's pages`, async () => {
      const { rows } = await lab.run(lab.whole, {
        sql: `SELECT ${number}::INTEGER FROM ${schema}.${headers} h WHERE EXISTS (FROM ${schema}.${lines} l WHERE l.${key} = h.${key}) ORDER BY ${number} DESC LIMIT 5`,
      })
      const from = Number(must(rows.at(-1))[0])
      const sql = `SELECT h.Division, h.${number}, l.*
        FROM ${schema}.${headers} h LEFT JOIN (SELECT ${columns}, ${key} AS header FROM ${schema}.${lines}) l ON l.header = h.${key}
        WHERE h.${number} >= ${from}`
      const { first, second } = await runTwice(sql)
      assert.ok(second.calls < first.calls, `${second.calls} calls after ${first.calls}`)
      assert.match(must(second.said.scans[0]).reason, new RegExp(`its ${lines} come with it`))
      assert.equal(must(second.said.scans[1]).calls.max, 0)
      // It stays so: what both cost apart is still known.
      const third = await lab.seen(() => lab.run(lab.planned, { sql }))
      assert.equal(third.calls, second.calls)
    })
  }

  test('one invoice by its key, the first time too, and joined with what its lines name', async () => {
    const { rows } = await lab.run(lab.whole, {
      sql: 'SELECT InvoiceID FROM salesinvoice.SalesInvoiceLines ORDER BY InvoiceID LIMIT 1',
    })
    const id = String(must(rows[0])[0])
    const { first } = await runTwice(
      `SELECT h.InvoiceNumber, l.Quantity, l.AmountDC
       FROM salesinvoice.SalesInvoices h JOIN salesinvoice.SalesInvoiceLines l ON l.InvoiceID = h.InvoiceID
       WHERE h.InvoiceID = '${id}'`,
    )
    assert.equal(first.calls, 2, 'one call a company')
    const { first: withItems } = await runTwice(
      `SELECT h.InvoiceNumber, l.AmountDC, i.Code
       FROM salesinvoice.SalesInvoices h
       JOIN salesinvoice.SalesInvoiceLines l ON l.InvoiceID = h.InvoiceID
       JOIN logistics.Items i ON i.ID = l.Item
       WHERE h.InvoiceID = '${id}'`,
    )
    assert.equal(withItems.calls, 4, 'the items by the keys that the lines name')
  })

  test('not where both apart take fewer calls', async () => {
    const { second } = await runTwice(
      `SELECT h.InvoiceTo, sum(l.AmountDC) FROM salesinvoice.SalesInvoices h
       JOIN salesinvoice.SalesInvoiceLines l ON l.InvoiceID = h.InvoiceID GROUP BY 1`,
    )
    for (const { reason } of second.said.scans) assert.doesNotMatch(reason, /come with it/)
  })

  test('not for lines without a header, which an outer join keeps', async () => {
    const { second } = await runTwice(
      `SELECT l.ID, h.InvoiceNumber FROM salesinvoice.SalesInvoiceLines l
       LEFT JOIN salesinvoice.SalesInvoices h ON h.InvoiceID = l.InvoiceID AND h.InvoiceNumber < 20000003`,
    )
    for (const { reason } of second.said.scans) assert.doesNotMatch(reason, /come with it/)
  })
})

describe('more keys than a page holds', () => {
  const hours = (until: string, condition = '') =>
    `SELECT t.Division, e.FullName, sum(t.Quantity) AS hours
     FROM project.TimeTransactions t JOIN payroll.Employees e ON e.ID = t.Employee
     WHERE t.Date >= TIMESTAMP '2026-01-01' AND t.Date < TIMESTAMP '${until}' ${condition} GROUP BY ALL`
  const keysOf = async (sql: string) =>
    (await lab.run(lab.whole, { sql: `SELECT Division, count(DISTINCT FullName) FROM (${sql}) GROUP BY 1` }))
      .rows

  test('65-hours-by-employee: keys of both companies go to each in one call', async () => {
    const sql = hours('2026-03-01')
    const counts = (await keysOf(sql)).map(([, count]) => Number(count))
    const all = counts.reduce((sum, count) => sum + count, 0)
    assert.ok(all > 60 && all < 100 && Math.max(...counts) < 60, `the data give ${counts} keys`)
    const { first } = await runTwice(sql)
    const employees = must(first.said.scans.find(({ table }) => table.endsWith('Employees')))
    assert.ok(employees.calls.min <= 2)
    const times = must(
      (await lab.run(lab.planned, { sql })).stats.scans.find(({ table }) => table.endsWith('Employees')),
    )
    assert.equal(times.calls, 2)
  })

  test('where all of them are of one company its page comes full, and they are asked for a page at a time', async () => {
    const [division] = must(
      (await lab.run(lab.whole, { sql: 'SELECT min(Division) FROM payroll.Employees' })).rows[0],
    )
    const sql = hours('2026-06-01', `AND t.Division = ${division}`)
    const counts = (await keysOf(sql)).map(([, count]) => Number(count))
    assert.ok(
      counts.length === 1 && Number(counts[0]) > 60 && Number(counts[0]) < 100,
      `the data give ${counts} keys`,
    )
    const { second } = await runTwice(sql)
    const { stats } = await lab.run(lab.planned, { sql })
    const employees = must(stats.scans.find(({ table }) => table.endsWith('Employees')))
    assert.ok(employees.calls <= 4, `${employees.calls} calls`)
    assert.equal(second.calls, stats.apiCalls)
  })
})

describe('a join that also holds its rows to one company', () => {
  const contacts = (join: string, condition: string) =>
    `SELECT a.Division, a.Code, c.FullName FROM crm.Accounts a JOIN crm.Contacts c ON c.Account = a.ID ${join}
     WHERE ${condition}`

  test('38-contacts-of-customers-in-town: each company is asked for its own keys only', async () => {
    const condition = "a.City = 'Delft' AND c.IsMainContact"
    const { second: anywhere } = await runTwice(contacts('', condition))
    const { second: within } = await runTwice(contacts('AND c.Division = a.Division', condition))
    assert.ok(within.calls < anywhere.calls, `${within.calls} calls, ${anywhere.calls} without the company`)
    const scan = must(within.said.scans.find(({ table }) => table.endsWith('Contacts')))
    assert.ok(scan.keysFrom.includes('Account within Division from Accounts.ID'), String(scan.keysFrom))
  })

  test('a company without keys is not asked', async () => {
    const { rows } = await lab.run(lab.whole, {
      sql: `SELECT a.Name, a.City FROM crm.Accounts a JOIN crm.Contacts c ON c.Account = a.ID
            GROUP BY ALL HAVING count(DISTINCT a.Division) = 1 ORDER BY ALL LIMIT 1`,
    })
    // Only one company has it; both are asked for it.
    const [name, city] = must(rows[0], 'an account that one company has')
    const condition = `a.Name = '${String(name).replaceAll("'", "''")}' AND a.City = '${city}'`
    const { first } = await runTwice(contacts('AND c.Division = a.Division', condition))
    const { stats } = await lab.run(lab.planned, {
      sql: contacts('AND c.Division = a.Division', condition),
    })
    assert.deepEqual(
      stats.scans.map(({ partitions }) => partitions.length),
      [2, 1],
    )
    assert.equal(first.calls, 3)
    const { first: anywhere } = await runTwice(contacts('', condition))
    assert.equal(anywhere.calls, 4)
  })

  test('lines are asked for in the company of their header, without being told', async () => {
    const { second } = await runTwice(
      `SELECT h.InvoiceTo, sum(l.AmountDC) FROM salesinvoice.SalesInvoices h
       JOIN salesinvoice.SalesInvoiceLines l ON l.InvoiceID = h.InvoiceID
       WHERE h.InvoiceDate >= TIMESTAMP '2025-01-01' AND h.InvoiceDate < TIMESTAMP '2025-03-01' GROUP BY 1`,
    )
    const keys = second.said.scans.flatMap(({ keysFrom }) => keysFrom)
    assert.ok(keys.length === 0 || keys.includes('InvoiceID within Division from SalesInvoices.InvoiceID'))
  })

  test('70-budget-and-actual: keys go below GROUP BY on the same column', async () => {
    const { rows } = await lab.run(lab.whole, {
      sql: 'SELECT quantile_disc(AmountDC, 0.8) FROM budget.Budgets',
    })
    const { first, second } = await runTwice(
      `SELECT b.GLAccountCode, sum(a.amount) FROM budget.Budgets b
       LEFT JOIN (SELECT Division, GLAccount, sum(AmountDC) AS amount FROM financialtransaction.TransactionLines
                  WHERE FinancialYear >= 2024 GROUP BY ALL) a ON a.GLAccount = b.GLAccount AND a.Division = b.Division
       WHERE b.AmountDC > ${must(rows[0])[0]} GROUP BY 1`,
    )
    const scan = must(second.said.scans.find(({ table }) => table.endsWith('TransactionLines')))
    assert.ok(scan.keysFrom.includes('GLAccount within Division from Budgets.GLAccount'))
    const { stats } = await lab.run(lab.planned, {
      sql: 'SELECT ID, GLAccount FROM financialtransaction.TransactionLines WHERE FinancialYear >= 2024',
    })
    assert.ok(scan.calls.expected < stats.apiCalls, `${scan.calls.expected} calls, ${stats.apiCalls} for all`)
    // What the keys bring is known by now, how long the table is is not: it is no shorter than what they brought.
    assert.equal(second.calls, first.calls)
  })
})
