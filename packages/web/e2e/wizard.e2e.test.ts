import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startTwinfieldEmulator, type TwinfieldEmulator } from '@sluis/emulator-twinfield'
import { labClient, labKey } from '@sluis/server/testing'
import type { Page } from 'playwright-core'
import { knownTo, placesOf } from './testing/known-to-browser.ts'
import { openWebLab, type WebLab } from './testing/web-lab.ts'

let lab: WebLab
let twinfield: TwinfieldEmulator
before(async () => {
  twinfield = await startTwinfieldEmulator()
  lab = await openWebLab({}, { twinfield: { lab: { label: 'Lab', baseUrl: twinfield.url } } })
})
after(async () => {
  await lab?.close()
  await twinfield?.close()
})

const path = '/app/setup/databases/new/exactonline'

/** The steps of the procedure up to the fields for credentials, in English. */
async function fillUp(
  page: Page,
  kind: 'Authorization code' | 'Access token / refresh token',
  region = 'Lab',
) {
  await page.getByRole('radio', { name: region }).click()
  await page.getByRole('radio', { name: 'Preauthenticated Credentials' }).click()
  await page.getByLabel('Client ID').fill(labClient.clientId)
  await page.getByLabel('Client secret').fill(labClient.clientSecret)
  await page.getByLabel('Redirect URL').fill(labClient.redirectUri)
  await page.getByRole('radio', { name: kind }).click()
}
const proceed = (page: Page) => page.getByRole('button', { name: 'Continue' }).click()
const isReady = (page: Page) => page.getByRole('heading', { name: 'The database is ready' }).waitFor()

/** All that the browser would still know after the tab is closed, or shows in its address. */
const kept = (page: Page) =>
  page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, document.cookie])',
  )

describe('the wizard of the seed document', () => {
  test('from the list of platforms to rows and a key that works, with a pasted token answer', async () => {
    const { page, check } = await lab.visit('/app/setup/databases/new')
    await page.getByRole('link', { name: /Exact Online/ }).click()
    await page.waitForURL(`**${path}`)
    await check('wizard-country')
    await fillUp(page, 'Access token / refresh token')
    const { accessToken, refreshToken } = await lab.tokens()
    const answer = JSON.stringify(
      { access_token: accessToken, refresh_token: refreshToken, expires_in: '600' },
      null,
      1,
    )
    await page.getByLabel('Refresh token', { exact: true }).fill(answer.replaceAll('\n', ' '))
    assert.equal(await page.getByLabel('Access token', { exact: true }).inputValue(), accessToken)
    assert.equal(await page.getByLabel('Refresh token', { exact: true }).inputValue(), refreshToken)
    await page.getByText(/access token lives at most (10:00|9:\d\d) more/).waitFor()
    await check('wizard-tokens')
    const spent = await lab.tokenCalls()
    await proceed(page)
    await isReady(page)
    assert.equal(await lab.tokenCalls(), spent, 'a pair that is good is verified without being spent')
    await page.getByRole('cell').first().waitFor()
    assert.equal(await page.getByRole('row').count(), 6)
    await page.getByText(/Rows: 5 · API calls: \d+/).waitFor()
    await check('wizard-done')

    const [database] = (await lab.call('GET', '/databases')).body.databases
    const { partitions } = (await lab.call('GET', `/databases/${database.name}/partitions`)).body
    assert.equal(database.title, partitions[0].name, 'the name is proposed from the first company')
    assert.equal(await page.getByLabel('Name in addresses and connections').inputValue(), database.name)
    await page.getByLabel('Name in addresses and connections').fill('my-books')
    await page.getByRole('button', { name: 'Save' }).click()
    await page
      .getByText('/api/v1/databases/my-books/query', { exact: true })
      .or(page.getByLabel('Address for SQL over HTTP'))
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Make a key' }).click()
    const key = await page.getByLabel('API key', { exact: true }).textContent()
    const { status, body } = await lab.call(
      'POST',
      '/databases/my-books/query',
      { sql: 'SELECT count(*) FROM crm.Accounts' },
      { key: key ?? '' },
    )
    assert.equal(status, 200, JSON.stringify(body))
    const secrets = { accessToken, refreshToken, clientSecret: labClient.clientSecret }
    const shown = (await knownTo(page)).filter(({ place }) => place !== 'memory')
    // The new key is shown until somebody goes on.
    const all = { ...secrets, key: key ?? '', loggedInWith: labKey }
    assert.deepEqual(placesOf(shown, all), ['key: page'])
    await page.getByRole('link', { name: 'Open the database' }).click()
    await page.getByRole('heading', { name: 'Access keys' }).waitFor()
    assert.deepEqual(placesOf(await knownTo(page), { ...secrets, key: key ?? '' }), [])
  })

  test('with a code in a whole callback address: Dutch, 375 px, dark', async () => {
    const { page, check } = await lab.visit(path, { width: 375, locale: 'nl-NL', isDark: true })
    assert.equal(await page.locator('html').getAttribute('lang'), 'nl')
    await page.getByRole('radio', { name: 'Lab' }).click()
    await page.getByRole('radio', { name: 'Preauthenticated Credentials' }).click()
    await page.getByLabel('Client ID').fill(labClient.clientId)
    await page.getByLabel('Client secret').fill(labClient.clientSecret)
    await page.getByLabel('Redirect URL').fill(labClient.redirectUri)
    await page.getByRole('radio', { name: 'Autorisatiecode' }).click()
    const code = await lab.code('ben@example.com')
    await page
      .getByLabel('Autorisatiecode, of het hele adres')
      .fill(`${labClient.redirectUri}?code=${encodeURIComponent(code)}&state=1`)
    await page.getByText('De code is uit het adres gehaald.').waitFor()
    await page.getByText(/De code leeft nog hooguit [23]:\d\d/).waitFor()
    await check('wizard-code')
    await page.getByRole('button', { name: 'Doorgaan' }).click()
    await page.getByRole('heading', { name: 'De database is klaar' }).waitFor()
    await page.getByRole('cell').first().waitFor()
    await check('wizard-done')
    await page.getByRole('link', { name: 'Open de database' }).click()
    await page.getByRole('heading', { name: 'Toegangssleutels' }).waitFor()
    const secrets = { code: decodeURIComponent(code), clientSecret: labClient.clientSecret }
    assert.deepEqual(placesOf(await knownTo(page), secrets), [])
  })

  describe('on Twinfield, whose refresh token is never rotated', () => {
    const control = async (path: string, body: object) => {
      const init = { method: 'POST', body: JSON.stringify(body) }
      return (await (await fetch(`${twinfield.url}/_control/${path}`, init)).json()) as Record<string, string>
    }
    const codeOf = async (user: string) => {
      const { redirectUri, ...client } = labClient
      await control('apps', { ...client, redirectUris: [redirectUri] })
      return (await control('consents', { clientId: client.clientId, user })).code ?? ''
    }
    const address = '/app/setup/databases/new/twinfield'

    test('from the list of platforms to rows, with a pasted token answer', async () => {
      const { page, check } = await lab.visit('/app/setup/databases/new')
      await page.getByRole('link', { name: /Twinfield/ }).click()
      await page.waitForURL(`**${address}`)
      await page.getByText('Where the user logs in and the app is registered.').waitFor()
      await fillUp(page, 'Access token / refresh token')
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code: await codeOf('anna'),
        redirect_uri: labClient.redirectUri,
        client_id: labClient.clientId,
        client_secret: labClient.clientSecret,
      })
      const answer = await fetch(`${twinfield.url}/auth/authentication/connect/token`, {
        method: 'POST',
        body,
      })
      const tokens = await answer.text()
      await page.getByLabel('Access token', { exact: true }).fill(tokens)
      await page.getByText(/access token lives at most (60:00|59:\d\d) more/).waitFor()
      assert.equal(
        await page.getByText(/can be exchanged once/).count(),
        0,
        'a token that may be used again is not warned of',
      )
      await check('wizard-twinfield-tokens')
      await proceed(page)
      await isReady(page)
      await page.getByText(/Rows: 5 · API calls: \d+/).waitFor()
      await page.getByRole('cell', { name: '0010' }).waitFor()
      await page.getByRole('cell', { name: '001', exact: true }).first().waitFor()
      await check('wizard-twinfield-done')
      const memory = String(await kept(page))
      const { access_token: accessToken, refresh_token: refreshToken } = JSON.parse(tokens)
      for (const secret of [accessToken, refreshToken, labClient.clientSecret])
        assert.equal(memory.includes(secret), false, 'the browser keeps no secret')
    })

    test('with a code in a whole callback address: Dutch, 375 px, dark', async () => {
      const { page, check } = await lab.visit(address, { width: 375, locale: 'nl-NL', isDark: true })
      await page.getByText('Waar de gebruiker inlogt en de app is geregistreerd.').waitFor()
      await page.getByRole('radio', { name: 'Lab' }).click()
      await page.getByRole('radio', { name: 'Preauthenticated Credentials' }).click()
      await page.getByLabel('Client ID').fill(labClient.clientId)
      await page.getByLabel('Client secret').fill(labClient.clientSecret)
      await page.getByLabel('Redirect URL').fill(labClient.redirectUri)
      await page.getByRole('radio', { name: 'Autorisatiecode' }).click()
      await page
        .getByLabel('Autorisatiecode, of het hele adres')
        .fill(`${labClient.redirectUri}?code=${await codeOf('ben')}&state=1`)
      await page.getByText('De code is uit het adres gehaald.').waitFor()
      await check('wizard-twinfield-code')
      await page.getByRole('button', { name: 'Doorgaan' }).click()
      await page.getByRole('heading', { name: 'De database is klaar' }).waitFor()
      await page.getByRole('cell', { name: '0010' }).waitFor()
      await check('wizard-twinfield-done')
    })
  })

  test('a client that is refused: nothing spent, all kept, and the same tokens work after correcting', async () => {
    const { page, check } = await lab.visit(path)
    await fillUp(page, 'Access token / refresh token')
    const { refreshToken } = await lab.tokens('carla@example.com')
    await lab.moveClock({ advanceSeconds: 600 })
    await page.getByLabel('Refresh token', { exact: true }).fill(refreshToken)
    await page.getByText(/the refresh token is exchanged once, right now/).waitFor()
    await page.getByLabel('Client secret').fill('not the secret')
    await proceed(page)
    await page.getByText('The credentials are still good: nothing was spent.').waitFor()
    await page.getByText(/HANDOVER_CLIENT_REFUSED/).waitFor()
    await check('failure-client')
    assert.equal(await page.getByLabel('Refresh token', { exact: true }).inputValue(), refreshToken)
    await page.getByLabel('Client secret').fill(labClient.clientSecret)
    await proceed(page)
    await isReady(page)
  })

  test('a code that was used: it is dead, and a new one is needed', async () => {
    const { page, check } = await lab.visit(path, { width: 375 })
    const used = await lab.code('dirk@example.com')
    await lab.call('POST', '/grants', lab.handover({ kind: 'code', code: used }, { externalId: 'dirk' }))
    const { code } = (await lab.control('consents', {
      clientId: labClient.clientId,
      user: 'dirk@example.com',
      redirectUri: labClient.redirectUri,
    })) as { code: string }
    await lab.moveClock({ advanceSeconds: 181 })
    await fillUp(page, 'Authorization code')
    await page.getByLabel('Authorization code, or the whole address').fill(code)
    await proceed(page)
    await page.getByText('These credentials no longer work.').waitFor()
    await page.getByText('Let the user consent again and paste the new code at once.').waitFor()
    await check('failure-code')
  })

  test('tokens that Sluis holds already: the database is made on their grant', async () => {
    const { page, check } = await lab.visit(path)
    const pair = await lab.tokens('els@example.com')
    const { body: grant } = await lab.call('POST', '/grants', lab.handover({ kind: 'tokens', ...pair }))
    await fillUp(page, 'Access token / refresh token')
    await page.getByLabel('Access token', { exact: true }).fill(`"${pair.accessToken}"`)
    await page.getByText('Blanks or quotes were removed.').waitFor()
    await page.getByLabel('Refresh token', { exact: true }).fill(pair.refreshToken)
    await proceed(page)
    await page.getByText('The credentials are safe: Sluis already holds this consent.').waitFor()
    await check('failure-held')
    await page.getByRole('button', { name: 'Make the database on that grant' }).click()
    await isReady(page)
    const { databases } = (await lab.call('GET', `/grants/${grant.id}`)).body
    assert.equal(databases.length, 1)
  })

  test('a token of another country is told before anything is sent', async () => {
    const { page, check } = await lab.visit(path)
    await fillUp(page, 'Access token / refresh token', 'Belgium')
    const { refreshToken } = await lab.tokens('fred@example.com')
    await page.getByLabel('Refresh token', { exact: true }).fill(refreshToken)
    const sent: string[] = []
    page.on('request', (request) => sent.push(request.method()))
    await proceed(page)
    await page.getByText('This token is from Netherlands, and you chose Belgium.').waitFor()
    await check('failure-country')
    assert.deepEqual(
      sent.filter((method) => method !== 'GET'),
      [],
    )
    await page.getByRole('button', { name: 'Choose Netherlands' }).click()
    assert.equal(await page.getByRole('radio', { name: 'Netherlands' }).getAttribute('aria-checked'), 'true')
    assert.equal(await page.getByLabel('Refresh token', { exact: true }).inputValue(), refreshToken)
  })

  test('an access token alone gives a database until it expires', async () => {
    const { page, check } = await lab.visit(path)
    await fillUp(page, 'Access token / refresh token')
    const { accessToken } = await lab.tokens('gerda@example.com')
    await page.getByLabel('Access token', { exact: true }).fill(accessToken)
    await page.getByText(/the database works until the access token expires/).waitFor()
    await proceed(page)
    await isReady(page)
    await page.getByText(/Usable until \d\d:\d\d/).waitFor()
    await page.getByRole('cell').first().waitFor()
    await check('wizard-access-only')
  })

  test('after a reload all that was typed is there again, except secrets; by keyboard alone', async () => {
    const { page } = await lab.visit(path)
    await fillUp(page, 'Access token / refresh token')
    await page.getByLabel('Access token', { exact: true }).fill('stampNL001.secret')
    await page.reload()
    await page.getByLabel('API key').fill(labKey)
    await page.keyboard.press('Enter')
    assert.equal(await page.getByLabel('Client ID').inputValue(), labClient.clientId)
    assert.equal(await page.getByLabel('Redirect URL').inputValue(), labClient.redirectUri)
    assert.equal(await page.getByLabel('Client secret').inputValue(), '')
    assert.equal(await page.getByLabel('Access token', { exact: true }).inputValue(), '')
    await page.getByRole('radio', { name: 'Access token / refresh token' }).focus()
    await page.keyboard.press('ArrowLeft')
    await page.getByLabel('Authorization code, or the whole address').waitFor()
  })
})
