import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { QueryStats, ResultFormat } from '../engine.ts'
import { resultStream } from './result-stream.ts'

async function* pieces(...texts: string[]) {
  for (const each of texts) yield Buffer.from(each)
}

const answer = async (format: ResultFormat, rows: AsyncIterable<Buffer>, finished: Promise<QueryStats>) => {
  finished.catch(() => {})
  const ends: boolean[] = []
  const stream = resultStream({
    format,
    columns: [{ name: 'x', type: 'INTEGER' }],
    rows,
    finished,
    renderError: () => ({ code: 'SQL_FAILED' }),
    onEnd: (isWhole) => ends.push(isWhole),
  })
  return { body: await text(stream), ends }
}
const failed = () => Promise.reject<QueryStats>(new Error('late'))
const done = () => Promise.resolve({ apiCalls: 0 } as QueryStats)

test('an error in the middle of a row left a line of NDJSON that nobody could parse', async () => {
  const { body, ends } = await answer('ndjson', pieces('{"x":1}\n{"x"', ':2}\n{"x', '":'), failed())
  assert.equal(body, '{"x":1}\n{"x":2}\n{"error":{"code":"SQL_FAILED"}}\n')
  assert.deepEqual(ends, [false])
})

test('an error in the middle of a row left JSON that nobody could parse', async () => {
  const cut = await answer('json', pieces(',[1]\n,[', '2]\n,[3'), failed())
  assert.deepEqual(JSON.parse(cut.body), {
    columns: [{ name: 'x', type: 'INTEGER' }],
    rows: [[1], [2]],
    error: { code: 'SQL_FAILED' },
  })
  const first = await answer('json', pieces(',[1'), failed())
  assert.deepEqual(JSON.parse(first.body).rows, [])
})

test('what is whole is passed on to the last byte, however it was cut', async () => {
  const lines = await answer('ndjson', pieces('{"x"', ':', '1}\n{"x":2}\n', '{"x":3}\n'), done())
  assert.deepEqual(lines, { body: '{"x":1}\n{"x":2}\n{"x":3}\n', ends: [true] })
  const json = await answer('json', pieces(',', '[1]\n,[2', ']\n'), done())
  assert.deepEqual(JSON.parse(json.body).rows, [[1], [2]])
})
