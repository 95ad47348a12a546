import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PageMemory } from './page-memory.ts'

test('memory is used again once it was given back, and never twice at a time', () => {
  const memory = new PageMemory()
  const first = memory.take(900_000)
  const second = memory.take(900_000)
  assert.notEqual(first.buffer, second.buffer)
  // A page is shorter than the memory that it lies in.
  memory.giveBack(first.subarray(0, 10))
  assert.equal(memory.take(2_000_000).buffer === first.buffer, false, 'too small for this one')
  assert.equal(memory.take(900_000).buffer, first.buffer)
  assert.notEqual(memory.take(900_000).buffer, first.buffer)
})
