import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type GrantId,
  isSluisError,
  ManualClock,
  newId,
  type OrganisationId,
  PlainSecret,
  type SendRequest,
} from '@sluis/shared'
import { openTestStore } from '@sluis/store/testing'
import type { Connector } from '../catalog/connector.ts'
import { QueryablePlatforms } from '../catalog/queryable-platforms.ts'
import { CallBudgets } from '../fetch/call-budget.ts'
import { callersWith } from '../fetch/caller-for.ts'
import { ErrorMemory } from '../fetch/error-memory.ts'
import { GrantHosts } from './grant-hosts.ts'
import { PartitionReader } from './partition-reader.ts'
import { PartitionStore } from './partition-store.ts'

let store: Awaited<ReturnType<typeof openTestStore>>
before(async () => {
  store = await openTestStore()
})
after(() => store.close())

const clock = new ManualClock()
const organisationId = newId('org', 1) as OrganisationId
const fullMinuteMs = 35_000

/** A platform with one list of partitions, whose minute is full for as long as it answers 429. */
const connector: Connector = {
  platform: 'lab',
  tables: [],
  negotiate: () => [],
  judge: ({ status }, receivedAt) =>
    status === 429 ? { kind: 'rate-limited', retryAt: receivedAt + fullMinuteMs } : { kind: 'rows' },
  readLimits: () => [],
  readPage: () => ({ start: 0, end: 0, rows: null, next: null, isLines: false }),
  readCount: () => 0,
  budgetKey: () => null,
  defaultLimits: [],
  nextPartitionsRequest: (baseUrl, bodies) =>
    bodies.length > 0 ? null : { method: 'GET', url: `${baseUrl}/partitions`, headers: {} },
  readPartitions: ([body]) => JSON.parse(String(body)),
}
const one = [{ id: '1', name: 'One', isReadable: true }]

function readerOf(send: SendRequest): PartitionReader {
  return new PartitionReader({
    platforms: new QueryablePlatforms(new Map([['lab', { connector, alias: 'lab' }]])),
    store: new PartitionStore(store, clock),
    openSession: async (_, grant) => ({
      platform: 'lab',
      region: 'lab',
      state: 'active',
      baseUrl: 'http://platform.invalid',
      clientId: 'app',
      grant,
      lease: async () => ({
        accessToken: new PlainSecret('token'),
        expiresAt: clock.now() + 600_000,
        generation: 1,
      }),
      refused: async () => {},
    }),
    callerFor: callersWith({
      send,
      clock,
      budgets: new CallBudgets(store, clock, new Map()),
      errors: new ErrorMemory(store, clock),
      hosts: new GrantHosts(store, clock),
    }),
    clock,
  })
}

test('a full minute at the platform (429) held a handover up for 35 seconds', async () => {
  let status = 429
  const reader = readerOf(async () => ({ status, headers: {}, body: Buffer.from(JSON.stringify(one)) }))
  const grant = newId('grt', 1) as GrantId
  const reading = reader.readSoon(organisationId, grant)
  const refused = assert.rejects(reading, (error) => isSluisError(error, 'PLATFORM_UNAVAILABLE'))
  while (clock.sleeping < 2) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(5000)
  await refused
  assert.equal(clock.sleeping, 0, 'and it does not go on asking behind its back')
  assert.equal(await reader.known(grant), null)
  status = 200
  assert.deepEqual(await reader.readSoon(organisationId, grant), one)
  assert.deepEqual(await reader.known(grant), one)
  assert.equal(clock.sleeping, 0)
})
