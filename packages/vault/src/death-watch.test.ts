import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeathWatch } from './death-watch.ts'

test('a process is dead after fifteen seconds without its lock, however often it is looked at', () => {
  const watch = new DeathWatch()
  const absent = [{ id: 'a', connects: 1 }]
  for (const at of [0, 1000, 14_999]) assert.deepEqual(watch.judge(['a', 'b'], absent, at), [])
  assert.deepEqual(watch.judge(['a'], absent, 15_000), ['a'])
})

test('one that connected in between is not, also where nobody saw its lock', () => {
  const watch = new DeathWatch()
  watch.judge(['a'], [{ id: 'a', connects: 1 }], 0)
  assert.deepEqual(watch.judge(['a'], [{ id: 'a', connects: 2 }], 600_000), [])
  assert.deepEqual(watch.judge(['a'], [], 605_000), [])
  assert.deepEqual(watch.judge(['a'], [{ id: 'a', connects: 2 }], 610_000), [])
  assert.deepEqual(watch.judge(['a'], [{ id: 'a', connects: 2 }], 625_000), ['a'])
})

test('a look that asks for others says nothing of it', () => {
  const watch = new DeathWatch()
  watch.judge(['a'], [{ id: 'a', connects: null }], 0)
  watch.judge(['b'], [], 5000)
  assert.deepEqual(watch.judge(['a'], [{ id: 'a', connects: null }], 15_000), ['a'])
})
