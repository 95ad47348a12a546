import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { QueryStats, ResultFormat } from '../engine.ts'
import type { ResultColumn } from '../plan/statement-plan.ts'

export interface ResultStreamOptions {
  readonly format: ResultFormat
  readonly columns: readonly ResultColumn[]
  /** Rows as the runner writes them. For Parquet: the finished file. */
  readonly rows: AsyncIterable<Buffer> | { readonly file: string }
  /** Settles after the last row: rejects when the answer is not whole. */
  readonly finished: Promise<QueryStats>
  /** How an error looks inside a JSON answer. */
  readonly renderError: (error: unknown) => object
  /** Told once, when the answer ended or its reader went away. */
  readonly onEnd: (isWhole: boolean) => void
}

/**
 * A whole answer as bytes. An error after the first row is told as the format allows: JSON has `error` after `rows`,
 * NDJSON a last line, CSV and Parquet break off, so that nothing cut short looks whole.
 */
export function resultStream(options: ResultStreamOptions): Readable {
  return Readable.from(parts(options), { objectMode: false, highWaterMark: 64 * 1024 })
}

async function* parts(options: ResultStreamOptions): AsyncGenerator<Buffer | string> {
  const { format, columns, rows, finished, renderError, onEnd } = options
  let isWhole = false
  try {
    if (format === 'json') {
      yield `{"columns":${JSON.stringify(columns)},"rows":[`
      let fault: unknown
      let isFirst = true
      try {
        for await (const chunk of wholeLines(rows as AsyncIterable<Buffer>, finished)) {
          // The runner puts a comma before each row; the first one goes.
          yield isFirst ? chunk.subarray(1) : chunk
          isFirst = false
        }
        yield `],"stats":${JSON.stringify(await finished)}}`
        isWhole = true
      } catch (error) {
        fault = error
      }
      if (!isWhole) yield `],"error":${JSON.stringify(renderError(fault))}}`
      return
    }
    try {
      if ('file' in rows) yield* createReadStream(rows.file)
      else yield* format === 'ndjson' ? wholeLines(rows, finished) : rows
      await finished
      isWhole = true
    } catch (error) {
      if (format !== 'ndjson') throw error
      yield `${JSON.stringify({ error: renderError(error) })}\n`
    }
  } finally {
    onEnd(isWhole)
  }
}

/**
 * The same bytes, each piece ended with a whole line. A runner that fails leaves off in the middle of a row: what it
 * began is not told, because an error stands in its place.
 */
async function* wholeLines(
  chunks: AsyncIterable<Buffer>,
  finished: Promise<unknown>,
): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(10) + 1
    if (end > 0) {
      yield* held
      held = []
      yield chunk.subarray(0, end)
    }
    if (end < chunk.length) held.push(chunk.subarray(end))
  }
  await finished
  yield* held
}
