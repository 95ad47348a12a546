import type { ApiCaller } from './api-caller.ts'
import type { QueryAnswer as ApiAnswer, QueryStats, Question } from './api-types.ts'
import { parseJson, readJson } from './http-caller.ts'
import { linesOf } from './ndjson.ts'
import { fromProblem, isProblem, SluisError } from './sluis-error.ts'

/** A row by column name. BIGINT and DECIMAL are text, times ISO 8601 without zone. */
export type Row = Readonly<Record<string, unknown>>

export interface QueryOptions extends Omit<Question, 'sql'> {
  /** Aborting cancels the statement at Sluis too: it makes no further calls. */
  readonly signal?: AbortSignal
}

/** A whole answer. */
export interface QueryAnswer extends Omit<ApiAnswer, 'error' | 'stats'> {
  readonly stats: QueryStats
  readonly statement: string
}

/** The body of a statement's request. */
export function statementBody(sql: string, { signal: _, ...rest }: QueryOptions): Question {
  return { sql, ...rest }
}

/** The whole answer at once. An error after the first rows is thrown: nothing cut short looks whole. */
export async function queryWhole(
  { send }: ApiCaller,
  name: string,
  sql: string,
  options: QueryOptions,
): Promise<QueryAnswer> {
  const response = await send('POST /databases/{name}/query', {
    path: { name },
    body: statementBody(sql, options),
    signal: options.signal,
  })
  const { error, stats, ...answer } = await readJson<ApiAnswer>(response)
  if (error) throw fromProblem(error)
  if (!stats) throw new SluisError('UNEXPECTED_ANSWER', 'The answer does not say what it cost.')
  return { ...answer, stats, statement: response.headers.get('sluis-statement') ?? '' }
}

/**
 * The rows as they come, in memory that does not grow with their number. An error after the first rows is thrown where
 * it happened; leaving the loop, or aborting, cancels the statement.
 */
export async function* queryRows<T extends Row>(
  { send }: ApiCaller,
  name: string,
  sql: string,
  options: QueryOptions,
): AsyncGenerator<T, void, undefined> {
  const response = await send('POST /databases/{name}/query', {
    path: { name },
    body: statementBody(sql, options),
    accept: 'application/x-ndjson',
    signal: options.signal,
  })
  yield* rowsOf<T>(response, options.signal)
}

/** The rows of an answer in NDJSON; an error in its last line is thrown. */
export async function* rowsOf<T extends Row>(
  { body }: Response,
  signal?: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  if (body === null) return
  // Only the last line can be an error, and only a problem of ours is one: a column may be called "error" too.
  let held: unknown
  for await (const lines of linesOf(body, signal)) {
    for (const line of lines) {
      if (held !== undefined) yield held as T
      held = parseJson(line)
      if (held === undefined) throw new SluisError('UNEXPECTED_ANSWER', 'A line of the answer is not JSON.')
    }
  }
  if (held === undefined) return
  const { error, ...others } = held as { error?: unknown }
  if (isProblem(error) && Object.keys(others).length === 0) throw fromProblem(error)
  yield held as T
}
