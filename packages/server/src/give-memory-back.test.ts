import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Giving, givingNothing, nextGiving } from './give-memory-back.ts'

const megabyte = 2 ** 20
const busy = 0.8
const idle = 0.01

describe('memory after a burst', () => {
  test('is asked back once the heap is large, and no longer than it is', () => {
    assert.equal(nextGiving(givingNothing, 60 * megabyte, busy, 1000).isAsking, false)
    const asking = nextGiving(givingNothing, 200 * megabyte, busy, 1000)
    assert.equal(asking.isAsking, true)
    assert.deepEqual(nextGiving(asking, 180 * megabyte, busy, 1500), asking)
    const done = nextGiving(asking, 70 * megabyte, busy, 2000)
    assert.equal(done.isAsking, false)
    assert.equal(nextGiving(done, 200 * megabyte, busy, 2500).isAsking, true, 'the next burst is another one')
  })

  test('that is needed is left alone for a while: asking costs time', () => {
    const asking = nextGiving(givingNothing, 300 * megabyte, busy, 0)
    const tired = nextGiving(asking, 300 * megabyte, busy, 5000)
    assert.equal(tired.isAsking, false)
    assert.deepEqual(nextGiving(tired, 300 * megabyte, busy, 20_000), tired)
    assert.equal(nextGiving(tired, 300 * megabyte, busy, 35_000).isAsking, true)
  })

  test('is collected whole once the process is at rest, once for each rest', () => {
    const looks = (shares: readonly number[], heapBytes: number) => {
      let giving: Giving = givingNothing
      return shares.map((share, at) => {
        giving = nextGiving(giving, heapBytes, share, at * 6000)
        return giving.isCollecting
      })
    }
    assert.deepEqual(looks([busy, idle, busy, idle, idle, idle, idle, busy, idle, idle], 200 * megabyte), [
      ...[false, false, false, false, true, false, false, false, false, true],
    ])
    assert.deepEqual(looks([busy, idle, idle, idle], 60 * megabyte), [false, false, false, false])
  })

  test('is not collected again within ten seconds, however the load comes and goes', () => {
    let giving: Giving = givingNothing
    const at: number[] = []
    for (let now = 0; now < 30_000; now += 500) {
      giving = nextGiving(giving, 200 * megabyte, now % 2000 < 1000 ? busy : idle, now)
      if (giving.isCollecting) at.push(now)
    }
    assert.deepEqual(at, [1500, 11_500, 21_500])
  })
})
