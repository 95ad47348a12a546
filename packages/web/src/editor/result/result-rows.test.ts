import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResultRows } from './result-rows.ts'

const answer = JSON.stringify({
  columns: [
    { name: 'rows":[', type: 'VARCHAR' },
    { name: 'n', type: 'BIGINT' },
    { name: 'list', type: 'INTEGER[]' },
  ],
  rows: [
    ['één "]}[', '9007199254740993', [1, 2]],
    [null, '9007199254740992', null],
    ['back\\', null, [{ a: ']' }]],
    ['Éclair 🥐', '10', []],
  ],
  stats: { apiCalls: 2, note: 'rows":[' },
})
const bytes = new TextEncoder().encode(answer)
const { rows: expected, columns } = JSON.parse(answer)

test('an answer cut into pieces anywhere gives the same rows', () => {
  for (const size of [1, 2, 3, 7, 64, bytes.length]) {
    const rows = new ResultRows()
    for (let at = 0; at < bytes.length; at += size) rows.append(bytes.slice(at, at + size))
    assert.deepEqual(rows.columns, columns, `pieces of ${size}`)
    assert.deepEqual(rows.rows(0, 10), expected, `pieces of ${size}`)
    assert.deepEqual(rows.rows(2, 3), expected.slice(2, 3))
    assert.deepEqual(rows.finish().stats, { apiCalls: 2, note: 'rows":[' })
  }
})

test('an empty answer, an answer that ends with an error, and one that was cut off', () => {
  const read = (text: string) => {
    const rows = new ResultRows()
    rows.append(new TextEncoder().encode(text))
    return rows
  }
  const empty = read('{"columns":[{"name":"a","type":"INTEGER"}],"rows":[],"stats":{"apiCalls":0}}')
  assert.equal(empty.count, 0)
  assert.equal(empty.finish().columns.length, 1)
  const failed = read('{"columns":[],"rows":[[1],[2]],"error":{"code":"SQL_FAILED"}}')
  assert.equal(failed.count, 2)
  assert.equal(failed.finish().error?.code, 'SQL_FAILED')
  const cut = read('{"columns":[{"name":"a","type":"INTEGER"}],"rows":[[1],[2')
  assert.deepEqual(cut.rows(0, 5), [[1]])
  assert.deepEqual(cut.finish(), { columns: [{ name: 'a', type: 'INTEGER' }] })
})

test('rows are sorted by their column’s type, NULL last, and found by text in any case', () => {
  const rows = new ResultRows()
  rows.append(bytes)
  const order = (column: number, isDescending = false) => {
    rows.setView({ sort: { column, isDescending }, filter: '' })
    return rows.rows(0, 10).map((row) => expected.findIndex(([first]: unknown[]) => first === row[0]))
  }
  assert.deepEqual(order(1), [3, 1, 0, 2], 'as numbers, exact beyond 2^53')
  assert.deepEqual(order(1, true), [0, 1, 3, 2])
  assert.deepEqual(order(0), [2, 3, 0, 1])
  assert.equal(rows.setView({ sort: null, filter: 'éCLAIR' }), 1)
  assert.deepEqual(rows.rows(0, 9), [expected[3]])
  assert.equal(rows.setView({ sort: null, filter: 'null' }), 0, 'NULL is no text')
  assert.equal(rows.setView({ sort: null, filter: '' }), 4)
})

test('as many rows as are kept are not full: one more is', () => {
  const read = (count: number) => {
    const rows = new ResultRows(3)
    const text = JSON.stringify({
      columns,
      rows: Array.from({ length: count }, (_, row) => [row]),
      stats: {},
    })
    for (const byte of new TextEncoder().encode(text)) rows.append(Uint8Array.of(byte))
    return rows
  }
  assert.deepEqual([read(3).isFull, read(3).count, read(3).finish().stats], [false, 3, {}])
  assert.deepEqual([read(4).isFull, read(4).count, read(9).rows(0, 9)], [true, 3, [[0], [1], [2]]])
})

test('a million rows are kept as bytes, and no more of them than asked for', () => {
  const rows = new ResultRows(1_000_000)
  const piece = new TextEncoder().encode(
    Array.from({ length: 10_000 }, (_, index) => `,[${index},"customer ${index}",null]`).join('\n'),
  )
  rows.append(new TextEncoder().encode('{"columns":[{"name":"a","type":"INTEGER"}],"rows":['))
  const before = process.memoryUsage().heapUsed
  for (let turn = 0; turn < 101 && !rows.isFull; turn++) rows.append(piece)
  assert.equal(rows.count, 1_000_000)
  const heapBytes = process.memoryUsage().heapUsed - before
  assert.ok(heapBytes < 30_000_000, `${heapBytes} bytes of objects`)
  assert.deepEqual(rows.rows(999_999, 1_000_001), [[9999, 'customer 9999', null]])
  assert.equal(rows.setView({ sort: { column: 0, isDescending: true }, filter: 'customer 999' }), 1100)
  assert.deepEqual(rows.rows(0, 1), [[9999, 'customer 9999', null]])
})
