import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outdatedPages, referencePages } from './reference.ts'

test('the reference is what the code declares', () => {
  assert.deepEqual(outdatedPages(), [], 'run "node run.mjs reference" and commit what it writes')
})

test('the reference names every option and code', () => {
  const pages = [...referencePages().values()].join('\n')
  for (const name of ['SLUIS_HOME', 'SLUIS_UNSAFE_CLOCK_URL', 'HANDOVER_TOKEN_EXPIRED', 'KEY_UNUSABLE'])
    assert.ok(pages.includes(`\`${name}\``), name)
})
