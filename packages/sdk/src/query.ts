import { connectionLost, type HttpCaller, parseJson, readJson } from './http-caller.ts'
import { fromProblem, isProblem, SluisError } from './sluis-error.ts'

/** A row by column name. BIGINT and DECIMAL are text, times ISO 8601 without zone. */
export type Row = Readonly<Record<string, unknown>>

export interface QueryOptions {
  /** An array for `$1`, an object for `$name`. */
  readonly parameters?: readonly unknown[] | Readonly<Record<string, unknown>>
  readonly maxRows?: number
  readonly timeoutMs?: number
  /** Aborting cancels the statement at Sluis too: it makes no further calls. */
  readonly signal?: AbortSignal
}

export interface QueryStats {
  /** Calls that the platform saw for this statement. */
  readonly apiCalls: number
  readonly rowsFetched: number
  readonly bytesFetched: number
  readonly planMs: number
  readonly elapsedMs: number
  readonly truncated?: boolean
  readonly warnings: readonly string[]
}

export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly stats: QueryStats
  readonly statement: string
}

const pathOf = (database: string, verb: string) => `/databases/${encodeURIComponent(database)}/${verb}`

/** The body of a statement's request. */
export function statementBody(sql: string, { signal: _, ...rest }: QueryOptions): object {
  return { sql, ...rest }
}

/** The whole answer at once. An error after the first rows is thrown: nothing cut short looks whole. */
export async function queryWhole(
  call: HttpCaller,
  database: string,
  sql: string,
  options: QueryOptions,
): Promise<QueryAnswer> {
  const response = await call('POST', pathOf(database, 'query'), {
    body: statementBody(sql, options),
    signal: options.signal,
  })
  const answer = await readJson<Omit<QueryAnswer, 'statement'> & { error?: unknown }>(response)
  if (isProblem(answer.error)) throw fromProblem(answer.error)
  return { ...answer, statement: response.headers.get('sluis-statement') ?? '' }
}

/**
 * The rows as they come, in memory that does not grow with their number. An error after the first rows is thrown where
 * it happened; leaving the loop, or aborting, cancels the statement.
 */
export async function* queryRows<T extends Row>(
  call: HttpCaller,
  database: string,
  sql: string,
  options: QueryOptions,
): AsyncGenerator<T, void, undefined> {
  const { body } = await call('POST', pathOf(database, 'query'), {
    body: statementBody(sql, options),
    accept: 'application/x-ndjson',
    signal: options.signal,
  })
  if (body === null) return
  // Only the last line can be an error, and only a problem of ours is one: a column may be called "error" too.
  let held: unknown
  for await (const lines of linesOf(body, options.signal)) {
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

/** The lines of each piece that arrives. */
async function* linesOf(body: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncGenerator<string[]> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        signal?.throwIfAborted()
        throw connectionLost(error)
      })
      if (done) break
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      yield lines
    }
    // Every line is ended by a line break: what has none was cut short.
    if (rest.trim() !== '') throw connectionLost(undefined)
  } finally {
    // Closes the connection of an answer that nobody reads any more, which is what cancels the statement.
    await reader.cancel().catch(() => {})
  }
}
