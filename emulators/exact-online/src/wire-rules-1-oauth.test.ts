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

const chainFault =
  '{ "error":"invalid_grant","error_description":"Token is not allowed, because of invalid or empty chainId" }'
const chainReason = 'Unknown: Token is not allowed, because of invalid or empty chainId'
const old = '{"error":"unauthorized_client","error_description":"Old refresh token used."}'
const bare = '{"error":"invalid_request"}'
const newest = { clientId: app.clientId, clientSecret: app.clientSecret }

describe('§ 1.4: the token answer', () => {
  test('§ 1.4: four members in order, expires_in a string, tokens of the live look', async () => {
    const { status, text, headers } = await lab.exchange(await lab.code('look'))
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(JSON.parse(text)), [
      'access_token',
      'token_type',
      'expires_in',
      'refresh_token',
    ])
    const { access_token, token_type, expires_in, refresh_token } = JSON.parse(text)
    assert.deepEqual([token_type, expires_in], ['bearer', '600'])
    assert.match(access_token, /^stampNL001\.gAAAA[\w.-]{690,1495}$/)
    assert.match(refresh_token, /^stampNL001\..{4}![\w.-]{600,}$/)
    assert.match(headers.get('content-type') ?? '', /^application\/json/)
  })

  test('§ 1.3: the code has the stamp, an exclamation mark behind four characters, and some hundred more', async () => {
    assert.match(await lab.code('code'), /^stampNL001\.[^!]{4}![\w.-]{300,}$/)
  })

  test('§ 1.3: an app of the older look has no stamp', async () => {
    await lab.register({ clientId: 'older', flags: { stamp: '' } })
    assert.match(await lab.code('x', { clientId: 'older' }), /^[^!]{4}!IAAAA/)
  })

  for (const [what, redirect] of [
    ['slashes escaped', encodeURIComponent(redirectUri)],
    ['slashes as they are', 'https%3A//partner.example/cb'],
    ['nothing escaped', redirectUri],
  ] as const) {
    test(`§ 1.4: redirect_uri with ${what} and a raw exclamation mark in the code`, async () => {
      const code = await lab.code('slashes')
      const answer = await lab.post(
        `grant_type=authorization_code&code=${code}&redirect_uri=${redirect}&client_id=${app.clientId}&client_secret=${app.clientSecret}`,
        { 'content-type': 'application/x-www-form-urlencoded' },
      )
      assert.equal(answer.status, 200, answer.text)
    })
  }
})

/** What each refusal of the token endpoint looks like to the byte. */
const refusals: readonly {
  readonly what: string
  readonly ask: () => Promise<{ status: number; text: string; headers: Headers }>
  readonly status: number
  readonly body: string | RegExp
  readonly reason?: string
}[] = [
  {
    what: 'a refresh before 570 seconds',
    ask: async () => lab.refresh((await lab.tokens('early')).refresh_token),
    status: 400,
    body: '{ "error":"access_denied","error_description":"Rate limit exceeded: access_token not expired" }',
    reason: 'TooEarlyToRefreshTokens: Rate limit exceeded: access_token not expired',
  },
  {
    what: 'a rotated refresh token',
    ask: async () => {
      const { refresh_token } = await lab.tokens('rotated')
      await lab.advance(575)
      assert.equal((await lab.refresh(refresh_token)).status, 200)
      return lab.refresh(refresh_token)
    },
    status: 401,
    body: old,
  },
  {
    what: 'a refresh token that was never issued',
    ask: () => lab.refresh('stampNL001.abcd!IAAAA'),
    status: 400,
    body: chainFault,
    reason: chainReason,
  },
  {
    what: 'a refresh token of a chain that a new consent replaced',
    ask: async () => {
      const { refresh_token } = await lab.tokens('twice')
      await lab.tokens('twice')
      await lab.advance(575)
      return lab.refresh(refresh_token)
    },
    status: 400,
    body: chainFault,
    reason: chainReason,
  },
  {
    what: 'a code that was used',
    ask: async () => {
      const code = await lab.code('used')
      await lab.exchange(code)
      return lab.exchange(code)
    },
    status: 400,
    body: chainFault,
    reason: chainReason,
  },
  {
    what: 'a code after 180 seconds',
    ask: async () => {
      const code = await lab.code('stale')
      await lab.advance(181)
      return lab.exchange(code)
    },
    status: 400,
    body: chainFault,
    reason: chainReason,
  },
  {
    what: 'a code with another redirect_uri',
    ask: async () => lab.exchange(await lab.code('other'), { redirect_uri: 'https://else.example/cb' }),
    status: 400,
    body: chainFault,
    reason: chainReason,
  },
  {
    what: 'a refresh token of 30 idle days',
    ask: async () => {
      const { refresh_token } = await lab.tokens('idle')
      await lab.control('clock', { now: '2030-11-10T21:18:20Z' })
      const late = (await lab.tokens('idle-2')).refresh_token
      assert.notEqual(refresh_token, late)
      await lab.control('clock', { now: '2030-12-10T21:18:21Z' })
      return lab.refresh(late)
    },
    status: 400,
    body: /^\{"error":"invalid_request","error_description":"The refresh token expired at 12\\\/10\\\/2030 9:18:20 PM and it is now 12\\\/10\\\/2030 9:18:21 PM\."\}$/,
  },
  {
    what: 'a wrong client secret',
    ask: () => lab.refresh('x', { client_secret: 'wrong' }),
    status: 400,
    body: bare,
  },
  {
    what: 'an unknown client id',
    ask: () => lab.refresh('x', { client_id: 'nobody' }),
    status: 400,
    body: bare,
  },
  { what: 'a missing refresh token', ask: () => lab.refresh(''), status: 400, body: bare },
  { what: 'a missing code', ask: () => lab.exchange(''), status: 400, body: bare },
  {
    what: 'another grant type',
    ask: () => lab.refresh('x', { grant_type: 'password' }),
    status: 400,
    body: bare,
  },
  {
    what: 'a JSON body',
    ask: () => lab.post(JSON.stringify(newest), { 'content-type': 'application/json' }),
    status: 400,
    body: bare,
  },
  {
    what: 'a code that was not decoded',
    ask: async () => lab.exchange((await lab.code('encoded')).replace('!', '%21')),
    status: 400,
    body: /Signed data extraction has failed/,
  },
  {
    what: 'a refresh after the user took the permission away',
    ask: async () => {
      const { refresh_token } = await lab.tokens('gone')
      await lab.control('revocations', { clientId: app.clientId, user: 'gone' })
      return lab.refresh(refresh_token)
    },
    status: 400,
    body: chainFault,
    reason: chainReason,
  },
]

describe('§ 1.6: what the token endpoint refuses, to the byte', () => {
  for (const { what, ask, status, body, reason } of refusals) {
    test(`§ 1.6: ${what}`, async () => {
      const answer = await ask()
      assert.equal(answer.status, status, answer.text)
      if (typeof body === 'string') assert.equal(answer.text, body)
      else assert.match(answer.text, body)
      assert.equal(answer.headers.get('reason'), reason ?? null)
    })
  }

  for (const [what, fault] of [
    [
      'the gateway’s hiccup',
      {
        status: 500,
        body: '{"fault":{"faultstring":"Failed to execute the ExtractVariables: ExtractAccessToken","detail":{"errorcode":"steps.extractvariables.ExecutionFailed"}}}',
      },
    ],
    [
      'the gateway’s outage',
      {
        status: 404,
        body: '{"fault":{"faultstring":"Unable to identify proxy for host: start.exactonline.nl:443 and url: \\/api\\/oauth2\\/token","detail":{"errorcode":"messaging.adaptors.http.flow.ApplicationNotFound"}}}',
      },
    ],
    ['an empty 200', { status: 200, body: '' }],
    ['a page instead of JSON', { status: 503, body: '<html></html>' }],
  ] as const) {
    test(`§ 1.6: ${what} can be ordered, and spends nothing`, async () => {
      const { refresh_token } = await lab.tokens('hiccup')
      await lab.advance(575)
      await lab.control('faults', { at: 'token', kind: 'body', ...fault })
      const answer = await lab.refresh(refresh_token)
      assert.deepEqual([answer.status, answer.text], [fault.status, fault.body])
      assert.equal((await lab.refresh(refresh_token)).status, 200)
    })
  }
})

describe('§ 1.5: refresh rules', () => {
  test('§ 1.5: the 30 days start again with each rotation', async () => {
    let { refresh_token } = await lab.tokens('rolling')
    for (let month = 0; month < 3; month++) {
      await lab.advance(29 * 86_400)
      const { status, text } = await lab.refresh(refresh_token)
      assert.equal(status, 200, text)
      refresh_token = JSON.parse(text).refresh_token
    }
  })

  test('§ 1.5: there is no grace for an answer that was lost', async () => {
    const { refresh_token } = await lab.tokens('lost')
    await lab.advance(575)
    await lab.control('faults', { at: 'token', kind: 'drop-response' })
    await assert.rejects(lab.refresh(refresh_token))
    const again = await lab.refresh(refresh_token)
    assert.deepEqual([again.status, again.text], [401, old])
  })

  test('§ 1.5: some apps tolerate the token before the current one, some may refresh early', async () => {
    await lab.register({ flags: { tolerateOldRefreshTokens: true, allowEarlyRefresh: true } })
    try {
      const { refresh_token } = await lab.tokens('tolerant')
      assert.equal((await lab.refresh(refresh_token)).status, 200)
      assert.equal((await lab.refresh(refresh_token)).status, 200)
      assert.equal((await lab.refresh(refresh_token)).text, old)
    } finally {
      await lab.register({
        redirectUris: [redirectUri, 'http://partner.example/cb', 'http://127.0.0.1:9/cb'],
      })
    }
  })

  test('§ 1.7: after the user took the permission away, the API answers 401', async () => {
    const { access_token } = await lab.tokens('leaver')
    const me = () => lab.call('/api/v1/current/Me', { token: access_token })
    assert.equal((await me()).status, 200)
    await lab.control('revocations', { clientId: app.clientId, user: 'leaver' })
    assert.equal((await me()).status, 401)
  })

  test('§ 7: an access token stays good until its own end after a refresh', async () => {
    const { access_token, refresh_token } = await lab.tokens('overlap')
    await lab.advance(575)
    assert.equal((await lab.refresh(refresh_token)).status, 200)
    const me = () => lab.call('/api/v1/current/Me', { token: access_token })
    assert.equal((await me()).status, 200)
    await lab.advance(26)
    assert.deepEqual([(await me()).status, (await me()).text], [401, ''])
  })
})

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
