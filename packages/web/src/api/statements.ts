import { queryOptions } from '@tanstack/react-query'
import type { Statement } from './answers.ts'
import type { ApiClient } from './api-client.ts'
import { saveAnswer } from './save-answer.ts'

const path = encodeURIComponent

export type { CallEstimate, Explanation } from '@sluis/sdk/api'

/** A statement to run: `parameters` as the API takes them. */
export interface Question {
  readonly sql: string
  readonly parameters?: readonly (string | null)[] | Readonly<Record<string, string | null>>
}

/** What it would cost; makes no call at the platform. */
export const explain = (api: ApiClient, database: string, question: Question, signal?: AbortSignal) =>
  api.ask('POST /databases/{name}/explain', {
    path: { name: database },
    body: question,
    ...(signal ? { signal } : {}),
  })

/** Starts a statement. Its rows are kept as Parquet, of which the server makes every other format without a call. */
export const startStatement = (api: ApiClient, database: string, question: Question) =>
  api.ask('POST /databases/{name}/query', {
    path: { name: database },
    body: question,
    headers: { Prefer: 'respond-async', Accept: 'application/vnd.apache.parquet' },
  }) as Promise<Statement>

export const cancelStatement = (api: ApiClient, database: string, id: string) =>
  api.ask('DELETE /databases/{name}/statements/{id}', { path: { name: database, id } })

/** A statement's state; asked again while it runs. */
export const statementQuery = (api: ApiClient, database: string, id: string) =>
  queryOptions({
    queryKey: ['databases', database, 'statements', id],
    queryFn: () => api.ask('GET /databases/{name}/statements/{id}', { path: { name: database, id } }),
    staleTime: 0,
    refetchInterval: (query) => (query.state.data?.endedAt ? false : 400),
  })

export type ResultFormat = 'json' | 'ndjson' | 'csv' | 'parquet'

const resultOf = (database: string, id: string) =>
  `/databases/${path(database)}/statements/${path(id)}/result`

/** The rows of a statement that is done, as they stream. */
export const openResult = (api: ApiClient, database: string, id: string, signal: AbortSignal) =>
  api.send('GET', resultOf(database, id), undefined, { headers: { Accept: 'application/json' }, signal })

/** Keeps the rows of a statement that is done as a file. */
export const saveResult = (api: ApiClient, database: string, id: string, format: ResultFormat) =>
  saveAnswer(api, {
    address: `${resultOf(database, id)}?format=${format}`,
    name: `${database}-${id.slice(-6)}.${format}`,
    look: () => api.ask('GET /databases/{name}/statements/{id}', { path: { name: database, id } }),
  })
