import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type HttpLab, labClient, openHttpLab } from './testing/http-lab.ts'

// Every way that a handover may end, as a partner's program sees it. design: vault, handover.
let lab: HttpLab
before(async () => {
  lab = await openHttpLab()
})
after(() => lab.close())

let users = 0
/** A user of their own for each test, so that no chain meets another. */
const newUser = () => `person${++users}@example.com`
const post = (credentials: object, more: object = {}) =>
  lab.call('POST', '/grants', lab.handover(credentials, more))

const emulatorNow = async () => ((await lab.control('clock')) as { now: number }).now

const advance = (seconds: number) => lab.moveClock({ advanceSeconds: seconds })

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let turn = 0; turn < 400; turn++) {
    const seen = await look()
    if (seen !== undefined) return seen
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('it did not come to that')
}

const becomes = (id: string, state: string) =>
  eventually(async () => {
    const { body } = await lab.call('GET', `/grants/${id}`)
    return body.state === state ? body : undefined
  })

describe('a handover whose outcome is open is 202, and the vault goes on by itself', () => {
  // First: the fault would meet the keep-alive of any other grant.
  test('while the answer of its spend is lost: ambiguous, and then known', async () => {
    const { refreshToken } = await lab.tokens(newUser())
    await advance(580)
    await lab.control('faults', { at: 'token', kind: 'reset', times: 1 })
    const made = await post({ kind: 'tokens', refreshToken })
    assert.equal(made.status, 202, made.text)
    assert.equal(made.body.state, 'ambiguous')
    assert.ok(!made.text.includes(refreshToken))
    await advance(120)
    const settled = await eventually(async () => {
      const { body } = await lab.call('GET', `/grants/${made.body.id}`)
      return /ambiguous|pending/.test(body.state) ? undefined : body
    })
    assert.match(settled.state, /^(active|needs_consent)$/)
  })

  test('while its refresh token may not be spent yet: pending until notBefore', async () => {
    const { refreshToken } = await lab.tokens(newUser())
    const made = await post({
      kind: 'tokens',
      refreshToken,
      obtainedAt: new Date(await emulatorNow()).toISOString(),
    })
    assert.equal(made.status, 202, made.text)
    assert.equal(made.body.state, 'pending')
    assert.ok(Date.parse(made.body.notBefore) > (await emulatorNow()), made.text)
    assert.equal(made.body.lastRefreshedAt, null)
    const lease = await lab.call('POST', `/grants/${made.body.id}/lease`, {})
    assert.deepEqual([lease.status, lease.body.code], [409, 'GRANT_REFRESH_TOO_EARLY'], lease.text)
    assert.equal(lease.body.notBefore, made.body.notBefore)
    assert.equal(lease.headers.get('retry-after'), new Date(lease.body.notBefore).toUTCString())
    await advance(580)
    const grant = await becomes(made.body.id, 'active')
    assert.equal(grant.proven.refreshToken, true)
  })

  test('while the platform is down for who-am-I', async () => {
    const pair = await lab.tokens(newUser())
    await lab.control('faults', { at: 'api', kind: 'status', status: 503, times: 1 })
    const made = await post({ kind: 'tokens', ...pair })
    assert.equal(made.status, 202, made.text)
    assert.deepEqual(
      [made.body.state, made.body.problem.code, made.body.refreshToken.held],
      ['pending', 'PLATFORM_UNAVAILABLE', true],
    )
    await advance(60)
    await becomes(made.body.id, 'active')
  })

  test('and the same Idempotency-Key says so again until it is settled', async () => {
    const pair = await lab.tokens(newUser())
    const body = lab.handover({ kind: 'tokens', ...pair })
    const headers = { 'idempotency-key': 'open-1' }
    await lab.control('faults', { at: 'api', kind: 'status', status: 503, times: 1 })
    const first = await lab.call('POST', '/grants', body, { headers })
    assert.equal(first.status, 202, first.text)
    const again = await lab.call('POST', '/grants', body, { headers })
    assert.deepEqual([again.status, again.body.id], [202, first.body.id])
    await advance(60)
    await becomes(first.body.id, 'active')
    assert.equal((await lab.call('POST', '/grants', body, { headers })).status, 200)
  })
})

describe('a handover that is refused says what became of the token', () => {
  const refused = async (credentials: object, more?: object) => {
    const answer = await post(credentials, more)
    assert.ok(answer.status >= 400, answer.text)
    assert.match(answer.headers.get('content-type') ?? '', /problem\+json/)
    assert.ok(answer.body.detail && answer.body.hint, answer.text)
    return [answer.status, answer.body.code]
  }

  test('a code too old by its obtainedAt is not sent', async () => {
    const code = await lab.code(newUser())
    const obtainedAt = new Date((await emulatorNow()) - 200_000).toISOString()
    assert.deepEqual(await refused({ kind: 'code', code, obtainedAt }), [422, 'HANDOVER_CODE_EXPIRED'])
    assert.equal((await post({ kind: 'code', code })).status, 201, 'the code was spent')
  })

  test('a code that was used, or never was one', async () => {
    const code = await lab.code(newUser())
    assert.equal((await post({ kind: 'code', code })).status, 201)
    assert.deepEqual(await refused({ kind: 'code', code }), [422, 'HANDOVER_CODE_REFUSED'])
    assert.deepEqual(await refused({ kind: 'code', code: 'stampLAB001.nothing' }), [
      422,
      'HANDOVER_CODE_REFUSED',
    ])
  })

  test('a refresh token that somebody else spent', async () => {
    const user = newUser()
    const { refreshToken } = await lab.tokens(user)
    await advance(580)
    // The partner's own program refreshes once more, against the agreement.
    const spentElsewhere = await lab.refreshElsewhere(refreshToken)
    assert.equal(spentElsewhere, 200)
    assert.deepEqual(await refused({ kind: 'tokens', refreshToken }), [409, 'HANDOVER_TOKEN_ALREADY_SPENT'])
  })

  test('an access token alone that has run out', async () => {
    const { accessToken } = await lab.tokens(newUser())
    await advance(660)
    assert.deepEqual(await refused({ kind: 'tokens', accessToken }), [422, 'HANDOVER_TOKEN_EXPIRED'])
  })

  test('a client with the wrong secret; the corrected handover is taken', async () => {
    const { refreshToken } = await lab.tokens(newUser())
    await advance(580)
    const client = { ...labClient, clientSecret: 'not-this-one' }
    assert.deepEqual(await refused({ kind: 'tokens', refreshToken }, { client }), [
      422,
      'HANDOVER_CLIENT_REFUSED',
    ])
    assert.equal((await post({ kind: 'tokens', refreshToken })).status, 201)
  })

  test('a client with the wrong secret beside a code: nothing is said of a token, and the code is taken with the right one', async () => {
    const code = await lab.code(newUser())
    const client = { ...labClient, clientSecret: 'not-this-one' }
    const answer = await post({ kind: 'code', code }, { client })
    assert.deepEqual([answer.status, answer.body.code], [422, 'HANDOVER_CLIENT_REFUSED'], answer.text)
    assert.match(answer.body.hint, /A code works for minutes/)
    assert.doesNotMatch(answer.body.hint, /not spent/)
    assert.equal((await post({ kind: 'code', code })).status, 201)
  })

  test('a client of the wrong shape: what it may be is said, and not what was sent', async () => {
    const answer = await lab.call('POST', '/grants', {
      ...lab.handover({ kind: 'tokens', refreshToken: 'stampNL001.x' }),
      client: { clientId: 'a', clientSecret: ['canary-shape-1'] },
    })
    assert.equal(answer.status, 400)
    assert.match(
      answer.text,
      /is neither \{clientId, clientSecret, redirectUri\} nor the id of a stored client/,
    )
    assert.doesNotMatch(answer.text, /canary-shape-1/)
  })

  test('a token that the vault holds, one that it has spent, and one older than what it holds', async () => {
    const user = newUser()
    const older = await lab.tokens(user)
    const obtainedAt = new Date(await emulatorNow()).toISOString()
    await advance(90)
    const pair = await lab.tokens(user)
    const made = await post({ kind: 'tokens', ...pair })
    assert.equal(made.status, 201, made.text)
    assert.deepEqual(await refused({ kind: 'tokens', ...pair }), [409, 'HANDOVER_TOKEN_ALREADY_HELD'])
    assert.deepEqual(await refused({ kind: 'tokens', ...older, obtainedAt }), [
      409,
      'HANDOVER_OLDER_THAN_HELD',
    ])
    await advance(600)
    // The vault may have spent it already, to prove it: either way it is spent once.
    await eventually(async () => {
      await lab.call('POST', `/grants/${made.body.id}/refresh`)
      const { body } = await lab.call('GET', `/grants/${made.body.id}`)
      return body.generation > made.body.generation || undefined
    })
    assert.deepEqual(await refused({ kind: 'tokens', refreshToken: pair.refreshToken }), [
      409,
      'HANDOVER_TOKEN_ALREADY_SPENT',
    ])
  })

  test('neither token', async () => {
    assert.deepEqual(await refused({ kind: 'tokens' }), [400, 'HANDOVER_INCOMPLETE'])
  })
})

describe('what a handover asks of the platform', () => {
  test('is whose it is and no more: the first database registered on the grant asks for its partitions', async () => {
    const user = newUser()
    const before = await lab.apiCalls()
    const made = await post({ kind: 'tokens', ...(await lab.tokens(user)) })
    assert.equal(made.status, 201, made.text)
    assert.equal(await lab.apiCalls(), before + 1, 'who-am-I alone')
    const database = await lab.call('POST', '/databases', {
      name: 'later',
      sources: [{ grant: made.body.id }],
    })
    assert.equal(database.status, 201, database.text)
    const known = await lab.apiCalls()
    assert.ok(known > before + 1, 'registering asks')
    const { body } = await lab.call('GET', '/databases/later/partitions')
    assert.ok(body.partitions.length > 0)
    assert.equal(await lab.apiCalls(), known, 'afterwards it is known')
  })

  test('is its partitions again where a new consent supersedes a grant with databases', async () => {
    const user = newUser()
    const made = await lab.call('POST', '/databases', {
      name: 'again',
      ...lab.handover({ kind: 'tokens', ...(await lab.tokens(user)) }),
    })
    assert.equal(made.status, 201, made.text)
    const before = await lab.apiCalls()
    const again = await post({ kind: 'tokens', ...(await lab.tokens(user)) })
    assert.equal(again.status, 200, again.text)
    assert.equal(again.body.id, made.body.grant.id)
    assert.ok((await lab.apiCalls()) > before + 1, 'more than who-am-I')
  })
})
