import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exactOnlineCatalogue } from './index.ts'

test('the catalogue holds every endpoint once, with the counts its source states', () => {
  const entries = exactOnlineCatalogue()
  const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length
  assert.deepEqual([count('rest'), count('bulk'), count('sync'), count('function')], [290, 21, 56, 71])
  assert.equal(entries.flatMap((entry) => entry.properties).length, 11_438)
  assert.equal(new Set(entries.map((entry) => entry.uri)).size, entries.length)
})
