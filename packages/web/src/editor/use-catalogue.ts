import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import type { ApiClient } from '../api/api-client.ts'
import { tablesQuery } from '../api/calls.ts'
import { tableQuery } from '../api/catalogue.ts'
import { type KnownTable, mentionsIn } from './completions.ts'
import type { LoadCatalogue } from './sql-input.tsx'

/** Tables of a database once, and columns of a table when a statement mentions it: all from the catalogue, without a call. */
export function useCatalogue(api: ApiClient, database: string): LoadCatalogue {
  const queries = useQueryClient()
  // Asked for at once, so that the first proposal need not wait.
  useQuery(tablesQuery(api, database))
  return useCallback(
    async (sql) => {
      const list = await queries.ensureQueryData(tablesQuery(api, database))
      const tables = list.map(
        ({ schema, name, source, isFunction }): KnownTable => ({
          schema,
          name,
          source,
          isFunction: isFunction ?? false,
        }),
      )
      const mentions = mentionsIn(sql, tables)
      const columns = new Map(
        await Promise.all(
          mentions.map(async ({ table }) => {
            const found = await queries
              .ensureQueryData(tableQuery(api, database, table.schema, table.name))
              .catch(() => null)
            return [`${table.schema}.${table.name}`, found?.columns ?? []] as const
          }),
        ),
      )
      return { tables, columnsOf: ({ schema, name }) => columns.get(`${schema}.${name}`) ?? [] }
    },
    [queries, api, database],
  )
}
