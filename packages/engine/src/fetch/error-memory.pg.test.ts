import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { ManualClock, must, type OutgoingRequest } from '@sluis/shared'
import { openTestStore } from '@sluis/store/testing'
import { type Entry, ErrorMemory, type Standing } from './error-memory.ts'

let store: Awaited<ReturnType<typeof openTestStore>>
before(async () => {
  store = await openTestStore()
})
after(() => store.close())

const limit = 10
const place = { grant: 'g', clientId: 'c', partition: '1', endpoint: 'crm/Accounts' }
const request = (name: string): OutgoingRequest => ({
  method: 'GET',
  url: `http://platform.invalid/${name}`,
  headers: {},
})
const entryOf = (standing: Standing): Entry => {
  assert.equal(standing.kind, 'free')
  return (standing as { entry: Entry }).entry
}
/** Waits until PostgreSQL has heard that calls have ended: nobody is told when it has. */
async function underWay(count: number): Promise<void> {
  for (;;) {
    const { rows } = await store.pool.query(
      'SELECT coalesce(sum(cardinality(entries)), 0)::integer AS n FROM call_in_flight',
    )
    if (rows[0].n === count) return
  }
}

let clock: ManualClock
/** Two processes over one database. */
let memories: readonly [ErrorMemory, ErrorMemory]
beforeEach(async () => {
  await store.pool.query('DELETE FROM call_error')
  await store.pool.query('DELETE FROM call_in_flight')
  clock = new ManualClock()
  memories = [new ErrorMemory(store, clock), new ErrorMemory(store, clock)]
})
const enterMany = (count: number, from = 0) =>
  Promise.all(
    Array.from({ length: count }, (_, at) =>
      memories[at % 2 === 0 ? 0 : 1].enter(place, request(`${from + at}`), limit),
    ),
  )
const kindsOf = (standings: readonly Standing[]) =>
  Object.fromEntries([...Map.groupBy(standings, ({ kind }) => kind)].map(([kind, own]) => [kind, own.length]))

describe('calls under way where errors are counted', () => {
  test('forty calls at once all went out where nine errors were left: nine do, from whatever process', async () => {
    const standings = await enterMany(40)
    assert.deepEqual(kindsOf(standings), { free: limit - 1, crowded: 31 })
    await underWay(limit - 1)
    for (const standing of standings) if (standing.kind === 'free') standing.entry.leave()
    await underWay(0)
    assert.equal((await enterMany(1))[0]?.kind, 'free')
  })

  test('whatever they become, nine errors are made and then nothing is sent', async () => {
    let made = 0
    for (let round = 0; made < limit - 1; round++) {
      const standings = await enterMany(20, round * 20)
      const free = standings.flatMap((standing) => (standing.kind === 'free' ? [standing.entry] : []))
      assert.equal(free.length, limit - 1 - made, `round ${round}`)
      // Every second one fails, at least one each round.
      await Promise.all(
        free.map(async (entry, at) => {
          if (at % 2 === 0) await memories[at % 4 === 0 ? 0 : 1].note(place, request(`e${round} ${at}`), null)
          entry.leave()
        }),
      )
      made += Math.ceil(free.length / 2)
      await underWay(0)
      clock.advance(1000)
    }
    assert.deepEqual(kindsOf(await enterMany(20)), { held: 20 })
    const [held] = await enterMany(1)
    assert.equal(held?.kind === 'held' ? held.made : null, limit - 1)
    await underWay(0)
  })

  test('while calls end as errors, others that enter see each of them as one or the other', async () => {
    for (let round = 0; round < 5; round++) {
      await store.pool.query('DELETE FROM call_error')
      let errors = 0
      const caller = async (memory: ErrorMemory, name: string) => {
        for (let attempt = 0; ; attempt++) {
          const standing = await memory.enter(place, request(`${name} ${attempt}`), limit)
          if (standing.kind === 'held') return
          if (standing.kind !== 'free') continue
          await memory.note(place, request(`${name} ${attempt}`), null)
          errors++
          standing.entry.leave()
        }
      }
      await Promise.all(Array.from({ length: 8 }, (_, at) => caller(memories[at % 2 === 0 ? 0 : 1], `${at}`)))
      assert.equal(errors, limit - 1)
      await underWay(0)
    }
  })

  test('a call of a process that was killed is forgotten, one that ends twice is left once', async () => {
    const entries = (await enterMany(9)).map(entryOf)
    assert.deepEqual(kindsOf(await enterMany(1)), { crowded: 1 })
    entries[0]?.leave()
    entries[0]?.leave()
    await underWay(8)
    entryOf((await enterMany(1))[0] as Standing)
    assert.deepEqual(kindsOf(await enterMany(1)), { crowded: 1 })
    clock.advance(must(entries[1]).until - clock.now())
    assert.deepEqual(kindsOf(await enterMany(10)), { free: 9, crowded: 1 })
  })

  test('a chain of pages keeps its entry from call to call, and lets it go when none follows', async () => {
    const entry = entryOf((await enterMany(1))[0] as Standing)
    entry.hand()
    entry.leave()
    await enterMany(8, 1)
    const next = entryOf(await memories[0].enter(place, request('next'), limit))
    assert.equal(next.until, entry.until)
    await underWay(limit - 1)
    assert.deepEqual(kindsOf(await enterMany(1)), { crowded: 1 })
    next.hand()
    assert.equal((await memories[1].enter(place, request('x'), limit)).kind, 'crowded', 'another process')
    clock.advance(250)
    await underWay(limit - 2)
    entryOf(await memories[1].enter(place, request('x'), limit))
  })

  test('an entry that is handed on serves no request that is known to fail, nor one too many errors', async () => {
    const [first] = (await enterMany(1)).map(entryOf)
    await memories[1].note(place, request('bad'), { kind: 'forbidden', text: 'No.' })
    first?.hand()
    assert.equal((await memories[0].enter(place, request('bad'), limit)).kind, 'known')
    await underWay(0)
    const [second] = (await enterMany(1)).map(entryOf)
    for (let made = 1; made < limit - 1; made++) await memories[1].note(place, request(`e${made}`), null)
    second?.hand()
    assert.equal((await memories[0].enter(place, request('good'), limit)).kind, 'held')
    await underWay(0)
  })

  test('another endpoint, partition, user or app is not in the way', async () => {
    await enterMany(9)
    for (const other of [{ endpoint: 'crm/Contacts' }, { partition: '2' }, { grant: 'h' }, { clientId: 'd' }])
      entryOf(await memories[0].enter({ ...place, ...other }, request('x'), limit))
  })

  test('what is known to fail is told, and takes no place', async () => {
    entryOf(await memories[0].enter(place, request('bad'), limit)).leave()
    await memories[0].note(place, request('bad'), { kind: 'refused', text: 'No.' })
    const known = await memories[1].enter(place, request('bad'), limit)
    assert.deepEqual(known.kind === 'known' && known.failure.text, 'No.')
    await underWay(0)
  })
})
