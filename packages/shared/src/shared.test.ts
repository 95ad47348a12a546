import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { isId, ManualClock, newId, PlainSecret, SluisError } from './index.ts'

test('a secret shows itself only when asked to', () => {
  const secret = new PlainSecret('canary-1f2e3d')
  const shown = [`${secret}`, JSON.stringify({ secret }), inspect({ secret }, { depth: 9, showHidden: true })]
  for (const text of shown) assert.doesNotMatch(text, /canary/)
  assert.equal(secret.reveal(), 'canary-1f2e3d')
})

test('ids have the form that isId accepts and sort by age', () => {
  const older = newId('grt', 1_000)
  const newer = newId('grt', 2_000)
  assert.ok(isId('grt', older))
  assert.ok(!isId('org', older))
  assert.ok(older < newer)
})

test('a manual clock wakes sleepers only when their time has come, in order', async () => {
  const clock = new ManualClock(0)
  const woken: string[] = []
  const late = clock.sleep(20).then(() => woken.push('late'))
  const early = clock.sleep(10).then(() => woken.push('early'))
  clock.advance(10)
  await early
  assert.deepEqual(woken, ['early'])
  clock.advance(10)
  await late
  assert.deepEqual(woken, ['early', 'late'])
})

test('an error carries its code, hint and details apart from the message', () => {
  const error = new SluisError('NOT_FOUND', 'No such grant.', {
    hint: 'List them.',
    details: { id: 'grt_x' },
  })
  assert.deepEqual([error.code, error.hint, error.details], ['NOT_FOUND', 'List them.', { id: 'grt_x' }])
})
