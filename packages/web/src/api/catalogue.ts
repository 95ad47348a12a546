import { queryOptions } from '@tanstack/react-query'
import type { ApiClient } from './api-client.ts'

export type { TableColumn, TableDescription } from '@sluis/sdk/api'

/** One table with its columns, from the catalogue: no call at the platform. */
export const tableQuery = (api: ApiClient, database: string, schema: string, table: string) =>
  queryOptions({
    queryKey: ['databases', database, 'tables', schema, table],
    queryFn: () =>
      api.ask('GET /databases/{name}/tables/{table}', {
        path: { name: database, table: `${schema}.${table}` },
      }),
    staleTime: Number.POSITIVE_INFINITY,
  })
