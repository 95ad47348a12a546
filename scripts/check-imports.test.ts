import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawGraph, findCycles, findForbidden, withGraph } from './check-imports.ts'

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

test('an import past another package’s entry point is refused, also from where everything may be wired', () => {
  const past = {
    ...plain('packages/server/src/a.ts', 'packages/store/src/folder-lock.ts'),
    isPastEntry: true,
  }
  assert.match(findForbidden([past]).join(), /past the entry point of packages\/store/)
})

test('the graph shows each arrow once, without tests', () => {
  const edge = plain('packages/vault/src/a.ts', 'packages/store/src/index.ts')
  const graph = drawGraph([edge, edge, plain('packages/vault/src/a.test.ts', 'packages/engine/src/index.ts')])
  assert.equal(graph, 'graph TD\n  vault["vault"] --> store["store"]')
})

test('a page without the place for the graph is named', () => {
  assert.throws(() => withGraph('# A page', []), /lacks the markers/)
})
