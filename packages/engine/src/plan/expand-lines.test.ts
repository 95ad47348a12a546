import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChosenRead } from '../catalog/connector.ts'
import type { Scan } from '../catalog/scan.ts'
import type { PlatformTable, TableColumn } from '../catalog/table.ts'
import { expandLines } from './expand-lines.ts'

// When lines come with their headers. What the answers are then is tested against the emulator.

const uuid = (name: string, isKey = false): TableColumn => ({ name, type: 'UUID', isNullable: !isKey, isKey })
const linesTable: PlatformTable = {
  schema: 'salesinvoice',
  name: 'Lines',
  columns: [uuid('ID', true), uuid('InvoiceID'), uuid('Item')],
  partitionColumn: null,
  isPartitionFromUrl: false,
}
const headerTable: PlatformTable = {
  ...linesTable,
  name: 'Invoices',
  columns: [
    uuid('InvoiceID', true),
    { name: 'Lines', type: { list: linesTable.columns }, isNullable: true, isKey: false },
  ],
  lines: [
    {
      column: 'Lines',
      table: { schema: 'salesinvoice', name: 'Lines' },
      lineKey: 'InvoiceID',
      headerKey: 'InvoiceID',
    },
  ],
}

function read(
  table: PlatformTable,
  id: number,
  change: Partial<Scan> = {},
  max: number | null = null,
): ChosenRead {
  return {
    scan: {
      id,
      source: 'eol',
      table,
      columns: ['InvoiceID'],
      where: [],
      limit: null,
      orderBy: [],
      isCountOnly: false,
      keysFrom: [],
      ...change,
    },
    offer: {
      endpoint: table.name,
      judgements: [],
      filter: '',
      columns: [],
      pageRows: 60,
      isLimitPushed: false,
      isCount: false,
      maxRows: null,
      requests: () => [],
    },
    partitions: null,
    calls: { min: 1, expected: 2, max },
    reason: 'as good as another',
    places: [],
  }
}

const keys = { keysFrom: [{ column: 'InvoiceID', fromScan: 0, fromColumn: 'InvoiceID' }] }
const header = (max: number | null = null) => read(headerTable, 0, {}, max)
const lines = (change: Partial<Scan> = keys) => read(linesTable, 1, change)

function expand(
  reads: readonly ChosenRead[],
  wide: { expected: number; max?: number | null; isKnown?: boolean },
  apart: readonly (number | null)[] = [null, null],
) {
  return expandLines(reads, {
    chooseWith: async (scan, column) => ({
      ...read(headerTable, scan.id, { ...scan, columns: [...scan.columns, column] }),
      calls: { min: 1, expected: wide.expected, max: wide.max ?? null },
      isKnown: wide.isKnown ?? false,
    }),
    remembered: async () => (id) => apart[id] ?? null,
  })
}

test('headers that fit the pages that they take anyway bring their lines', async () => {
  const [first, second] = await expand([header(2), lines()], { expected: 2, max: 2 })
  assert.deepEqual(first?.scan.columns, ['InvoiceID', 'Lines'])
  assert.deepEqual([second?.sharedWith, second?.nestedIn?.column], [0, 'Lines'])
  assert.deepEqual(second?.calls, { min: 0, expected: 0, max: 0 })
  assert.match(second?.reason ?? '', /stand in the Lines/)
})

test('what both took apart decides where it is known, and nothing is done on a guess', async () => {
  const isExpanded = async (...given: Parameters<typeof expand>) =>
    (await expand(...given))[1]?.nestedIn !== undefined
  const both = [header(), lines()]
  assert.equal(await isExpanded(both, { expected: 2, isKnown: true }, [2, 1]), true)
  assert.equal(await isExpanded(both, { expected: 3, isKnown: true }, [2, 1]), false)
  assert.equal(await isExpanded(both, { expected: 2, isKnown: false }, [2, 1]), false)
  assert.equal(await isExpanded(both, { expected: 1, isKnown: true }), false)
  assert.equal(await isExpanded([header(2), lines()], { expected: 2, max: 3 }), false)
})

const apart: readonly (readonly [string, readonly ChosenRead[]])[] = [
  ['lines that no key of the headers bounds', [header(2), lines({})]],
  ['lines of another source', [header(2), lines({ ...keys, source: 'other' })]],
  ['columns that a header does not hold', [header(2), lines({ ...keys, columns: ['Notes'] })]],
  ['lines of which some suffice', [header(2), lines({ ...keys, limit: 5 })]],
  ['other partitions', [header(2), { ...lines(), partitions: [{ id: '1', name: '1', isReadable: true }] }]],
  ['pages that a third scan uses', [header(2), lines(), { ...lines(), sharedWith: 1 }]],
]
for (const [what, reads] of apart) {
  test(`read apart: ${what}`, async () => {
    const result = await expand(reads, { expected: 1, max: 1 })
    assert.ok(result.every(({ nestedIn }) => nestedIn === undefined))
  })
}

test('a header by its key brings its lines where the join has become two equal conditions', async () => {
  const value = { type: 'UUID', value: 'b0000000-0000-4000-8000-000000000001' } as const
  const key = { kind: 'compare', column: 'InvoiceID', op: '=', value } as const
  const other = { ...key, value: { ...value, value: 'b0000000-0000-4000-8000-000000000002' } }
  const byKey = read(headerTable, 0, { where: [key] }, 1)
  const [, same] = await expand([byKey, lines({ where: [key] })], { expected: 1, max: 1 })
  assert.equal(same?.sharedWith, 0)
  const [, another] = await expand([byKey, lines({ where: [other] })], { expected: 1, max: 1 })
  assert.equal(another?.sharedWith, undefined)
  const filtered = read(headerTable, 0, { where: [key, { kind: 'is-null', column: 'Lines' }] }, 1)
  const [, less] = await expand([filtered, lines({ where: [key] })], { expected: 1, max: 1 })
  assert.equal(less?.sharedWith, undefined)
})
