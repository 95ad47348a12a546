import type { BatchOutcome } from './api-types.ts'
import { connectionLost, type HttpCaller, parseJson } from './http-caller.ts'
import { linesOf } from './ndjson.ts'
import { fromProblem, SluisError } from './sluis-error.ts'
import type { BatchLine, LineOutcome } from './types.ts'

export interface BatchOptions {
  /** Nothing is stored or sent to a platform; each line tells what would become of it. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
}

/** Lines in one request: enough to keep the server busy, few enough to send again without regret. */
const linesAtOnce = 500
const mostAttempts = 3

/**
 * Hands over many, some at a time, and gives each outcome when it is known. A line that fails stops no other. Where the
 * connection breaks, the lines without an outcome are sent again: the same line is the same request, and spends nothing
 * twice.
 */
export async function* handOverAll(
  call: HttpCaller,
  lines: Iterable<BatchLine> | AsyncIterable<BatchLine>,
  { dryRun = false, signal }: BatchOptions,
): AsyncGenerator<LineOutcome, void, undefined> {
  const path = `/handovers/batch${dryRun ? '?dryRun=true' : ''}`
  let first = 1
  // Whether two lines take one name is seen within a request: a dry run is one.
  for await (const some of portions(lines, dryRun ? Number.POSITIVE_INFINITY : linesAtOnce)) {
    let open = some.map((text, index) => ({ text, line: first + index }))
    first += some.length
    for (let attempt = 1; open.length > 0; attempt++) {
      const sent = open
      const known = new Set<number>()
      try {
        const body = sent.map(({ text }) => `${text}\n`).join('')
        const response = await call('POST', path, { ndjson: body, accept: 'application/x-ndjson', signal })
        for await (const outcome of outcomesOf(response, signal)) {
          const line = sent[outcome.line - 1]?.line
          if (line === undefined) throw new SluisError('UNEXPECTED_ANSWER', 'An outcome is of no line.')
          known.add(line)
          yield { ...outcome, line }
        }
        if (known.size < sent.length) throw connectionLost(undefined)
      } catch (error) {
        const isLost = error instanceof SluisError && error.code === 'CONNECTION_LOST'
        if (!isLost || attempt >= mostAttempts) throw error
      }
      open = sent.filter(({ line }) => !known.has(line))
    }
  }
}

async function* outcomesOf(response: Response, signal?: AbortSignal): AsyncGenerator<LineOutcome> {
  if (response.body === null) return
  for await (const texts of linesOf(response.body, signal)) {
    for (const text of texts) {
      const outcome = parseJson(text) as BatchOutcome | undefined
      if (outcome === undefined)
        throw new SluisError('UNEXPECTED_ANSWER', 'A line of the answer is not JSON.')
      if ('error' in outcome) throw fromProblem(outcome.error)
      yield outcome
    }
  }
}

/** The lines as text, so many at a time. */
async function* portions(
  lines: Iterable<BatchLine> | AsyncIterable<BatchLine>,
  size: number,
): AsyncGenerator<string[]> {
  let some: string[] = []
  for await (const line of lines) {
    some.push(JSON.stringify(line))
    if (some.length >= size) {
      yield some
      some = []
    }
  }
  if (some.length > 0) yield some
}
