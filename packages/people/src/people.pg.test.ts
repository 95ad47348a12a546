import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isSluisError, ManualClock, newId, systemRandom } from '@sluis/shared'
import type { Store } from '@sluis/store'
import { openTestStore } from '@sluis/store/testing'
import { type Caller, People, requireScope } from './index.ts'

const bootstrapKey = 'k'.repeat(40)
let store: Store
let people: People
let clock: ManualClock
let owner: Caller
before(async () => {
  store = await openTestStore()
  clock = new ManualClock()
  people = new People({ store, clock, random: systemRandom })
  await Promise.all([people.bootstrap(bootstrapKey), people.bootstrap(bootstrapKey)])
  owner = await people.authenticate(`Bearer ${bootstrapKey}`, '127.0.0.1')
})
after(() => store.close())

test('the bootstrap key is made once, however many start at once', async () => {
  await people.bootstrap(bootstrapKey)
  assert.equal((await people.listKeys(owner.organisationId)).length, 1)
  await assert.rejects(people.bootstrap('short'), (error) => isSluisError(error, 'OPTIONS_INVALID'))
})

test('no header, another scheme and an unknown key are all UNAUTHENTICATED', async () => {
  for (const header of [undefined, '', 'Basic abc', 'Bearer nobody-knows-this']) {
    await assert.rejects(people.authenticate(header, '127.0.0.1'), (error) =>
      isSluisError(error, 'UNAUTHENTICATED'),
    )
  }
})

test('nobody creates a key with more scope than they have', async () => {
  const { text } = await people.createKey(owner, owner.organisationId, { name: 'reader', scopes: ['query'] })
  const reader = await people.authenticate(`Bearer ${text}`, '127.0.0.1')
  assert.throws(
    () => requireScope(reader, 'grants:read'),
    (error) => isSluisError(error, 'FORBIDDEN'),
  )
  await assert.rejects(
    people.createKey(reader, owner.organisationId, { name: 'more', scopes: ['query', 'admin'] }),
    (error) => isSluisError(error, 'FORBIDDEN') && /admin/.test(error.message),
  )
})

test('a revoked or expired key is refused at once', async () => {
  const { text, view } = await people.createKey(owner, owner.organisationId, {
    name: 'gone',
    scopes: ['query'],
  })
  await people.authenticate(`Bearer ${text}`, '127.0.0.1')
  await people.revokeKey(owner, owner.organisationId, view.id)
  await assert.rejects(people.authenticate(`Bearer ${text}`, '127.0.0.1'), (error) =>
    isSluisError(error, 'UNAUTHENTICATED'),
  )
  const brief = await people.createKey(owner, owner.organisationId, {
    name: 'brief',
    scopes: [],
    expiresAt: clock.now() + 1000,
  })
  await people.authenticate(`Bearer ${brief.text}`, '127.0.0.1')
  clock.advance(1001)
  await assert.rejects(people.authenticate(`Bearer ${brief.text}`, '127.0.0.1'), (error) =>
    isSluisError(error, 'UNAUTHENTICATED'),
  )
})

test('a foreign organisation looks like one that does not exist', async () => {
  const child = newId('org', clock.now())
  await store.pool.query("INSERT INTO organisation VALUES ($1, $2, 'Child', 'child', 0)", [
    child,
    owner.organisationId,
  ])
  assert.equal(await people.resolveOrganisation(owner, child), child)
  await assert.rejects(people.resolveOrganisation(owner, newId('org', 0)), (error) =>
    isSluisError(error, 'NOT_FOUND'),
  )
  const { text } = await people.createKey(owner, owner.organisationId, { name: 'flat', scopes: ['query'] })
  const flat = await people.authenticate(`Bearer ${text}`, '127.0.0.1')
  await assert.rejects(people.resolveOrganisation(flat, child), (error) => isSluisError(error, 'NOT_FOUND'))
})

test('the key’s text is nowhere in the database', async () => {
  const { text } = await people.createKey(owner, owner.organisationId, { name: 'canary', scopes: ['query'] })
  const { rows } = await store.pool.query(
    'SELECT api_key::text AS row FROM api_key UNION ALL SELECT audit_event::text FROM audit_event',
  )
  assert.ok(rows.every(({ row }) => !String(row).includes(text)))
})

test('two hundred callers with one key that is read again wrote its last use two hundred times', async () => {
  const header = `Bearer ${bootstrapKey}`
  clock.advance(120_000)
  let statements = 0
  const count = () => statements++
  store.pool.on('acquire', count)
  const callers = await Promise.all(
    Array.from({ length: 200 }, () => people.authenticate(header, '127.0.0.1')),
  )
  store.pool.off('acquire', count)
  assert.equal(new Set(callers.map(({ actor }) => actor)).size, 1)
  assert.equal(statements, 2, 'one read, one note of its use')
})

test('a key that is revoked while it is being read is refused to whoever comes after that', async () => {
  const { text, view } = await people.createKey(owner, owner.organisationId, {
    name: 'brief',
    scopes: ['query'],
  })
  const early = people.authenticate(`Bearer ${text}`, '127.0.0.1').catch(() => null)
  await people.revokeKey(owner, owner.organisationId, view.id)
  await early
  await assert.rejects(people.authenticate(`Bearer ${text}`, '127.0.0.1'), (error) =>
    isSluisError(error, 'UNAUTHENTICATED'),
  )
})
