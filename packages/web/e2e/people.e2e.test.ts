import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { fillLogIn, password, peopleOf } from './testing/people-of-lab.ts'
import { openMenu, openWebLab, type WebLab } from './testing/web-lab.ts'

let lab: WebLab
let grant: string
const { olga, begin, join, visitAs } = peopleOf(() => lab)
before(async () => {
  lab = await openWebLab()
  await begin()
  const { body } = await olga.call('POST', '/databases', {
    name: 'bakery',
    title: 'The Bakery',
    ...lab.handover({ kind: 'tokens', ...(await lab.tokens()) }),
  })
  grant = body.grant.id
})
after(() => lab?.close())

/** What a page's own calls may do, asked from within it. */
const statusFrom = (page: Page, method: string, path: string, body?: object) =>
  page.evaluate(
    `fetch('/api/v1${path}', { method: '${method}', headers: { 'X-Sluis-Csrf': '1', 'Content-Type': 'application/json' },
      ${body ? `body: ${JSON.stringify(JSON.stringify(body))}` : ''} }).then(({ status }) => status)`,
  )
/** All that the browser would still know after the tab is closed, or shows in its address. */
const kept = (page: Page) =>
  page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, document.cookie])',
  )

describe('an invitation', () => {
  test('is made by an owner, shown once, and taken by a second person in another browser', async () => {
    const { page, check } = await visitAs('olga@example.com', '/app/organisation/members')
    await page.getByRole('cell', { name: /^Olga Owner/ }).waitFor()
    await page.getByLabel('E-mail address').fill('Bram@example.com')
    await page.locator('form').getByLabel('Role').selectOption('developer')
    await page.getByRole('button', { name: 'Invite' }).click()
    const link = new URL(
      (await page.getByRole('region', { name: 'Invitation for bram@example.com' }).textContent()) ?? '',
    )
    await check('members')
    await page.getByRole('button', { name: 'I have it' }).click()
    await page.getByText(link.hash).waitFor({ state: 'detached' })
    assert.ok(!String(await kept(page)).includes(link.hash.slice(7)))

    const bram = await lab.arrive(`${link.pathname}${link.hash}`, {
      width: 375,
      locale: 'nl-NL',
      isDark: true,
    })
    await bram.page.getByText('bram@example.com is uitgenodigd voor Default als: Ontwikkelaar.').waitFor()
    assert.equal(await bram.page.evaluate('location.hash'), '', 'the secret leaves the address')
    await bram.check('invitation')
    await bram.page.getByLabel('Je naam').fill('Bram')
    await bram.page.locator('input[type=password]').fill(password)
    await bram.page.getByRole('button', { name: 'Neem de uitnodiging aan' }).click()
    await bram.page.getByRole('link', { name: 'The Bakery' }).waitFor()

    const late = await lab.arrive(`${link.pathname}${link.hash}`)
    await late.page.getByText('This invitation is unknown', { exact: false }).waitFor()

    await page.reload()
    await page.getByRole('cell', { name: /^Bram/ }).waitFor()
    await page.getByRole('combobox', { name: 'Role: Bram' }).selectOption('analyst')
    await bram.page.reload()
    await bram.page.getByRole('link', { name: 'The Bakery' }).waitFor()
    await bram.page.getByRole('link', { name: 'Nieuwe database' }).waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Link for a new password: Bram' }).click()
    const reset = new URL(
      (await page.getByRole('region', { name: 'New password for Bram' }).textContent()) ?? '',
    )
    const fresh = await lab.arrive(`${reset.pathname}${reset.hash}`)
    await fresh.page.locator('input[type=password]').fill('another sentence entirely')
    await fresh.check('reset')
    await fresh.page.getByRole('button', { name: 'Save' }).click()
    await fresh.page.getByText('The new password is set.', { exact: false }).waitFor()
    await bram.page.reload()
    await bram.page.getByRole('heading', { name: 'Inloggen' }).waitFor()

    await page.getByRole('button', { name: 'Remove: Bram' }).click()
    await page.getByRole('button', { name: 'Sure? Remove: Bram' }).click()
    await page.getByRole('cell', { name: /^Bram/ }).waitFor({ state: 'detached' })
  })

  test('for somebody who is there already is taken after a log-in, and by nobody else', async () => {
    await join('carla@example.com', 'auditor', 'Carla')
    const below = (await olga.call('POST', '/organisations', { name: 'Invited' })).body
    const { body } = await olga.call(
      'POST',
      '/members',
      { email: 'carla@example.com', role: 'developer' },
      { organisation: below.id },
    )
    const link = new URL(body.link)
    const wrong = await lab.arrive('/app/')
    await fillLogIn(wrong.page, 'olga@example.com')
    await wrong.page.getByRole('link', { name: 'The Bakery' }).waitFor()
    await wrong.page.goto(`${lab.url}${link.pathname}${link.hash}`)
    await wrong.page.getByText('for whom this invitation is not', { exact: false }).waitFor()
    await wrong.page.getByRole('main').getByRole('button', { name: 'Log out' }).click()
    await fillLogIn(wrong.page, 'carla@example.com')
    await wrong.page.getByRole('button', { name: 'Accept the invitation' }).click()
    await wrong.page.getByText('No database yet.').waitFor()
    assert.match(wrong.page.url(), new RegExp(`organisation=${below.id}`))
  })
})

describe('roles', () => {
  test('an auditor sees what there is and no button that changes it', async () => {
    await join('aud@example.com', 'auditor', 'Aud')
    const { page } = await visitAs('aud@example.com', '/app/databases/bakery')
    await page.getByRole('heading', { name: 'The Bakery' }).waitFor()
    await page.getByRole('link', { name: 'Grant', exact: true }).waitFor()
    for (const name of ['Choose companies', 'Delete the database']) {
      assert.equal(await page.getByRole('button', { name }).count(), 0, name)
    }
    await page.getByRole('link', { name: 'Grant', exact: true }).click()
    await page.getByRole('heading', { name: /Grant of/ }).waitFor()
    for (const name of ['Forget the grant', 'Hand new credentials over']) {
      assert.equal(await page.getByText(name).count(), 0, name)
    }
    await page.getByRole('link', { name: 'Organisation', exact: true }).click()
    const tabs = page.getByRole('navigation', { name: 'Default' })
    assert.deepEqual(await tabs.getByRole('link').allTextContents(), ['Organisations below', 'Audit trail'])
    assert.equal(await page.getByRole('button', { name: 'Make it' }).count(), 0)
    for (const [method, path] of [
      ['POST', `/grants/${grant}/lease`],
      ['POST', '/keys'],
      ['GET', '/keys'],
      ['DELETE', '/databases/bakery'],
    ] as const) {
      assert.equal(await statusFrom(page, method, path, method === 'POST' ? {} : undefined), 403, path)
    }
  })

  test('an analyst queries and sees nothing of grants or people', async () => {
    await join('ana@example.com', 'analyst', 'Ana')
    const { page, check } = await visitAs('ana@example.com', '/app/databases/bakery', { width: 375 })
    await page.getByRole('heading', { name: 'The Bakery' }).waitFor()
    await openMenu(page)
    const links = await page.getByRole('navigation', { name: 'Main' }).getByRole('link').allTextContents()
    assert.ok(links.includes('Databases') && links.includes('Account'), links.join())
    assert.ok(!links.includes('Grants') && !links.includes('Organisation'), links.join())
    await check('analyst')
    const sql = { sql: 'SELECT count(*) FROM crm.Accounts' }
    assert.equal(await statusFrom(page, 'POST', '/databases/bakery/query', sql), 200)
    assert.equal(await statusFrom(page, 'GET', '/grants'), 403)
  })
})

describe('organisations below', () => {
  test('are made, entered through the header, and stand in every address', async () => {
    const { page, check } = await visitAs('olga@example.com', '/app/organisation/below')
    await page.getByLabel('Name of the organisation').fill('Customer North')
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.getByRole('cell', { name: 'Customer North', exact: true }).waitFor()
    await check('organisations')
    const switcher = page.getByRole('combobox', { name: 'Organisation' })
    await switcher.click()
    await page.getByRole('option', { name: 'Customer North (Default)' }).click()
    await page.waitForURL(/organisation=org_/)
    const own = page.getByText('No organisation below this one yet.')
    await own.waitFor()
    await page.getByRole('link', { name: 'Databases' }).click()
    await page.getByText('No database yet.').waitFor()
    const address = page.url()
    assert.match(address, /organisation=org_/)
    await page.goBack()
    await own.waitFor()

    const second = await lab.arrive(new URL(address).pathname + new URL(address).search)
    await fillLogIn(second.page, 'olga@example.com')
    await second.page.getByText('No database yet.').waitFor()
    assert.equal(
      await second.page.getByRole('combobox', { name: 'Organisation' }).inputValue(),
      'Customer North (Default)',
    )

    // Who reaches several organisations was sent on to the databases from an address at which there is nothing.
    await second.page.goto(`${lab.url}/app/nowhere`)
    await second.page.waitForURL(/nowhere\?organisation=org_/)
    await second.page.getByRole('heading', { name: '404' }).waitFor()

    // The same on a telephone, by keyboard.
    const small = await visitAs('olga@example.com', '/app/grants', {
      width: 375,
      locale: 'nl-NL',
      isDark: true,
    })
    const menu = small.page.getByRole('button', { name: 'Menu', exact: true })
    await menu.waitFor()
    const header = await small.page.getByRole('banner').boundingBox()
    assert.ok((header?.height ?? 99) < 64, `the header is one row: ${header?.height} px`)
    await menu.focus()
    await small.page.keyboard.press('Enter')
    const drawer = small.page.getByRole('dialog', { name: 'Menu' })
    await drawer.getByRole('link', { name: 'Toestemmingen' }).waitFor()
    await small.check('menu')
    const focused =
      'document.activeElement.closest("dialog") !== null || document.activeElement === document.body'
    for (let press = 0; press < 15; press++) {
      await small.page.keyboard.press('Tab')
      assert.equal(await small.page.evaluate(focused), true, 'the focus stays in the menu')
    }
    await small.page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'hidden' })
    assert.equal(await menu.evaluate('document.activeElement.textContent'), 'Menu')
    await small.page.keyboard.press('Enter')
    await drawer.getByRole('combobox', { name: 'Organisatie' }).click()
    await drawer.getByRole('option', { name: 'Customer North (Default)' }).click()
    await small.page.waitForURL(/organisation=org_/)
    await small.page.getByText('Nog geen toestemming.', { exact: false }).waitFor()
    await drawer.waitFor({ state: 'hidden' })
    await small.page.getByRole('banner').getByText('Customer North', { exact: true }).waitFor()
    await menu.click()
    await drawer.getByRole('link', { name: 'Databases' }).click()
    await small.page.waitForURL('**/databases?*')
    await drawer.waitFor({ state: 'hidden' })
    await menu.click()
    await small.page.mouse.click(20, 400)
    await drawer.waitFor({ state: 'hidden' })

    const stranger = await visitAs('ana@example.com', new URL(address).pathname + new URL(address).search)
    await stranger.page.getByText('There is no such organisation for you.', { exact: false }).waitFor()
  })
})

test('who forgot a password reads whom to ask where no mail is sent', async () => {
  const { page, check } = await lab.arrive('/app/', { width: 375, locale: 'nl-NL' })
  await page.getByRole('button', { name: 'Wachtwoord vergeten?' }).click()
  await page.getByLabel('E-mailadres').fill('olga@example.com')
  await page.getByRole('button', { name: 'Mail mij de link' }).click()
  await page.getByText('Deze server verstuurt geen mail.', { exact: false }).waitFor()
  await check('forgot-by-hand')
  await page.getByRole('button', { name: 'Terug naar inloggen' }).click()
  await page.getByRole('button', { name: 'Inloggen', exact: true }).waitFor()
})

describe('API keys', () => {
  test('are made bound to a database, a network and a time, shown once, used, and revoked', async () => {
    const { page, check } = await visitAs('olga@example.com', '/app/organisation/keys', { width: 375 })
    await page.getByLabel(/^Name/).fill('Monthly report')
    await page.getByRole('button', { name: 'Create the key' }).click()
    await page.getByText('Choose at least one thing', { exact: false }).waitFor()
    await page.getByRole('checkbox', { name: 'databases:read' }).check()
    await page.getByRole('checkbox', { name: 'query', exact: true }).check()
    await page.getByRole('combobox', { name: 'Only these databases' }).click()
    await page.getByRole('option', { name: /bakery/ }).click()
    await page.keyboard.press('Escape')
    await page.getByLabel('Only from these addresses').fill('127.0.0.0/8\n::1')
    await page.getByLabel('Expires').selectOption({ label: 'after 30 days' })
    await page.getByRole('button', { name: 'Create the key' }).click()
    const key = (await page.getByRole('region', { name: 'Key Monthly report' }).textContent()) ?? ''
    assert.match(key, /^sluis_/)
    await check('keys')
    assert.equal((await lab.call('GET', '/databases/bakery', undefined, { key })).status, 200)
    assert.equal((await lab.call('GET', '/grants', undefined, { key })).status, 403)
    await page.reload()
    const row = page.getByRole('row', { name: /Monthly report/ })
    await row.getByText('only bakery').waitFor()
    await row.getByText('from 127.0.0.0/8, ::1').waitFor()
    assert.ok(!(await page.content()).includes(key), 'it is shown once')
    await row.getByRole('button', { name: 'Revoke: Monthly report' }).click()
    await row.getByRole('button', { name: /^Sure/ }).click()
    await row.waitFor({ state: 'detached' })
    assert.equal((await lab.call('GET', '/databases/bakery', undefined, { key })).status, 401)
  })
})

describe('contacts', () => {
  test('are added in their own language, and removed', async () => {
    const { page, check } = await visitAs('olga@example.com', '/app/organisation/members', { width: 375 })
    await page.getByLabel('Address of the contact').fill('Piet@example.com')
    await page.getByLabel('Language').selectOption('nl')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('cell', { name: 'piet@example.com', exact: true }).waitFor()
    await check('contacts')
    const { contacts } = (await olga.call('GET', '/contacts')).body
    assert.deepEqual([contacts[0].email, contacts[0].language], ['piet@example.com', 'nl'])
    await page.getByRole('button', { name: 'Remove: piet@example.com' }).click()
    await page.getByRole('button', { name: 'Sure? Remove: piet@example.com' }).click()
    await page.getByRole('cell', { name: 'piet@example.com', exact: true }).waitFor({ state: 'detached' })
  })
})

describe('access keys of a database', () => {
  test('are made by a developer on its page, and open nothing else', async () => {
    await join('dev@example.com', 'developer', 'Dev')
    const { page, check } = await visitAs('dev@example.com', '/app/databases/bakery', { width: 375 })
    await page.getByLabel('What uses the key').fill('Report')
    await page.getByRole('button', { name: 'Create the key' }).click()
    const key = (await page.getByRole('region', { name: 'Key Report' }).textContent()) ?? ''
    await check('database-keys')
    const sql = { sql: 'SELECT count(*) FROM crm.Accounts' }
    assert.equal((await lab.call('POST', '/databases/bakery/query', sql, { key })).status, 200)
    assert.equal((await lab.call('GET', '/platforms', undefined, { key })).status, 403)
    await page.getByRole('button', { name: 'Revoke: Report' }).click()
    await page.getByRole('button', { name: 'Sure? Revoke: Report' }).click()
    await page.getByRole('cell', { name: 'Report', exact: true }).waitFor({ state: 'detached' })
    assert.equal((await lab.call('POST', '/databases/bakery/query', sql, { key })).status, 401)
  })

  test('the description of the API runs under its security policy', async () => {
    const { page, faults } = await lab.arrive('/api/docs/')
    await page.getByRole('heading', { name: /Sluis/ }).waitFor()
    assert.deepEqual(faults, [])
  })
})

describe('the audit trail', () => {
  test('is filtered by what and by whom, and saved as a file', async () => {
    const { page, check } = await visitAs('olga@example.com', '/app/organisation/audit', { locale: 'nl-NL' })
    await page.getByRole('cell', { name: 'Ingelogd', exact: true }).first().waitFor()
    await check('audit')
    await page.getByLabel('Over').selectOption('key')
    await page.getByRole('cell', { name: 'Sleutel ingetrokken' }).first().waitFor()
    const acts = page.getByRole('region', { name: 'Auditspoor' })
    assert.equal(await acts.getByText('Ingelogd', { exact: true }).count(), 0)
    await acts.getByRole('button', { name: 'Alleen door Olga Owner' }).first().click()
    await acts.getByText('Sleutel gemaakt').first().waitFor()
    // The address is the filter: whoever gets it sees the same.
    assert.match(page.url(), /[?&]kind=key/)
    await page.reload()
    await page.getByRole('button', { name: 'Alleen door Olga Owner ✕' }).waitFor()
    await acts.getByText('Sleutel gemaakt').first().waitFor()
    assert.equal(await page.getByLabel('Over').inputValue(), 'key')
    assert.equal(await acts.getByText('Ingelogd', { exact: true }).count(), 0)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Als CSV' }).click(),
    ])
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n')
    assert.equal(lines[0], 'id,at,actor,action,subject,facts')
    assert.ok(lines.length > 2 && lines.slice(1).every((line) => /,key\./.test(line)), lines.join('\n'))
    assert.match(download.url(), /^http:.*\/api\/v1\/audit\/export\?/, 'the browser itself fetched it')

    // Whom a grant's history names, it names as people know them.
    await page.goto(`${lab.url}/app/grants/${grant}`)
    const history = page.getByRole('region', { name: 'Wat er gebeurde' })
    await history.getByText('Olga Owner').first().waitFor()
    await history.getByText('Sluis zelf').first().waitFor()
    assert.equal(await history.getByText(/^per_/).count(), 0)
    assert.match((await history.getByText('Olga Owner').first().getAttribute('title')) ?? '', /^per_/)
  })
})
