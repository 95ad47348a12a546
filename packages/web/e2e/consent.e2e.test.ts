import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { labClient, labKey } from '@sluis/server/testing'
import type { Page } from 'playwright-core'
import { openWebLab, type WebLab } from './testing/web-lab.ts'

// Consents in a real browser, through the emulator's own log-in and consent pages.

let lab: WebLab
const ourReturn = () => `${lab.url}/app/consent/return`
before(async () => {
  lab = await openWebLab()
  const { redirectUri, ...app } = labClient
  const limits = { minute: 100_000, day: 1_000_000 }
  await lab.control('apps', { ...app, redirectUris: [redirectUri, ourReturn()], limits })
})
after(() => lab?.close())

/** At the platform: log in, and choose. */
async function atPlatform(page: Page, user: string, choice: 'allow' | 'cancel') {
  await page.locator('input[name=user]').fill(user)
  await page.locator('input[name=password]').fill('any password')
  await page.locator('form button').first().click()
  await page.locator(`button[value=${choice}]`).click()
}
const begin = async () => {
  const client = { ...labClient, redirectUri: ourReturn() }
  const wanted = { platform: 'exact-online', region: 'lab', client }
  return (await lab.call('POST', '/preauthentications', wanted)).body
}
const pathOf = (url: string) => url.slice(new URL(url).origin.length)

test('the wizard with the own app: log in now, come back, and the database is there', async () => {
  const { page, check } = await lab.visit('/app/setup/databases/new/exactonline')
  await page.getByRole('radio', { name: 'Lab' }).click()
  await page.getByRole('radio', { name: 'Own app with log-in now' }).click()
  await page.getByText(ourReturn()).first().waitFor()
  await page.getByLabel('Client ID').fill(labClient.clientId)
  await page.getByLabel('Client secret').fill(labClient.clientSecret)
  await check('wizard-login')
  await page.getByRole('button', { name: 'Log in at Exact Online' }).click()
  await atPlatform(page, 'lars@example.com', 'allow')
  await page.waitForURL('**/app/setup/databases/new/exactonline')
  assert.ok(!/code=|state=/.test(page.url()), 'the code has left the address')
  // Who is in by a key, which lives in the page's memory, shows it again.
  await page.getByLabel('API key').fill(labKey)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'The database is ready' }).waitFor()
  const { clients } = (await lab.call('GET', '/clients')).body
  assert.deepEqual(clients[0].redirectUris, [ourReturn()], 'the app is kept for next time')
})

test('the start page says who asks; a user who says no is told that nothing was kept', async () => {
  const { startUrl, id } = await begin()
  const { page, check } = await lab.arrive(pathOf(startUrl), { width: 375, locale: 'nl-NL' })
  await page
    .getByText('Default vraagt u toegang te geven tot Exact Online via de app lab.', { exact: false })
    .waitFor()
  assert.equal(await page.evaluate('location.hash'), '', 'the secret leaves the address')
  await check('consent-start')
  await page.getByRole('button', { name: 'Verder naar Exact Online' }).click()
  await atPlatform(page, 'mia@example.com', 'cancel')
  await page.getByText('Er is geen toegang gegeven. Er is niets bewaard.').waitFor()
  await check('consent-refused')
  assert.equal((await lab.call('GET', `/preauthentications/${id}`)).body.state, 'refused')
})

test('another person cannot end it, and a link that is over says so', async () => {
  const { startUrl, id } = await begin()
  const { page, check } = await lab.arrive(pathOf(startUrl))
  await page.getByRole('button', { name: 'Continue to Exact Online' }).click()
  await page.locator('input[name=user]').waitFor()
  const state = new URL(page.url()).searchParams.get('state')
  const stranger = await lab.arrive(`/app/consent/return?code=stolen&state=${state}`)
  await stranger.page.getByText('This consent was begun in another browser.', { exact: false }).waitFor()
  await stranger.check('consent-other')
  const late = await lab.arrive(pathOf(startUrl))
  await late.page.getByRole('button', { name: 'Continue to Exact Online' }).click()
  await late.page.getByText('This consent was begun in another browser.', { exact: false }).waitFor()
  await atPlatform(page, 'nina@example.com', 'allow')
  await page.getByText('The permission is kept.', { exact: false }).waitFor()
  await check('consent-done')
  assert.equal((await lab.call('GET', `/preauthentications/${id}`)).body.state, 'done')
  const again = await lab.arrive(pathOf(startUrl))
  await again.page.getByText('This consent is over', { exact: false }).waitFor()
})
