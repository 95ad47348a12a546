import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Explanation } from '../api/statements.ts'
import { explainLayout } from './explain-layout.ts'

const scan = (table: string, keysFrom: string[] = []): Explanation['scans'][number] => ({
  table,
  endpoint: table,
  partitions: [],
  filter: '',
  columns: [],
  pushed: [],
  keysFrom,
  requests: [],
  calls: { min: 1, expected: 1, max: null },
  reason: '',
})
const explanation = (scans: Explanation['scans']): Explanation => ({
  class: 'query',
  calls: { min: 1, expected: 1, max: null },
  scans,
  warnings: [],
})

test('each scan has a box and an arrow to the answer; keys run from scan to scan', () => {
  const layout = explainLayout(
    explanation([
      scan('eol.crm.Accounts'),
      scan('eol.salesinvoice.SalesInvoices', ['InvoiceTo from Accounts.ID']),
    ]),
    () => '1',
  )
  assert.equal(layout.scans.length, 2)
  assert.deepEqual(
    layout.arrows.map(({ kind }) => kind),
    ['rows', 'rows', 'keys'],
  )
  for (const { x, y, width, height } of [...layout.scans, layout.answer]) {
    assert.ok(x >= 0 && y >= 0 && x + width <= layout.width && y + height <= layout.height)
  }
  const [first, second] = layout.scans
  assert.ok((first?.y ?? 0) + (first?.height ?? 0) < (second?.y ?? 0), 'no two boxes overlap')
})

test('a statement without scans is a box alone', () => {
  const layout = explainLayout(explanation([]), () => '')
  assert.equal(layout.arrows.length, 0)
  assert.ok(layout.height >= layout.answer.height)
})
