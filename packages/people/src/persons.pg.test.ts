import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { isSluisError, ManualClock, silentLog, systemRandom } from '@sluis/shared'
import type { Store } from '@sluis/store'
import { openTestStore } from '@sluis/store/testing'
import {
  type Caller,
  createLogIn,
  createPersons,
  type LogIn,
  People,
  type Persons,
  requireScope,
  roles,
} from './index.ts'
import { LockOut } from './lock-out.ts'

const key = 'p'.repeat(40)
const password = 'correct horse battery staple'
let store: Store
let clock: ManualClock
let people: People
let persons: Persons
let caller: Caller
before(async () => {
  store = await openTestStore()
  clock = new ManualClock(Date.now())
  people = new People({ store, clock, random: systemRandom })
  await people.bootstrap(key)
  caller = await people.authenticate(`Bearer ${key}`, '127.0.0.1')
  persons = createPersons({
    mailer: null,
    address: () => 'http://localhost',
    store,
    clock,
    random: systemRandom,
    log: silentLog,
    audit: people.audit,
    secret: Buffer.from(systemRandom(32)),
    publicUrl: null,
  })
})
after(() => store.close())
const day = 86_400_000

test('a set-up link dies after a day', async () => {
  const token = await persons.setUp.createLink()
  clock.advance(day)
  const olga = { name: 'Olga', email: 'olga@example.com', password }
  await assert.rejects(persons.setUp.redeem(token ?? '', olga), (error) => isSluisError(error, 'NOT_FOUND'))
  const fresh = await persons.setUp.createLink()
  const { personId } = await persons.setUp.redeem(fresh ?? '', olga)
  assert.match(personId, /^per_/)
  assert.equal(await persons.setUp.createLink(), null, 'with an owner there are no more links')
  const { rows } = await store.pool.query<{ password: string }>('SELECT password FROM person_login')
  assert.match(rows[0]?.password ?? '', /^[0-9a-f]{32}:[0-9a-f]{128}$/, 'scrypt: salt and hash')
})

test('an invitation dies after a week', async () => {
  const invited = { email: 'late@example.com', role: 'analyst' } as const
  const { token } = await persons.invitations.create(caller, caller.organisationId, invited)
  clock.advance(7 * day)
  await assert.rejects(persons.invitations.accept(token, { name: 'Late', password }), (error) =>
    isSluisError(error, 'NOT_FOUND'),
  )
  assert.deepEqual(await persons.invitations.list(caller.organisationId), [])
})

test('a lock on an account opens again after a quarter of an hour', async () => {
  const lockOut = new LockOut(store, clock)
  for (let attempt = 0; attempt < 10; attempt++) assert.equal(await lockOut.begin('a@example.com'), null)
  const until = await lockOut.begin('A@example.com ')
  assert.equal(until, clock.now() + 15 * 60_000)
  clock.advance(15 * 60_000 - 1)
  assert.notEqual(await lockOut.begin('a@example.com'), null)
  clock.advance(1)
  assert.equal(await lockOut.begin('a@example.com'), null)
  await lockOut.clear('a@example.com')
  assert.equal((await store.pool.query('SELECT FROM login_failure')).rowCount, 0)
})

test('only an owner’s role gives access tokens away, and an auditor’s changes nothing', () => {
  for (const [name, { scopes }] of Object.entries(roles)) {
    assert.equal((scopes as readonly string[]).includes('tokens:lease'), name === 'owner', name)
  }
  assert.ok(roles.auditor.scopes.every((scope) => scope.endsWith(':read')))
  const { scopes } = roles.analyst
  const analyst: Caller = { ...caller, kind: 'person', scopes: new Set(scopes) }
  assert.throws(
    () => requireScope(analyst, 'query:write'),
    (error) => isSluisError(error, 'FORBIDDEN') && /^Your role/.test(error.message),
  )
})

test('a provider that is away, or is another than it was named, stops nobody with a password', async () => {
  // Answers, but names another issuer: OpenID Connect Discovery 1.0 § 4.3.
  const other = createServer((_, response) => response.end('{"issuer":"https://other.example"}'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  const from = (issuer: string) =>
    createLogIn({
      store,
      clock,
      random: systemRandom,
      log: silentLog,
      audit: people.audit,
      secret: Buffer.from(systemRandom(32)),
      publicUrl: 'https://sluis.example',
      singleSignOn: { issuer, clientId: 'sluis', clientSecret: 'secret', name: 'Example ID' },
    })
  const begin = async (logIn: LogIn) => {
    const url = 'https://sluis.example/api/auth/sign-in/social'
    const headers = { 'content-type': 'application/json', origin: 'https://sluis.example' }
    const answer = await logIn.handle(new Request(url, { method: 'POST', headers, body: '{}' }), '127.0.0.1')
    return [answer.status, ((await answer.json()) as { code: string }).code]
  }
  const logIn = from(address)
  assert.deepEqual(await begin(logIn), [502, 'SINGLE_SIGN_ON_UNREACHABLE'])
  await new Promise((resolve) => other.close(resolve))
  assert.deepEqual(await begin(logIn), [502, 'SINGLE_SIGN_ON_UNREACHABLE'])
  const back = new Request('https://sluis.example/api/auth/callback/sso?code=x&state=y')
  const { status, headers } = await logIn.handle(back, '127.0.0.1')
  const page = 'https://sluis.example/app/refused?error=unreachable'
  assert.deepEqual([status, headers.get('location')], [302, page])
  assert.equal(
    (await logIn.signIn('https://sluis.example', 'olga@example.com', password, '127.0.0.1')).status,
    200,
  )
  assert.deepEqual(await begin(persons.logIn), [404, 'NOT_FOUND'], 'nor is there such a call without one')
})

test('a member who is removed leaves the queries that they shared, and no other', async () => {
  const invited = { email: 'saver@example.com', role: 'analyst' } as const
  const { token } = await persons.invitations.create(caller, caller.organisationId, invited)
  const { personId } = await persons.invitations.accept(token, { name: 'Saver', password })
  const saver: Caller = { ...caller, kind: 'person', actor: personId, scopes: new Set(['query']) }
  for (const isShared of [true, false])
    await persons.savedQueries.create(saver, caller.organisationId, {
      name: `${isShared}`,
      sql: 'SELECT 1',
      isShared,
    })
  await persons.members.remove(caller, caller.organisationId, personId)
  const left = await persons.savedQueries.list(saver, caller.organisationId)
  assert.deepEqual(
    left.map(({ name, author }) => [name, author]),
    [['true', 'Saver']],
  )
})
