import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contrastOf, textOn } from './text-on.ts'

test('contrast is that of WCAG', () => {
  assert.equal(contrastOf('#000000', '#ffffff'), 21)
  assert.equal(contrastOf('#777777', '#777777'), 1)
  // The two greys beside the limit on white, as contrast checkers give them.
  assert.ok(contrastOf('#767676', '#ffffff') >= 4.5)
  assert.ok(contrastOf('#777777', '#ffffff') < 4.5)
})

test('whatever colour a partner has, its buttons can be read', () => {
  assert.deepEqual([textOn('#ffdd00'), textOn('#0b7285')], ['#000000', '#ffffff'])
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffff }), (number) => {
      const colour = `#${number.toString(16).padStart(6, '0')}`
      return contrastOf(colour, textOn(colour)) >= 4.5
    }),
    { numRuns: 5000 },
  )
})
