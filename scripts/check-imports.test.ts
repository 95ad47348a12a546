import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCycles, findForbidden } from './check-imports.ts'

const plain = (from: string, to: string) => ({ from, to, isTypeOnly: false })

test('an import against the arrows is named with both ends', () => {
  const faults = findForbidden([plain('packages/shared/src/a.ts', 'packages/store/src/index.ts')])
  assert.match(faults.join(), /packages\/shared\/src\/a\.ts imports packages\/store\/src\/index\.ts/)
})

test('an emulator that borrows from the connectors is refused', () => {
  assert.equal(
    findForbidden([plain('emulators/exact-online/src/a.ts', 'packages/platforms/src/index.ts')]).length,
    1,
  )
})

test('a cycle of value imports is found, a type-only one is not', () => {
  const cycle = [plain('a.ts', 'b.ts'), plain('b.ts', 'c.ts'), plain('c.ts', 'a.ts')]
  assert.deepEqual(findCycles(cycle), ['a.ts → b.ts → c.ts → a.ts'])
  assert.deepEqual(findCycles(cycle.map((edge) => ({ ...edge, isTypeOnly: edge.from === 'c.ts' }))), [])
})
