import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { must } from '@sluis/shared'
import { type Lab, startLab } from './testing/lab.ts'

let lab: Lab
before(async () => {
  lab = await startLab()
})
after(() => lab.close())

const headers = 'salesinvoice/SalesInvoices'
const lines = 'salesinvoice/SalesInvoiceLines'
type Row = Record<string, unknown>
const linesOf = (row: Row | undefined) => (must(row).SalesInvoiceLines as { results: Row[] }).results
const shown = (row: Row | undefined) => Object.keys(row ?? {}).filter((name) => name !== '__metadata')

describe('§ 3.3 and § 3.4: line collections', () => {
  test('§ 3.3: a collection that is not expanded is a deferred address, expanded it is {"results":[…]}', async () => {
    const [plain] = await lab.rows(`${headers}?$filter=InvoiceID ne null&$top=1`)
    const address = (must(plain).SalesInvoiceLines as { __deferred: { uri: string } }).__deferred.uri
    assert.equal(
      address,
      `${lab.url}/api/v1/${lab.division}/${headers}(guid'${plain?.InvoiceID}')/SalesInvoiceLines`,
    )
    const [expanded] = await lab.rows(
      `${headers}?$filter=InvoiceID eq guid'${plain?.InvoiceID}'&$expand=SalesInvoiceLines`,
    )
    const behind = await lab.rows(address.slice(address.indexOf(headers)))
    assert.ok(behind.length > 0)
    assert.deepEqual(linesOf(expanded), behind)
    assert.deepEqual(shown(expanded), shown(plain))
  })

  test('§ 3.4: a page of headers has all lines of its headers, and every line comes with exactly one header', async () => {
    const direct = await lab.all(`${lines}?$filter=ID ne null&$select=ID,InvoiceID`)
    const expanded = await lab.all(
      `${headers}?$filter=InvoiceID ne null&$expand=SalesInvoiceLines&$select=InvoiceID,SalesInvoiceLines/ID,SalesInvoiceLines/InvoiceID`,
    )
    const inside = expanded.flatMap((header) => linesOf(header).map((line) => [header.InvoiceID, line]))
    assert.ok(inside.every(([header, line]) => (line as Row).InvoiceID === header))
    const ids = (rows: readonly Row[]) => rows.map(({ ID }) => String(ID)).sort()
    assert.deepEqual(ids(inside.map(([, line]) => line as Row)), ids(direct))
  })

  for (const [what, select, header, line] of [
    ['lines named whole', 'InvoiceNumber,SalesInvoiceLines', ['InvoiceNumber', 'SalesInvoiceLines'], null],
    [
      'two properties of lines',
      'InvoiceNumber,SalesInvoiceLines/Quantity,SalesInvoiceLines/AmountFC',
      ['InvoiceNumber', 'SalesInvoiceLines'],
      ['AmountFC', 'Quantity'],
    ],
    ['a star for lines', 'SalesInvoiceLines/*', ['SalesInvoiceLines'], null],
    ['lines not selected', 'InvoiceNumber', ['InvoiceNumber'], []],
  ] as const) {
    test(`§ 3.4: $expand with $select, ${what}`, async () => {
      const [row] = await lab.rows(
        `${headers}?$filter=InvoiceID ne null&$expand=SalesInvoiceLines&$select=${select}&$top=1`,
      )
      assert.deepEqual(shown(row).sort(), [...header].sort())
      if (line === null) assert.ok(shown(linesOf(row)[0]).length > 50)
      else if (line.length > 0) assert.deepEqual(shown(linesOf(row)[0]).sort(), [...line])
    })
  }

  test('§ 3.4: one entity by its key is expanded as a page is, in the plain and in the bulk service', async () => {
    const [first] = await lab.rows(`${headers}?$filter=InvoiceID ne null&$top=1&$expand=SalesInvoiceLines`)
    const [one] = await lab.rows(`${headers}(guid'${first?.InvoiceID}')?$expand=SalesInvoiceLines`)
    assert.deepEqual(one, first)
    const [bulk] = await lab.rows(
      `bulk/SalesInvoice/SalesInvoices?$filter=InvoiceID eq guid'${first?.InvoiceID}'&$expand=SalesInvoiceLines&$select=InvoiceID,SalesInvoiceLines/ID`,
    )
    assert.deepEqual(
      linesOf(bulk).map(({ ID }) => ID),
      linesOf(first).map(({ ID }) => ID),
    )
  })

  test('§ 3.4: the address of the next page keeps $expand and $select', async () => {
    const { d } = await lab.get(
      `${headers}?$filter=InvoiceID ne null&$expand=SalesInvoiceLines&$select=InvoiceID,SalesInvoiceLines/ID`,
    )
    const next = new URL(d.__next).searchParams
    assert.equal(next.get('$expand'), 'SalesInvoiceLines')
    assert.equal(next.get('$select'), 'InvoiceID,SalesInvoiceLines/ID')
    assert.equal(next.get('$skiptoken'), `guid'${d.results.at(-1).InvoiceID}'`)
  })

  for (const [what, query] of [
    ['filtering on lines', "$filter=SalesInvoiceLines/Description eq 'x'"],
    ['properties of lines without $expand', '$filter=InvoiceID ne null&$select=SalesInvoiceLines/ID'],
    ['an unknown collection', '$filter=InvoiceID ne null&$expand=Lines'],
    [
      'an unknown property of lines',
      '$filter=InvoiceID ne null&$expand=SalesInvoiceLines&$select=SalesInvoiceLines/Nothing',
    ],
  ]) {
    test(`§ 3.4: ${what} is refused with 400`, async () => {
      assert.equal((await lab.get(`${headers}?${query}`)).status, 400)
    })
  }

  test('§ 3.3: a collection without rows is empty, expanded and behind its address', async () => {
    const [first] = await lab.rows('logistics/ReasonCodes?$top=1&$expand=Types')
    assert.deepEqual(first?.Types, { results: [] })
    assert.deepEqual(await lab.rows(`logistics/ReasonCodes(guid'${first?.ID}')/Types`), [])
    assert.equal((await lab.get(`logistics/ReasonCodes(guid'${first?.ID}')/Types/$count`)).text, '0')
  })
})
