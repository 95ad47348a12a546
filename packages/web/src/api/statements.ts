import { queryOptions } from '@tanstack/react-query'
import type { Statement } from './answers.ts'
import type { ApiClient } from './api-client.ts'

const path = encodeURIComponent

export interface CallEstimate {
  readonly min: number
  readonly expected: number
  readonly max: number | null
}
export interface Explanation {
  readonly class: string
  readonly calls: CallEstimate
  readonly scans: readonly {
    readonly table: string
    readonly endpoint: string
    readonly partitions: readonly string[]
    readonly filter: string
    readonly columns: readonly string[]
    readonly pushed: readonly { readonly term: string; readonly judgement: string }[]
    readonly keysFrom: readonly string[]
    readonly requests: readonly string[]
    readonly calls: CallEstimate
    readonly reason: string
  }[]
  readonly write?: {
    readonly verb: string
    readonly table: string
    readonly rows: number | null
    readonly requests: readonly string[]
    readonly calls: CallEstimate
  }
  readonly warnings: readonly string[]
}

/** A statement to run: `parameters` as the API takes them. */
export interface Question {
  readonly sql: string
  readonly parameters?: readonly (string | null)[] | Readonly<Record<string, string | null>>
}

/** What it would cost; makes no call at the platform. */
export const explain = (api: ApiClient, database: string, question: Question, signal?: AbortSignal) =>
  api.call<Explanation>('POST', `/databases/${path(database)}/explain`, question, signal ? { signal } : {})

/** Starts a statement. Its rows are kept as Parquet, of which the server makes every other format without a call. */
export const startStatement = (api: ApiClient, database: string, question: Question) =>
  api.call<Statement>('POST', `/databases/${path(database)}/query`, question, {
    headers: { Prefer: 'respond-async', Accept: 'application/vnd.apache.parquet' },
  })

export const cancelStatement = (api: ApiClient, database: string, id: string) =>
  api.call<void>('DELETE', `/databases/${path(database)}/statements/${path(id)}`)

/** A statement's state; asked again while it runs. */
export const statementQuery = (api: ApiClient, database: string, id: string) =>
  queryOptions({
    queryKey: ['databases', database, 'statements', id],
    queryFn: () => api.call<Statement>('GET', `/databases/${path(database)}/statements/${path(id)}`),
    staleTime: 0,
    refetchInterval: (query) => (query.state.data?.endedAt ? false : 400),
  })

export type ResultFormat = 'json' | 'ndjson' | 'csv' | 'parquet'
const mediaTypes: Readonly<Record<ResultFormat, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
}

/** The rows of a statement that is done, as they stream. */
export const openResult = (
  api: ApiClient,
  database: string,
  id: string,
  format: ResultFormat,
  signal?: AbortSignal,
) =>
  api.send('GET', `/databases/${path(database)}/statements/${path(id)}/result`, undefined, {
    headers: { Accept: mediaTypes[format] },
    ...(signal ? { signal } : {}),
  })
