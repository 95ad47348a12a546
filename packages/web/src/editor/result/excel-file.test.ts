import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unzipSync } from 'fflate'
import { readSheet } from 'read-excel-file/universal'
import { SaxesParser } from 'saxes'
import { batchRows, columnLetters, excelExcess, excelPieces, mostSheetRows } from './excel-file.ts'
import { ResultRows, type StillRows } from './result-rows.ts'

const still = (columns: readonly (readonly [string, string])[], rows: readonly unknown[][]): StillRows => ({
  columns: columns.map(([name, type]) => ({ name, type })),
  shown: rows.length,
  rows: (from, to) => rows.slice(from, to),
})
function write(source: StillRows) {
  const pieces: Uint8Array[] = []
  const writing = excelPieces(source)
  for (;;) {
    const next = writing.next()
    if (next.done) return { file: new Uint8Array(Buffer.concat(pieces)), end: next.value }
    pieces.push(next.value)
  }
}
/** As somebody else's reader reads it: without the heading, which is compared. */
async function read(source: StillRows): Promise<unknown[][]> {
  const [heading, ...rows] = (await readSheet(new Blob([write(source).file]), { trim: false })) as unknown[][]
  assert.deepEqual(
    heading,
    source.columns.map(({ name }) => name),
  )
  // This reader cuts off the last part of a millisecond, which a day's fraction does not always divide.
  const whole = (value: unknown) =>
    value instanceof Date ? new Date(10 * Math.round(value.valueOf() / 10)) : value
  return rows.map((row) => row.map(whole))
}
const sheetOf = (source: StillRows) =>
  Buffer.from(unzipSync(write(source).file)['xl/worksheets/sheet1.xml'] ?? []).toString()

test('every kind of value reads back from a workbook as what it was', async () => {
  const day = new Date('2026-02-03')
  const moment = new Date('2026-02-03T10:11:12.500Z')
  const columns = [
    ['a <b> & "c"', 'VARCHAR'],
    ['whole', 'BIGINT'],
    ['amount', 'DECIMAL(38,10)'],
    ['double', 'DOUBLE'],
    ['day', 'DATE'],
    ['moment', 'TIMESTAMP'],
    ['yes', 'BOOLEAN'],
    ['list', 'INTEGER[]'],
  ] as const
  const rows = [
    [
      ' <één> & "twee" 🥐 ',
      '42',
      '12.5000000000',
      0.30000000000000004,
      '2026-02-03',
      '2026-02-03T10:11:12.5',
      true,
      [1],
    ],
    [null, '-7', '-0.0100000000', 1e21, '9999-12-31', '1969-07-20 20:17:40', false, []],
  ]
  assert.deepEqual(await read(still(columns, rows)), [
    [' <één> & "twee" 🥐 ', 42, 12.5, 0.30000000000000004, day, moment, true, '[1]'],
    [null, -7, -0.01, 1e21, new Date('9999-12-31'), new Date('1969-07-20T20:17:40Z'), false, '[]'],
  ])
})

test('an amount with ten decimals was text from a hundred thousand up, and summed to nothing', async () => {
  const amounts = [['123456.7800000000'], ['99999999999.9900000000']]
  assert.deepEqual(await read(still([['a', 'DECIMAL(38,10)']], amounts)), [[123456.78], [99999999999.99]])
})

test('what Excel would change stays text', async () => {
  const columns = [
    ['number', 'BIGINT'],
    ['day', 'DATE'],
    ['text', 'VARCHAR'],
  ] as const
  const rows = [
    // More digits than Excel computes with, days before its calendar is right, a formula, and what looks like an escape.
    ['9007199254740993', '1900-02-28', '=1+1'],
    ['-1234567890123456', '0044-03-15 (BC)', '007'],
  ]
  assert.deepEqual(await read(still(columns, rows)), rows)
})

test('letters that XML cannot hold are told by their number, and what looks so is not taken for it', () => {
  const xml = sheetOf(still([['text', 'VARCHAR']], [['a\u0000b\rc\uffff _x0041_ _y']]))
  assert.match(xml, />a_x0000_b_x000D_c_xFFFF_ _x005F_x0041_ _y</)
  const parser = new SaxesParser()
  parser.on('error', (error) => assert.fail(error))
  parser.write(xml).close()
})

test('a text that is longer than a cell is cut between letters, and counted', () => {
  const source = still([['text', 'VARCHAR']], [[`${'x'.repeat(32_766)}🥐`], ['y'.repeat(32_767)]])
  assert.equal(write(source).end.cutCells, 1)
  assert.doesNotMatch(sheetOf(source), /\ufffd/)
})

test('a million rows are written while few are read ahead and few bytes wait', () => {
  const total = 1_000_000
  let [given, taken, mostAhead, mostWaiting, written] = [0, 0, 0, 0, 0]
  const source: StillRows = {
    columns: [{ name: 'n', type: 'INTEGER' }],
    shown: total,
    rows(from, to) {
      assert.ok(to - from <= batchRows, `${to - from} rows at once`)
      given = Math.max(given, Math.min(to, total))
      return Array.from({ length: Math.min(to, total) - from }, (_, index) => [from + index])
    },
  }
  let waiting = 0
  for (const piece of excelPieces(source)) {
    mostAhead = Math.max(mostAhead, given - taken)
    if (given !== taken) waiting = 0
    taken = given
    waiting += piece.length
    mostWaiting = Math.max(mostWaiting, waiting)
    written += piece.length
  }
  assert.equal(given, total)
  assert.ok(written > 3_000_000, `${written} bytes in all`)
  assert.ok(mostWaiting < 200_000, `${mostWaiting} bytes between two reads`)
  // The compressor fills its window before it says anything.
  assert.ok(mostAhead <= 40 * batchRows, `${mostAhead} rows between two pieces`)
})

test('what a sheet does not hold is said before anything is written', () => {
  const columns = [{ name: 'n', type: 'INTEGER' }]
  assert.equal(excelExcess({ shown: mostSheetRows - 1, columns }), null)
  assert.equal(excelExcess({ shown: mostSheetRows, columns }), 'rows')
  assert.equal(excelExcess({ shown: 1, columns: Array(16_384).fill(columns[0]) }), null)
  assert.equal(excelExcess({ shown: 1, columns: Array(16_385).fill(columns[0]) }), 'columns')
  assert.deepEqual([0, 25, 26, 701, 702, 16_383].map(columnLetters), ['A', 'Z', 'AA', 'ZZ', 'AAA', 'XFD'])
})

test('a workbook is of what was shown when it was begun, whatever is sorted meanwhile', () => {
  const rows = new ResultRows()
  const values = Array.from({ length: 2 * batchRows }, (_, index) => [index])
  rows.append(Buffer.from(JSON.stringify({ columns: [{ name: 'n', type: 'INTEGER' }], rows: values })))
  rows.setView({ sort: { column: 0, isDescending: true }, filter: '' })
  const begun = rows.still()
  rows.setView({ sort: null, filter: '7' })
  assert.deepEqual(begun.rows(0, 2), [[999], [998]])
  assert.equal(begun.shown, 1000)
})
