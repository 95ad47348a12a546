import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { startTestBrowser, type TestBrowser } from '../../../../scripts/testing/browser.ts'
import { type ExactOnlineEmulator, startExactOnlineEmulator } from '../index.ts'
import { oneTimeCode } from './one-time-code.ts'

// wire.md § 1.3 in a real browser. `SCREENSHOTS=folder` keeps what it saw.
const screenshots = process.env.SCREENSHOTS
let browser: TestBrowser
let emulator: ExactOnlineEmulator
let callback: string
const partner = createServer((_, response) => response.end('<title>Back</title>back at the partner'))

before(async () => {
  emulator = await startExactOnlineEmulator()
  await new Promise<void>((resolve) => partner.listen(0, '127.0.0.1', resolve))
  callback = `http://127.0.0.1:${(partner.address() as AddressInfo).port}/cb`
  await control('apps', { clientId: 'app-1', clientSecret: 's', redirectUris: [callback] })
  await control('users', { user: 'anna@example.com', password: 'right one' })
  browser = await startTestBrowser()
})
after(async () => {
  await browser?.close()
  await emulator.close()
  partner.close()
})

async function control(path: string, body: object): Promise<void> {
  const response = await fetch(`${emulator.url}/_control/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  assert.ok(response.ok, await response.text())
}

async function arrive(width: number, locale: 'nl-NL' | 'en-GB') {
  const { page, faults } = await browser.open({ viewport: { width, height: 800 }, locale })
  const query = new URLSearchParams({
    client_id: 'app-1',
    redirect_uri: callback,
    response_type: 'code',
    state: 'a b&c',
  })
  await page.goto(`${emulator.url}/api/oauth2/auth?${query}`)
  const shoot = async (name: string) => {
    if (screenshots) await page.screenshot({ path: `${screenshots}/${name}-${width}-${locale}.png` })
    const isWider = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
    assert.equal(isWider, false, `${name} does not fit ${width} px`)
  }
  return { page, faults, shoot }
}

describe('the browser flow of wire.md § 1.3, in a real browser', () => {
  test('Dutch, 1280 px: log in, take one of the companies, come back with code and state', async () => {
    const { page, faults, shoot } = await arrive(1280, 'nl-NL')
    await shoot('login')
    assert.equal(await page.locator('html').getAttribute('lang'), 'nl')
    await page.getByLabel('Gebruikersnaam').fill('anna@example.com')
    await page.getByLabel('Wachtwoord').fill('right one')
    await page.getByRole('button', { name: 'Inloggen' }).click()
    await page.getByRole('heading', { name: 'Toestemming geven' }).waitFor()
    await shoot('consent')
    const boxes = page.getByRole('checkbox')
    assert.equal(await boxes.count(), 3)
    for (const at of [0, 2]) await boxes.nth(at).uncheck()
    const chosen = await boxes.nth(1).getAttribute('value')
    await page.getByRole('button', { name: 'Toestaan' }).click()
    await page.waitForURL((url) => url.href.startsWith(callback))
    const target = new URL(page.url())
    assert.equal(target.searchParams.get('state'), 'a b&c')
    const answer = await fetch(`${emulator.url}/api/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: target.searchParams.get('code') ?? '',
        redirect_uri: callback,
        client_id: 'app-1',
        client_secret: 's',
      }),
    })
    const { access_token } = (await answer.json()) as { access_token: string }
    const me = await fetch(`${emulator.url}/api/v1/current/Me`, {
      headers: { authorization: `Bearer ${access_token}`, accept: 'application/json' },
    })
    const { d } = (await me.json()) as { d: { results: { CurrentDivision: number; UserName: string }[] } }
    assert.equal(String(d.results[0]?.CurrentDivision), chosen)
    assert.equal(d.results[0]?.UserName, 'anna@example.com')
    assert.deepEqual(faults, [])
  })

  test('English, 375 px, keyboard alone: a wrong password is said, no company is said, cancel comes back', async () => {
    const { page, faults, shoot } = await arrive(375, 'en-GB')
    // The browser moves the focus after the page has loaded: a person looks where it is before typing.
    await page.locator('#user:focus').waitFor()
    await page.keyboard.type('anna@example.com')
    await page.keyboard.press('Tab')
    await page.keyboard.type('wrong one')
    await page.keyboard.press('Enter')
    const alert = page.getByRole('alert')
    await alert.waitFor()
    assert.match((await alert.textContent()) ?? '', /incorrect/)
    await shoot('wrong-password')
    assert.equal(await page.getByLabel('User name').inputValue(), 'anna@example.com')
    // The focus is where the mistake is.
    await page.locator('#password:focus').waitFor()
    await page.keyboard.type('right one')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Give permission' }).waitFor()
    await shoot('consent')
    for (const box of await page.getByRole('checkbox').all()) await box.uncheck()
    await page.getByRole('button', { name: 'Allow' }).click()
    await alert.waitFor()
    assert.match((await alert.textContent()) ?? '', /at least one company/)
    await shoot('no-company')
    await page.getByRole('button', { name: 'Cancel' }).press('Enter')
    await page.waitForURL((url) => url.href.startsWith(callback))
    const target = new URL(page.url())
    assert.deepEqual(Object.fromEntries(target.searchParams), { error: 'access_denied', state: 'a b&c' })
    assert.deepEqual(faults, [])
  })

  test('English, 375 px, keyboard alone: a second factor is asked, a wrong code is said, the right one goes on', async () => {
    const secret = 'JBSWY3DPEHPK3PXP'
    await control('users', { user: 'piet@example.com', password: 'pw', totpSecret: secret })
    const { page, faults, shoot } = await arrive(375, 'en-GB')
    await page.locator('#user:focus').waitFor()
    await page.keyboard.type('piet@example.com')
    await page.keyboard.press('Tab')
    await page.keyboard.type('pw')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Second step' }).waitFor()
    await shoot('second-factor')
    await page.locator('#code:focus').waitFor()
    await page.keyboard.type('000000')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await page.locator('#code:focus').waitFor()
    const answer = await fetch(`${emulator.url}/_control/clock`)
    const { now } = (await answer.json()) as { now: number }
    await page.keyboard.type(oneTimeCode(secret, now))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Give permission' }).waitFor()
    // Logged in, the browser is not asked again.
    await page.goto(`${emulator.url}/api/oauth2/auth?client_id=app-1&redirect_uri=${callback}`)
    await page.getByRole('heading', { name: 'Give permission' }).waitFor()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL((url) => url.href.startsWith(callback))
    assert.ok(new URL(page.url()).searchParams.get('code'))
    assert.deepEqual(faults, [])
  })

  test('an unknown client is a page that says so, not a redirect', async () => {
    const { page } = await browser.open({ locale: 'en-GB' })
    const response = await page.goto(
      `${emulator.url}/api/oauth2/auth?client_id=nobody&redirect_uri=https://x`,
    )
    assert.equal(response?.status(), 400)
    assert.equal(await page.getByRole('alert').textContent(), "Client with identifier 'nobody' not found.")
  })
})
