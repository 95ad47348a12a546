import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { exactOnlineConnector } from '@sluis/platforms'
import { isSluisError } from '@sluis/shared'
import { openQueryLab, type QueryLab } from './testing/query-lab.ts'

// Functions of the platform in the place of a table, from the statement to the emulator's answer.

let lab: QueryLab
before(async () => {
  lab = await openQueryLab({ divisions: 2, scale: 0.2 })
  await lab.run(lab.planned, { sql: 'SELECT Code FROM vat.VATCodes' })
})
after(() => lab.close())

const rows = async (sql: string, parameters: readonly unknown[] = []) =>
  (await lab.run(lab.planned, { sql, parameters })).rows
const division = async () => Number((await rows('SELECT min(id::INTEGER) FROM sluis.partitions'))[0]?.[0])

describe('every function of the catalogue', () => {
  const functions = exactOnlineConnector().tables.filter(({ parameters }) => parameters !== undefined)

  test('is there: 71 of them, with names of their own', () => {
    const names = exactOnlineConnector().tables.map(({ schema, name }) => `${schema}.${name}`.toLowerCase())
    assert.equal(functions.length, 71)
    assert.equal(new Set(names).size, names.length)
  })

  test('makes exactly one call in one company; the one that writes makes none', async () => {
    const code = await division()
    for (const { schema, name } of functions) {
      const sql = `SELECT * FROM eol.${schema}.${name}() WHERE Division = ${code}`
      if (name === 'UpdateCustomField') {
        const refused = lab.seen(() => assert.rejects(lab.run(lab.planned, { sql }), /changes data/))
        assert.equal((await refused).calls, 0)
        continue
      }
      const { calls, result } = await lab.seen(() => lab.run(lab.planned, { sql }))
      assert.equal(calls, 1, `${schema}.${name}`)
      assert.equal(result.stats.apiCalls, 1, `${schema}.${name}`)
    }
  })
})

test('revenue by year is what the invoices of that year add up to', async () => {
  const computed = await rows(
    'SELECT Division, Period, Amount FROM financial.RevenueListByYear(year := 2025) ORDER BY ALL',
  )
  const invoiced = await rows(
    'SELECT Division, month(InvoiceDate)::INTEGER, round(sum(AmountDC), 2) FROM salesinvoice.SalesInvoices WHERE year(InvoiceDate) = 2025 GROUP BY ALL ORDER BY ALL',
  )
  assert.ok(computed.length > 0)
  assert.deepEqual(computed, invoiced)
})

test('a stock position is the item’s, found with a parameter of the statement', async () => {
  const [item] = await rows('SELECT ID, Stock FROM logistics.Items WHERE Stock > 0 ORDER BY Code LIMIT 1')
  const found = await rows('SELECT ItemId, InStock FROM logistics.StockPosition(itemId := $1)', [item?.[0]])
  assert.deepEqual(found, [item])
})

test('receivables of an account come by a parameter that nobody verified', async () => {
  const [account] = await rows(
    'SELECT AccountId FROM financial.ReceivablesList WHERE AccountId IS NOT NULL ORDER BY HID LIMIT 1',
  )
  const sql = `SELECT HID FROM financial.ReceivablesListByAccount(accountId := '${account?.[0]}') ORDER BY HID`
  const expected = await rows(
    `SELECT HID FROM financial.ReceivablesList WHERE AccountId = '${account?.[0]}' ORDER BY HID`,
  )
  assert.deepEqual(await rows(sql), expected)
  const { scans } = await lab.explain({ sql })
  assert.match(scans[0]?.reason ?? '', /unverified parameters, passed on as given: accountId$/)
  assert.match(scans[0]?.requests[0] ?? '', /ReceivablesListByAccount\?accountId=guid'/)
})

test('the aged list adds up to the receivables with an account', async () => {
  const [aged] = await rows(
    'SELECT round(sum(TotalAmount), 2), round(sum(AgeGroup1Amount + AgeGroup2Amount + AgeGroup3Amount + AgeGroup4Amount), 2) FROM financial.AgingReceivablesListByAgeGroup()',
  )
  const [total] = await rows(
    'SELECT round(sum(Amount), 2) FROM financial.ReceivablesList WHERE AccountId IS NOT NULL',
  )
  assert.ok(Number(total?.[0]) > 0)
  assert.deepEqual(aged, [total?.[0], total?.[0]])
})

test('rights are told by endpoint and action', async () => {
  const has = async (endpoint: string, action: string) =>
    (
      await rows(
        `SELECT DISTINCT UserHasRights FROM users.UserHasRights(endpoint := '${endpoint}', action := '${action}')`,
      )
    )[0]?.[0]
  assert.equal(await has('Logistics/Items', 'GET'), true)
  assert.equal(await has('financial/ReceivablesList', 'DELETE'), false)
})

test('a function joins with a table, and two calls with other arguments are two reads', async () => {
  const sql =
    "SELECT a.Period, a.Amount, b.Amount FROM financial.RevenueListByYear(year := 2024) a JOIN financial.RevenueListByYear(year := year(DATE '2025-01-01')) b USING (Period, Division)"
  const { calls } = await lab.seen(() => lab.run(lab.planned, { sql }))
  assert.equal(calls, 4)
})

const refused: readonly (readonly [string, string, RegExp])[] = [
  ['a misspelt function', 'FROM financial.RevenueListByYeer(year := 1)', /Did you mean .*RevenueListByYear/],
  ['a misspelt parameter', 'FROM financial.RevenueListByYear(yaer := 1)', /Did you mean year\?/],
  ['a function without brackets', 'FROM financial.RevenueListByYear', /Call it: financial.RevenueListByYear/],
  ['a table with brackets', 'FROM crm.Accounts()', /List the tables|Did you mean/],
  ['an argument without a name', 'FROM financial.RevenueListByYear(2025)', /name := value/],
  ['an argument of another type', "FROM financial.RevenueListByYear(year := 'x')", /name := value/],
  [
    'an argument from a table',
    'FROM financial.RevenueListByYear(year := (SELECT max(HID) FROM crm.Contacts))',
    /name := value/,
  ],
]
for (const [name, from, hint] of refused) {
  test(`${name} is refused with what to write instead`, async () => {
    const { calls } = await lab.seen(() =>
      assert.rejects(lab.run(lab.planned, { sql: `SELECT * ${from}` }), (error) => {
        assert.ok(isSluisError(error), String(error))
        assert.match(error.hint ?? '', hint)
        return true
      }),
    )
    assert.equal(calls, 0)
  })
}
