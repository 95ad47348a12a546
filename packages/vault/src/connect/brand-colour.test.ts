import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBrandColour } from './brand-colour.ts'

test('nothing but a colour passes for one: it ends up in a style', () => {
  assert.equal(isBrandColour('#0b7285'), true)
  for (const text of ['red', '#fff', '#0B7285', '#0b72851', '#0b7285;x', 'url(x)', '#0b7285\n', ''])
    assert.equal(isBrandColour(text), false, JSON.stringify(text))
})
