import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { oneTimeCode } from './oauth/one-time-code.ts'
import { app, type Lab, redirectUri, startLab } from './testing/lab.ts'

let lab: Lab
before(async () => {
  lab = await startLab()
  await lab.register({ redirectUris: [redirectUri, 'http://partner.example/cb', 'http://127.0.0.1:9/cb'] })
  await lab.control('users', { user: 'piet@example.com', password: 'pw', totpSecret: 'JBSW Y3DP EHPK 3PXP' })
})
after(() => lab.close())

describe('§ 1.3: the pages', () => {
  const query = { client_id: app.clientId, redirect_uri: redirectUri, response_type: 'code', state: 'a b&c' }
  const open = async (more: Record<string, string> = {}, cookie = '') => {
    const address = `${lab.url}/api/oauth2/auth?${new URLSearchParams({ ...query, ...more })}`
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { cookie, 'accept-language': 'en' },
    })
    return { response, text: await response.text() }
  }
  const send = async (step: string, form: URLSearchParams) => {
    const response = await fetch(`${lab.url}/api/oauth2/${step}`, {
      method: 'POST',
      body: form,
      redirect: 'manual',
    })
    return { response, text: await response.text() }
  }
  /** The hidden fields of a page, which its form sends along. */
  const hiddenIn = (text: string) =>
    new URLSearchParams(
      [...text.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(
        ([, name = '', value = '']): [string, string] => [name, value.replaceAll('&amp;', '&')],
      ),
    )
  const formOf = (text: string, fields: Record<string, string>) => {
    const form = hiddenIn(text)
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    return form
  }

  for (const [what, more, status, text] of [
    ['an unknown app', { client_id: 'nobody' }, 400, "Client with identifier 'nobody' not found."],
    ['another redirect', { redirect_uri: 'https://else.example/' }, 400, 'Invalid authorization request'],
    ['another response type', { response_type: 'token' }, 400, 'Invalid authorization request'],
    [
      'a redirect without encryption',
      { redirect_uri: 'http://partner.example/cb' },
      401,
      'Invalid authorization request',
    ],
  ] as const) {
    test(`§ 1.3: ${what} is a page with status ${status}, not a redirect`, async () => {
      const { response, text: page } = await open(more)
      assert.equal(response.status, status)
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
      assert.ok(page.includes(text.replaceAll("'", "'")), page)
    })
  }

  test('§ 1.3: a client id in braces is the same app; the loopback interface needs no encryption', async () => {
    assert.equal((await open({ client_id: `{${app.clientId}}` })).response.status, 200)
    assert.equal((await open({ redirect_uri: 'http://127.0.0.1:9/cb' })).response.status, 200)
  })

  test('§ 1.3: log-in, second factor, consent, redirect with code and the state as it was', async () => {
    const { now } = (await lab.control('clock')).body
    const login = await open()
    const second = await send('login', formOf(login.text, { user: 'piet@example.com', password: 'pw' }))
    assert.match(second.text, /action="\/api\/oauth2\/verify"/)
    const wrong = await send('verify', formOf(second.text, { code: '000000' }))
    assert.deepEqual([wrong.response.status, /role="alert"/.test(wrong.text)], [401, true])
    const digits = oneTimeCode('JBSWY3DPEHPK3PXP', now)
    const consent = await send('verify', formOf(wrong.text, { code: digits }))
    assert.match(consent.text, /action="\/api\/oauth2\/consent"/)
    assert.match(consent.response.headers.get('set-cookie') ?? '', /HttpOnly/)
    const form = formOf(consent.text, { choice: 'allow' })
    form.append('division', String(lab.companies[1]?.code))
    const { response } = await send('consent', form)
    assert.equal(response.status, 302)
    const back = new URL(response.headers.get('location') ?? '')
    assert.match(back.search, /^\?code=stampNL001\.[^!%]{4}%21IAAAA[\w.-]{890,}&state=a\+b%26c$/)
    assert.deepEqual(
      [`${back.origin}${back.pathname}`, back.searchParams.get('state')],
      [redirectUri, 'a b&c'],
    )
    const answer = await lab.exchange(back.searchParams.get('code') ?? '')
    const token = JSON.parse(answer.text).access_token
    const { d } = await lab.call('/api/v1/current/Me', { token })
    assert.deepEqual(
      [d.results[0].UserName, d.results[0].CurrentDivision],
      ['piet@example.com', lab.companies[1]?.code],
    )
  })

  test('§ 1.3: nobody gets past the second factor with a form of their own', async () => {
    const form = new URLSearchParams({ ...query, user: 'piet@example.com', choice: 'allow' })
    form.append('division', String(lab.division))
    for (const proof of ['', '1.x', `${Date.now()}.${'A'.repeat(43)}`]) {
      form.set('proof', proof)
      const { response, text } = await send('consent', form)
      assert.deepEqual([response.status, response.headers.get('location')], [200, null])
      assert.match(text, /action="\/api\/oauth2\/login"/)
    }
    const login = await open()
    const second = await send('login', formOf(login.text, { user: 'piet@example.com', password: 'pw' }))
    const early = formOf(second.text, { choice: 'allow' })
    early.append('division', String(lab.division))
    assert.equal((await send('consent', early)).response.status, 200, 'the password alone is no log-in')
  })

  test('§ 1.3: force_login=1 shows the log-in to a browser that is logged in', async () => {
    const login = await open()
    const consent = await send('login', formOf(login.text, { user: 'kees@example.com', password: 'x' }))
    const cookie = (consent.response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    assert.match((await open({}, cookie)).text, /oauth2\/consent/)
    assert.match((await open({ force_login: '0' }, cookie)).text, /oauth2\/consent/)
    assert.match((await open({ force_login: '1' }, cookie)).text, /oauth2\/login/)
    assert.match((await open({}, 'EmulatedSession=made-up')).text, /oauth2\/login/)
  })

  test('§ 1.3: whoever cancels comes back with access_denied and the state', async () => {
    const login = await open()
    const consent = await send('login', formOf(login.text, { user: 'kees@example.com', password: 'x' }))
    const { response } = await send('consent', formOf(consent.text, { choice: 'cancel' }))
    assert.equal(response.headers.get('location'), `${redirectUri}?error=access_denied&state=a+b%26c`)
  })

  test('RFC 6238, appendix B: the digits of the standard', () => {
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const digits = [59, 1_111_111_109, 1_234_567_890, 2_000_000_000].map((at) =>
      oneTimeCode(secret, at * 1000),
    )
    assert.deepEqual(digits, ['287082', '081804', '005924', '279037'])
  })
})
