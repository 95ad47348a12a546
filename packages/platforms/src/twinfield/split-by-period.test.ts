import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { partsOf } from './split-by-period.ts'

const year = 2026
const isIn = ([from, to]: readonly [string, string], period: string) =>
  (from === '' || period >= from) && (to === '' || period <= to)

test('an open range is asked by year, with all older and all later ones in a part each', () => {
  assert.deepEqual(partsOf(['', ''], year), [
    ['', '2023/99'],
    ['2024/00', '2024/99'],
    ['2025/00', '2025/99'],
    ['2026/00', '2026/99'],
    ['2027/00', ''],
  ])
})

test('a year is asked by quarter, a quarter by period, and a period is not split', () => {
  assert.deepEqual(partsOf(['2026/00', '2026/99'], year), [
    ['2026/00', '2026/03'],
    ['2026/04', '2026/06'],
    ['2026/07', '2026/09'],
    ['2026/10', '2026/99'],
  ])
  assert.deepEqual(partsOf(['2026/04', '2026/06'], year), [
    ['2026/04', '2026/04'],
    ['2026/05', '2026/05'],
    ['2026/06', '2026/06'],
  ])
  assert.deepEqual(partsOf(['2026/06', '2026/06'], year), [])
})

test('what is no period is not split', () => {
  for (const range of [
    ['$DEFAULT$', ''],
    ['2026/02', '2026/01'],
    ['2027/01', '2026/01'],
  ] as const)
    assert.deepEqual(partsOf(range, year), [])
})

test('each period of a range is in exactly one part, no other period is in any, and splitting comes to an end', () => {
  const period = fc
    .tuple(fc.integer({ min: 1940, max: 2060 }), fc.integer({ min: 0, max: 99 }))
    .map(([years, periods]) => `${years}/${String(periods).padStart(2, '0')}`)
  const bound = fc.oneof(period, fc.constant(''))
  fc.assert(
    fc.property(bound, bound, fc.array(period, { minLength: 20, maxLength: 20 }), (from, to, periods) => {
      const open: [string, string][] = [[from, to]]
      for (let steps = 0; open.length > 0; steps++) {
        assert.ok(steps < 5000, 'splitting ends')
        const range = open.pop() as [string, string]
        const parts = partsOf(range, year)
        if (parts.length === 0) continue
        assert.ok(parts.length > 1, 'a split makes parts')
        for (const one of [...periods, range[0], range[1]].filter((text) => text !== ''))
          assert.equal(parts.filter((part) => isIn(part, one)).length, isIn(range, one) ? 1 : 0, one)
        open.push(...parts.map((part): [string, string] => [...part]))
      }
    }),
    { numRuns: 100 },
  )
})
