import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { app, type Lab, startLab } from './testing/lab.ts'

let lab: Lab
/** 2021-12-03 in the middle of a minute, as in the vendor's sample: time stands still until a test moves it. */
const start = Date.parse('2021-12-02T12:15:20Z')
const path = 'logistics/Units?$top=1'
before(async () => {
  lab = await startLab({ now: () => start })
})
beforeEach(async () => {
  await lab.control('reset', {})
  await lab.control('clock', { now: start })
  await lab.register({ limits: undefined })
  await lab.as('anna')
})
after(() => lab.close())

const limitsOf = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-ratelimit')))

describe('§ 2.1 and § 2.2: calls', () => {
  test('§ 2.2: both families on every answer, resets as milliseconds of the next UTC day and the next minute', async () => {
    assert.deepEqual(limitsOf((await lab.get(path)).headers), {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '4999',
      'x-ratelimit-reset': '1638489600000',
      'x-ratelimit-minutely-limit': '60',
      'x-ratelimit-minutely-remaining': '59',
      'x-ratelimit-minutely-reset': '1638447360000',
    })
    assert.equal(limitsOf((await lab.get(path)).headers)['x-ratelimit-remaining'], '4998')
  })

  test('§ 2.1: 60 calls in a clock minute; the 61st is refused with the minute’s headers alone, until the minute is over', async () => {
    for (let call = 0; call < 60; call++) assert.equal((await lab.get(path)).status, 200)
    const refused = await lab.get(path)
    assert.deepEqual([refused.status, refused.text], [429, ''])
    assert.deepEqual(limitsOf(refused.headers), {
      'x-ratelimit-minutely-limit': '60',
      'x-ratelimit-minutely-remaining': '0',
      'x-ratelimit-minutely-reset': '1638447360000',
    })
    assert.equal(refused.headers.get('retry-after'), null)
    await lab.advance(39)
    assert.equal((await lab.get(path)).status, 429)
    await lab.advance(1)
    assert.equal((await lab.get(path)).status, 200)
  })

  test('§ 2.1: the day’s calls; refused with the day’s headers alone, until 00:00 UTC', async () => {
    await lab.register({ limits: { minute: 100, day: 2 } })
    await lab.get(path)
    await lab.get(path)
    const refused = await lab.get(path)
    assert.deepEqual(limitsOf(refused.headers), {
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1638489600000',
    })
    await lab.control('clock', { now: '2021-12-03T00:00:00Z' })
    await lab.as('anna')
    assert.equal((await lab.get(path)).status, 200)
  })

  test('§ 2.1: a window belongs to one app and one company, whoever asks', async () => {
    await lab.register({ limits: { minute: 1, day: 100 } })
    assert.equal((await lab.get(path)).status, 200)
    const elsewhere = `/api/v1/${lab.companies[1]?.code}/${path}`
    assert.deepEqual([(await lab.get(path)).status, (await lab.get(elsewhere)).status], [429, 200])
    const { access_token } = await lab.tokens('bert')
    assert.equal((await lab.call(path, { token: access_token })).status, 429)
    await lab.register({ clientId: 'second', clientSecret: 'x' })
    const code = await lab.code('anna', { clientId: 'second' })
    const { text } = await lab.exchange(code, { client_id: 'second', client_secret: 'x' })
    assert.equal((await lab.call(path, { token: JSON.parse(text).access_token })).status, 200)
  })

  test('§ 2.1: addresses without a company neither count nor tell', async () => {
    await lab.register({ limits: { minute: 1, day: 100 } })
    for (let call = 0; call < 3; call++) {
      const me = await lab.get('/api/v1/current/Me')
      assert.deepEqual([me.status, limitsOf(me.headers)], [200, {}])
    }
    assert.equal((await lab.get(path)).status, 200)
  })

  test('§ 2.1: an older app has other limits', async () => {
    await lab.register({ limits: { minute: 100, day: 9000 } })
    const limits = limitsOf((await lab.get(path)).headers)
    assert.deepEqual([limits['x-ratelimit-limit'], limits['x-ratelimit-minutely-limit']], ['9000', '100'])
  })

  test('§ 2.1: refusals and writes count as calls, and tell of both windows like any', async () => {
    const wrong = await lab.get('nothing/Nothing')
    assert.deepEqual([wrong.status, limitsOf(wrong.headers)['x-ratelimit-remaining']], [404, '4999'])
    const refused = await lab.call('crm/Accounts', { method: 'POST', body: {} })
    assert.deepEqual(
      [refused.status, limitsOf(refused.headers)['x-ratelimit-minutely-remaining']],
      [500, '58'],
    )
    assert.equal(limitsOf((await lab.get(path)).headers)['x-ratelimit-remaining'], '4997')
  })
})

describe('§ 2.1: errors', () => {
  const wrongs = {
    400: () => lab.get('crm/Contacts?$filter=Nothing eq 1'),
    403: () => lab.get('crm/Contacts?$filter=Created ne null'),
    404: () => lab.get(`crm/Contacts(guid'00000000-0000-0000-0000-000000000000')`),
    405: () => lab.call('crm/Contacts', { method: 'DELETE' }),
    415: () => lab.get('crm/Contacts?$filter=Created ne null&$top=1', { accept: 'text/html' }),
    500: () => lab.call('crm/Contacts', { method: 'POST', body: {} }),
  }
  const right = () => lab.get('crm/Contacts?$filter=Created ne null&$top=1')
  const errors = async (count: number, wrong: () => Promise<{ status: number }>) => {
    const statuses: number[] = []
    for (let call = 0; call < count; call++) statuses.push((await wrong()).status)
    return statuses
  }

  for (const status of [400, 404] as const) {
    test(`§ 2.1: ten answers of ${status} in an hour may pass; after the eleventh the endpoint is 429 without headers`, async () => {
      await errors(10, wrongs[status])
      assert.equal((await right()).status, 200)
      assert.deepEqual(await errors(1, wrongs[status]), [status])
      const blocked = await right()
      assert.deepEqual([blocked.status, blocked.text, limitsOf(blocked.headers)], [429, '', {}])
      assert.equal((await lab.get('crm/Addresses?$top=1')).status, 200)
      const elsewhere = `/api/v1/${lab.companies[1]?.code}/crm/Contacts?$filter=Created ne null&$top=1`
      assert.equal((await lab.get(elsewhere)).status, 200)
      const { access_token } = await lab.tokens('bert')
      const other = await lab.call('crm/Contacts?$filter=Created ne null&$top=1', { token: access_token })
      assert.equal(other.status, 200)
    })
  }

  test('§ 2.1: 403 counts', async () => {
    await lab.register({ limits: undefined, scopes: ['logistics items'] })
    assert.deepEqual([...new Set(await errors(11, wrongs[403]))], [403])
    await lab.register({ limits: undefined })
    assert.equal((await right()).status, 429)
  })

  test('§ 2.1: 401 of an expired token counts for its app and user', async () => {
    await lab.advance(600)
    assert.deepEqual([...new Set(await errors(11, right))], [401])
    await lab.as('anna')
    assert.equal((await right()).status, 429)
  })

  test('§ 2.1: refusals by the administration’s own rules do not count', async () => {
    for (const status of [405, 415, 500] as const) {
      assert.deepEqual([...new Set(await errors(15, wrongs[status]))], [status])
      assert.equal((await right()).status, 200)
    }
  })

  test('§ 2.1: errors of an hour ago count no more, and those of another app never', async () => {
    await errors(10, wrongs[400])
    await lab.register({ clientId: 'second', clientSecret: 'x' })
    const code = await lab.code('anna', { clientId: 'second' })
    const { text } = await lab.exchange(code, { client_id: 'second', client_secret: 'x' })
    const other = () =>
      lab.call('crm/Contacts?$filter=Nothing eq 1', { token: JSON.parse(text).access_token })
    await errors(10, other)
    assert.equal((await right()).status, 200)
    await lab.advance(3600)
    await lab.as('anna')
    await errors(10, wrongs[400])
    assert.equal((await right()).status, 200)
  })

  test('§ 2.1: the block lasts an hour, and twice as long when it happens again', async () => {
    const seconds = async () => {
      let passed = 0
      for (; ; passed += 600) {
        await lab.as('anna')
        if ((await right()).status !== 429) return passed
        await lab.advance(600)
      }
    }
    await errors(11, wrongs[400])
    assert.equal(await seconds(), 3600)
    await errors(11, wrongs[400])
    assert.equal(await seconds(), 7200)
  })
})

describe('§ 2.3 and § 3.6: what only happens when it is ordered', () => {
  for (const [what, status, body] of [
    ['a time-out', 408, ''],
    ['599', 599, ''],
    ['maintenance', 503, ''],
    [
      'a gateway’s fault at night',
      500,
      '{"fault":{"faultstring":"Failed to execute the ExtractVariables: ExtractAccessToken","detail":{"errorcode":"steps.extractvariables.ExecutionFailed"}}}',
    ],
    [
      'the page of 2019 instead of a bare refusal',
      401,
      '<html><head><title>Object moved</title></head><body><h2>Object moved to <a href="/docs/Login.aspx?ReturnUrl=%2fapi%2fv1%2fcurrent%2fMe">here</a>.</h2></body></html>',
    ],
    [
      'a problem of its own',
      500,
      '{"error":{"code":"","message":{"lang":"","value":"A problem has occurred. The cause of this issue will be investigated as soon as possible."}}}',
    ],
  ] as const) {
    test(`§ 2.3: ${what}, ${status}`, async () => {
      await lab.control('faults', { at: 'api', kind: 'status', status, body, matching: 'logistics/Units' })
      const answer = await lab.get(path)
      assert.deepEqual([answer.status, answer.text], [status, body])
      assert.equal((await lab.get(path)).status, 200)
    })
  }

  test('§ 3.6: 401 is empty, its reason stands in a header that an app can be without', async () => {
    const unknown = await lab.call(path, { token: 'gAAAA' })
    assert.deepEqual(
      [unknown.status, unknown.text, unknown.headers.get('reason')],
      [401, '', 'Authentication Required'],
    )
    assert.equal((await lab.call(path, { token: null })).status, 401)
    await lab.register({ limits: undefined, flags: { reasonOn401: false } })
    await lab.advance(600)
    const expired = await lab.get(path)
    assert.deepEqual([expired.status, expired.headers.get('reason')], [401, null])
    assert.equal(app.clientId.length, 36)
  })
})
