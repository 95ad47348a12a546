import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSluisError } from '@sluis/shared'
import { ndjsonLines } from './ndjson-lines.ts'

async function linesOf(text: string, chunkBytes: number): Promise<readonly string[]> {
  const bytes = Buffer.from(text)
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
  }
  const lines: string[] = []
  for await (const { line, text: one } of ndjsonLines(chunks(), 10)) lines.push(`${line} ${one}`)
  return lines
}

test('lines are the same however the stream is cut, and empty ones only count', async () => {
  for (const size of [1, 2, 3, 7, 100])
    assert.deepEqual(await linesOf('één\n\n  \n0123456789\nlast', size), ['1 één', '4 0123456789', '5 last'])
})

test('a line that is too long is refused also where it comes in one piece with its end', async () => {
  for (const size of [1, 4, 11, 12, 100])
    for (const end of ['', '\n', '\nnext\n'])
      await assert.rejects(
        linesOf(`ok\n01234567890${end}`, size),
        (error) => isSluisError(error, 'REQUEST_TOO_LARGE') && /Line 2 /.test(error.message),
      )
})
