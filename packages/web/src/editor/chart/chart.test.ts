import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { axisMarks, chartLayout } from './chart-layout.ts'
import { chartPoints, firstWish, mostPoints, valueColumns } from './chart-points.ts'

const columns = [
  { name: 'Name', type: 'VARCHAR' },
  { name: 'Amount', type: 'DECIMAL(38,10)' },
  { name: 'Date', type: 'TIMESTAMP' },
  { name: 'Lines', type: 'INTEGER[]' },
  { name: 'Count', type: 'BIGINT' },
]

test('the first picture is the last number over time, else over a name, and none without a number', () => {
  assert.deepEqual(valueColumns(columns), [1, 4])
  assert.deepEqual(firstWish(columns), { kind: 'line', label: 2, value: 4 })
  assert.deepEqual(firstWish(columns.slice(0, 2)), { kind: 'bar', label: 0, value: 1 })
  assert.deepEqual(firstWish(columns.slice(1, 2)), { kind: 'bar', label: 0, value: 0 })
  assert.equal(firstWish([columns[0], columns[3]] as typeof columns), null)
})

test('numbers come from text, NULL is no nought, and a line over time goes from left to right', () => {
  const rows = [
    ['b', '12.5000000000', '2026-02-01T00:00:00', [1], '9007199254740993'],
    [null, null, '2026-01-01T10:00:00', [], 2],
  ]
  assert.deepEqual(chartPoints(columns, rows, { kind: 'bar', label: 0, value: 1 }), [
    { label: 'b', value: 12.5, at: null },
    { label: 'NULL', value: null, at: null },
  ])
  const line = chartPoints(columns, rows, { kind: 'line', label: 2, value: 1 })
  assert.deepEqual(
    line.map(({ label, at }) => [label, new Date(at ?? 0).toISOString()]),
    [
      ['2026-01-01T10:00:00', '2026-01-01T10:00:00.000Z'],
      ['2026-02-01', '2026-02-01T00:00:00.000Z'],
    ],
  )
  const withoutTime = [...rows, ['c', 1, null, [], 1]]
  const kept = chartPoints(columns, withoutTime, { kind: 'line', label: 2, value: 1 })
  assert.deepEqual(
    kept.map(({ label, at }) => [label, at]),
    [
      ['2026-02-01', null],
      ['2026-01-01T10:00:00', null],
      ['NULL', null],
    ],
  )
  const many = Array.from({ length: 2000 }, (_, index) => [String(index), index])
  assert.equal(chartPoints(columns, many, { kind: 'bar', label: 0, value: 1 }).length, mostPoints.bar)
})

const size = { width: 640, height: 300 }
const layoutOf = (values: readonly (number | null)[], kind: 'bar' | 'line', ats?: readonly number[]) =>
  chartLayout(
    values.map((value, index) => ({ label: `name ${index}`, value, at: ats?.[index] ?? null })),
    kind,
    size,
    String,
  )

test('bars hang below nought, a line has a gap where there is no value, times keep their distances', () => {
  const bars = layoutOf([10, -5, null], 'bar')
  const [up, down, none] = bars.places
  assert.ok(Number(up?.y) < bars.base && Number(down?.y) > bars.base)
  assert.equal(none?.y, null)
  const line = layoutOf([1, 2, null, 3, 4], 'line')
  assert.equal(line.path.match(/M/g)?.length, 2)
  assert.equal(line.path.match(/L/g)?.length, 2)
  const [a, b, c] = layoutOf([1, 1, 1], 'line', [0, 1, 10]).places
  assert.ok(a && b && c)
  assert.equal(Math.round((c.x - a.x) / (b.x - a.x)), 10)
})

test('whatever the values: round marks around them, all inside the picture, and no two names overlap', () => {
  const value = fc.oneof(fc.double({ noNaN: true, min: -1e15, max: 1e15 }), fc.integer(), fc.constant(null))
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 80 }), fc.boolean(), (values, isBar) => {
      const { ticks, places, plot, labels, base } = layoutOf(values, isBar ? 'bar' : 'line')
      assert.ok(ticks.length >= 2 && ticks.length <= 8, `${ticks.length} marks`)
      for (const { x, y } of places) {
        assert.ok(x >= plot.left && x <= plot.right)
        assert.ok(y === null || (y >= plot.top - 0.01 && y <= plot.bottom + 0.01), `${y}`)
      }
      assert.ok(base >= plot.top - 0.01 && base <= plot.bottom + 0.01)
      for (const [index, { text, x }] of labels.entries()) {
        const next = labels[index + 1]
        if (next) assert.ok(x + text.length * 4 <= next.x - next.text.length * 4)
      }
    }),
  )
  assert.deepEqual(axisMarks([0.1, 0.3], true), [0, 0.1, 0.2, 0.3])
  assert.deepEqual(axisMarks([], true), axisMarks([0, 1], true))
  assert.deepEqual(axisMarks([7, 7], false), axisMarks([0, 7], false))
  assert.deepEqual(axisMarks([1000, 1004], false), [1000, 1001, 1002, 1003, 1004])
})
