import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { openSmtpReceiver, type SmtpReceiver, textOf } from '@sluis/people/testing'
import { type RunningServer, readServerOptions, startServer } from '@sluis/server'
import { Browser, tokenIn } from '@sluis/server/testing'
import { silentLog } from '@sluis/shared'
import type { CDPSession, Page } from 'playwright-core'
import { agreeAs, type OpenIdProvider, openOpenIdProvider } from '../../../scripts/testing/openid-provider.ts'
import { fillLogIn, password, peopleOf } from './testing/people-of-lab.ts'
import { totp } from './testing/totp.ts'
import { openMenu, openWebLab, type Visit, type WebLab } from './testing/web-lab.ts'

let mail: SmtpReceiver
let lab: WebLab
const { olga, begin, join, visitAs } = peopleOf(() => lab)
before(async () => {
  mail = await openSmtpReceiver()
  lab = await openWebLab({ SLUIS_SMTP_URL: mail.url, SLUIS_MAIL_FROM: 'post@sluis.example' })
  await begin()
})
after(async () => {
  await lab?.close()
  await mail?.close()
})

describe('the account', () => {
  test('other sessions are seen and ended, and the password is changed', async () => {
    const { browser } = await join('sam@example.com', 'analyst', 'Sam')
    const { page, check } = await visitAs('sam@example.com', '/app/account', { width: 375, isDark: true })
    await page.getByText('this one').waitFor()
    const sessions = page.getByRole('region', { name: 'Where you are logged in' })
    assert.equal(await sessions.getByRole('row').count(), 3)
    await check('account')
    await sessions.getByRole('button', { name: /^End/ }).click()
    await sessions.getByRole('button', { name: /^Sure/ }).click()
    await sessions.getByRole('button', { name: /^End/ }).waitFor({ state: 'detached' })
    assert.equal((await browser.call('GET', '/session')).status, 401)

    await page.getByLabel('Present password').fill('not the password')
    await page.getByLabel('New password').fill('a wholly new sentence')
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('That is not your present password.').waitFor()
    await page.getByLabel('Present password').fill(password)
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('All other sessions have ended.', { exact: false }).waitFor()
    assert.equal((await browser.logIn('sam@example.com', password)).status, 401)
    assert.equal((await browser.logIn('sam@example.com', 'a wholly new sentence')).status, 200)
  })

  test('a second factor is set up by its picture or text, and asked for at the next log-in', async () => {
    await join('tim@example.com', 'analyst', 'Tim')
    const { page, check } = await visitAs('tim@example.com', '/app/account', { locale: 'nl-NL' })
    await page.getByLabel('Je wachtwoord', { exact: false }).fill(password)
    await page.getByRole('button', { name: 'Instellen' }).click()
    await page.getByRole('img', { name: 'Plaatje voor de camera van de app' }).waitFor()
    const secret = (await page.getByRole('region', { name: 'Tekst voor de app' }).textContent()) ?? ''
    await check('two-factor')
    await page.getByLabel('Code uit je authenticator-app').fill('000000')
    await page.getByRole('button', { name: 'Inschakelen' }).click()
    await page.getByText('Die code klopt niet.', { exact: false }).waitFor()
    await page.getByLabel('Code uit je authenticator-app').fill(totp(secret))
    await page.getByRole('button', { name: 'Inschakelen' }).click()
    await page.getByText('Bij het inloggen wordt een code', { exact: false }).waitFor()
    const codes = (await page.getByRole('region', { name: 'Reservecodes' }).textContent()) ?? ''
    assert.equal(codes.split('\n').length, 10)
    const again = await visitAs('tim@example.com', '/app/')
    await again.page.getByLabel('Code of your authenticator app').fill(totp(secret))
    await again.page.getByRole('button', { name: 'Verify' }).click()
    await again.page.getByText('No database yet.').waitFor()

    const late = await visitAs('tim@example.com', '/app/', { width: 375 })
    await late.page.getByLabel('Code of your authenticator app').fill('abcde-fghij')
    await late.page.getByRole('button', { name: 'Verify' }).click()
    await late.page.getByText('That was not right.', { exact: false }).waitFor()
    await late.check('second-factor')
    await late.page.getByLabel('Code of your authenticator app').fill(codes.split('\n')[0] ?? '')
    await late.page.getByRole('button', { name: 'Verify' }).click()
    await late.page.getByText('No database yet.').waitFor()
  })
})

describe('passkeys', () => {
  /** Passkeys know no numeric addresses. */
  const named = (path: string) => lab.url.replace('127.0.0.1', 'localhost') + path
  let authenticator: { readonly cdp: CDPSession; readonly authenticatorId: string }
  /** A device of this page's browser that keeps passkeys and checks who holds it. */
  const giveDevice = async (page: Page) => {
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    authenticator = { cdp, authenticatorId }
  }

  test('are added and named, log in without password or code, and open nothing once removed', async () => {
    const { browser: pia, id } = await join('pia@example.com', 'analyst', 'Pia')
    const { page, check } = await lab.arrive('/app/', { locale: 'nl-NL' })
    await giveDevice(page)
    await page.goto(named('/app/account'))
    await fillLogIn(page, 'pia@example.com')
    await page.getByText('Nog geen passkey.').waitFor()
    const add = async (name: string) => {
      await page.getByLabel('Naam van de passkey').fill(name)
      await page.getByRole('button', { name: 'Voeg een passkey toe' }).click()
    }
    await add('Laptop')
    await page.getByRole('cell', { name: 'Laptop', exact: true }).waitFor()
    await check('passkeys')
    await add('Laptop, once more')
    await page.getByText('Dit apparaat heeft al een passkey voor je account.').waitFor()

    // With a second factor beside the password, a passkey stands for both.
    const begun = await pia.call('POST', '/api/auth/two-factor/enable', { password })
    const secret = new URL(begun.body.totpURI).searchParams.get('secret') ?? ''
    assert.equal(
      (await pia.call('POST', '/api/auth/two-factor/verify-totp', { code: totp(secret) })).status,
      200,
    )
    const logOut = () => page.getByRole('banner').getByRole('button', { name: 'Uitloggen' }).click()
    await logOut()
    await page.getByRole('button', { name: 'Inloggen met een passkey' }).click()
    await page.getByText('Pia · pia@example.com').waitFor()

    const { body } = await olga.call('GET', '/audit?limit=100')
    const acts = body.events.filter(({ subject, actor }: Act) => subject === id || actor === id)
    const facts = (action: string) => acts.find((act: Act) => act.action === action)?.facts
    assert.equal(facts('person.passkey_added')?.name, 'Laptop')
    assert.equal(facts('person.logged_in')?.by, 'passkey/verify-authentication')

    const [passkey] = (await pia.call('GET', '/api/auth/passkey/list-user-passkeys')).body
    const stranger = await olga.call('POST', '/api/auth/passkey/delete-passkey', { id: passkey.id })
    assert.equal(stranger.status, 401, 'another person removes nothing')

    await page.getByRole('button', { name: 'Verwijderen: Laptop' }).click()
    await page.getByRole('button', { name: 'Zeker? Verwijderen: Laptop' }).click()
    await page.getByText('Nog geen passkey.').waitFor()
    await logOut()
    await page.getByRole('button', { name: 'Inloggen met een passkey' }).click()
    await page.getByText('De server kent deze passkey niet.', { exact: false }).waitFor()
    await check('login-passkey-unknown')
  })

  test('that nobody was asked to unlock, or an answer that was used, log nobody in', async () => {
    await join('pim@example.com', 'analyst', 'Pim')
    const { page, check } = await lab.arrive('/app/', { width: 375 })
    await giveDevice(page)
    await page.goto(named('/app/account'))
    await fillLogIn(page, 'pim@example.com')
    await page.getByLabel('Name of the passkey').fill('Key')
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByRole('cell', { name: 'Key', exact: true }).waitFor()
    await check('passkeys')
    await page.context().clearCookies()
    /** What another page than ours would do: ask for no check, and send what came twice. */
    const answers = (check: string) =>
      page.evaluate(`(async () => {
        const options = await (await fetch('/api/auth/passkey/generate-authenticate-options')).json()
        const asked = { ...options, userVerification: '${check}' }
        const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) })
        const body = JSON.stringify({ response: credential.toJSON() })
        const send = async () => {
          const answer = await fetch('/api/auth/passkey/verify-authentication', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })
          const { code, user } = await answer.json()
          return [answer.status, code ?? user.email]
        }
        return [await send(), await send()]
      })()`)
    const { cdp, authenticatorId } = authenticator
    const used = [400, 'CHALLENGE_NOT_FOUND']
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    assert.deepEqual(await answers('discouraged'), [[401, 'PASSKEY_UNVERIFIED'], used])
    await page.reload()
    await page.getByRole('button', { name: 'Log in with a passkey' }).click()
    await page.getByText('Nothing was confirmed on your device.', { exact: false }).waitFor()
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })
    assert.deepEqual(await answers('required'), [[200, 'pim@example.com'], used])
  })
})

describe('a forgotten password', () => {
  test('is replaced through the link of a letter, in the language of the page', async () => {
    await join('vera@example.com', 'analyst', 'Vera')
    const { page, check } = await lab.arrive('/app/', { locale: 'nl-NL' })
    await page.getByLabel('E-mailadres').fill('vera@example.com')
    await page.getByRole('button', { name: 'Wachtwoord vergeten?' }).click()
    await check('forgot')
    const coming = mail.next()
    await page.getByRole('button', { name: 'Mail mij de link' }).click()
    await page.getByText('er een brief met een link onderweg', { exact: false }).waitFor()
    await coming
    const letter = mail.letters.at(-1)
    assert.deepEqual(letter?.to, ['vera@example.com'])
    const [link = ''] = /http\S+#token=[\w-]{43}/.exec(textOf(letter?.raw ?? '')) ?? []
    await page.goto(link)
    await page.locator('input[type=password]').fill('a sentence that came by mail')
    await page.getByRole('button', { name: 'Opslaan' }).click()
    await page.getByRole('link', { name: 'Inloggen' }).click()
    await fillLogIn(page, 'vera@example.com', 'a sentence that came by mail')
    await page.getByText('Nog geen database.').waitFor()
  })

  test('an invitation says that it was mailed, and the letter is in the language of who invites', async () => {
    const { page, check } = await visitAs('olga@example.com', '/app/organisation/members', {
      width: 375,
      locale: 'nl-NL',
    })
    await page.getByRole('cell', { name: /^Olga Owner/ }).waitFor()
    await page.locator('form').getByLabel('E-mailadres').fill('wim@example.com')
    await page.getByRole('button', { name: 'Uitnodigen' }).click()
    await page.getByText('De link is per mail verstuurd', { exact: false }).waitFor()
    await check('invited-by-mail')
    assert.match(textOf(mail.letters.at(-1)?.raw ?? ''), /Je bent uitgenodigd/)
    mail.refuse(true)
    await page.locator('form').getByLabel('E-mailadres').fill('wout@example.com')
    await page.getByRole('button', { name: 'Uitnodigen' }).click()
    await page.getByText('Geef deze link zelf door.', { exact: false }).waitFor()
    mail.refuse(false)
  })
})

describe('single sign-on', () => {
  let provider: OpenIdProvider
  let server: RunningServer
  let url: string
  before(async () => {
    url = `http://localhost:${await freePort()}`
    provider = await openOpenIdProvider(`${url}/api/auth/callback/sso`)
    server = await startServer(
      readServerOptions({
        ...lab.environment,
        SLUIS_PORT: new URL(url).port,
        SLUIS_PUBLIC_URL: url,
        SLUIS_OIDC_ISSUER: provider.url,
        SLUIS_OIDC_CLIENT_ID: provider.client.clientId,
        SLUIS_OIDC_CLIENT_SECRET: provider.client.clientSecret,
        SLUIS_OIDC_NAME: 'Example ID',
      }),
      silentLog,
    )
  })
  after(async () => {
    await server?.close()
    await provider?.close()
  })
  /** The log-in page at the named address, and from there to the provider as this person. */
  const goAs = async (email: string, visit: Visit = {}) => {
    const arrived = await lab.arrive('/app/', visit)
    await arrived.page.goto(`${url}/app/`)
    await arrived.page.getByRole('button', { name: /(Log in with|Inloggen met) Example ID/ }).click()
    await agreeAs(arrived.page, email)
    return arrived
  }

  test('lets in who is invited or known, by the address that the provider has verified', async () => {
    await olga.call('POST', '/members', { email: 'ida@example.com', role: 'analyst' })
    const ida = await goAs('ida@example.com', { width: 375 })
    await ida.page.getByText('No database yet.').waitFor()
    await openMenu(ida.page)
    await ida.page.getByRole('link', { name: 'Account' }).click()
    await ida.page.getByText('ida@example.com there · ida@example.com').waitFor()

    const { id } = await join('noor@example.com', 'auditor', 'Noor')
    const noor = await goAs('noor@example.com')
    await noor.page.getByText('No database yet.').waitFor()
    const { rows } = await lab.store.pool.query(
      `SELECT l.person_id, l.access_token, l.refresh_token, l.id_token, p.name, m.role FROM person_login l
       JOIN person p ON p.id = l.person_id JOIN member m ON m.person_id = p.id WHERE provider_id = 'sso' ORDER BY p.email`,
    )
    const none = { access_token: null, refresh_token: null, id_token: null }
    const [first, second] = rows
    assert.equal(rows.length, 2)
    assert.deepEqual(first, {
      ...none,
      person_id: first.person_id,
      name: 'ida@example.com there',
      role: 'analyst',
    })
    assert.deepEqual(second, { ...none, person_id: id, name: 'Noor', role: 'auditor' })
    const { body } = await olga.call('GET', '/audit?limit=100')
    const ways = body.events.filter(({ action, actor }: Act) => action === 'person.logged_in' && actor === id)
    assert.equal(ways[0]?.facts.by, 'single-sign-on')

    await openMenu(ida.page)
    await ida.page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
    await ida.page.getByRole('button', { name: 'Log in with Example ID' }).click()
    await ida.page.getByText('ida@example.com there · ida@example.com').waitFor()
    await ida.check('single-sign-on')
  })

  test('ends what another could have opened in the name of an address, before its holder came', async () => {
    // Whoever invites sees the link, and could become anybody whose address they know.
    const { browser: rival, id } = await join('noa@example.com', 'analyst', 'Not Noa')
    const begun = await rival.call('POST', '/api/auth/two-factor/enable', { password })
    const secret = new URL(begun.body.totpURI).searchParams.get('secret') ?? ''
    await rival.call('POST', '/api/auth/two-factor/verify-totp', { code: totp(secret) })
    assert.equal((await rival.call('GET', '/session')).status, 200)
    const waiting = (await olga.call('POST', `/members/${id}/reset-link`)).body.link

    const noa = await goAs('noa@example.com')
    await noa.page.getByText('No database yet.').waitFor()
    assert.equal((await rival.call('GET', '/session')).status, 401)
    assert.equal((await new Browser(() => lab.url).logIn('noa@example.com', password)).status, 401)
    const newPassword = 'the rival chose this one'
    const reset = { token: tokenIn(waiting), newPassword }
    assert.equal((await rival.call('POST', '/api/auth/reset-password', reset)).status, 400)
    const left = await lab.store.pool.query(
      `SELECT (SELECT count(*)::int FROM person_two_factor WHERE person_id = $1) AS factors,
         (SELECT count(*)::int FROM person_login WHERE person_id = $1) AS logins,
         two_factor_enabled FROM person WHERE id = $1`,
      [id],
    )
    assert.deepEqual(left.rows, [{ factors: 0, logins: 1, two_factor_enabled: false }])
    const told = (await olga.call('GET', '/audit?limit=100&action=person.proven')).body.events
    assert.ok(told.some(({ subject }: Act) => subject === id))

    // Proven once, what the person sets up afterwards is theirs and stays.
    const made = (await olga.call('POST', `/members/${id}/reset-link`)).body.link
    await rival.call('POST', '/api/auth/reset-password', { token: tokenIn(made), newPassword })
    await noa.page.context().close()
    const again = await goAs('noa@example.com')
    await again.page.getByText('No database yet.').waitFor()
    assert.equal((await new Browser(() => lab.url).logIn('noa@example.com', newPassword)).status, 200)

    // The first owner, whom the operator let in, is not shut out of what is theirs.
    const owner = await goAs('olga@example.com')
    await owner.page.getByText('No database yet.').waitFor()
    assert.equal((await olga.call('GET', '/session')).status, 200)
  })

  test('refuses whom nobody knows, and an address that the provider has not verified', async () => {
    const stranger = await goAs('stranger@example.com', { width: 375, locale: 'nl-NL' })
    await stranger.page.getByText('Niemand heeft je adres uitgenodigd.', { exact: false }).waitFor()
    await stranger.check('refused')
    await join('una@example.com', 'analyst', 'Una')
    const una = await goAs('una@example.com')
    await una.page.getByText('has not verified your e-mail address', { exact: false }).waitFor()
    await una.check('refused')
    await olga.call('POST', '/members', { email: 'unn@example.com', role: 'owner' })
    const unn = await goAs('unn@example.com')
    await unn.page.getByText('has not verified your e-mail address', { exact: false }).waitFor()
    const { rows } = await lab.store.pool.query(
      "SELECT email FROM person WHERE email IN ('stranger@example.com', 'unn@example.com')",
    )
    assert.deepEqual(rows, [])
  })

  test('takes no answer of another browser, another issuer or another nonce', async () => {
    const begin = async () => {
      const browser = new Browser(() => url)
      const { body } = await browser.call('POST', '/api/auth/sign-in/social', {
        callbackURL: 'https://evil.example/',
      })
      const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
      return { state: new URL(body.url).searchParams.get('state'), cookie }
    }
    const back = async (query: string, cookie: string) => {
      const answer = await fetch(`${url}/api/auth/callback/sso?${query}`, {
        redirect: 'manual',
        headers: { cookie },
      })
      return [answer.status, answer.headers.get('location')]
    }
    const { state, cookie } = await begin()
    const refused = (code: string) => [302, `${url}/app/refused?error=${code}`]
    assert.deepEqual(await back(`state=${state}&code=x`, ''), refused('state_mismatch'))
    assert.deepEqual(
      await back(`state=${state}&code=x&iss=https%3A%2F%2Fevil.example`, cookie),
      refused('issuer_mismatch'),
    )
    const anybody = new Browser(() => url)
    const token = { provider: 'sso', idToken: { token: 'e30.e30.e30' } }
    const direct = await anybody.call('POST', '/api/auth/sign-in/social', token)
    assert.match(
      direct.body.url,
      /^http:\/\/127\.0\.0\.1:\d+\/auth\?/,
      'a token that is sent is not looked at',
    )

    const { page } = await lab.arrive('/app/')
    await page.goto(`${url}/app/`)
    const address = new URL(
      await page.evaluate(`fetch('/api/auth/sign-in/social', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
        .then((answer) => answer.json()).then(({ url }) => url)`),
    )
    address.searchParams.set('nonce', 'of-another-log-in')
    await page.goto(address.href)
    await agreeAs(page, 'noor@example.com')
    await page.getByText('does not belong to a log-in that this browser began', { exact: false }).waitFor()
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('who is locked out after ten wrong passwords reads so, in both languages', async () => {
  await join('lot@example.com', 'analyst', 'Lot')
  // The log-ins of this file so far came from the same address.
  await lab.store.pool.query('DELETE FROM login_rate')
  const anybody = new Browser(() => lab.url)
  for (let guess = 0; guess < 10; guess++) await anybody.logIn('lot@example.com', `not the password ${guess}`)
  const { page, check } = await visitAs('lot@example.com', '/app/', { width: 375 })
  await page.getByText('this account is locked for a quarter of an hour', { exact: false }).waitFor()
  await check('locked')
  const dutch = await visitAs('lot@example.com', '/app/', { locale: 'nl-NL' })
  await dutch.page.getByText('dit account is een kwartier vergrendeld', { exact: false }).waitFor()
  // Thirty attempts a minute from one address, whoever they are for.
  for (let guess = 0; guess < 31; guess++) await anybody.logIn(`guess-${guess}@example.com`, 'not a password')
  await fillLogIn(page, 'olga@example.com')
  await page.getByText('Too many attempts from your address.', { exact: false }).waitFor()
})

interface Act {
  readonly subject: string
  readonly actor: string
  readonly action: string
  readonly facts: Readonly<Record<string, string>>
}
