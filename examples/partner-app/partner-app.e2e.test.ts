import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openTestStore } from '@sluis/store/testing'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { startTestBrowser, type TestBrowser } from '../../scripts/testing/browser.ts'
import { partnerClient, startWorld, type World } from './start-world.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** `SCREENSHOTS=folder` keeps what the tests saw. */
const screenshots = process.env.SCREENSHOTS
const hour = 3600
const day = 24 * hour

let folder: string
let store: Awaited<ReturnType<typeof openTestStore>>
let world: World
let browser: TestBrowser
/** Every token answer that the application got: what a thief, or a careless second program, would have. */
const answers: { access_token: string; refresh_token: string }[] = []
const logged: string[] = []

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluis-partner-'))
  // As root the database may run under another account, which must pass through here.
  chmodSync(folder, 0o711)
  store = await openTestStore()
  world = await startWorld({
    folder,
    databaseUrl: store.databaseUrl,
    appPort: 0,
    sluisPort: 0,
    log: (line) => logged.push(line),
    async fetch(input, init) {
      const response = await fetch(input, init)
      answers.push((await response.clone().json()) as (typeof answers)[number])
      return response
    },
  })
  browser = await startTestBrowser()
})
after(async () => {
  await browser?.close()
  await world?.close()
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function logIn(customer: string, options: BrowserContextOptions = {}): Promise<Page> {
  const { page } = await browser.open({
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    ...options,
  })
  await page.goto(world.appUrl)
  await page.getByRole('combobox').selectOption(customer)
  await page.getByRole('button', { name: /^(Log in|Inloggen)$/ }).click()
  await page.getByRole('heading', { level: 1, name: /^(Your books|Uw boekhouding)$/ }).waitFor()
  return page
}

/** Logs in at the emulated Exact Online, which remembers that in this browser, and allows, or does not. */
async function consentAtExact(page: Page, user: string, choice: 'allow' | 'cancel' = 'allow'): Promise<void> {
  const decide = page.locator(`button[value=${choice}]`)
  await page.locator('#user').or(decide).first().waitFor()
  if (!(await decide.isVisible())) {
    await page.locator('#user').fill(user)
    await page.locator('#password').fill('any')
    await page.getByRole('button').first().click()
  }
  await decide.click()
}
async function consentAtTwinfield(page: Page, user: string): Promise<void> {
  await page.locator('input[name=user]').fill(user)
  await page.getByRole('button', { name: 'Toestaan' }).click()
}
const connect = (page: Page, label = 'Exact Online') =>
  page.getByRole('button', { name: new RegExp(`^(Connect ${label}|${label} koppelen)$`) }).click()
const connectAgain = (page: Page, label = 'Exact Online') =>
  page.getByRole('button', { name: `Connect ${label} again` }).click()
const show = (page: Page, label = 'Exact Online') =>
  page
    .locator('section', { hasText: label })
    .getByRole('link', { name: /^(Show my open invoices|Toon mijn openstaande facturen)$/ })
    .click()
const seesInvoices = async (page: Page) => {
  await page.locator('tbody tr').first().waitFor()
  assert.match((await page.locator('.amount').first().textContent()) ?? '', /€/)
}
const lapsed = (page: Page) => page.getByText('no longer accepts the permission', { exact: false }).waitFor()

async function isFit(page: Page, name: string): Promise<void> {
  if (screenshots) await page.screenshot({ path: join(screenshots, `partner-${name}.png`), fullPage: true })
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false, name)
  await page.evaluate(axe)
  const violations = await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
      .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html.slice(0, 160))))`,
  )
  assert.deepEqual(violations, [], name)
}

/** A second program that has the refresh token too: the status of its answer. */
async function spendElsewhere(refreshToken: string): Promise<number> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: partnerClient.clientId,
    client_secret: partnerClient.clientSecret,
  })
  return (await fetch(`${world.platformUrls['exact-online']}/api/oauth2/token`, { method: 'POST', body }))
    .status
}

interface Ledger {
  readonly entries: readonly {
    readonly kind: string
    readonly outcome: string
    readonly user?: string | null
  }[]
}
const refreshesOf = async (user: string) => {
  const { entries } = (await world.control('exact-online', 'ledger')) as unknown as Ledger
  return entries
    .filter((entry) => entry.kind === 'token' && entry.user === user)
    .map(({ outcome }) => outcome)
}
async function sluis(path: string): Promise<Record<string, readonly Record<string, unknown>[]>> {
  const response = await fetch(`${world.sluisUrl}/api/v1${path}`, {
    headers: { authorization: `Bearer ${world.apiKey}` },
  })
  return (await response.json()) as Record<string, readonly Record<string, unknown>[]>
}

describe('a partner’s own application', () => {
  test('who says no is told so; who says yes sees invoices hours later, in Dutch at 375 px', async () => {
    const page = await logIn('korenaar', { locale: 'nl-NL', viewport: { width: 375, height: 800 } })
    await isFit(page, 'connections-nl')
    await connect(page)
    await consentAtExact(page, 'anna@korenaar.example', 'cancel')
    await page.getByText('U gaf geen toestemming', { exact: false }).waitFor()
    await connect(page)
    await consentAtExact(page, 'anna@korenaar.example')
    await page.getByText('We hebben nog niet in uw boekhouding gekeken.', { exact: false }).waitFor()
    await isFit(page, 'kept-nl')
    assert.deepEqual((await sluis('/grants')).grants, [], 'Sluis knows nothing yet')

    await world.advance(5 * hour)
    await show(page)
    await seesInvoices(page)
    await isFit(page, 'invoices-nl')
    const spent = await refreshesOf('anna@korenaar.example')
    assert.equal(spent.length, 2, `one code and one refresh: ${spent}`)
    await page.reload()
    await seesInvoices(page)
    assert.equal((await refreshesOf('anna@korenaar.example')).length, 2)
  })

  test('the partner’s own table holds no token that the partner could read', async () => {
    const page = await logIn('vandam')
    await connect(page)
    await consentAtExact(page, 'bart@vandam.example')
    await page.getByText('We have not looked into your books yet.', { exact: false }).waitFor()
    const kept = readdirSync(folder)
      .filter((name) => name.startsWith('polder.sqlite'))
      .map((name) => readFileSync(join(folder, name)).toString('latin1'))
      .join('')
    assert.ok(kept.includes('vandam'))
    assert.ok(answers.length > 0)
    for (const secret of answers.flatMap((answer) => [answer.access_token, answer.refresh_token])) {
      assert.equal(kept.includes(secret), false)
      assert.equal(logged.join('').includes(secret), false)
    }
  })

  test('29 days after the consent the database is registered and answers', async () => {
    const page = await logIn('vandam')
    await world.advance(29 * day)
    await show(page)
    await seesInvoices(page)
    await isFit(page, 'invoices-en')
  })

  test('a second consent by the same user keeps the grant and its database', async () => {
    const before = (await sluis('/grants')).grants
    const page = await logIn('vandam')
    await connectAgain(page)
    await consentAtExact(page, 'bart@vandam.example')
    await seesInvoices(page)
    const after = (await sluis('/grants')).grants
    assert.deepEqual(after?.map(({ id }) => id).sort(), before?.map(({ id }) => id).sort())
    const names = (await sluis('/databases')).databases?.map(({ name }) => name)
    assert.deepEqual(names?.toSorted(), ['korenaar-exact-online', 'vandam-exact-online'])
  })

  test('Twinfield beside it: consent, two days, open invoices', async () => {
    const page = await logIn('korenaar')
    await connect(page, 'Twinfield')
    await consentAtTwinfield(page, 'anna')
    await page.getByText('We have not looked into your books yet.', { exact: false }).waitFor()
    await world.advance(2 * day)
    await show(page, 'Twinfield')
    await seesInvoices(page)
    await connectAgainFrom(page, 'Twinfield')
    await consentAtTwinfield(page, 'anna')
    await seesInvoices(page)
  })

  test('by the connect page in the partner’s name: no is told, yes shows invoices, and no token comes here', async () => {
    const tokens = answers.length
    const page = await logIn('molen')
    const begin = () => page.getByRole('button', { name: 'Connect Twinfield on our connect page' }).click()
    await begin()
    await page.getByText('Then Polder can show who still owes you.').waitFor()
    await isFit(page, 'hosted-en')
    await page.getByRole('button', { name: 'No, thank you' }).click()
    await page.getByText('You gave no permission', { exact: false }).waitFor()
    await begin()
    await page.getByRole('button', { name: 'Continue to Twinfield' }).click()
    const returned: string[] = []
    page.on('request', (request) => {
      if (request.url().startsWith(`${world.appUrl}/connected`)) returned.push(request.url())
    })
    await consentAtTwinfield(page, 'dora')
    await seesInvoices(page)
    assert.equal(answers.length, tokens, 'the code was exchanged at Sluis')
    const stranger = await logIn('korenaar')
    await stranger.goto(returned[0] ?? '')
    await stranger.getByText('This link was used before', { exact: false }).waitFor()
  })

  test('31 days after the consent the customer is asked again, and all goes on', async () => {
    const page = await logIn('vandam')
    await connectAgain(page)
    await consentAtExact(page, 'chris@vandam.example')
    await page.waitForURL('**/books/exact-online')
    await world.advance(31 * day)
    await page.goto(`${world.appUrl}/books/exact-online`)
    await lapsed(page)
    await isFit(page, 'lapsed-en')
    await connectAgain(page)
    await consentAtExact(page, 'chris@vandam.example')
    await seesInvoices(page)
  })

  test('a token that another program spent while it waited: said so, and one more consent repairs it', async () => {
    const page = await logIn('molen')
    await connect(page)
    await consentAtExact(page, 'dora@molen.example')
    await page.getByText('We have not looked into your books yet.', { exact: false }).waitFor()
    await world.advance(hour)
    assert.equal(await spendElsewhere(answers.at(-1)?.refresh_token ?? ''), 200)
    await show(page)
    await lapsed(page)
    await connectAgain(page)
    await consentAtExact(page, 'dora@molen.example')
    await show(page)
    await seesInvoices(page)
  })

  test('a return address that another browser opens, or that is opened twice, connects nothing', async () => {
    const page = await logIn('vandam')
    const returned: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/callback/')) returned.push(request.url())
    })
    await page.goto(world.appUrl)
    await connectAgain(page)
    await consentAtExact(page, 'chris@vandam.example')
    await seesInvoices(page)
    assert.equal(returned.length, 1)
    const tokens = answers.length
    for (const visitor of [await logIn('korenaar'), page]) {
      await visitor.goto(returned[0] ?? '')
      await visitor.getByText('This link was used before', { exact: false }).waitFor()
    }
    assert.equal(answers.length, tokens)
  })
})

const connectAgainFrom = async (page: Page, label: string) => {
  await page.getByRole('link', { name: 'Back to your books' }).click()
  await connectAgain(page, label)
}
