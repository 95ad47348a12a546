import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Gather } from './gather.ts'

/** A gatherer whose runs end when they are told to. */
function held(options: { atOnce?: number; most?: number }) {
  const runs: { items: readonly number[]; end: () => void; fail: (error: Error) => void }[] = []
  const gather = new Gather<number, number>(
    (items) =>
      new Promise((resolve, fail) => {
        runs.push({ items, end: () => resolve(items.map((item) => item * 10)), fail })
      }),
    options,
  )
  return { runs, gather }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('what is asked while the work runs is one run afterwards, and everybody gets their own answer', async () => {
  const { runs, gather } = held({ atOnce: 1, most: 3 })
  const first = gather.ask(1)
  await turn()
  const others = [2, 3, 4, 5].map((item) => gather.ask(item))
  await turn()
  assert.deepEqual(
    runs.map(({ items }) => items),
    [[1]],
  )
  runs[0]?.end()
  assert.equal(await first, 10)
  await turn()
  assert.deepEqual(runs[1]?.items, [2, 3, 4])
  runs[1]?.end()
  await turn()
  assert.deepEqual(runs[2]?.items, [5])
  runs[2]?.end()
  assert.deepEqual(await Promise.all(others), [20, 30, 40, 50])
})

test('a run that fails fails its own callers only, and the next ones are served', async () => {
  const { runs, gather } = held({ atOnce: 2 })
  const first = gather.ask(1)
  await turn()
  const second = gather.ask(2)
  await turn()
  assert.equal(runs.length, 2)
  runs[0]?.fail(new Error('away'))
  await assert.rejects(first, /away/)
  runs[1]?.end()
  assert.equal(await second, 20)
  const third = gather.ask(3)
  await turn()
  runs[2]?.end()
  assert.equal(await third, 30)
})

test('a result that is still to come holds up nobody else', async () => {
  const never = new Promise<string>(() => {})
  const gather = new Gather<number, string>(
    async (items) => items.map((item) => (item === 1 ? never : 'now')),
    {
      atOnce: 1,
    },
  )
  void gather.ask(1)
  assert.equal(await gather.ask(2), 'now')
  assert.equal(await gather.ask(3), 'now')
})
