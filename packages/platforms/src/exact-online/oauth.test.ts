import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type IncomingResponse, must, PlainSecret } from '@sluis/shared'
import fc from 'fast-check'
import { exactOnlineOAuth } from './oauth.ts'
import { exactOnlineRegions } from './regions.ts'

const platform = exactOnlineOAuth(exactOnlineRegions())
const nl = must(platform.regions.get('nl'))
const client = {
  clientId: '{7c5f3b4e-0000-4000-8000-000000000001}',
  clientSecret: new PlainSecret('s3cr3t&+ =%'),
  redirectUri: 'https://partner.example/cb?x=1',
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): IncomingResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { status, headers, body: Buffer.from(text) }
}

describe('token requests', () => {
  test('a refresh is a form with the client in the body and no redirect address', () => {
    const request = platform.tokenRequest(nl, client, {
      kind: 'refresh',
      refreshToken: new PlainSecret('stampNL001.a!b'),
    })
    assert.equal(request.method, 'POST')
    assert.equal(request.url, 'https://start.exactonline.nl/api/oauth2/token')
    assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded')
    assert.equal(request.headers.authorization, undefined)
    assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body)), {
      grant_type: 'refresh_token',
      refresh_token: 'stampNL001.a!b',
      client_id: client.clientId,
      client_secret: 's3cr3t&+ =%',
    })
  })

  for (const code of ['stampNL001.TffI!IAAAAFwc', 'stampNL001.TffI%21IAAAAFwc']) {
    test(`a code given as ${code} is sent decoded`, () => {
      const request = platform.tokenRequest(nl, client, { kind: 'code', code: new PlainSecret(code) })
      const fields = Object.fromEntries(new URLSearchParams(request.body))
      assert.equal(fields.code, 'stampNL001.TffI!IAAAAFwc')
      assert.equal(fields.redirect_uri, client.redirectUri)
      assert.equal(fields.grant_type, 'authorization_code')
    })
  }

  test('a token with a stray percent sign is sent as it is', () => {
    const request = platform.tokenRequest(nl, client, {
      kind: 'refresh',
      refreshToken: new PlainSecret('a%b%FF'),
    })
    assert.equal(new URLSearchParams(request.body).get('refresh_token'), 'a%b%FF')
  })

  test('who am I asks for the user and no more', () => {
    const request = platform.whoAmIRequest(nl, new PlainSecret('gAAAA'))
    assert.equal(
      request.url,
      'https://start.exactonline.nl/api/v1/current/Me?$select=UserID,FullName,UserName,Email',
    )
    assert.equal(request.headers.authorization, 'Bearer gAAAA')
  })
})

describe('token answers', () => {
  const early = 'Rate limit exceeded: access_token not expired'
  const chain = 'Token is not allowed, because of invalid or empty chainId'
  const cases: readonly (readonly [string, IncomingResponse, string])[] = [
    [
      'too early',
      answer(400, `{ "error":"access_denied","error_description":"${early}" }`, {
        reason: `TooEarlyToRefreshTokens: ${early}`,
      }),
      'too-early',
    ],
    [
      'too early by its header alone',
      answer(400, '', { reason: `TooEarlyToRefreshTokens: ${early}` }),
      'too-early',
    ],
    ['too early as documented', answer(401, '', { reason: 'Access Token not expired' }), 'too-early'],
    [
      'a used refresh token',
      answer(401, { error: 'unauthorized_client', error_description: 'Old refresh token used.' }),
      'terminal spent',
    ],
    [
      'a broken chain',
      answer(400, `{ "error":"invalid_grant","error_description":"${chain}" }`, {
        reason: `Unknown: ${chain}`,
      }),
      'terminal invalid',
    ],
    [
      'a chain broken by its header alone',
      answer(400, '', { reason: `Unknown: ${chain}` }),
      'terminal invalid',
    ],
    ['invalid_grant without words', answer(400, { error: 'invalid_grant' }), 'terminal invalid'],
    [
      'a refresh token of more than 30 days',
      answer(
        400,
        '{"error":"invalid_request","error_description":"The refresh token expired at 10\\/11\\/2022 9:18:20 PM and it is now 10\\/28\\/2022 4:15:50 PM."}',
      ),
      'terminal expired',
    ],
    [
      'a wrong client, a missing field or a bad night',
      answer(400, { error: 'invalid_request' }),
      'configuration',
    ],
    [
      'a code that was posted still encoded',
      answer(400, { error: 'invalid_request', error_description: 'Signed data extraction has failed' }),
      'terminal invalid',
    ],
    ['invalid_client', answer(401, { error: 'invalid_client' }), 'configuration'],
    ['unauthorized_client without words', answer(400, { error: 'unauthorized_client' }), 'configuration'],
    [
      'a gateway fault',
      answer(500, {
        fault: {
          faultstring: 'Failed to execute the ExtractVariables: ExtractAccessToken',
          detail: { errorcode: 'steps.extractvariables.ExecutionFailed' },
        },
      }),
      'transient',
    ],
    [
      'a gateway that cannot find its way',
      answer(404, {
        fault: {
          faultstring:
            'Unable to identify proxy for host: start.exactonline.nl:443 and url: /api/oauth2/token',
          detail: {},
        },
      }),
      'transient',
    ],
    [
      'a dead-token text with a 500 around it',
      answer(500, { error: 'unauthorized_client', error_description: 'Old refresh token used.' }),
      'transient',
    ],
    ['an empty success', answer(200, ''), 'transient'],
    ['a page of HTML', answer(200, '<html><body>Maintenance</body></html>'), 'transient'],
    ['a redirect', answer(302, '', { location: '/docs/Login.aspx' }), 'transient'],
    ['a bare 400', answer(400, ''), 'transient'],
    [
      'a refusal by rate that is not the early one',
      answer(400, { error: 'access_denied', error_description: 'Rate limit exceeded' }),
      'transient',
    ],
    ['429', answer(429, '', { 'retry-after': '17' }), 'transient 17'],
    [
      'half an answer',
      answer(
        200,
        '{"access_token":"stampNL001.gAAAAabcdefghijklmnopqrstuvwxyz","refresh_token":"stampNL001.abcdefghijkl',
      ),
      'tokens access',
    ],
  ]
  for (const [name, response, expected] of cases) {
    test(`${name} is ${expected}`, () => {
      const got = platform.processTokenResponse(response)
      const suffix =
        got.kind === 'terminal'
          ? ` ${got.cause}`
          : got.kind === 'transient' && got.retryAfterSeconds !== undefined
            ? ` ${got.retryAfterSeconds}`
            : got.kind === 'tokens'
              ? got.tokens.refreshToken === null
                ? ' access'
                : ' both'
              : ''
      assert.equal(got.kind + suffix, expected)
    })
  }

  const life: readonly (readonly [unknown, number | null])[] = [
    ['600', 600],
    [600, 600],
    ['599.5', 599.5],
    [undefined, null],
    [null, null],
    ['', null],
    ['soon', null],
    [0, null],
    ['0', null],
    [-1, null],
  ]
  for (const [sent, expected] of life) {
    test(`expires_in ${JSON.stringify(sent)} means ${expected} seconds`, () => {
      const got = platform.processTokenResponse(
        answer(200, {
          access_token: 'stampNL001.gAAAA',
          token_type: 'bearer',
          expires_in: sent,
          refresh_token: 'r!',
        }),
      )
      assert.equal(got.kind, 'tokens')
      assert.equal(got.kind === 'tokens' ? got.tokens.expiresInSeconds : 'none', expected)
    })
  }

  const token = fc.stringMatching(/^[A-Za-z0-9_-]{20,40}![A-Za-z0-9_-]{20,60}$/)
  test('a refresh token is found in any body of any status', () => {
    const wrap = [
      (held: object) => JSON.stringify(held),
      (held: object) =>
        JSON.stringify({ error: 'invalid_grant', error_description: 'Old refresh token used.', ...held }),
      (held: object) => JSON.stringify({ fault: { detail: [held] } }),
      (held: object) => JSON.stringify({ message: JSON.stringify(held) }),
      (held: object) => `<pre>${JSON.stringify(held)}</pre>`,
      (held: object) => `${JSON.stringify({ ...held, z: 1 }).slice(0, -1)}`,
    ]
    fc.assert(
      fc.property(
        token,
        fc.constantFrom(...wrap),
        fc.constantFrom(200, 302, 400, 401, 429, 500, 503),
        (secret, wrapper, status) => {
          const got = platform.processTokenResponse(answer(status, wrapper({ refresh_token: secret })))
          assert.equal(got.kind, 'tokens')
          if (got.kind === 'tokens') assert.equal(got.tokens.refreshToken?.reveal(), secret)
        },
      ),
    )
  })

  test('no text shows a token, whatever the platform wrote around it', () => {
    const shape = fc.constantFrom(
      (secret: string) => `The code ${secret} is unknown`,
      (secret: string) => `stampNL001.${secret}`,
      (secret: string) => `client_secret=${secret.slice(0, 12)}`,
      (secret: string) => `"${secret}","x"`,
    )
    fc.assert(
      fc.property(token, shape, fc.constantFrom(400, 500), (secret, wrapper, status) => {
        const got = platform.processTokenResponse(
          answer(status, { error: 'server_error', error_description: wrapper(secret) }),
        )
        assert.ok(got.kind !== 'tokens')
        for (let at = 0; at + 12 <= secret.length; at += 1) {
          const part = secret.slice(at, at + 12)
          if (!part.includes('!')) assert.ok(!got.text.includes(part), got.text)
        }
      }),
    )
  })

  test("a text keeps the platform's words and is cut to 300 characters", () => {
    const got = platform.processTokenResponse(
      answer(400, { error: 'invalid_grant', error_description: chain }),
    )
    assert.equal(got.kind === 'tokens' ? '' : got.text, `HTTP 400 · invalid_grant: ${chain}`)
    const twice = platform.processTokenResponse(must(cases.find(([name]) => name === 'a broken chain'))[1])
    assert.equal(
      twice.kind === 'tokens' ? '' : twice.text,
      `HTTP 400 · invalid_grant: ${chain}`,
      'what the header repeats is said once',
    )
    const long = platform.processTokenResponse(answer(500, 'no luck '.repeat(200)))
    assert.equal(long.kind === 'tokens' ? 0 : long.text.length, 300)
    const fault = platform.processTokenResponse(must(cases.find(([name]) => name.includes('its way')))[1])
    assert.ok(
      fault.kind === 'transient' && fault.text.includes('url: /api/oauth2/token'),
      JSON.stringify(fault),
    )
  })
})

describe('who am I', () => {
  const me = {
    UserID: '7C5F3B4E-0000-0000-0000-00000000000A',
    FullName: 'Anna de Vries',
    Email: 'anna@example.nl',
  }
  for (const [shape, d] of [
    ['results', { results: [me] }],
    ['an array', [me]],
    ['an object', me],
  ] as const) {
    test(`reads the user from ${shape}`, () => {
      assert.deepEqual(platform.processWhoAmIResponse(answer(200, { d })), {
        kind: 'user',
        user: { id: '7c5f3b4e-0000-0000-0000-00000000000a', name: 'Anna de Vries', email: 'anna@example.nl' },
      })
    })
  }

  test('a user without a full name is called by the log-in name', () => {
    const got = platform.processWhoAmIResponse(
      answer(200, { d: { results: [{ UserID: me.UserID, FullName: ' ', UserName: 'anna', Email: null }] } }),
    )
    assert.deepEqual(got, { kind: 'user', user: { id: me.UserID.toLowerCase(), name: 'anna' } })
  })

  const others: readonly (readonly [number, string, string])[] = [
    [401, '', 'refused'],
    [302, '<a href="/docs/Login.aspx">Object moved</a>', 'refused'],
    [403, '', 'refused'],
    [408, '', 'transient'],
    [429, '', 'transient'],
    [500, '', 'transient'],
    [200, '', 'transient'],
    [200, '{"d":{"results":[]}}', 'transient'],
  ]
  for (const [status, body, kind] of others) {
    test(`${status} with ${body === '' ? 'nothing' : body} is ${kind}`, () => {
      assert.equal(platform.processWhoAmIResponse(answer(status, body)).kind, kind)
    })
  }

  test('a refusal tells the reason that Exact gave', () => {
    const got = platform.processWhoAmIResponse(answer(403, '', { reason: 'BlockedUser' }))
    assert.deepEqual(got, { kind: 'refused', text: 'HTTP 403 · BlockedUser' })
  })
})

describe('country stamps', () => {
  const stamps: readonly (readonly [string, string | null])[] = [
    ['stampNL001.gAAAA', 'nl'],
    ['stampBE001.x', 'be'],
    ['stampGB001.x', 'uk'],
    ['stampUK002.x', 'uk'],
    ['stampUS001.x', 'us'],
    ['  "stampDE001.x', 'de'],
    ['stampZZ001.x', null],
    ['gAAAA', null],
    ['xstampNL001.gAAAA', null],
  ]
  for (const [token, region] of stamps) {
    test(`${token} names ${region}`, () => {
      assert.equal(platform.stampedRegion(new PlainSecret(token)), region)
    })
  }
})

test('the built-in regions are seven and each pins its own origin', () => {
  const regions = [...exactOnlineRegions().values()]
  assert.deepEqual(regions.map(({ id }) => id).sort(), ['be', 'de', 'es', 'fr', 'nl', 'uk', 'us'])
  for (const region of regions) {
    assert.deepEqual(region.pinnedOrigins, [new URL(region.baseUrl).origin])
    assert.equal(region.isOperators, false)
  }
})
