import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { labKey } from '@sluis/server/testing'
import type { Page } from 'playwright-core'
import { readSheet } from 'read-excel-file/node'
import { fillLogIn, peopleOf } from './testing/people-of-lab.ts'
import { openWebLab, type WebLab } from './testing/web-lab.ts'

let lab: WebLab
const { begin, visitAs } = peopleOf(() => lab)
before(async () => {
  lab = await openWebLab()
  await begin()
  const pair = await lab.tokens()
  const made = await lab.call('POST', '/databases', {
    name: 'bakery',
    ...lab.handover({ kind: 'tokens', ...pair }),
  })
  assert.equal(made.status, 201, made.text)
})
after(() => lab?.close())

const path = '/app/databases/bakery/sql'
const editor = (page: Page) => page.getByRole('textbox', { name: /^SQL: / })
const write = async (page: Page, sql: string) => {
  // Not clicked: what the editor proposes may lie over it.
  await editor(page).focus()
  // Typed over, Chromium would carry the old colours on as inline styles, and complain that it may not.
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  // Without the brackets and proposals that typing brings.
  await page.keyboard.insertText(sql)
}
const run = async (page: Page, sql: string) => {
  await write(page, sql)
  await page.keyboard.press('Control+Enter')
}
const cell = (page: Page, row: number, column: number) => page.locator(`#cell-${row}-${column}`)
const download = async (page: Page, name: string) => {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name, exact: true }).click(),
  ])
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()), url: file.url() }
}
/** Counts what a page's own scripts take of answers, besides the rows that it shows, and what they gather. */
const countTaken = `
  window.taken = { fetched: 0, blobs: 0, largestWrite: 0, written: 0 }
  const { fetch } = window
  window.fetch = (...asked) => {
    if (/\\/result\\?/.test(asked[0])) taken.fetched++
    return fetch(...asked)
  }
  const { createObjectURL } = URL
  URL.createObjectURL = (blob) => (taken.blobs++, createObjectURL(blob))
  const { blob } = Response.prototype
  Response.prototype.blob = function () { return taken.blobs++, blob.call(this) }`
/** Chooses a file of this browser without asking anybody, and counts what is written into it. */
const chooseFile = `
  window.isKept = new Promise((done) => { window.tellKept = done })
  window.showSaveFilePicker = async ({ suggestedName }) => {
    const file = await (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true })
    window.chosen = file
    return {
      async createWritable() {
        const writer = (await file.createWritable()).getWriter()
        return new WritableStream({
          write(piece) {
            taken.written += piece.length
            taken.largestWrite = Math.max(taken.largestWrite, piece.length)
            return writer.write(piece)
          },
          close: async () => {
            await writer.close()
            window.tellKept()
          },
          abort: (reason) => writer.abort(reason),
        })
      },
    }
  }`

describe('the SQL editor', () => {
  test('completes from the catalogue without a call, runs, and shows rows with NULL and types', async () => {
    const { page, check } = await lab.visit(path)
    const calls = await lab.apiCalls()
    await editor(page).click()
    await page.keyboard.type('SELECT * FROM crm.Accounts')
    await page.getByRole('option', { name: /^Accounts/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.keyboard.type(' a WHERE a.Ci')
    await page.getByRole('option', { name: /^City/ }).waitFor()
    assert.equal(await lab.apiCalls(), calls, 'the catalogue is no call')
    await page.keyboard.press('Escape')
    await run(
      page,
      'SELECT Name, NULL AS nothing, 12.50::DECIMAL(9,2) AS money FROM crm.Accounts ORDER BY Name LIMIT 7',
    )
    await page.getByText('7 rows.').waitFor()
    const grid = page.getByRole('grid', { name: 'Rows' })
    assert.equal(await grid.getAttribute('aria-rowcount'), '8')
    assert.equal(await cell(page, 0, 1).textContent(), 'NULL')
    assert.equal(await cell(page, 0, 2).textContent(), '12.50')
    await page.getByRole('columnheader', { name: /money DECIMAL/ }).waitFor()
    await page.getByText(/^API calls: \d+ · rows fetched: /).waitFor()
    await check('sql-result')
  })

  test('what it costs is shown before a call is made, as a picture and in words', async () => {
    const { page, check } = await lab.visit(path)
    await write(
      page,
      `SELECT a.Name, i.AmountDC FROM crm.Accounts a JOIN salesinvoice.SalesInvoices i ON i.InvoiceTo = a.ID WHERE a.City = 'Delft'`,
    )
    const calls = await lab.apiCalls()
    await page.getByRole('button', { name: 'Expected calls' }).click()
    await page.getByRole('img', { name: 'What is asked of the platform' }).waitFor()
    await page
      .getByText(/^About \d+ API calls|^\d+ API calls/)
      .first()
      .waitFor()
    await page
      .getByText(/filtered at the source|narrowed at the source/)
      .first()
      .waitFor()
    await page.getByText('Keys: InvoiceTo from Accounts.ID').first().waitFor()
    assert.equal(await lab.apiCalls(), calls)
    await check('sql-explain')
  })

  test('an error stands where it was made, with a hint', async () => {
    const { page, check } = await lab.visit(path, { locale: 'nl-NL', isDark: true })
    await run(page, 'SELECT 1;\nSELECT Nmae FROM crm.Accounts')
    await page.getByText('SQL_UNKNOWN_COLUMN').waitFor()
    await page
      .getByText(/Did you mean/)
      .first()
      .waitFor()
    assert.equal(await page.locator('.cm-lintRange-error').textContent(), 'Nmae')
    await check('sql-error')
  })

  test('a statement that runs is cancelled, and asks the platform no more', async () => {
    const { page, check } = await lab.visit(path)
    await lab.control('faults', { at: 'api', kind: 'delay', delayMs: 20_000, times: 500 })
    try {
      await run(page, 'SELECT count(*) FROM crm.Contacts c JOIN crm.Addresses a ON a.City = c.City')
      await page.getByRole('button', { name: 'Cancel the statement' }).waitFor()
      await page.getByText(/fetching · calls: \d+ of about \d+/).waitFor()
      await page.getByText(/^Calls that are left: .*[\d,]+ of [\d,]+ \(day\)/).waitFor()
      await check('sql-running')
      await page.getByRole('button', { name: 'Cancel the statement' }).click()
      await page.getByText('Cancelled. Nothing more is asked of the platform.').waitFor()
    } finally {
      await lab.clearFaults()
    }
    const [last] = (await lab.call('GET', '/databases/bakery/statements?limit=1')).body.statements
    assert.equal(last.state, 'cancelled')
  })

  test('three hundred thousand rows: scrolled to the end, sorted, found, copied', async () => {
    const { page, check, faults } = await lab.visit(path)
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await run(
      page,
      `SELECT i AS n, 'customer ' || i AS label, CASE WHEN i % 2 = 0 THEN i END AS even FROM range(300000) AS r(i)`,
    )
    await page.getByText('300,000 rows.').waitFor({ timeout: 60_000 })
    const grid = page.getByRole('grid', { name: 'Rows' })
    assert.ok((await page.getByRole('row').count()) < 100, 'only what is seen is in the page')
    await grid.focus()
    await page.keyboard.press('Control+End')
    await cell(page, 299_999, 1).waitFor()
    assert.equal(await cell(page, 299_999, 1).textContent(), 'customer 299999')
    await page.getByRole('button', { name: /^n / }).click()
    await page.getByRole('button', { name: /^n ▲/ }).click()
    await page.getByRole('columnheader', { name: /^n ▼/ }).waitFor()
    await grid.focus()
    await page.keyboard.press('Control+Home')
    await cell(page, 0, 0).getByText('299999').waitFor()
    await page.getByLabel('Find in the rows').fill('CUSTOMER 12345')
    await page.getByText('11 of 300,000 rows.').waitFor({ timeout: 60_000 })
    await grid.focus()
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Control+c')
    await page.getByText('2 rows copied.').waitFor()
    assert.equal(
      await page.evaluate('navigator.clipboard.readText()'),
      '123459\tcustomer 123459\n123458\tcustomer 123458',
    )
    await check('sql-grid')
    assert.deepEqual(faults, [])
  })

  test('a large result is taken along without passing through the page’s memory', async () => {
    const wide = `SELECT i, repeat('row ' || i || ' ', 12) AS text FROM range(80000) AS r(i)`
    const { page } = await lab.arrive(path)
    await page.addInitScript(countTaken)
    await page.reload()
    await fillLogIn(page, 'olga@example.com')
    await run(page, wide)
    await page.getByText('80,000 rows.').waitFor({ timeout: 60_000 })
    for (const [name, most] of [
      ['CSV', 40],
      ['JSON', 40],
      ['NDJSON', 40],
      ['Parquet', 40],
    ] as const) {
      const { bytes, url } = await download(page, name)
      assert.ok(
        bytes.length > (name === 'Parquet' ? 1e5 : 8e6) && bytes.length < most * 1e6,
        `${bytes.length}`,
      )
      assert.match(url, /^http:.*\/result\?format=/, 'the browser itself fetches it')
    }
    const nothing = { fetched: 0, blobs: 0, largestWrite: 0, written: 0 }
    assert.deepEqual(await page.evaluate('taken'), nothing)

    // With a key, which is in no cookie and no address: piece by piece into the file that somebody chose.
    const keyed = await lab.arrive(path)
    await keyed.page.addInitScript(`${countTaken}\n${chooseFile}`)
    await keyed.page.reload()
    await keyed.page.getByLabel('API key').fill(labKey)
    await keyed.page.keyboard.press('Enter')
    await run(keyed.page, wide)
    await keyed.page.getByText('80,000 rows.').waitFor({ timeout: 60_000 })
    await keyed.page.getByRole('button', { name: 'CSV', exact: true }).click()
    await keyed.page.evaluate('isKept')
    const { written, largestWrite, blobs } = (await keyed.page.evaluate('taken')) as typeof nothing
    assert.equal(await keyed.page.evaluate('chosen.getFile().then(({ size }) => size)'), written)
    assert.ok(written > 8e6 && largestWrite < 4 << 20 && blobs === 0, `${written} ${largestWrite} ${blobs}`)
    const end = 'chosen.getFile().then((file) => file.slice(-13).text())'
    assert.match(String(await keyed.page.evaluate(end)), /row 79999 "?\n$/)
  })

  test('a result is taken along in five formats, whole, without a call', async () => {
    const { page } = await visitAs('olga@example.com', path)
    await run(page, `SELECT 9007199254740993::BIGINT AS big, 'één, "twee"' AS text, DATE '2026-02-03' AS day`)
    await page.getByText('1 rows.').waitFor()
    const calls = await lab.apiCalls()
    const csv = await download(page, 'CSV')
    assert.match(csv.name, /^bakery-\w+\.csv$/)
    assert.equal(csv.bytes.toString(), 'big,text,day\n9007199254740993,"één, ""twee""",2026-02-03\n')
    const json = JSON.parse((await download(page, 'JSON')).bytes.toString())
    assert.deepEqual(json.rows, [['9007199254740993', 'één, "twee"', '2026-02-03']])
    const ndjson = JSON.parse((await download(page, 'NDJSON')).bytes.toString())
    assert.deepEqual(ndjson, { big: '9007199254740993', text: 'één, "twee"', day: '2026-02-03' })
    assert.equal((await download(page, 'Parquet')).bytes.subarray(0, 4).toString(), 'PAR1')
    const excel = await download(page, 'Excel')
    assert.match(excel.name, /\.xlsx$/)
    assert.deepEqual(await readSheet(excel.bytes), [
      ['big', 'text', 'day'],
      // More digits than Excel computes with.
      ['9007199254740993', 'één, "twee"', new Date('2026-02-03')],
    ])
    assert.equal(await lab.apiCalls(), calls)
    await run(page, 'SELECT 1 AS n FROM range(1048576)')
    await page.getByText('1,048,575 rows. There are more').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Excel', exact: true }).click()
    await page.getByText(/^A sheet of Excel holds 1,048,576 rows/).waitFor()
  })

  test('tabs, texts and results are there after a reload, and history opens a statement again', async () => {
    const { page } = await lab.visit(path)
    await run(page, 'SELECT 41 + 1 AS answer')
    await page.getByText('1 rows.').waitFor()
    await page.getByRole('button', { name: 'New query' }).click()
    await run(page, 'SELECT $1 AS city, $2 AS empty')
    await page.getByLabel('$1', { exact: true }).fill('Delft')
    await editor(page).focus()
    await page.keyboard.press('Control+Enter')
    await cell(page, 0, 0).getByText('Delft').waitFor()
    assert.equal(await cell(page, 0, 1).textContent(), 'NULL')
    const ran = (await lab.call('GET', '/databases/bakery/statements')).body.statements.length
    await page.reload()
    await page.getByLabel('API key').fill('canary-api-key-0123456789abcdefghij')
    await page.keyboard.press('Enter')
    await cell(page, 0, 0).getByText('Delft').waitFor()
    await page.getByRole('button', { name: 'Query 1', exact: true }).click()
    await cell(page, 0, 0).getByText('42').waitFor()
    assert.equal(
      (await lab.call('GET', '/databases/bakery/statements')).body.statements.length,
      ran,
      'nothing ran again',
    )
    await page.getByText('History', { exact: true }).click()
    await page
      .getByRole('row', { name: /SELECT \$1 AS city/ })
      .first()
      .getByRole('button', { name: 'Open' })
      .click()
    await page.getByRole('button', { name: 'Query 3', exact: true }).waitFor()
    assert.match((await editor(page).textContent()) ?? '', /SELECT \$1 AS city/)
  })

  test('a query is saved, shared, renamed, opened, changed and deleted; others see what is shared', async () => {
    const { page, check } = await lab.visit(path)
    const saved = async () =>
      (await lab.call('GET', '/queries')).body.queries.map(
        ({ name, sql, isShared }: Record<string, unknown>) => [name, sql, isShared],
      )
    await write(page, 'SELECT 1 AS one')
    await page.getByRole('button', { name: 'Save…' }).click()
    await page.getByText('Nobody has saved a query here yet.').waitFor()
    await page.getByLabel('Name of this query').fill('Ones')
    await page.getByRole('button', { name: 'Save this query' }).click()
    await page.getByText('“Ones” is saved.').waitFor()
    assert.deepEqual(await saved(), [['Ones', 'SELECT 1 AS one', false]])
    // The tab is now that query: what is written in it is saved in its place.
    await page.getByRole('button', { name: 'Ones', exact: true }).waitFor()
    await write(page, 'SELECT 2 AS two')
    await page.getByRole('button', { name: 'Save the changes' }).click()
    await page.getByText('“Ones” is saved.').waitFor()
    assert.deepEqual(await saved(), [['Ones', 'SELECT 2 AS two', false]])
    await page.getByRole('button', { name: 'Rename or share: Ones' }).click()
    await page.getByLabel('New name of Ones').fill('Twos')
    await page.getByLabel('Shared with the organisation').last().check()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('“Twos” is saved.').waitFor()
    assert.deepEqual(await saved(), [['Twos', 'SELECT 2 AS two', true]])
    // What was changed in the list holds for the tab too: saving it anew undoes nothing.
    await page.getByRole('button', { name: 'Twos', exact: true }).waitFor()
    await write(page, 'SELECT 22 AS two')
    await page.getByRole('button', { name: 'Save the changes' }).click()
    await page.getByTitle('SELECT 22 AS two').waitFor()
    assert.deepEqual(await saved(), [['Twos', 'SELECT 22 AS two', true]])
    await check('sql-saved')

    const { body: other } = await lab.call('POST', '/keys', {
      name: 'Reader',
      scopes: ['query', 'databases:read'],
    })
    const reading = await lab.arrive(path)
    await reading.page.getByLabel('API key').fill(other.key)
    await reading.page.keyboard.press('Enter')
    await reading.page.getByText('Saved', { exact: true }).click()
    await reading.page.getByRole('button', { name: 'Open: Twos' }).waitFor()
    assert.equal(await reading.page.getByRole('button', { name: 'Delete: Twos' }).count(), 0)
    await reading.page.getByRole('button', { name: 'Open: Twos' }).click()
    assert.equal(await editor(reading.page).textContent(), 'SELECT 22 AS two')
    // Somebody else's is saved as a copy.
    await reading.page.getByRole('button', { name: 'Save this query' }).waitFor()

    await page.getByRole('button', { name: 'Delete: Twos' }).click()
    await page.getByRole('button', { name: 'Sure? Delete: Twos' }).click()
    await page.getByText('Nobody has saved a query here yet.').waitFor()
    await page.getByRole('button', { name: 'Save this query' }).waitFor()
  })

  test('a result is drawn as bars and as a line, told point by point, and stands in a table', async () => {
    const { page, check } = await lab.visit(path)
    await run(
      page,
      `SELECT * FROM (VALUES (DATE '2026-01-01', 'Delft', 10.5), (DATE '2026-02-01', 'Breda', -3), (DATE '2026-03-01', 'Goes', NULL)) AS t("day", city, amount)`,
    )
    await page.getByText('3 rows.').waitFor()
    await page.getByText('Chart', { exact: true }).click()
    const chart = page.getByRole('slider', { name: 'Points of the chart amount by day' })
    await chart.focus()
    assert.equal(await chart.getAttribute('aria-valuetext'), '2026-01-01: 10.5')
    await page.keyboard.press('End')
    assert.equal(await chart.getAttribute('aria-valuetext'), '2026-03-01: NULL')
    assert.equal(await page.locator('.chart-path').count(), 1)
    await page.getByLabel('By', { exact: true }).selectOption('city')
    await page.getByLabel('As', { exact: true }).selectOption('Bars')
    await page.getByRole('figure', { name: 'amount by city' }).waitFor()
    assert.equal(await page.locator('rect.chart-bar').count(), 2, 'NULL is no bar')
    await page.getByText('The same as a table').click()
    await page.getByRole('row', { name: 'Breda -3' }).waitFor()
    await check('sql-chart')
    // Drawn as the rows are shown.
    await page.getByLabel('Find in the rows').fill('breda')
    await page.getByText('1 of 3 rows.').waitFor()
    await page.locator('rect.chart-bar').nth(1).waitFor({ state: 'detached' })
    assert.equal(await page.locator('rect.chart-bar').count(), 1)
  })

  test('fits and is accessible at 375 px in Dutch, dark', async () => {
    const { page, check } = await lab.visit(path, { width: 375, locale: 'nl-NL', isDark: true })
    await run(page, 'SELECT Name, City, Created FROM crm.Accounts ORDER BY Name LIMIT 50')
    await page.getByText('50 rijen.').waitFor()
    await check('sql-result')
    await page.getByText('Grafiek', { exact: true }).click()
    await page.getByText('Geen kolom van dit resultaat is een getal').waitFor()
    await run(page, 'SELECT Name, Division FROM crm.Accounts ORDER BY Name LIMIT 50')
    await page.getByText('50 rijen.').waitFor()
    await page.getByText('Grafiek', { exact: true }).click()
    await page.getByRole('slider').waitFor()
    await check('sql-chart')
    await page.getByText('Bewaard', { exact: true }).click()
    await page.getByRole('button', { name: 'Bewaar deze query' }).click()
    await page.getByRole('button', { name: 'Hernoem of deel: Query 1' }).waitFor()
    await check('sql-saved')
    await page.getByRole('button', { name: 'Verwachte aanroepen' }).click()
    await page.getByRole('img').waitFor()
    await check('sql-explain')
  })
})
