import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { labClient, labKey } from '@sluis/server/testing'
import type { Page } from 'playwright-core'
import { openWebLab, type WebLab } from './testing/web-lab.ts'

// A partner's customer in a real browser: from the partner's link, through the emulator's own pages, back to the
// partner's own page, which is served here on another origin.

const logo = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC'
const brand = {
  name: 'Boek & Houder <b>BV</b>',
  colour: '#ffdd00',
  logo,
  texts: {
    en: 'Then your invoices appear by themselves.\n<img src=x onerror=alert(1)>',
    nl: 'Dan verschijnen uw facturen vanzelf.',
  },
}
let lab: WebLab
let partner: Server
let back: string
let client: string
before(async () => {
  lab = await openWebLab()
  partner = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1')
  await once(partner, 'listening')
  back = `http://127.0.0.1:${(partner.address() as AddressInfo).port}/done?tenant=7`
  const { redirectUri, ...app } = labClient
  const redirectUris = [lab.url, ownHost()].map((origin) => `${origin}/app/consent/return`)
  const limits = { minute: 100_000, day: 1_000_000 }
  await lab.control('apps', { ...app, redirectUris: [redirectUri, ...redirectUris], limits })
  const registration = { platform: 'exact-online', region: 'lab', ...app, redirectUris, label: 'Facturen' }
  client = (await lab.call('POST', '/clients', registration)).body.id
  const set = await lab.call('PATCH', '/connect-settings', { ...brand, returnAddresses: [back] })
  assert.equal(set.status, 200, set.text)
})
after(async () => {
  partner?.close()
  await lab?.close()
})

/** The partner's application: a page with our script and a button, its own way to a link, and where customers return. */
async function serve({ method, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (method === 'POST') {
    const link = url === '/elsewhere' ? { url: 'https://evil.example/app/connect#x' } : await make()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ url: link.url }))
    return
  }
  response.setHeader('content-type', 'text/html')
  response.setHeader(
    'content-security-policy',
    `default-src 'none'; connect-src 'self'; script-src 'self' ${lab.url}`,
  )
  const script = `<script src="${lab.url}/app/connect.js" defer></script>`
  const hear = '<script src="/hear.js"></script>'
  const button = (name: string, path: string) =>
    `<button data-sluis-connect="${path}"><b>${name}</b></button>`
  if (url === '/hear.js') {
    response.setHeader('content-type', 'text/javascript')
    response.end(
      `document.addEventListener('sluis-connect', ({ detail }) =>
        document.body.append(Object.assign(document.createElement('output'), { textContent: JSON.stringify(detail) })))`,
    )
  } else if (url.startsWith('/start')) {
    response.end(
      `<!doctype html><html lang="en"><title>Partner</title>${hear}${script}<h1>Partner</h1>${button('Connect', '/links')}${button('Wrong', '/elsewhere')}`,
    )
  } else if (url.startsWith('/done')) {
    response.end('<!doctype html><html lang="en"><title>Partner</title><h1>Welcome back</h1>')
  } else response.writeHead(404).end()
}

/** The same server under another host name, as a partner's own is. */
const ownHost = () => {
  const { hostname, port } = new URL(lab.url)
  return `http://${hostname === 'localhost' ? '127.0.0.1' : 'localhost'}:${port}`
}
const make = async (more: object = {}) => {
  const place = 'renews' in more ? {} : { platform: 'exact-online', region: 'lab' }
  const made = await lab.call('POST', '/connect-links', {
    ...place,
    client,
    returnAddress: back,
    returnState: 'session 1',
    ...more,
  })
  assert.equal(made.status, 201, made.text)
  return made.body as { readonly id: string; readonly url: string }
}
const pathOf = (url: string) => url.slice(new URL(url).origin.length)
const linkOf = async ({ id }: { readonly id: string }) => (await lab.call('GET', `/connect-links/${id}`)).body

/** At the platform: log in, and choose. */
async function atPlatform(page: Page, user: string, choice: 'allow' | 'cancel') {
  await page.locator('input[name=user]').fill(user)
  await page.locator('input[name=password]').fill('any password')
  await page.locator('form button').first().click()
  await page.locator(`button[value=${choice}]`).click()
}
const proceed = (page: Page) => page.getByRole('button', { name: 'Continue to Exact Online' }).click()
/** The partner's page, and what its address tells. */
async function atPartner(page: Page): Promise<Record<string, string>> {
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor()
  assert.ok(page.url().startsWith(back), page.url())
  return Object.fromEntries(new URL(page.url()).searchParams)
}

test('the page is the partner’s: its name, logo, colour and words, in the language of the link', async () => {
  const made = await make({ language: 'nl', externalId: 'c-1' })
  const { page, check } = await lab.arrive(pathOf(made.url), { width: 375 })
  await page.getByRole('heading', { name: 'Exact Online verbinden' }).waitFor()
  const names = page.getByText(brand.name, { exact: true })
  assert.equal(await names.count(), 1, 'a name is text, whatever stands in it')
  assert.equal(await page.title(), brand.name)
  assert.equal(
    await page.locator('img').evaluate((image) => (image as { naturalWidth: number }).naturalWidth),
    1,
  )
  await page.getByText(brand.texts.nl).waitFor()
  for (const fact of ['Facturen', new URL(back).host, 'Een pagina van Default, geleverd door Sluis'])
    await page.getByText(fact, { exact: true }).waitFor()
  const button = page.getByRole('button', { name: 'Verder naar Exact Online' })
  const [colour, ground] = (await page.evaluate(
    `[...document.querySelectorAll('button.branded-button')].flatMap((one) =>
      [getComputedStyle(one).color, getComputedStyle(one).backgroundColor])`,
  )) as string[]
  assert.deepEqual([colour, ground], ['rgb(0, 0, 0)', 'rgb(255, 221, 0)'])
  assert.equal(await page.getByRole('navigation').count(), 0, 'no way into our own application')
  assert.equal(await page.evaluate('location.hash'), '', 'the secret leaves the address')
  await check('connect')
  await page.reload()
  await button.waitFor()
  await page.getByRole('button', { name: 'English' }).click()
  await page.getByText('<img src=x onerror=alert(1)>', { exact: false }).waitFor()
  await check('connect-en')
  await proceed(page)
  await page.locator('input[name=user]').waitFor()
  await page.goBack()
  await proceed(page)
  await atPlatform(page, 'anna@example.com', 'allow')
  const told = await atPartner(page)
  const link = await linkOf(made)
  assert.deepEqual(told, {
    tenant: '7',
    outcome: 'connected',
    grant: link.grant,
    link: made.id,
    state: 'session 1',
  })
  const { body: grant } = await lab.call('GET', `/grants/${link.grant}`)
  assert.deepEqual([grant.state, grant.externalId], ['active', 'c-1'])
})

test('a customer who says no, here or at the platform, is back at the partner, who is told', async () => {
  const [here, there] = [await make(), await make()]
  const ours = await lab.arrive(pathOf(here.url))
  await ours.page.getByRole('heading', { name: 'Connect Exact Online' }).waitFor()
  await ours.check('connect-wide')
  await ours.page.getByRole('button', { name: 'No, thank you' }).click()
  assert.equal((await atPartner(ours.page)).outcome, 'cancelled')
  const theirs = await lab.arrive(pathOf(there.url))
  await proceed(theirs.page)
  await atPlatform(theirs.page, 'bram@example.com', 'cancel')
  assert.equal((await atPartner(theirs.page)).outcome, 'cancelled')
  assert.deepEqual([(await linkOf(here)).state, (await linkOf(there)).state], ['cancelled', 'cancelled'])
  // The same link again, in another tab of the same browser.
  await theirs.page.goto(`${lab.url}${pathOf(there.url)}`)
  await theirs.page.getByText('This link has been used already.', { exact: false }).waitFor()
  await theirs.check('connect-used')
})

test('a link that has expired, was taken back or is not whole says so, and leads back where it may', async () => {
  const [late, taken] = [await make({ validForSeconds: 60 }), await make()]
  await lab.call('DELETE', `/connect-links/${taken.id}`)
  await lab.moveClock({ advanceSeconds: 61 })
  const expired = await lab.arrive(pathOf(late.url), { width: 375, locale: 'nl-NL' })
  await expired.page.getByText('Deze link is verlopen.', { exact: false }).waitFor()
  await expired.page.getByText(brand.name, { exact: true }).waitFor()
  await expired.check('connect-expired')
  await expired.page.getByRole('link', { name: `Terug naar ${brand.name}` }).click()
  const { outcome, reason } = await atPartner(expired.page)
  assert.deepEqual([outcome, reason], ['refused', 'expired'])
  const revoked = await lab.arrive(pathOf(taken.url))
  await revoked.page.getByText('This link was taken back.', { exact: false }).waitFor()
  const half = await lab.arrive('/app/connect#half')
  await half.page.getByText('This link is not complete', { exact: false }).waitFor()
})

test('another browser neither goes on with a link nor ends it, and is not told the way back', async () => {
  const made = await make()
  const { page } = await lab.arrive(pathOf(made.url))
  await proceed(page)
  await page.locator('input[name=user]').waitFor()
  const state = new URL(page.url()).searchParams.get('state')
  const stranger = await lab.arrive(pathOf(made.url), { width: 375 })
  await stranger.page.getByText('This link was opened in another browser first.', { exact: false }).waitFor()
  assert.equal(await stranger.page.getByRole('link').count(), 0)
  await stranger.check('connect-other-browser')
  const thief = await lab.arrive(`/app/consent/return?code=stolen&state=${state}`)
  await thief.page.getByText('This consent was begun in another browser.', { exact: false }).waitFor()
  await atPlatform(page, 'carla@example.com', 'allow')
  assert.equal((await atPartner(page)).outcome, 'connected')
})

test('renewing as another person is refused and changes nothing; as the same person it keeps the grant', async () => {
  const { grant } = (await lab.call('GET', '/connect-links?externalId=c-1')).body.links[0]
  const chain = async () => {
    const { body } = await lab.call('GET', `/grants/${grant}`)
    return [body.generation, body.state, body.externalId, body.platformUser.email]
  }
  const before = await chain()
  const grants = async () => (await lab.call('GET', '/grants?limit=500')).body.grants.length
  const many = await grants()
  const wrong = await make({ renews: grant })
  const { page, check } = await lab.arrive(pathOf(wrong.url), { width: 375 })
  await page.getByText('Log in as the person who gave access before', { exact: false }).waitFor()
  await proceed(page)
  await atPlatform(page, 'dirk@example.com', 'allow')
  await page.getByText('You logged in as another person', { exact: false }).waitFor()
  assert.ok(!/code=|state=/.test(page.url()), 'the code has left the address')
  await check('connect-other-person')
  await page.getByRole('link', { name: `Back to ${brand.name}` }).click()
  const told = await atPartner(page)
  assert.deepEqual([told.outcome, told.reason, told.grant], ['refused', 'other-person', undefined])
  assert.deepEqual([await chain(), await grants()], [before, many])

  // Under the partner's own host name.
  await lab.call('PATCH', '/connect-settings', { origin: ownHost() })
  const right = await make({ renews: grant })
  assert.equal(new URL(right.url).origin, ownHost())
  await page.goto(right.url)
  await proceed(page)
  await atPlatform(page, 'anna@example.com', 'allow')
  const renewed = await atPartner(page)
  assert.deepEqual([renewed.outcome, renewed.grant], ['connected', grant])
  const [generation, ...rest] = await chain()
  assert.deepEqual(rest, before.slice(1))
  assert.ok(generation > before[0], 'on a new chain')
})

test('a page reads well in the dark and in the light, whatever the partner’s colour is', async () => {
  const made = await make()
  const { page, check } = await lab.arrive(pathOf(made.url), { width: 375 })
  for (const colour of ['#ffffff', '#242424', '#777777']) {
    await lab.call('PATCH', '/connect-settings', { colour })
    await page.reload()
    await page.getByRole('button', { name: 'Continue to Exact Online' }).waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const edges = (await page.evaluate(
        `[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.branded-button')).borderTopColor]`,
      )) as string[]
      assert.notEqual(edges[0], edges[1], `${colour} ${colorScheme}`)
      await check(`connect-${colour.slice(1)}-${colorScheme}`)
    }
  }
  await lab.call('PATCH', '/connect-settings', { colour: brand.colour })
})

test('the script on a partner’s own page fetches a link, goes there, and tells what the return says', async () => {
  const start = `${new URL(back).origin}/start`
  const { returnAddresses } = (await lab.call('GET', '/connect-settings')).body
  await lab.call('PATCH', '/connect-settings', { origin: null, returnAddresses: [...returnAddresses, start] })
  const { page, faults } = await lab.arrive('/app/icon.svg')
  await page.goto(start)
  await page.getByRole('button', { name: 'Wrong' }).click()
  const heard = async () => JSON.parse((await page.locator('output').textContent()) ?? '')
  assert.match((await heard()).message, /does not lead to/)
  assert.equal(page.url(), start)
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByRole('heading', { name: 'Connect Exact Online' }).waitFor()
  await page.getByRole('button', { name: 'No, thank you' }).click()
  assert.equal((await atPartner(page)).outcome, 'cancelled')
  const made = await make({ returnAddress: start })
  await page.goto(made.url)
  await proceed(page)
  await atPlatform(page, 'els@example.com', 'allow')
  const { outcome, grant, state } = await heard()
  assert.deepEqual([outcome, grant, state], ['connected', (await linkOf(made)).grant, 'session 1'])
  assert.equal(page.url(), start, 'what the address told has left it')
  assert.deepEqual(faults, [])
})

/** The colours of what stands for the button, in the picture or on the page itself. */
const buttonColours = (page: Page) =>
  page.evaluate(
    `((one) => [one.color, one.backgroundColor])(getComputedStyle(document.querySelector('.branded-button')))`,
  ) as Promise<string[]>

test('how the page looks is set in the console, beside a preview that is what the customer sees', async () => {
  const { body: below } = await lab.call('POST', '/organisations', { name: 'Branch' })
  const { page, check, faults } = await lab.visit(`/app/connect-links/settings?organisation=${below.id}`)
  await page.getByText('These are those of an organisation above.', { exact: false }).waitFor()
  const preview = page.getByRole('region', { name: 'As your customer sees it' })
  await preview.getByText(brand.name, { exact: true }).waitFor()
  assert.deepEqual(await buttonColours(page), ['rgb(0, 0, 0)', 'rgb(255, 221, 0)'])
  await page.getByLabel('Name', { exact: true }).fill('Branch & Co')
  await page.getByLabel('Colour', { exact: true }).fill('#AA00')
  await page.getByText('Not a colour as #0b7285.').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Save' }).isDisabled(), true)
  await page.getByLabel('Colour', { exact: true }).fill('#AA0000')
  await page.getByRole('button', { name: 'No logo' }).click()
  assert.equal(await preview.locator('img').count(), 0)
  const file = { name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from(logo, 'base64') }
  await page.locator('input[type=file]').setInputFiles({ ...file, buffer: Buffer.alloc(200_000) })
  await page.getByText('This file is larger than 100 kB.').waitFor()
  await page.locator('input[type=file]').setInputFiles(file)
  await preview.locator('img').waitFor()
  await page.getByLabel('Your words in Dutch').fill('Alles gaat vanzelf.')
  await preview.getByText('Nederlands', { exact: true }).first().click()
  await preview.getByText('Alles gaat vanzelf.').waitFor()
  await preview.getByText(new URL(back).host, { exact: true }).waitFor()
  await check('connect-settings')
  const pictured = await buttonColours(page)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved').waitFor()
  const { body: settings } = await lab.call('GET', '/connect-settings', undefined, {
    headers: { 'sluis-organisation': below.id },
  })
  assert.deepEqual(
    [settings.name, settings.colour, settings.logo, settings.texts.nl, settings.isInherited],
    ['Branch & Co', '#aa0000', `data:image/png;base64,${logo}`, 'Alles gaat vanzelf.', false],
  )
  assert.equal(settings.texts.en, brand.texts.en, 'what was not touched is taken over')
  assert.deepEqual(
    settings.returnAddresses,
    (await lab.call('GET', '/connect-settings')).body.returnAddresses,
  )
  await lab.call('PATCH', `/clients/${client}`, { servesDescendants: true })
  const link = { platform: 'exact-online', region: 'lab', client, returnAddress: back }
  const made = await lab.call('POST', '/connect-links', link, { headers: { 'sluis-organisation': below.id } })
  const customer = await lab.arrive(pathOf(made.body.url))
  await customer.page.getByText('Branch & Co', { exact: true }).waitFor()
  assert.deepEqual(await buttonColours(customer.page), pictured)
  await page.getByLabel('Return addresses').fill('http://partner.example/plain')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(/The return address is not https/).waitFor()
  assert.deepEqual(faults, [])
  const phone = await lab.visit('/app/connect-links/settings', { width: 375, locale: 'nl-NL', isDark: true })
  await phone.page.getByRole('heading', { name: 'Zoals je klant hem ziet' }).waitFor()
  await phone.check('connect-settings')
})

test('a link is made in the console, shown once, followed, and taken back', async () => {
  const { page, check } = await lab.visit('/app/connect-links')
  await page.getByRole('link', { name: 'Make a connect link' }).click()
  await page.getByLabel('Platform').selectOption({ label: 'Exact Online' })
  await page.getByLabel('Country').selectOption({ label: 'Lab' })
  await page.getByLabel('Customer', { exact: true }).fill('Bakkerij Bos')
  await page.getByLabel('Your own ID of the customer').fill('c-77')
  await page.getByLabel('Afterwards the customer goes to').selectOption(back)
  await page.getByLabel('Language of the page').selectOption('nl')
  await check('connect-link-new')
  await page.getByRole('button', { name: 'Make the link' }).click()
  const url = await page.getByRole('region', { name: 'The link for the customer' }).innerText()
  assert.ok(url.startsWith(`${lab.url}/app/connect#`), url)
  await check('connect-link-made')
  await page.getByRole('link', { name: 'To the links' }).click()
  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  await row('Bakkerij Bos').getByText('not used yet').waitFor()
  assert.ok(!(await page.content()).includes(url.split('#')[1] ?? '?'), 'it is shown this once')

  const customer = await lab.arrive(pathOf(url))
  await customer.page.getByRole('button', { name: 'Verder naar Exact Online' }).click()
  await atPlatform(customer.page, 'fleur@example.com', 'allow')
  const told = await atPartner(customer.page)
  await make({ label: 'Never used', externalId: 'c-78' })
  await page.reload()
  await page.getByLabel(/^API key/).fill(labKey)
  await page.getByRole('button', { name: 'Log in with the key' }).click()
  const grant = row('Bakkerij Bos').getByRole('link', { name: 'To the grant' })
  assert.equal((await grant.getAttribute('href'))?.split('?')[0], `/app/grants/${told.grant}`)
  await row('Bakkerij Bos').getByText('connected').waitFor()
  assert.equal(await row('Bakkerij Bos').getByRole('button').count(), 0, 'what came of it stays')
  await page.getByLabel('State').selectOption({ label: 'not used yet' })
  await row('Bakkerij Bos').waitFor({ state: 'detached' })
  await page.getByLabel('Your own ID of the customer').fill('c-78')
  await row('Never used').getByRole('button', { name: 'Take back: Never used' }).click()
  await page.getByRole('button', { name: /Take back: Never used/ }).click()
  await page.getByText('There is no such link among the newest.').waitFor()
  await page.getByLabel('State').selectOption({ label: 'all' })
  await row('Never used').getByText('taken back').waitFor()
  await page.getByLabel('Your own ID of the customer').fill('')
  await row('Bakkerij Bos').waitFor()
  await check('connect-links')

  const phone = await lab.visit(`/app/connect-links/new?renews=${told.grant}`, {
    width: 375,
    locale: 'nl-NL',
    isDark: true,
  })
  await phone.page.getByText('geeft Fleur', { exact: false }).waitFor()
  await phone.check('connect-link-renew')
  await phone.page.getByRole('button', { name: 'Maak de link' }).click()
  await phone.page.getByRole('link', { name: 'Naar de links' }).click()
  await phone.page.getByRole('link', { name: 'vernieuwt een toestemming' }).first().waitFor()
  await phone.check('connect-links')

  const { body: reader } = await lab.call('POST', '/keys', { name: 'reads', scopes: ['grants:read'] })
  const other = await lab.arrive('/app/connect-links')
  await other.page.getByLabel('API key').fill(reader.key)
  await other.page.keyboard.press('Enter')
  await other.page.getByText('FORBIDDEN').waitFor()
  assert.equal(await other.page.getByRole('link', { name: 'Connect links' }).count(), 0)
})
