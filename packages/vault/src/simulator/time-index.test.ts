import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from './seeded-random.ts'
import { TimeIndex } from './time-index.ts'

test('finds what a look through everything finds, in the same order', () => {
  const random = seededRandom(11)
  const index = new TimeIndex()
  const times = new Map<string, number>()
  for (let step = 0; step < 20_000; step++) {
    const id = `g${random.below(300)}`
    const at = random.chance(0.1) ? null : random.below(1000)
    index.set(id, at)
    if (at === null) times.delete(id)
    else times.set(id, at)
    if (step % 20 !== 0) continue
    const [now, limit, odd] = [random.below(1000), 1 + random.below(40), random.chance(0.5)]
    const isWanted = (each: string) => !odd || Number(each.slice(1)) % 2 === 1
    const found = index.due(now, limit, isWanted)
    const due = [...times].filter(([each, time]) => time <= now && isWanted(each))
    const earliest = due.map(([, time]) => time).sort((a, b) => a - b)
    assert.deepEqual(
      found.map((each) => times.get(each)),
      earliest.slice(0, limit),
    )
    assert.equal(new Set(found).size, found.length)
    assert.ok(found.every(isWanted))
  }
})
