import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { app, type Lab, redirectUri, startLab } from './testing/lab.ts'

let lab: Lab
/** The emulator's time stands still until a test moves it: the ends of lifetimes are looked at to the second. */
const start = Date.parse('2026-09-01T10:00:00Z')
before(async () => {
  lab = await startLab({ now: () => start })
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

  test('§ 1.3: the code has the stamp, an exclamation mark behind four characters, and nine hundred more', async () => {
    assert.match(await lab.code('code'), /^stampNL001\.[^!]{4}![\w.-]{890,}$/)
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
  ...['password', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code'].map((grant) => ({
    what: `the grant ${grant}, which there is not`,
    ask: () => lab.refresh('x', { grant_type: grant, username: 'anna', password: 'x' }),
    status: 400,
    body: bare,
  })),
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
    ['a false refusal of the night', { status: 400, body: bare }],
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

describe('§ 1.3: how long a code is good', () => {
  test('§ 1.3: a code is taken for three minutes, to the second', async () => {
    const [code, late] = [await lab.code('prompt'), await lab.code('tardy')]
    await lab.advance(180)
    assert.equal((await lab.exchange(code)).status, 200)
    await lab.advance(1)
    assert.equal((await lab.exchange(late)).text, chainFault)
  })
})

describe('§ 1.5: refresh rules', () => {
  test('§ 1.5: refused at 569 seconds without rotating, taken at 570, whatever other users of the app do', async () => {
    const { refresh_token } = await lab.tokens('edge')
    await lab.advance(569)
    assert.match((await lab.refresh(refresh_token)).headers.get('reason') ?? '', /^TooEarlyToRefreshTokens/)
    await lab.tokens('newcomer')
    await lab.advance(1)
    const { status, text } = await lab.refresh(refresh_token)
    assert.equal(status, 200, text)
    await lab.advance(569)
    assert.equal((await lab.refresh(JSON.parse(text).refresh_token)).status, 400, 'counted from the refresh')
  })

  test('§ 1.7: a user who was blocked gets no new token, and goes on once let in again', async () => {
    const { refresh_token } = await lab.tokens('blocked')
    await lab.advance(575)
    for (const [block, status] of [
      [{ reason: 'BlockedUser', user: 'blocked' }, 400],
      [{ reason: 'LicenseExpired' }, 400],
      [{ reason: 'BlockedUser', user: 'somebody else' }, 200],
    ] as const) {
      await lab.control('blocks', block)
      const answer = await lab.refresh(refresh_token)
      assert.equal(answer.status, status, answer.text)
      if (status === 400)
        assert.deepEqual([answer.text, answer.headers.get('reason')], [chainFault, chainReason])
      await lab.control('blocks', undefined, 'DELETE')
    }
  })

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
      await lab.register()
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
    await lab.advance(24)
    assert.equal((await me()).status, 200, 'at 599 seconds')
    await lab.advance(1)
    assert.deepEqual([(await me()).status, (await me()).text], [401, ''], 'however often it was used')
  })
})
