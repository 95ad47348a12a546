import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ReadAnswer } from '@sluis/engine'
import { type IncomingResponse, isSluisError } from '@sluis/shared'
import { exactOnlineConnector } from './connector.ts'

const connector = exactOnlineConnector()
const baseUrl = 'https://start.exactonline.nl'
const body = (value: unknown) => Buffer.from(JSON.stringify(value))

function answer(status: number, headers: Record<string, string> = {}, text = ''): IncomingResponse {
  return { status, headers, body: Buffer.from(text) }
}
const oDataError = (value: string) =>
  `{\r\n"error": {\r\n"code": "", "message": {\r\n"lang": "", "value": ${JSON.stringify(value)}\r\n}\r\n}\r\n}`

describe('answers', () => {
  const mandatory = 'This endpoint has mandatory filtering applied.'
  const cases: readonly (readonly [string, IncomingResponse, ReadAnswer])[] = [
    ['200', answer(200), { kind: 'rows' }],
    [
      '401',
      answer(401, { reason: 'Authentication Required' }),
      { kind: 'token-refused', text: 'HTTP 401 · Authentication Required' },
    ],
    [
      'a redirect to log in',
      answer(302, { location: '/docs/Login.aspx' }),
      { kind: 'token-refused', text: 'HTTP 302' },
    ],
    [
      '403 for lack of scope',
      answer(
        403,
        {},
        oDataError(
          "Forbidden - Application Scope Violated. Cannot read 'organization.administration' scope.",
        ),
      ),
      {
        kind: 'forbidden',
        text: "HTTP 403 · Forbidden - Application Scope Violated. Cannot read 'organization.administration' scope.",
        reason: null,
      },
    ],
    [
      '403 for a company',
      answer(403, { reason: 'NoDivisionAccess' }, oDataError('Forbidden')),
      { kind: 'forbidden', text: 'HTTP 403 · Forbidden · NoDivisionAccess', reason: 'NoDivisionAccess' },
    ],
    ['400', answer(400, {}, oDataError(mandatory)), { kind: 'refused', text: `HTTP 400 · ${mandatory}` }],
    ['404', answer(404), { kind: 'refused', text: 'HTTP 404' }],
    ['408', answer(408), { kind: 'transient', text: 'HTTP 408' }],
    [
      '500',
      answer(500, {}, oDataError('A problem has occurred.')),
      { kind: 'transient', text: 'HTTP 500 · A problem has occurred.' },
    ],
    ['599', answer(599), { kind: 'transient', text: 'HTTP 599' }],
    ['429 without headers', answer(429), { kind: 'rate-limited', retryAt: null }],
    ['429 with Retry-After', answer(429, { 'retry-after': '7' }), { kind: 'rate-limited', retryAt: 8000 }],
  ]
  for (const [name, response, expected] of cases) {
    test(`${name} is ${expected.kind}`, () => assert.deepEqual(connector.judge(response, 1000), expected))
  }

  test('429 waits for the window that was hit, by the clock of the service', () => {
    const date = 'Fri, 03 Dec 2021 12:15:30 GMT'
    const reset = String(Date.parse('2021-12-03T12:16:00Z'))
    const headers = {
      date,
      'x-ratelimit-minutely-limit': '60',
      'x-ratelimit-minutely-remaining': '0',
      'x-ratelimit-minutely-reset': reset,
    }
    assert.deepEqual(connector.judge(answer(429, headers), 5000), { kind: 'rate-limited', retryAt: 35_000 })
  })
})

describe('limits', () => {
  const headers = {
    date: 'Fri, 03 Dec 2021 12:15:30 GMT',
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': '4980',
    'x-ratelimit-reset': '1638576000000',
    'x-ratelimit-minutely-limit': '60',
    'x-ratelimit-minutely-remaining': '49',
    'x-ratelimit-minutely-reset': '1638533760000',
  }

  test('both windows are read, relative to the date of the answer', () => {
    assert.deepEqual(connector.readLimits(answer(200, headers), 1_000_000), [
      { window: 'minute', limit: 60, remaining: 49, resetsAt: 1_000_000 + 30_000 },
      { window: 'day', limit: 5000, remaining: 4980, resetsAt: 1_000_000 + 42_270_000 },
    ])
  })

  test('without a date the reset counts as it stands', () => {
    const { date: _, ...undated } = headers
    assert.equal(connector.readLimits(answer(200, undated), 1)[0]?.resetsAt, 1_638_533_760_000)
  })

  test('an answer without headers, or with half of them, says nothing', () => {
    assert.deepEqual(connector.readLimits(answer(200), 1), [])
    assert.deepEqual(
      connector.readLimits(answer(200, { 'x-ratelimit-limit': '5000', 'x-ratelimit-reset': 'soon' }), 1),
      [],
    )
  })
})

describe('budgets', () => {
  const urls: readonly (readonly [string, string | null])[] = [
    [`${baseUrl}/api/v1/123/crm/Accounts?$select=ID`, '123'],
    [`${baseUrl}/api/v1/beta/123/payroll/Employees`, '123'],
    [`${baseUrl}/api/v1/123/bulk/CRM/Accounts`, '123'],
    [`${baseUrl}/api/v1/current/Me`, null],
    [`${baseUrl}/api/v1/system/Users`, null],
  ]
  for (const [url, key] of urls) {
    test(`${url} counts for ${key}`, () => {
      assert.equal(connector.budgetKey({ method: 'GET', url, headers: {} }), key)
    })
  }
})

describe('companies', () => {
  const me = body({ d: { results: [{ CurrentDivision: 123 }] } })
  const next = `${baseUrl}/api/v1/123/system/Divisions?$select=Code&$skiptoken=5`
  const first = body({
    d: {
      results: [{ Code: 5, Description: ' Bakker BV ', CustomerName: 'x', BlockingStatus: 0 }],
      __next: next,
    },
  })
  const second = body({
    d: {
      results: [
        { Code: 6, Description: null, CustomerName: 'Slager', BlockingStatus: 101 },
        { Code: 5, Description: 'Bakker BV', BlockingStatus: 0 },
        { Code: 7 },
      ],
    },
  })

  test('are asked for below the current one and page by page', () => {
    const url = (...bodies: Buffer[]) => connector.nextPartitionsRequest(baseUrl, bodies)?.url ?? null
    assert.equal(url(), `${baseUrl}/api/v1/current/Me?$select=CurrentDivision`)
    assert.equal(
      url(me),
      `${baseUrl}/api/v1/123/system/Divisions?$select=Code,Description,CustomerName,BlockingStatus`,
    )
    assert.equal(url(me, first), next)
    assert.equal(url(me, first, second), null)
  })

  test('are each listed once, with a name, and blocked ones marked', () => {
    assert.deepEqual(connector.readPartitions([me, first, second]), [
      { id: '5', name: 'Bakker BV', isReadable: true },
      { id: '6', name: 'Slager', isReadable: false },
      { id: '7', name: '7', isReadable: true },
    ])
  })

  test('a user without a company is told', () => {
    for (const d of [{ results: [] }, { results: [{ CurrentDivision: null }] }]) {
      assert.throws(
        () => connector.nextPartitionsRequest(baseUrl, [body({ d })]),
        (error) => isSluisError(error, 'PLATFORM_UNAVAILABLE'),
      )
    }
  })
})
