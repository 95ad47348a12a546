import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Role, roleNames, roles } from '@sluis/people'
import { newId } from '@sluis/shared'
import { type RouteAccess, routeAccess } from '@sluis/surfaces/http'
import { Browser, tokenIn } from './testing/browser.ts'
import { type Answer, type HttpLab, openHttpLab } from './testing/http-lab.ts'

// Every route with every role, and every id of one organisation from within another.

const password = 'correct horse battery staple'
let lab: HttpLab
const people = new Map<Role, Browser>()
before(async () => {
  lab = await openHttpLab()
  const owner = new Browser(() => lab.url)
  const made = await owner.call('POST', '/setup', {
    token: tokenIn(lab.setupUrl),
    name: 'Olga',
    email: 'owner@example.com',
    password,
  })
  assert.equal(made.status, 201, made.text)
  people.set('owner', owner)
  for (const role of roleNames) {
    if (role !== 'owner') people.set(role, (await join({ email: `${role}@example.com`, role })).browser)
  }
})
after(() => lab.close())

async function join(invitation: { email: string; role: Role }, organisation?: string) {
  const owner = people.get('owner') as Browser
  const { body } = await owner.call('POST', '/members', invitation, organisation ? { organisation } : {})
  const browser = new Browser(() => lab.url)
  const joined = await browser.call('POST', '/invitations/accept', {
    token: tokenIn(body.link),
    name: invitation.email,
    password,
  })
  assert.equal(joined.status, 201, joined.text)
  return { browser, id: String(joined.body.person.id) }
}

/** What stands in the place of each parameter: by the first part of the path, `name` and `table` by themselves. */
type Ids = Readonly<Record<string, string>>
const nobodys: Ids = {
  grants: newId('grt', 1),
  clients: newId('cli', 1),
  keys: newId('key', 1),
  preauthentications: newId('pre', 1),
  'connect-links': newId('cnl', 1),
  webhooks: newId('whk', 1),
  members: newId('per', 1),
  invitations: newId('inv', 1),
  contacts: newId('con', 1),
  queries: newId('qry', 1),
  organisations: newId('org', 1),
  organisation: newId('org', 1),
  sessions: newId('ses', 1),
  databases: newId('stm', 1),
  name: 'nosuch',
  table: 'crm.Accounts',
}
const pathOf = (route: string, ids: Ids) => {
  const path = route.split(' ')[1] ?? ''
  const kind = path.split('/')[1] ?? ''
  return path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const id = ids[name === 'id' ? kind : name]
    assert.ok(id, `this test has no ${name} for ${route}`)
    return id
  })
}
const methodOf = (route: string) => route.split(' ')[0] ?? ''
const hasBody = (route: string) => /^(POST|PATCH) /.test(route)
const isAllowed = ({ scopes, oneOf }: RouteAccess, own: readonly string[]) =>
  scopes.every((scope) => own.includes(scope)) && (!oneOf || oneOf.some((scope) => own.includes(scope)))

test('the table has every route that is described, and no other', async () => {
  const { body } = await lab.call('GET', '/openapi.json')
  const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) => `${method.toUpperCase()} ${path.replace('/api/v1', '').replaceAll(/\{(\w+)\}/g, ':$1')}`,
    ),
  )
  assert.deepEqual(
    described.sort(),
    Object.keys(routeAccess)
      .filter((route) => route !== 'GET /openapi.json')
      .sort(),
  )
})

describe('every route', () => {
  for (const [route, access] of Object.entries(routeAccess)) {
    test(`${route} asks who is there and lets in whom the table names`, async () => {
      const path = pathOf(route, nobodys)
      const body = hasBody(route) ? {} : undefined
      const stranger = await new Browser(() => lab.url).call(methodOf(route), path, body)
      if (access.who === 'public') assert.notEqual(stranger.status, 401)
      else assert.equal(stranger.status, 401, stranger.text)
      for (const [role, browser] of people) {
        const answer = await browser.call(methodOf(route), path, body)
        const what = `${role}: ${answer.status} ${answer.text.slice(0, 300)}`
        assert.ok(answer.status < 500 && answer.status !== 401, what)
        if (isAllowed(access, roles[role].scopes)) assert.notEqual(answer.status, 403, what)
        else {
          assert.equal(answer.status, 403, what)
          assert.equal(answer.body.code, 'FORBIDDEN', what)
          assert.ok(answer.body.missing.length > 0, what)
        }
        if (access.who !== 'public') {
          const forged = await browser.call(methodOf(route), path, body, { csrf: false })
          assert.equal(forged.status, 403, `without our header, ${role}`)
          // The browser's own word that one of our pages asks is enough where a link leads, and there alone.
          for (const [from, isOurs] of [
            ['same-origin', access.linked === true],
            ['same-site', false],
            ['cross-site', false],
            ['none', false],
          ] as const) {
            const headers = { 'sec-fetch-site': from }
            const followed = await browser.call(methodOf(route), path, body, { csrf: false, headers })
            assert.equal(followed.status, isOurs ? answer.status : 403, `from ${from}, ${role}`)
          }
        }
      }
    })
  }
})

describe('a key for one database', () => {
  const call = (key: string, method: string, path: string, body?: object) =>
    new Browser(() => lab.url).call(method, path, body, { headers: { authorization: `Bearer ${key}` } })
  let owner: Browser
  let all: string
  before(async () => {
    owner = people.get('owner') as Browser
    const handover = lab.handover({ kind: 'tokens', ...(await lab.tokens('anna@example.com')) })
    const { body } = await owner.call('POST', '/databases', { name: 'mine', ...handover })
    const other = { name: 'other', sources: [{ grant: body.grant.id }] }
    assert.equal((await owner.call('POST', '/databases', other)).status, 201)
    const key = await owner.call('POST', '/keys', {
      name: 'everything',
      scopes: roles.owner.scopes,
      databases: ['mine'],
    })
    all = key.body.key
  })

  for (const [route, { who, bound }] of Object.entries(routeAccess)) {
    if (who !== 'caller') continue
    test(`${route} ${bound ? 'shows it only its own' : 'is closed to it, whatever its scopes'}`, async () => {
      const body = hasBody(route)
        ? route.endsWith('query') || route.endsWith('explain')
          ? { sql: 'SELECT 1' }
          : {}
        : undefined
      const answer = await call(all, methodOf(route), pathOf(route, { ...nobodys, name: 'other' }), body)
      if (bound !== true) {
        assert.equal(answer.status, 403, answer.text)
        assert.deepEqual(answer.body.databases, ['mine'])
      } else if (route.includes(':name')) assert.equal(answer.status, 404, answer.text)
      else if (methodOf(route) === 'GET') {
        assert.equal(answer.status, 200, answer.text)
        assert.ok(!answer.text.includes('other'), answer.text)
      }
    })
  }

  test('is made by a developer on the database, queries it, follows its name and ends with it', async () => {
    const developer = people.get('developer') as Browser
    const made = await developer.call('POST', '/databases/mine/keys', { name: 'BI' })
    assert.equal(made.status, 201, made.text)
    assert.deepEqual([made.body.databases, made.body.scopes], [['mine'], ['databases:read', 'query']])
    const { key, id } = made.body
    const sql = { sql: 'SELECT count(*) FROM crm.Accounts' }
    assert.equal((await call(key, 'POST', '/databases/mine/query', sql)).status, 200)
    assert.equal((await call(key, 'GET', '/databases/mine/tables')).status, 200)
    assert.equal((await call(key, 'POST', '/databases/other/query', sql)).status, 404)
    assert.equal((await call(key, 'PATCH', '/databases/mine', { title: 'x' })).status, 403)
    const list = (await developer.call('GET', '/databases/mine/keys')).body.keys
    assert.ok(list.some((one: { id: string }) => one.id === id))
    const more = await developer.call('POST', '/databases/mine/keys', { name: 'x', scopes: ['grants:read'] })
    assert.equal(more.status, 400, 'only what concerns a database')
    assert.equal((await developer.call('DELETE', `/databases/other/keys/${id}`)).status, 404)

    await developer.call('PATCH', '/databases/mine', { name: 'renamed' })
    await developer.call('PATCH', '/databases/other', { name: 'mine' })
    assert.equal((await call(key, 'POST', '/databases/renamed/query', sql)).status, 200)
    assert.equal(
      (await call(key, 'POST', '/databases/mine/query', sql)).status,
      404,
      'a name that is given anew opens nothing',
    )
    assert.equal((await developer.call('DELETE', '/databases/renamed')).status, 204)
    assert.equal((await call(key, 'GET', '/databases')).status, 401)
    const next = await developer.call('POST', '/databases/mine/keys', { name: 'next' })
    assert.equal((await developer.call('DELETE', `/databases/mine/keys/${next.body.id}`)).status, 204)
    assert.equal((await call(next.body.key, 'GET', '/databases')).status, 401)
  })
})

describe('from another organisation', () => {
  /** Bodies that get as far as the id in the path. */
  const bodies: Readonly<Record<string, object>> = {
    'POST /databases/:name/query': { sql: 'SELECT 1' },
    'POST /databases/:name/explain': { sql: 'SELECT 1' },
    'PATCH /databases/:name': { title: 'taken' },
    'POST /databases/:name/keys': { name: 'taken' },
    'PATCH /organisations/:id': { name: 'taken' },
    'DELETE /organisations/:id': { name: 'B' },
    'POST /grants/:id/loans': { organisation: newId('org', 1), partitions: ['1'] },
    'PATCH /members/:id': { role: 'analyst' },
    'PATCH /clients/:id': { label: 'taken' },
    'PATCH /queries/:id': { name: 'taken' },
    'POST /preauthentications/:id/return': { url: 'https://partner.example/cb?code=x&state=y' },
  }
  let theirs: Ids
  let mine: { readonly browser: Browser; readonly key: string }
  let their: Browser
  before(async () => {
    const owner = people.get('owner') as Browser
    const [a, b] = await Promise.all(
      ['A', 'B'].map(
        async (name) => (await owner.call('POST', '/organisations', { name })).body.id as string,
      ),
    )
    const { browser } = await join({ email: 'a@example.com', role: 'owner' }, a)
    const key = await browser.call('POST', '/keys', {
      name: 'all',
      scopes: roles.owner.scopes,
      descendants: true,
    })
    mine = { browser, key: key.body.key }
    const joined = await join({ email: 'b@example.com', role: 'owner' }, b)
    their = joined.browser
    const must = async (method: string, path: string, body?: object) => {
      const answer = await their.call(method, path, body)
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`)
      return answer
    }
    const handover = lab.handover({ kind: 'tokens', ...(await lab.tokens('b@example.com')) })
    const { body: database } = await must('POST', '/databases', { name: 'books', ...handover })
    const query = await must('POST', '/databases/books/query', { sql: 'SELECT 1 AS x' })
    const sessions = await must('GET', '/sessions')
    const registration = {
      platform: 'exact-online',
      region: 'lab',
      clientId: 'b',
      clientSecret: 'secret of b',
    }
    const asked = lab.handover({})
    const begun = await must('POST', '/preauthentications', { ...asked, credentials: undefined })
    const redirectUris = ['https://b.example/cb', `${lab.url}/app/consent/return`]
    const { body: client } = await must('POST', '/clients', { ...registration, redirectUris })
    const returnAddress = 'https://b.example/done'
    await must('PATCH', '/connect-settings', { returnAddresses: [returnAddress] })
    const place = { platform: 'exact-online', region: 'lab' }
    const link = await must('POST', '/connect-links', { ...place, client: client.id, returnAddress })
    theirs = {
      preauthentications: begun.body.id,
      clients: client.id,
      'connect-links': link.body.id,
      grants: database.grant.id,
      databases: query.headers.get('sluis-statement') ?? '',
      name: 'books',
      table: 'crm.Accounts',
      keys: (await must('POST', '/keys', { name: 'k', scopes: ['query'] })).body.id,
      webhooks: (await must('POST', '/webhooks', { url: 'https://hooks.example/x' })).body.id,
      members: joined.id,
      invitations: (await must('POST', '/members', { email: 'x@example.com', role: 'analyst' })).body.id,
      contacts: (await must('POST', '/contacts', { email: 'c@example.com' })).body.id,
      queries: (await must('POST', '/queries', { name: 'q', sql: 'SELECT 1', isShared: true })).body.id,
      organisations: b ?? '',
      organisation: b ?? '',
      sessions: sessions.body.sessions[0].id,
    }
  })

  const withoutIds = (answer: Answer, ids: Ids) =>
    Object.values(ids).reduce((text, id) => text.replaceAll(id, '…'), `${answer.status} ${answer.text}`)

  for (const [route, { who }] of Object.entries(routeAccess)) {
    if (!route.includes(':')) continue
    test(`${route}: what is there looks like what is not`, async () => {
      const body = bodies[route] ?? (hasBody(route) ? {} : undefined)
      const authorization = { headers: { authorization: `Bearer ${mine.key}` } }
      const ways = [
        (ids: Ids) => mine.browser.call(methodOf(route), pathOf(route, ids), body),
        (ids: Ids) =>
          new Browser(() => lab.url).call(methodOf(route), pathOf(route, ids), body, authorization),
      ]
      for (const ask of who === 'person' ? ways.slice(0, 1) : ways) {
        const [there, nowhere] = [await ask(theirs), await ask(nobodys)]
        if (route === 'GET /databases/:name/statements') {
          // One's own statements on a name that was never a database, or is none any more, stay readable.
          assert.ok(!there.text.includes(theirs.databases ?? '?'), there.text)
          continue
        }
        assert.equal(there.status, 404, there.text)
        assert.equal(withoutIds(there, theirs), withoutIds(nowhere, nobodys))
      }
    })
    if (who === 'person') continue
    test(`${route}: naming the other organisation does not help`, async () => {
      const organisation = theirs.organisations ?? ''
      const body = bodies[route] ?? (hasBody(route) ? {} : undefined)
      const answer = await mine.browser.call(methodOf(route), pathOf(route, theirs), body, { organisation })
      assert.equal(answer.status, 404, answer.text)
      assert.equal(answer.body.code, 'NOT_FOUND')
    })
  }

  test('a database cannot be put on another organisation’s grant', async () => {
    const sources = [{ grant: theirs.grants }]
    const answer = await mine.browser.call('POST', '/databases', { name: 'theft', sources })
    assert.equal(answer.status, 404, answer.text)
  })

  test('after all that everything is still there', async () => {
    for (const path of [
      `/grants/${theirs.grants}`,
      '/databases/books',
      `/databases/books/statements/${theirs.databases}`,
      `/webhooks/${theirs.webhooks}`,
      `/clients/${theirs.clients}`,
      `/preauthentications/${theirs.preauthentications}`,
      `/connect-links/${theirs['connect-links']}`,
      `/organisations/${theirs.organisations}`,
    ]) {
      const answer = await their.call('GET', path)
      assert.equal(answer.status, 200, `${path}: ${answer.text}`)
      assert.doesNotMatch(answer.text, /taken|revoked"/)
    }
    const { body: keys } = await their.call('GET', '/keys')
    assert.ok(
      keys.keys.some((key: Record<string, unknown>) => key.id === theirs.keys && key.revokedAt === null),
    )
    const { body: saved } = await their.call('GET', '/queries')
    assert.deepEqual([saved.queries[0].id, saved.queries[0].name], [theirs.queries, 'q'])
    assert.equal((await their.call('GET', '/invitations')).body.invitations[0].id, theirs.invitations)
    assert.equal((await their.call('GET', '/members')).body.members[0].role, 'owner')
  })
})
