import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openTestStore } from '@sluis/store/testing'
import { createLogTo } from './create-log.ts'
import { readServerOptions } from './server-options.ts'
import { type RunningServer, startServer } from './start-server.ts'
import { Browser, tokenIn } from './testing/browser.ts'
import { totp } from './testing/totp.ts'

const key = 'people-test-key-0123456789abcdefghij'
const password = 'correct horse battery staple'
const owner = { name: 'Olga Owner', email: 'Olga@Example.com', password }
const home = mkdtempSync(join(tmpdir(), 'sluis-people-'))
chmodSync(home, 0o711)
const logged: string[] = []
let store: Awaited<ReturnType<typeof openTestStore>>
let server: RunningServer
const start = (env: Record<string, string> = {}) =>
  startServer(
    readServerOptions({
      SLUIS_HOME: home,
      SLUIS_PORT: '0',
      DATABASE_URL: store.databaseUrl,
      SLUIS_BOOTSTRAP_API_KEY: key,
      ...env,
    }),
    createLogTo({ write: (text) => logged.push(text) }, 'debug'),
  )
before(async () => {
  store = await openTestStore()
  server = await start()
})
after(async () => {
  await server.close()
  await store.close()
  rmSync(home, { recursive: true, force: true })
})

const browse = () => new Browser(() => server.url)
const olga = browse()
/** A new member of organisation `organisation` (the owner's own unless told), in a browser of their own. */
async function joinAs(email: string, role: string, organisation?: string) {
  const invited = await olga.call('POST', '/members', { email, role }, organisation ? { organisation } : {})
  assert.equal(invited.status, 201, invited.text)
  const browser = browse()
  const joined = await browser.call('POST', '/invitations/accept', {
    token: tokenIn(invited.body.link),
    name: email,
    password,
  })
  assert.equal(joined.status, 201, joined.text)
  return { browser, id: joined.body.person.id as string, link: invited.body.link as string }
}

describe('the first owner', () => {
  test('comes in by a link that works once, and is then logged in', async () => {
    const link = server.setupUrl ?? ''
    assert.match(link, /^http:\/\/localhost:\d+\/app\/setup#token=[\w-]{43}$/)
    const wrong = await olga.call('POST', '/setup', { ...owner, token: 'x'.repeat(43) })
    assert.equal(wrong.status, 404, wrong.text)
    const short = await olga.call('POST', '/setup', { ...owner, token: tokenIn(link), password: 'short' })
    assert.equal(short.status, 400, short.text)
    assert.ok(!short.text.includes('short"'), 'a password is never echoed')

    await server.close()
    server = await start()
    const newer = server.setupUrl ?? ''
    assert.notEqual(newer, link, 'while nobody owns the installation, each start prints a link of its own')
    const both = await Promise.all(
      [link, newer].map((each, index) =>
        (index === 0 ? olga : browse()).call('POST', '/setup', {
          ...owner,
          email: index === 0 ? owner.email : 'rival@example.com',
          token: tokenIn(each),
        }),
      ),
    )
    assert.deepEqual(
      both.map(({ status }) => status).sort(),
      [201, 404],
      'of two at once, one becomes the owner',
    )
    await server.close()
    server = await start()
    assert.equal(server.setupUrl, null)
    assert.ok(!logged.join('').includes(tokenIn(link)) && !logged.join('').includes(tokenIn(newer)))
    if (both[0]?.status !== 201) {
      // The rival was faster: then they are the owner of the rest of this file.
      owner.email = 'rival@example.com'
      assert.equal((await olga.logIn(owner.email, password)).status, 200)
    }
    const session = await olga.call('GET', '/session')
    assert.equal(session.status, 200, session.text)
    assert.equal(session.body.person.email, owner.email.toLowerCase())
    assert.deepEqual(
      session.body.organisations.map(({ name, role }: Record<string, string>) => [name, role]),
      [['Default', 'owner']],
    )
  })

  test('has all scopes, and does nothing without the header that only our pages send', async () => {
    assert.equal((await olga.call('GET', '/keys')).status, 200)
    for (const [method, path] of [
      ['GET', '/keys'],
      ['GET', '/session'],
      ['POST', '/keys/rotate'],
    ] as const) {
      const forged = await olga.call(method, path, undefined, { csrf: false })
      assert.equal(forged.status, 403, `${method} ${path}`)
      assert.equal(forged.body.details?.field ?? forged.body.field, 'X-Sluis-Csrf')
    }
    const other = await olga.call(
      'POST',
      '/api/auth/sign-out',
      {},
      { headers: { origin: 'https://evil.example' } },
    )
    assert.equal(other.status, 403, other.text)
  })
})

describe('log-in', () => {
  test('gives a cookie that scripts cannot read, and the token nowhere else', async () => {
    const browser = browse()
    const answer = await browser.logIn(owner.email, password)
    assert.equal(answer.status, 200, answer.text)
    assert.match(browser.lines.join('\n'), /^sluis\.session_token=[^;]+;.*HttpOnly; SameSite=Lax/m)
    const token = decodeURIComponent(browser.session?.[1] ?? '').split('.')[0] ?? ''
    assert.ok(token.length >= 32)
    const seen = await browser.call('GET', '/api/auth/get-session')
    assert.equal(seen.body.user.email, owner.email.toLowerCase())
    for (const { text } of [answer, seen]) assert.ok(!text.includes(token) && !text.includes('"token"'), text)
    assert.equal((await browser.call('POST', '/api/auth/sign-out', {})).status, 200)
    assert.equal(browser.session, undefined)
    assert.equal((await browser.call('GET', '/session')).status, 401)
  })

  test('is the same for a wrong password and for nobody, and locks after ten', async () => {
    const { id } = await joinAs('locked@example.com', 'analyst')
    const browser = browse()
    const nobody = await browser.logIn('nobody@example.com', 'wrong password here')
    const wrong = await browser.logIn('locked@example.com', 'wrong password here')
    assert.equal(wrong.status, 401)
    assert.equal(nobody.text, wrong.text)
    const guesses = await Promise.all(
      Array.from({ length: 12 }, () => browser.logIn('LOCKED@example.com', 'wrong password here')),
    )
    assert.equal(guesses.filter(({ status }) => status === 401).length, 9, 'also guesses side by side count')
    const locked = await browser.logIn('locked@example.com', password)
    assert.equal(locked.status, 429, locked.text)
    assert.equal(locked.body.code, 'ACCOUNT_TEMPORARILY_LOCKED')
    assert.ok(Number(locked.headers.get('retry-after')) > 600)
    const { rows } = await store.pool.query(
      "SELECT count(*)::int AS n FROM audit_event WHERE action = 'person.log_in_failed' AND subject = $1",
      [id],
    )
    assert.equal(rows[0]?.n, 10)
    // One address may not try many accounts either; the rest of this file logs in from the same one.
    await store.pool.query('DELETE FROM login_rate')
  })

  test('one address cannot try account after account', async () => {
    const browser = browse()
    const answers: number[] = []
    for (let index = 0; index < 31; index++) {
      answers.push((await browser.logIn(`nobody${index}@example.com`, 'wrong password here')).status)
    }
    assert.deepEqual(answers.slice(0, 30), Array(30).fill(401))
    assert.equal(answers[30], 429)
    await store.pool.query('DELETE FROM login_rate')
  })

  test('with a second factor a password alone opens nothing', async () => {
    const { browser, id } = await joinAs('tina@example.com', 'developer')
    const enabled = await browser.call('POST', '/api/auth/two-factor/enable', { password })
    assert.equal(enabled.status, 200, enabled.text)
    const { totpURI, backupCodes } = enabled.body
    const verified = await browser.call('POST', '/api/auth/two-factor/verify-totp', { code: totp(totpURI) })
    assert.equal(verified.status, 200, verified.text)
    const second = browse()
    const half = await second.logIn('tina@example.com', password)
    assert.equal(half.body.twoFactorRedirect, true, half.text)
    assert.equal((await second.call('GET', '/session')).status, 401)
    const bad = await second.call('POST', '/api/auth/two-factor/verify-totp', { code: '000000' })
    assert.equal(bad.status, 401, bad.text)
    const good = await second.call('POST', '/api/auth/two-factor/verify-totp', { code: totp(totpURI) })
    assert.equal(good.status, 200, good.text)
    assert.equal((await second.call('GET', '/session')).body.person.hasTwoFactor, true)
    const third = browse()
    await third.logIn('tina@example.com', password)
    const code = { code: backupCodes[0] }
    assert.equal((await third.call('POST', '/api/auth/two-factor/verify-backup-code', code)).status, 200)
    const fourth = browse()
    await fourth.logIn('tina@example.com', password)
    const again = await fourth.call('POST', '/api/auth/two-factor/verify-backup-code', code)
    assert.equal(again.status, 401, 'a backup code works once')
    const secret = new URL(totpURI).searchParams.get('secret') ?? ''
    const { rows } = await store.pool.query(
      'SELECT t::text AS row FROM person_two_factor t WHERE person_id = $1',
      [id],
    )
    assert.equal(rows.length, 1)
    const row = String(rows[0]?.row)
    const plain = Buffer.from(secret).toString('latin1')
    assert.ok(!row.includes(plain) && !row.includes(backupCodes[1]), 'secret and backup codes are sealed')
  })

  test('calls of the library that nobody decided about are not there', async () => {
    for (const path of [
      'sign-up/email',
      'list-sessions',
      'revoke-session',
      'delete-user',
      'change-email',
      'ok',
    ]) {
      const method = path === 'ok' || path === 'list-sessions' ? 'GET' : 'POST'
      const body = method === 'GET' ? undefined : { ...owner, newEmail: 'x@example.com', token: 'x' }
      assert.equal((await olga.call(method, `/api/auth/${path}`, body)).status, 404, path)
    }
  })

  test('behind https the cookie is bound to this host', async () => {
    const secure = await start({ SLUIS_PUBLIC_URL: 'https://sluis.example' })
    try {
      const browser = new Browser(() => secure.url, 'https://sluis.example')
      assert.equal((await browser.logIn(owner.email, password)).status, 200)
      const line = browser.lines.find((each) => each.startsWith('__Host-sluis.session_token=')) ?? ''
      assert.match(line, /; Path=\/;/)
      assert.match(line, /; Secure/)
      assert.doesNotMatch(line, /Domain/i)
      const session = await browser.call('GET', '/session')
      assert.equal(session.status, 200)
      assert.match(session.headers.get('strict-transport-security') ?? '', /max-age/)
      const elsewhere = new Browser(() => secure.url)
      elsewhere.cookies.set(...(browser.session ?? ['', '']))
      assert.equal((await elsewhere.call('POST', '/api/auth/sign-out', {})).status, 403, 'another origin')
    } finally {
      await secure.close()
    }
  })
})

describe('members', () => {
  test('an invitation is taken once, by whom it is for', async () => {
    const { browser, link } = await joinAs('anne@example.com', 'analyst')
    assert.match(link, /\/app\/invitation#token=[\w-]{43}$/)
    const fresh = await olga.call('POST', '/members', { email: 'Later@example.com', role: 'auditor' })
    const preview = await browse().call('POST', '/invitations/preview', { token: tokenIn(fresh.body.link) })
    assert.deepEqual(
      [preview.body.organisation.name, preview.body.email, preview.body.role, preview.body.isKnown],
      ['Default', 'later@example.com', 'auditor', false],
    )
    await olga.call('DELETE', `/invitations/${fresh.body.id}`)
    const gone = await browse().call('POST', '/invitations/preview', { token: tokenIn(fresh.body.link) })
    assert.equal(gone.status, 404, gone.text)
    assert.deepEqual((await browser.call('GET', '/access')).body.scopes, ['databases:read', 'query'])
    assert.deepEqual((await browser.call('GET', '/access')).body.roles, [])
    assert.equal((await olga.call('GET', '/access')).body.roles.length, 5)
    const again = await browse().call('POST', '/invitations/accept', {
      token: tokenIn(link),
      name: 'x',
      password,
    })
    assert.equal(again.status, 404, again.text)
    assert.equal((await browser.call('GET', '/databases')).status, 200)
    const keys = await browser.call('GET', '/keys')
    assert.equal(keys.status, 403)
    assert.deepEqual(keys.body.missing, ['admin'])
    const { body } = await olga.call('POST', '/members', { email: 'other@example.com', role: 'auditor' })
    const stolen = await browser.call('POST', '/invitations/accept', { token: tokenIn(body.link) })
    assert.equal(stolen.status, 403, stolen.text)
    assert.equal((await olga.call('GET', '/invitations')).body.invitations.length, 1)
    assert.equal((await olga.call('DELETE', `/invitations/${body.id}`)).status, 204)
    const late = { token: tokenIn(body.link), name: 'Other', password }
    assert.equal((await browse().call('POST', '/invitations/accept', late)).status, 404)
  })

  test('nobody gives, changes or takes a role that may do more than they', async () => {
    const { browser: admin, id: adminId } = await joinAs('linus@example.com', 'admin')
    const { body: list } = await admin.call('GET', '/members')
    const ownerId = list.members.find(({ role }: { role: string }) => role === 'owner').id
    for (const answer of [
      await admin.call('POST', '/members', { email: 'crony@example.com', role: 'owner' }),
      await admin.call('PATCH', `/members/${adminId}`, { role: 'owner' }),
      await admin.call('PATCH', `/members/${ownerId}`, { role: 'analyst' }),
      await admin.call('DELETE', `/members/${ownerId}`),
      await admin.call('POST', `/members/${ownerId}/reset-link`),
      await admin.call('POST', '/keys', { name: 'k', scopes: ['tokens:lease'] }),
    ]) {
      assert.equal(answer.status, 403, answer.text)
    }
    for (const answer of [
      await olga.call('DELETE', `/members/${ownerId}`),
      await olga.call('PATCH', `/members/${ownerId}`, { role: 'admin' }),
    ]) {
      assert.equal(answer.status, 403, 'the last owner stays')
    }
    const changed = await olga.call('PATCH', `/members/${adminId}`, { role: 'auditor' })
    assert.equal(changed.body.role, 'auditor', changed.text)
    assert.equal((await admin.call('GET', '/members')).status, 403, 'at once')
    assert.equal((await admin.call('GET', '/audit')).status, 200)
    assert.equal((await olga.call('DELETE', `/members/${adminId}`)).status, 204)
    assert.equal((await admin.call('GET', '/audit')).status, 403)
  })

  test('a link sets a new password and ends all sessions', async () => {
    const { browser, id } = await joinAs('fred@example.com', 'developer')
    const made = await olga.call('POST', `/members/${id}/reset-link`)
    assert.match(made.body.link, /\/app\/reset#token=/, made.text)
    const token = tokenIn(made.body.link)
    const changed = { token, newPassword: 'another password entirely' }
    const reset = await browse().call('POST', '/api/auth/reset-password', changed)
    assert.equal(reset.status, 200, reset.text)
    assert.equal((await browser.call('GET', '/session')).status, 401)
    assert.equal((await browse().call('POST', '/api/auth/reset-password', changed)).status, 400, 'once')
    assert.equal((await browse().logIn('fred@example.com', password)).status, 401)
    assert.equal((await browser.logIn('fred@example.com', changed.newPassword)).status, 200)
  })
})

test('a person has a name of 1 to 200 characters, and changes nothing else of themselves', async () => {
  const { browser } = await joinAs('named@example.com', 'analyst')
  const change = (body: object) => browser.call('POST', '/api/auth/update-user', body)
  for (const body of [
    { name: ' ' },
    { name: 7 },
    { name: 'x'.repeat(201) },
    { name: 'N', image: 'https://evil.example/i.png' },
    { name: 'N', twoFactorEnabled: false },
    {},
  ]) {
    assert.equal((await change(body)).status, 400, JSON.stringify(body))
  }
  assert.equal((await browser.call('GET', '/session')).body.person.name, 'named@example.com')
  assert.equal((await change({ name: ' Nina ' })).status, 200)
  assert.equal((await browser.call('GET', '/session')).body.person.name, 'Nina')
})

describe('organisations below', () => {
  test('are looked after from above, have members of their own, and see nothing else', async () => {
    const north = (await olga.call('POST', '/organisations', { name: 'North' })).body
    const south = (await olga.call('POST', '/organisations', { name: 'South', slug: 'south' })).body
    assert.match(north.id, /^org_/)
    assert.equal((await olga.call('GET', '/organisations')).body.organisations.length, 3)
    const { browser: nora, id: noraId } = await joinAs('nora@example.com', 'owner', north.id)
    assert.deepEqual(
      (await nora.call('GET', '/session')).body.organisations.map(({ id }: { id: string }) => id),
      [north.id],
    )
    assert.equal((await nora.call('GET', '/members')).body.members.length, 1)
    const [root] = (await olga.call('GET', '/session')).body.organisations
    for (const organisation of [south.id, root.id]) {
      assert.equal((await nora.call('GET', '/members', undefined, { organisation })).status, 404)
      assert.equal((await nora.call('GET', `/organisations/${organisation}`)).status, 404)
    }
    const seen = await olga.call('GET', '/members', undefined, { organisation: north.id })
    assert.equal(seen.body.members[0].id, noraId)
    const renamed = await olga.call('PATCH', `/organisations/${north.id}`, { name: 'Far North' })
    assert.equal(renamed.body.name, 'Far North', renamed.text)
    // An analyst's role stays where it was given.
    const { browser: anton } = await joinAs('anton@example.com', 'analyst')
    assert.equal((await anton.call('GET', '/databases', undefined, { organisation: north.id })).status, 404)
    // A member of two organisations says which one is meant.
    const invited = await olga.call('POST', '/members', { email: 'nora@example.com', role: 'auditor' })
    const joined = await nora.call('POST', '/invitations/accept', { token: tokenIn(invited.body.link) })
    assert.equal(joined.status, 201, joined.text)
    assert.equal((await nora.call('GET', '/databases')).status, 400)
    assert.equal((await nora.call('GET', '/databases', undefined, { organisation: south.id })).status, 200)
    assert.equal((await nora.call('GET', '/keys', undefined, { organisation: south.id })).status, 403)
    assert.equal((await nora.call('GET', '/keys', undefined, { organisation: north.id })).status, 200)
    // Whose password is reset from below could be logged in as above.
    const link = await nora.call('POST', `/members/${noraId}/reset-link`, {}, { organisation: north.id })
    assert.equal(link.status, 403, link.text)
  })

  test('only a key with descendants reaches them', async () => {
    const [{ id }] = (await olga.call('GET', '/organisations')).body.organisations.slice(1)
    const make = async (descendants: boolean) =>
      (await olga.call('POST', '/keys', { name: 'd', scopes: ['databases:read'], descendants })).body.key
    const ask = (text: string) =>
      browse().call('GET', '/databases', undefined, {
        organisation: id,
        headers: { authorization: `Bearer ${text}` },
      })
    assert.equal((await ask(await make(true))).status, 200)
    assert.equal((await ask(await make(false))).status, 404)
  })
})

test('a link for a new password opens nothing once its person may do more, or is a member elsewhere', async () => {
  const { browser: lena } = await joinAs('lena@example.com', 'admin')
  const use = async (link: string) =>
    (
      await browse().call('POST', '/api/auth/reset-password', {
        token: tokenIn(link),
        newPassword: 'the administrator chose this',
      })
    ).status
  const linkFor = async (id: string) => {
    const made = await lena.call('POST', `/members/${id}/reset-link`)
    assert.match(made.body.link, /#token=/, made.text)
    return made.body.link as string
  }
  const { id: risen } = await joinAs('risen@example.com', 'analyst')
  const early = await linkFor(risen)
  assert.equal((await olga.call('PATCH', `/members/${risen}`, { role: 'owner' })).status, 200)
  assert.equal(await use(early), 400)

  const { id: wanted, browser: wanda } = await joinAs('wanda@example.com', 'analyst')
  const before = await linkFor(wanted)
  const away = (await olga.call('POST', '/organisations', { name: 'Elsewhere' })).body
  const invited = await olga.call(
    'POST',
    '/members',
    { email: 'wanda@example.com', role: 'owner' },
    { organisation: away.id },
  )
  const joined = await wanda.call('POST', '/invitations/accept', { token: tokenIn(invited.body.link) })
  assert.equal(joined.status, 201, joined.text)
  assert.equal(await use(before), 400)
  assert.equal((await browse().logIn('wanda@example.com', password)).status, 200)
})

describe('keys', () => {
  const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } })

  test('are bound to networks and databases, and so is what they make', async () => {
    const bound = (
      await olga.call('POST', '/keys', {
        name: 'bound',
        scopes: ['admin', 'databases:read'],
        databases: ['books'],
        addresses: ['127.0.0.0/8'],
      })
    ).body
    assert.deepEqual([bound.addresses, bound.lastUsedAt], [['127.0.0.0/8'], null])
    const make = (more: object) =>
      browse().call('POST', '/keys', { name: 'x', scopes: ['databases:read'], ...more }, bearer(bound.key))
    const plain = await make({})
    assert.equal(plain.status, 201, plain.text)
    assert.deepEqual([plain.body.databases, plain.body.addresses], [['books'], ['127.0.0.0/8']])
    const access = await browse().call('GET', '/access', undefined, bearer(plain.body.key))
    assert.deepEqual([access.body.kind, access.body.databases], ['key', ['books']])
    for (const more of [{ databases: ['other'] }, { addresses: ['0.0.0.0/0'] }, { descendants: true }]) {
      assert.equal((await make(more)).status, 403, JSON.stringify(more))
    }
    const invited = { email: 'x@example.com', role: 'analyst' }
    assert.equal((await browse().call('POST', '/members', invited, bearer(bound.key))).status, 403)
    const { body } = await olga.call('GET', '/keys')
    const used = body.keys.find(({ id }: { id: string }) => id === bound.id)
    assert.ok(Date.parse(used.lastUsedAt) > 0, JSON.stringify(used))
  })

  test('from another address are refused', async () => {
    const { body } = await olga.call('POST', '/keys', {
      name: 'far',
      scopes: ['databases:read'],
      addresses: ['203.0.113.0/24'],
    })
    const refused = await browse().call('GET', '/databases', undefined, bearer(body.key))
    assert.equal(refused.status, 403, refused.text)
    const nonsense = await olga.call('POST', '/keys', {
      name: 'n',
      scopes: ['query'],
      addresses: ['10.0.0.0/99'],
    })
    assert.equal(nonsense.status, 400)
  })
})

describe('behind a proxy', () => {
  const forwarded = (address: string) => ({ headers: { 'x-forwarded-for': address } })
  /** A key that works from one network, and what the server says to it from the addresses that are claimed. */
  const statusOf = async (url: string, key: string, claimed: string) =>
    (
      await fetch(`${url}/api/v1/databases`, {
        headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': claimed },
      })
    ).status
  const cookieByHttps = async (url: string) => {
    const browser = new Browser(() => url, url.replace('http:', 'https:'))
    const headers = { 'x-forwarded-proto': 'https' }
    const answer = await browser.call(
      'POST',
      '/api/auth/sign-in/email',
      { email: owner.email, password },
      { headers },
    )
    assert.equal(answer.status, 200, answer.text)
    return browser.lines.find((line) => line.startsWith('sluis.session_token=')) ?? ''
  }
  const farKey = async () =>
    (
      await olga.call('POST', '/keys', {
        name: 'far',
        scopes: ['databases:read'],
        addresses: ['203.0.113.0/24'],
      })
    ).body.key as string

  test('nobody is believed who is not one of the operator’s', async () => {
    const key = await farKey()
    assert.equal(await statusOf(server.url, key, '203.0.113.7'), 403, 'no proxy is named')
    const other = await start({ SLUIS_TRUSTED_PROXIES: '10.0.0.0/8' })
    try {
      assert.equal(await statusOf(other.url, key, '203.0.113.7'), 403, 'this one is not named')
    } finally {
      await other.close()
    }
  })

  test('a named one is believed about the last address before it, for keys, sessions and limits', async () => {
    const key = await farKey()
    const behind = await start({ SLUIS_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' })
    try {
      assert.equal(await statusOf(behind.url, key, '203.0.113.7'), 200)
      assert.equal(await statusOf(behind.url, key, '203.0.113.7, 10.1.2.3'), 200, 'through two proxies')
      assert.equal(
        await statusOf(behind.url, key, '203.0.113.7, 198.51.100.9'),
        403,
        'the client’s own claim',
      )
      assert.equal(await statusOf(behind.url, key, '198.51.100.9, 203.0.113.7'), 200)
      assert.equal(await statusOf(behind.url, key, 'nonsense'), 403)
      assert.match(await cookieByHttps(behind.url), /; Secure/, 'a proxy that ends TLS says so')
      const browser = new Browser(() => behind.url)
      const signIn = (email: string, address: string) =>
        browser.call(
          'POST',
          '/api/auth/sign-in/email',
          { email, password: 'wrong password here' },
          forwarded(address),
        )
      await store.pool.query('DELETE FROM login_rate')
      for (let index = 0; index < 30; index++) {
        assert.equal((await signIn(`nobody${index}@example.com`, '198.51.100.1')).status, 401)
      }
      assert.equal((await signIn('nobody@example.com', `192.0.2.1, 198.51.100.1`)).status, 429)
      assert.equal(
        (await signIn('nobody@example.com', '198.51.100.2')).status,
        401,
        'another address is another',
      )
      await store.pool.query('DELETE FROM login_rate; DELETE FROM login_failure')
      const { body } = await olga.call('POST', '/members', { email: 'far@example.com', role: 'analyst' })
      const far = new Browser(() => behind.url)
      const accepting = { token: tokenIn(body.link), name: 'Far', password }
      const joined = await far.call('POST', '/invitations/accept', accepting, forwarded('198.51.100.77'))
      assert.equal(joined.status, 201, joined.text)
      assert.equal((await far.call('GET', '/sessions')).body.sessions[0].address, '198.51.100.77')
      // What the proxy says of the address that was asked for stands in links.
      const asked = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'sluis.example' }
      const owner = new Browser(() => behind.url, 'https://sluis.example')
      owner.cookies.set(...(olga.session ?? ['', '']))
      const named = await owner.call(
        'POST',
        '/members',
        { email: 'y@example.com', role: 'analyst' },
        { headers: asked },
      )
      assert.match(named.body.link, /^https:\/\/sluis\.example\/app\/invitation#/)
    } finally {
      await behind.close()
    }
    const spoofed = await olga.call(
      'POST',
      '/members',
      { email: 'z@example.com', role: 'analyst' },
      { headers: { 'x-forwarded-host': 'evil.example' } },
    )
    assert.ok(spoofed.body.link.startsWith(server.url), spoofed.body.link)
  })

  test('a network of everything, and what is none, is refused at the start', () => {
    for (const networks of ['0.0.0.0/0', '::/0', 'loopback', '10.0.0.0/40', 'true', '1']) {
      assert.throws(
        () => readServerOptions({ SLUIS_TRUSTED_PROXIES: networks }),
        /SLUIS_TRUSTED_PROXIES/,
        networks,
      )
    }
  })
})

test('every answer tells browsers to be careful with it', async () => {
  for (const path of [
    '/api/v1/session',
    '/api/auth/get-session',
    '/api/v1/nothing',
    '/healthz',
    '/metrics',
    '/',
  ]) {
    const { headers } = await fetch(`${server.url}${path}`, { redirect: 'manual' })
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
    assert.equal(headers.get('x-frame-options'), 'DENY', path)
    assert.equal(headers.get('referrer-policy'), 'no-referrer', path)
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/, path)
    if (path.startsWith('/api/')) assert.equal(headers.get('cache-control'), 'no-store', path)
    assert.equal(headers.get('access-control-allow-origin'), null, path)
  }
  const docs = await fetch(`${server.url}/api/docs/`)
  assert.equal(docs.status, 200)
  assert.match(docs.headers.get('content-security-policy') ?? '', /script-src 'self';/)
})

test('sessions are listed and ended, only one’s own', async () => {
  const { browser: first } = await joinAs('sam@example.com', 'analyst')
  const second = browse()
  await second.logIn('sam@example.com', password)
  const { body } = await first.call('GET', '/sessions')
  assert.equal(body.sessions.length, 2)
  assert.equal(body.sessions.filter(({ isCurrent }: { isCurrent: boolean }) => isCurrent).length, 1)
  assert.equal(body.sessions[0].address, '127.0.0.1')
  const other = body.sessions.find(({ isCurrent }: { isCurrent: boolean }) => !isCurrent).id
  assert.equal((await olga.call('DELETE', `/sessions/${other}`)).status, 404)
  assert.equal((await first.call('DELETE', `/sessions/${other}`)).status, 204)
  assert.equal((await second.call('GET', '/session')).status, 401)
  assert.equal((await first.call('GET', '/session')).status, 200)
})

test('the audit trail holds every act, is exported whole and cannot be changed', async () => {
  const { body } = await olga.call('GET', '/audit?limit=1000')
  const actions = new Set(body.events.map(({ action }: { action: string }) => action))
  for (const action of [
    'person.set_up',
    'person.logged_in',
    'person.log_in_failed',
    'member.invited',
    'member.joined',
    'member.role_changed',
    'member.removed',
    'member.reset_link_made',
    'organisation.created',
    'key.created',
    'person.session_ended',
  ]) {
    assert.ok(actions.has(action), action)
  }
  const { person } = (await olga.call('GET', '/session')).body
  const few = await olga.call('GET', `/audit?actor=${person.id}&action=member.&limit=1000`)
  const expected = body.events.filter(
    (event: Record<string, string>) => event.actor === person.id && event.action?.startsWith('member.'),
  )
  assert.ok(expected.length > 3)
  assert.deepEqual(few.body.events, expected)
  assert.equal(few.body.events[0].actorName, 'Olga Owner')
  const at = encodeURIComponent(body.events[3].at)
  assert.ok(
    (await olga.call('GET', `/audit?until=${at}&limit=1000`)).body.events.length < body.events.length - 3,
  )
  const ended = await olga.call('GET', '/audit/export?action=person.session_ended')
  assert.equal(ended.text.trim().split('\n').length, 1)
  const file = await olga.call('GET', '/audit/export')
  const lines = file.text.trim().split('\n')
  assert.ok(lines.length >= body.events.length)
  assert.equal(JSON.parse(lines[0] ?? '').action, 'key.created')
  const csv = await olga.call('GET', '/audit/export?format=csv&from=2020-01-01T00:00:00Z')
  assert.match(csv.text, /^id,at,actor,action,subject,facts\r\n/)
  // Each export is an act too.
  assert.equal(csv.text.trim().split('\r\n').length, lines.length + 2)
  for (const statement of [
    'DELETE FROM audit_event',
    "UPDATE audit_event SET actor = ''",
    'TRUNCATE audit_event',
  ]) {
    await assert.rejects(store.pool.query(statement), /append-only/, statement)
  }
})

test('nothing that logs somebody in stands in the database or the log', async () => {
  const { link } = await joinAs('canary@example.com', 'analyst')
  const browser = browse()
  await browser.logIn('canary@example.com', password)
  const cookie = decodeURIComponent(browser.session?.[1] ?? '')
  const open = await olga.call('POST', '/members', { email: 'open@example.com', role: 'analyst' })
  const secrets = [password, cookie.split('.')[0] ?? '', tokenIn(link), tokenIn(open.body.link)]
  const { rows: tables } = await store.pool.query<{ name: string }>(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'sluis'",
  )
  const dump: string[] = [logged.join('')]
  for (const { name } of tables) {
    const { rows } = await store.pool.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)
    dump.push(...rows.map(({ row }) => row))
  }
  assert.ok(
    dump.some((row) => row.includes('canary@example.com')),
    'the dump is one of this database',
  )
  for (const secret of secrets) {
    assert.ok(secret.length > 20, 'it was planted')
    assert.ok(!dump.some((row) => row.includes(secret)), 'found in the database')
  }
})
