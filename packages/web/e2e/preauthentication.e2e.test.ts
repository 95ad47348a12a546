import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type OAuthEmulator, startOAuthEmulator } from '@sluis/emulator-oauth'
import { labClient, labKey } from '@sluis/server/testing'
import type { Page } from 'playwright-core'
import { openWebLab, type WebLab } from './testing/web-lab.ts'

// The pre-authentication module in a real browser: one person asks, another consents at the emulator's own pages.

let lab: WebLab
let others: OAuthEmulator
const ourReturn = () => `${lab.url}/app/consent/return`
before(async () => {
  others = await startOAuthEmulator()
  lab = await openWebLab({}, { gitlab: { lab: { label: 'Lab', baseUrl: `${others.url}/gitlab` } } })
  const { redirectUri, ...app } = labClient
  const limits = { minute: 100_000, day: 1_000_000 }
  await lab.control('apps', { ...app, redirectUris: [redirectUri, ourReturn()], limits })
  await lab.call('POST', '/clients', {
    platform: 'exact-online',
    region: 'lab',
    ...app,
    label: 'Books of our customers',
    redirectUris: [redirectUri, ourReturn()],
  })
})
after(async () => {
  await lab?.close()
  await others?.close()
})

interface Grant {
  readonly id: string
  readonly externalId: string | null
  readonly generation: number
  readonly databases: readonly string[]
}
/** The form for a consent at the emulator, in English, up to the app. */
async function fillPlace(page: Page) {
  await page.getByLabel('Platform').selectOption({ label: 'Exact Online' })
  await page.getByLabel('Country').selectOption({ label: 'Lab' })
}
const linkOn = async (page: Page) =>
  (await page.getByRole('region', { name: 'The consent link' }).locator('pre').textContent()) ?? ''
const pathOf = (url: string) => url.slice(new URL(url).origin.length)
/** At the platform: log in, and choose. */
async function atPlatform(page: Page, user: string, choice: 'allow' | 'cancel') {
  await page.locator('input[name=user]').fill(user)
  await page.locator('input[name=password]').fill('any password')
  await page.locator('form button').first().click()
  await page.locator(`button[value=${choice}]`).click()
}
/** Where the browser of a consent with the deviating address ends. */
async function deviatingReturn(authorizeUrl: string, user: string): Promise<string> {
  const { clientId, redirectUri } = labClient
  const { code } = (await lab.control('consents', { clientId, user, redirectUri })) as { code: string }
  const state = new URL(authorizeUrl).searchParams.get('state')
  return `${redirectUri}?code=${encodeURIComponent(code)}&state=${state}`
}
const remembered = (page: Page) =>
  page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, history.state, document.cookie])',
  )

test('a platform without tables: scopes are asked, the consent is kept, and no database is offered', async () => {
  const app = { platform: 'gitlab', clientId: 'an-app', clientSecret: 'a secret of GitLab' }
  const init = { method: 'POST', body: JSON.stringify({ ...app, redirectUris: [ourReturn()] }) }
  await fetch(`${others.url}/_control/apps`, init)
  const { page, check } = await lab.visit('/app/preauthentications', { width: 375, locale: 'nl-NL' })
  await page.getByText('Er is nog geen toestemming gevraagd.').waitFor()
  await page.getByRole('link', { name: 'Vraag een toestemming' }).click()
  await page.getByLabel('Platform').selectOption({ label: 'GitLab' })
  await page.getByLabel('Omgeving').selectOption({ label: 'Lab' })
  await page.getByLabel('Client ID').fill(app.clientId)
  await page.getByLabel('Client secret').fill(app.clientSecret)
  await page.getByText('Leeg gelaten: read_api. Altijd gevraagd: read_user.', { exact: false }).waitFor()
  await page.getByLabel('Scopes').fill('read_api  read_repository')
  await check('pre-new-scopes')
  await page.getByRole('button', { name: 'Maak de link' }).click()
  const link = await page
    .getByRole('region', { name: 'De link voor de toestemming' })
    .locator('pre')
    .textContent()
  const customer = await lab.arrive(pathOf(link ?? ''))
  await customer.page.getByText('Asked for: read_user, read_api, read_repository').waitFor()
  await customer.page.getByRole('button', { name: 'Continue to GitLab' }).click()
  await customer.page.locator('input[name=user]').fill('gijs')
  await customer.page.getByRole('button', { name: 'Allow' }).click()
  await customer.page.getByText('The permission is kept.', { exact: false }).waitFor()
  await page.getByText('toestemming gegeven', { exact: true }).waitFor()
  await page.getByText('GitLab · Lab').waitFor()
  assert.equal(await page.getByRole('link', { name: 'Maak er een database van' }).count(), 0)
  await check('pre-consented-without-tables')
  assert.ok(!(await page.content()).includes(app.clientSecret))
})

test('a customer is given a link and consents elsewhere; the page sees it, and a database is made of it later', async () => {
  const { page, check } = await lab.visit('/app/grants')
  await page.getByRole('link', { name: 'Pre-authentication' }).click()
  await page.getByRole('link', { name: 'Ask for a consent' }).click()
  await fillPlace(page)
  assert.equal(
    await page.getByLabel('Redirect URL').inputValue(),
    ourReturn(),
    'ours, where it is registered',
  )
  await page.getByLabel('Of whom it is asked').fill('Bakery Bos')
  await page.getByLabel('Your own ID of the customer').fill('c-17')
  await check('pre-new')
  await page.getByRole('button', { name: 'Make the link' }).click()
  await page.getByRole('heading', { name: 'Bakery Bos' }).waitFor()
  const link = await linkOn(page)
  assert.match(link, /\/app\/consent\/start#[\w-]{43}$/)
  assert.ok(!String(await remembered(page)).includes(new URL(link).hash), 'the link is in memory only')
  await check('pre-waiting')

  const customer = await lab.arrive(pathOf(link), { width: 375, locale: 'nl-NL' })
  await customer.page.getByRole('button', { name: 'Verder naar Exact Online' }).click()
  await atPlatform(customer.page, 'bos@example.com', 'allow')
  await customer.page.getByText('De toestemming is bewaard.', { exact: false }).waitFor()
  assert.equal(await customer.page.getByRole('link', { name: 'Naar de toestemming' }).count(), 0)

  await page.getByText('consented', { exact: true }).waitFor()
  await page.getByText(/^The consent of .+ is kept/).waitFor()
  await check('pre-consented')
  await lab.moveClock({ advanceSeconds: 20 * 86_400 })
  await page.getByRole('link', { name: 'Make a database of it' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'The database is ready' }).waitFor()
  assert.doesNotMatch(page.url(), /grant=/)

  const list = await lab.visit('/app/preauthentications', { width: 375, locale: 'nl-NL', isDark: true })
  await list.page.getByRole('row', { name: /Bakery Bos.*in een database/ }).waitFor()
  await list.check('pre-list')
  const grants = (await lab.call('GET', '/grants')).body.grants as { label: string; externalId: string }[]
  assert.equal(grants.find(({ label }) => label === 'Bakery Bos')?.externalId, 'c-17')
})

test('with a deviating redirect URL the whole address is pasted back; another one is refused', async () => {
  const { page, check, faults } = await lab.visit('/app/preauthentications/new')
  await fillPlace(page)
  await page.getByLabel('App', { exact: true }).selectOption('typed')
  await page.getByLabel('Client ID').fill(labClient.clientId)
  await page.getByLabel('Client secret').fill(labClient.clientSecret)
  await page.getByText(ourReturn()).waitFor()
  await page.getByRole('radio', { name: 'To a deviating redirect URL' }).click()
  await page.getByRole('textbox', { name: 'Redirect URL' }).fill(labClient.redirectUri)
  await check('pre-new-typed')
  await page.getByRole('button', { name: 'Make the link' }).click()
  const field = page.getByLabel('The whole address after the consent')
  const address = await deviatingReturn(await linkOn(page), 'kees@example.com')
  await field.fill(address.replace(/state=.*/, 'state=of-another'))
  await page.keyboard.press('Enter')
  await page.getByText('This address belongs to another consent (state).', { exact: false }).waitFor()
  await check('pre-paste-refused')
  await field.fill(address)
  await page.keyboard.press('Enter')
  await page.getByText('consented', { exact: true }).waitFor()
  assert.deepEqual(faults, [])
})

test('tokens for use elsewhere: who could lose a chain is warned, and they are shown once to who asked', async () => {
  const { page, check } = await lab.visit('/app/preauthentications/new')
  await fillPlace(page)
  await page.getByLabel('Redirect URL').selectOption(labClient.redirectUri)
  await page.getByText('The browser ends at that address, which is then pasted here whole.').waitFor()
  await page.getByRole('radio', { name: 'Tokens for use elsewhere' }).click()
  await page.getByRole('button', { name: 'Make the link' }).click()
  await page.getByText('This can end a grant that is kept here').waitFor()
  assert.ok(await page.getByRole('button', { name: 'Make the link' }).isDisabled())
  await page.getByRole('alert').getByRole('link').first().waitFor()
  await check('pre-chain')
  await page.getByRole('checkbox', { name: 'I have read it' }).check()
  await page.getByRole('button', { name: 'Make the link' }).click()
  await page
    .getByLabel('The whole address after the consent')
    .fill(await deviatingReturn(await linkOn(page), 'els@example.com'))
  await page.keyboard.press('Enter')
  await page.getByText('ready to be shown', { exact: true }).waitFor()
  await check('pre-made')

  const { body: other } = await lab.call('POST', '/keys', {
    name: 'other',
    scopes: ['preauthentication:write'],
  })
  const stranger = await lab.arrive(pathOf(page.url()))
  await stranger.page.getByLabel('API key').fill(other.key)
  await stranger.page.keyboard.press('Enter')
  await stranger.page.getByRole('button', { name: 'Show it, this once' }).click()
  await stranger.page.getByText('Somebody else began this consent.', { exact: false }).waitFor()

  await page.getByRole('button', { name: 'Show it, this once' }).click()
  const token = (await page.getByLabel('Refresh token', { exact: true }).textContent()) ?? ''
  await page.getByText('shown', { exact: true }).waitFor()
  await check('pre-shown')
  assert.ok(!String(await remembered(page)).includes(token), 'the browser keeps no token')
  await lab.moveClock({ advanceSeconds: 601 })
  assert.equal(await lab.refreshElsewhere(token), 200, 'they are good elsewhere')
  await page.getByRole('button', { name: 'I have it' }).click()
  assert.equal(await page.getByRole('region', { name: 'The result' }).count(), 0)
  assert.ok(!(await page.content()).includes(token))
})

test('one that is refused, one that is cancelled and one whose time ran out say so, and can be asked again', async () => {
  const ask = async (label: string) =>
    (
      await lab.call('POST', '/preauthentications', {
        platform: 'exact-online',
        region: 'lab',
        client: { ...labClient, redirectUri: ourReturn() },
        label,
      })
    ).body
  const refused = await ask('Says no')
  const cancelled = await ask('Is cancelled')
  await ask('Is late')
  const customer = await lab.arrive(pathOf(refused.startUrl))
  await customer.page.getByRole('button', { name: 'Continue to Exact Online' }).click()
  await atPlatform(customer.page, 'mia@example.com', 'cancel')
  await customer.page.getByText('No access was given. Nothing was kept.').waitFor()

  const { page, check } = await lab.visit(`/app/preauthentications/${cancelled.id}`, {
    width: 375,
    locale: 'nl-NL',
    isDark: true,
  })
  await page.getByText('De link is getoond toen hij werd gemaakt', { exact: false }).waitFor()
  await check('pre-link-gone')
  await page.getByRole('button', { name: 'Annuleren: Is cancelled' }).press('Enter')
  await page.getByRole('button', { name: 'Zeker? Annuleren: Is cancelled' }).press('Enter')
  await page.getByText('Er is niets van gekomen', { exact: false }).waitFor()
  await check('pre-expired')
  await lab.moveClock({ advanceSeconds: 31 * 60 })

  const list = await lab.visit('/app/preauthentications')
  for (const row of [/Says no.*refused/, /Is cancelled.*expired/, /Is late.*expired/])
    await list.page.getByRole('row', { name: row }).waitFor()
  await list.check('pre-list')
  await list.page.getByRole('link', { name: 'Says no' }).click()
  await list.page.getByText('The user gave no permission.', { exact: false }).waitFor()
  await list.check('pre-refused')
  await list.page.getByRole('link', { name: 'Ask again' }).click()
  assert.equal(await list.page.getByLabel('Country').inputValue(), 'lab')
  assert.ok(!lab.logged.some((line) => line.includes(labClient.clientSecret) || line.includes(labKey)))
})

test('a grant is renewed by a new consent, with what is known filled in; another user’s stays apart', async () => {
  const all = (await lab.call('GET', '/grants')).body.grants as Grant[]
  const bos = all.find(({ externalId }) => externalId === 'c-17')
  assert.ok(bos)
  const state = async () => (await lab.call('GET', `/grants/${bos.id}`)).body as Grant
  const { page, check } = await lab.visit(`/app/grants/${bos.id}`)
  const handCode = async (user: string) => {
    await page.getByRole('radio', { name: 'Preauthenticated Credentials' }).click()
    assert.equal(await page.getByLabel('Client ID').count(), 0, 'the kept client is chosen')
    await page.getByLabel('Redirect URL').selectOption(labClient.redirectUri)
    await page.getByRole('radio', { name: 'Authorization code' }).click()
    await page.getByLabel('Authorization code, or the whole address').fill(await lab.code(user))
    await page.getByRole('button', { name: 'Continue' }).click()
  }
  await page.getByRole('link', { name: 'Hand new credentials over' }).click()
  await page.getByRole('heading', { name: 'New consent of Bos' }).waitFor()
  await check('renew')
  const before = await state()
  await handCode('bos@example.com')
  await page.getByText('The grant is renewed, and everything on it goes on', { exact: false }).waitFor()
  await check('renew-done')
  const after = await state()
  assert.ok(after.generation > before.generation, `${before.generation} → ${after.generation}`)
  assert.deepEqual(after.databases, before.databases, 'no other database is made')

  await page.goBack()
  await page.getByRole('link', { name: 'Hand new credentials over' }).click()
  await handCode('piet@example.com')
  await page.getByText('These credentials are of another user, Piet.', { exact: false }).waitFor()
  await check('renew-other')
  assert.equal((await state()).generation, after.generation)

  const here = await lab.visit(`/app/grants/${bos.id}/renew`, { width: 375, locale: 'nl-NL', isDark: true })
  await here.page.getByRole('radio', { name: 'Eigen app met nu inloggen' }).click()
  await here.check('renew-log-in')
  await here.page.getByRole('button', { name: 'Inloggen bij Exact Online' }).click()
  await atPlatform(here.page, 'bos@example.com', 'allow')
  await here.page.waitForURL(/\/renew\?/)
  // Who is in by a key, which lives in the page's memory, shows it again.
  await here.page.getByLabel('API-sleutel').fill(labKey)
  await here.page.keyboard.press('Enter')
  await here.page.getByText('De toestemming is vernieuwd, en alles erop', { exact: false }).waitFor()
  await here.check('renew-done')
  assert.ok((await state()).generation > after.generation)
})
