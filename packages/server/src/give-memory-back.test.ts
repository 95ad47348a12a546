import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Giving, nextGiving } from './give-memory-back.ts'

const megabyte = 2 ** 20
const rest: Giving = { isAsking: false, until: 0 }

describe('memory after a burst', () => {
  test('is asked back once the heap is large, and no longer than it is', () => {
    assert.deepEqual(nextGiving(rest, 60 * megabyte, 1000), rest)
    const asking = nextGiving(rest, 200 * megabyte, 1000)
    assert.equal(asking.isAsking, true)
    assert.deepEqual(nextGiving(asking, 180 * megabyte, 1500), asking)
    const done = nextGiving(asking, 70 * megabyte, 2000)
    assert.equal(done.isAsking, false)
    assert.equal(nextGiving(done, 200 * megabyte, 2500).isAsking, true, 'the next burst is another one')
  })

  test('that is needed is left alone for a while: asking costs time', () => {
    const asking = nextGiving(rest, 300 * megabyte, 0)
    const tired = nextGiving(asking, 300 * megabyte, 5000)
    assert.equal(tired.isAsking, false)
    assert.deepEqual(nextGiving(tired, 300 * megabyte, 20_000), tired)
    assert.equal(nextGiving(tired, 300 * megabyte, 35_000).isAsking, true)
  })
})
