import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { openWebLab, type WebLab } from './testing/web-lab.ts'

let lab: WebLab
let grant: string
before(async () => {
  lab = await openWebLab()
  const pair = await lab.tokens()
  const { body } = await lab.call('POST', '/databases', {
    name: 'bakery',
    title: 'The Bakery',
    ...lab.handover({ kind: 'tokens', ...pair }),
  })
  grant = body.grant.id
  await lab.call('POST', '/databases/bakery/query', { sql: 'SELECT Name FROM crm.Accounts LIMIT 3' })
  await lab.call('POST', '/databases/bakery/query', { sql: 'SELECT Nmae FROM crm.Accounts' })
})
after(() => lab?.close())

describe('what a database holds', () => {
  test('a table is found, shows types, keys and what its source filters, and opens as a query', async () => {
    const { page, check } = await lab.visit('/app/databases/bakery/tables')
    const calls = await lab.apiCalls()
    await page.getByLabel('Search tables').fill('crm acc')
    await page.getByRole('link', { name: 'Accounts', exact: true }).first().click()
    await page.getByRole('heading', { name: 'crm.Accounts' }).waitFor()
    await page
      .getByText(/^\d+ columns; key: ID; filtered at the source: \d+ yes, \d+ narrowed, \d+ no\.$/)
      .waitFor()
    await page
      .getByRole('listitem')
      .filter({ hasText: /^Accounts\d+ Columns$/ })
      .first()
      .waitFor()
    await page.getByLabel('Search columns').fill('city')
    const row = page.getByRole('row', { name: /^City/ })
    assert.match((await row.textContent()) ?? '', /VARCHAR.*narrowed, then here/)
    await page.getByLabel('Search columns').fill('ID')
    await page.getByRole('row', { name: /^ID key UUID NOT NULL yes/ }).waitFor()
    assert.equal(await lab.apiCalls(), calls, 'the catalogue is no call')
    await check('tables')
    await page.getByRole('link', { name: 'Query this table' }).click()
    const editor = page.getByRole('textbox', { name: 'SQL: crm.Accounts' })
    await editor.waitFor()
    assert.match((await editor.textContent()) ?? '', /SELECT \*FROM crm\.AccountsLIMIT 100/)
    assert.doesNotMatch(page.url(), /table=/)
  })
})

describe('watching', () => {
  test('a statement that runs is seen and cancelled; calls and budgets are shown', async () => {
    const { page, check } = await lab.visit('/app/databases/bakery/activity')
    await page
      .getByRole('row', { name: /Netherlands|Nederland|B\.V\.|day/ })
      .first()
      .waitFor()
    await page.getByRole('button', { name: /^Calls: SELECT Name/ }).click()
    await page
      .getByRole('row', { name: /GET .*Accounts.* 200/ })
      .first()
      .waitFor()
    await page
      .getByText(/^[\d,]+ of 1,000,000/)
      .first()
      .waitFor()
    await lab.control('faults', { at: 'api', kind: 'delay', delayMs: 20_000, times: 500 })
    try {
      await lab.call(
        'POST',
        '/databases/bakery/query',
        { sql: 'SELECT count(City) FROM crm.Contacts' },
        { headers: { prefer: 'respond-async' } },
      )
      await page.getByRole('button', { name: /^Cancel: SELECT count/ }).click()
      await check('activity')
      await page.getByRole('button', { name: /Cancel: SELECT count/ }).click()
      await page.getByText('Nothing runs.').waitFor()
    } finally {
      await lab.clearFaults()
    }
    const [last] = (await lab.call('GET', '/databases/bakery/statements?limit=1')).body.statements
    assert.equal(last.state, 'cancelled')
  })

  for (const visit of [
    { width: 1280, locale: 'en-GB', isDark: true },
    { width: 375, locale: 'nl-NL', isDark: false },
  ] as const) {
    test(`overview, tables, activity and grant at ${visit.width} px in ${visit.locale}`, async () => {
      const pages = [
        ['overview', '/app/overview', 'SQL_UNKNOWN_COLUMN'],
        ['tables', '/app/databases/bakery/tables?table=crm.Accounts', 'crm.Accounts'],
        ['activity', '/app/databases/bakery/activity', 'SELECT Nmae FROM crm.Accounts'],
        ['grant', `/app/grants/${grant}`, visit.locale === 'nl-NL' ? 'Overgedragen' : 'Handed over'],
      ] as const
      for (const [name, path, sign] of pages) {
        const { page, check } = await lab.visit(path, visit)
        await page.getByText(sign, { exact: true }).first().waitFor()
        await check(name)
        await page.context().close()
      }
    })
  }
})

test('a database gets another title and name', async () => {
  const { page, check } = await lab.visit('/app/databases/bakery')
  await page.getByLabel('Title').fill('The Old Bakery')
  await page.getByLabel('Name in addresses and connections').fill('old-bakery')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.waitForURL('**/databases/old-bakery')
  await page.getByRole('heading', { name: 'The Old Bakery' }).waitFor()
  await check('database-settings')
  assert.equal((await lab.call('GET', '/databases/old-bakery')).body.title, 'The Old Bakery')
})

test('a database keeps answers for so long and is strict, as its settings say', async () => {
  const path = '/app/databases/old-bakery'
  const visit = { width: 375, locale: 'nl-NL' } as const
  const save = async (page: Page, maxAge: string) => {
    await page.getByLabel('Antwoorden mogen zoveel seconden oud zijn').fill(maxAge)
    await page.getByRole('button', { name: 'Opslaan' }).click()
  }
  const settings = async () => {
    const { strict, maxAgeSeconds } = (await lab.call('GET', '/databases/old-bakery')).body
    return { strict, maxAgeSeconds }
  }
  const { page, check } = await lab.visit(path, visit)
  await page.getByLabel('Strikt').check()
  // The server knows the longest; what it refuses stands in the form with its reason.
  await save(page, '999999999')
  await page.getByText('INVALID_REQUEST').waitFor()
  await save(page, '300')
  await page.getByText('Opgeslagen.', { exact: true }).waitFor()
  assert.deepEqual(await settings(), { strict: true, maxAgeSeconds: 300 })
  await check('database-freshness')
  await page.context().close()
  const { page: later } = await lab.visit(path, visit)
  const age = later.getByLabel('Antwoorden mogen zoveel seconden oud zijn')
  assert.equal(await age.inputValue(), '300')
  assert.equal(await later.getByLabel('Strikt').isChecked(), true)
  await save(later, '')
  await later.getByText('Opgeslagen.', { exact: true }).waitFor()
  assert.deepEqual(await settings(), { strict: true, maxAgeSeconds: null })
})
