import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isSluisError, ManualClock, newId, type OrganisationId, systemRandom } from '@sluis/shared'
import type { Store } from '@sluis/store'
import { openTestStore } from '@sluis/store/testing'
import { AuditTrail } from './audit-trail.ts'
import type { Caller } from './caller.ts'
import { mostOwnQueries, mostSharedQueries, SavedQueries } from './saved-queries.ts'
import type { Scope } from './scopes.ts'

const clock = new ManualClock()
let store: Store
let queries: SavedQueries
before(async () => {
  store = await openTestStore()
  const audit = new AuditTrail(store, clock)
  queries = new SavedQueries({ store, clock, random: systemRandom, audit })
})
after(() => store?.close())

async function organisation(): Promise<OrganisationId> {
  const id = newId('org', clock.now())
  await store.pool.query("INSERT INTO organisation VALUES ($1, NULL, 'Books', $1, $2)", [id, clock.now()])
  return id
}
async function person(name: string, ...scopes: Scope[]): Promise<Caller> {
  const id = newId('per', clock.now())
  await store.pool.query(
    'INSERT INTO person (id, name, email, email_verified, created_at, updated_at) VALUES ($1, $2, $3, true, now(), now())',
    [id, name, `${id}@example.com`],
  )
  return { kind: 'person', actor: id, scopes: new Set(scopes) } as unknown as Caller
}
const refused = (code: 'NOT_FOUND' | 'FORBIDDEN' | 'INVALID_REQUEST') => (error: unknown) =>
  isSluisError(error, code)

test('one’s own queries are one’s own; what is shared all see, and its author or an admin changes', async () => {
  const org = await organisation()
  const [anna, bert, olga] = await Promise.all([
    person('Anna', 'query'),
    person('Bert', 'query'),
    person('Olga', 'query', 'admin'),
  ])
  const id = await queries.create(anna, org, { name: 'Debtors', sql: 'SELECT 1', isShared: false })
  for (const other of [bert, olga]) {
    assert.deepEqual(await queries.list(other, org), [])
    await assert.rejects(queries.get(other, org, id), refused('NOT_FOUND'))
    await assert.rejects(queries.change(other, org, id, { name: 'Taken' }), refused('NOT_FOUND'))
    await assert.rejects(queries.delete(other, org, id), refused('NOT_FOUND'))
  }
  await assert.rejects(queries.get(anna, await organisation(), id), refused('NOT_FOUND'))
  clock.advance(1000)
  const shared = await queries.change(anna, org, id, { name: 'Open debtors', isShared: true })
  assert.deepEqual([shared.name, shared.sql, shared.isOwn], ['Open debtors', 'SELECT 1', true])
  assert.equal(Date.parse(shared.changedAt) - Date.parse(shared.createdAt), 1000)
  const [seen] = await queries.list(bert, org)
  assert.deepEqual([seen?.author, seen?.isOwn, seen?.mayChange], ['Anna', false, false])
  await assert.rejects(queries.change(bert, org, id, { name: 'Taken' }), refused('FORBIDDEN'))
  await assert.rejects(queries.delete(bert, org, id), refused('FORBIDDEN'))
  assert.equal((await queries.list(olga, org))[0]?.mayChange, true)
  // Taken back by an admin it is its author’s again, and out of everybody else’s sight.
  const taken = await queries.change(olga, org, id, { isShared: false })
  assert.deepEqual([taken.isShared, taken.mayChange], [false, false])
  await assert.rejects(queries.get(olga, org, id), refused('NOT_FOUND'))
  assert.equal((await queries.get(anna, org, id)).isShared, false)
  await queries.change(anna, org, id, { isShared: true })
  await queries.delete(olga, org, id)
  assert.deepEqual(await queries.list(anna, org), [])
  const { rows } = await store.pool.query<{ action: string }>(
    'SELECT action FROM audit_event WHERE organisation_id = $1 ORDER BY id',
    [org],
  )
  assert.deepEqual(
    rows.map(({ action }) => action),
    ['query.saved', 'query.changed', 'query.changed', 'query.changed', 'query.deleted'],
  )
})

test('nobody keeps more than the list holds, also when two save at once', async () => {
  const org = await organisation()
  const [anna, bert] = await Promise.all([person('Anna', 'query'), person('Bert', 'query')])
  const fill = (owner: string, count: number, isShared: boolean) =>
    store.pool.query(
      `INSERT INTO saved_query SELECT $1 || '-' || i, $2, $1, 'q', 'SELECT 1', $4, 0, 0 FROM generate_series(1, $3) i`,
      [owner, org, count, isShared],
    )
  await fill(anna.actor, mostOwnQueries - 1, false)
  const query = { name: 'One more', sql: 'SELECT 1', isShared: false }
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => queries.create(anna, org, query)))
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal((await queries.list(anna, org)).length, mostOwnQueries)
  await fill(newId('per', clock.now()), mostSharedQueries, true)
  const id = await queries.create(bert, org, query)
  await assert.rejects(queries.change(bert, org, id, { isShared: true }), refused('INVALID_REQUEST'))
  assert.equal((await queries.get(bert, org, id)).isShared, false)
})
