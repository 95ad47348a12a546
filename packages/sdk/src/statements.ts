import type { ApiCaller } from './api-caller.ts'
import type { Question, Statement } from './api-types.ts'
import { type QueryOptions, type Row, rowsOf, statementBody } from './query.ts'

/** How a result is written: for a file, or for another program to read. */
export type ResultFormat = 'json' | 'ndjson' | 'csv' | 'parquet'
const mediaTypes: Readonly<Record<ResultFormat, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
}

export interface WatchOptions {
  /** Stops the watching; the statement goes on. */
  readonly signal?: AbortSignal
  /** How often it is asked; half a second unless told. */
  readonly everyMs?: number
}

/** Statements that run on at Sluis without this connection, for minutes or hours. */
export interface Statements {
  /** Starts one and comes back at once. Its result is kept for a day. */
  start(database: string, sql: string, options?: Omit<QueryOptions, 'signal'>): Promise<Statement>
  /** State and progress, what it cost and which calls it made. */
  get(database: string, id: string): Promise<Statement>
  /** What ran, newest first, page by page as you read on. */
  list(database: string): AsyncGenerator<Statement, void, undefined>
  /** The statement again and again, until it is done, failed or cancelled: that is the last one. */
  watch(database: string, id: string, options?: WatchOptions): AsyncGenerator<Statement, void, undefined>
  /** It makes no further calls, and gives no result. */
  cancel(database: string, id: string): Promise<void>
  /** The rows of one that is done; of one that failed, its error is thrown. */
  rows<T extends Row = Row>(
    database: string,
    id: string,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<T, void, undefined>
  /** The result as bytes, for instance for a file. */
  download(
    database: string,
    id: string,
    format: ResultFormat,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ReadableStream<Uint8Array>>
}

export function createStatements({ ask, send }: ApiCaller): Statements {
  const get = (name: string, id: string) =>
    ask('GET /databases/{name}/statements/{id}', { path: { name, id } })
  const result = (name: string, id: string, format: ResultFormat, signal?: AbortSignal) =>
    send('GET /databases/{name}/statements/{id}/result', {
      path: { name, id },
      accept: mediaTypes[format],
      signal,
    })
  return {
    // Kept as Parquet, of which the server makes every other form without asking the platform again.
    start: async (name, sql, options = {}) =>
      (await ask('POST /databases/{name}/query', {
        path: { name },
        body: statementBody(sql, options) as Question,
        accept: mediaTypes.parquet,
        prefer: 'respond-async',
      })) as Statement,
    get,
    async *list(name) {
      let after: string | undefined
      do {
        const page = await ask('GET /databases/{name}/statements', {
          path: { name },
          query: after === undefined ? {} : { after },
        })
        yield* page.statements
        after = page.after
      } while (after !== undefined)
    },
    async *watch(name, id, { signal, everyMs = 500 } = {}) {
      for (;;) {
        signal?.throwIfAborted()
        const statement = await get(name, id)
        yield statement
        if (statement.endedAt !== null) return
        await pause(everyMs, signal)
      }
    },
    cancel: (name, id) => ask('DELETE /databases/{name}/statements/{id}', { path: { name, id } }),
    async *rows<T extends Row>(name: string, id: string, { signal }: { readonly signal?: AbortSignal } = {}) {
      yield* rowsOf<T>(await result(name, id, 'ndjson', signal), signal)
    },
    async download(name, id, format, { signal } = {}) {
      const { body } = await result(name, id, format, signal)
      return body ?? new Blob().stream()
    },
  }
}

/** Ends early, with the reason of the signal. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
