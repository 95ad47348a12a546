import { queryOptions } from '@tanstack/react-query'
import type { ApiClient } from './api-client.ts'

const path = encodeURIComponent

export interface TableColumn {
  readonly name: string
  readonly type: string
  readonly fields?: readonly { readonly name: string; readonly type: string }[]
  readonly isNullable: boolean
  readonly isKey: boolean
  /** How the platform itself answers `column = value`: the same rows, more of them, or not at all. */
  readonly filter: 'exact' | 'superset' | 'no'
}
export interface TableDescription {
  readonly schema: string
  readonly name: string
  readonly source: string
  readonly partitionColumn: string | null
  readonly isFunction?: true
  readonly parameters?: readonly { readonly name: string; readonly type: string }[]
  readonly columns: readonly TableColumn[]
}

/** One table with its columns, from the catalogue: no call at the platform. */
export const tableQuery = (api: ApiClient, database: string, schema: string, table: string) =>
  queryOptions({
    queryKey: ['databases', database, 'tables', schema, table],
    queryFn: () =>
      api.call<TableDescription>('GET', `/databases/${path(database)}/tables/${path(`${schema}.${table}`)}`),
    staleTime: Number.POSITIVE_INFINITY,
  })
