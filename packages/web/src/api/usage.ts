import { queryOptions } from '@tanstack/react-query'
import type { ApiClient } from './api-client.ts'

export type { Budget, Usage } from '@sluis/sdk/api'

/** How often a page that watches looks again. */
export const watchEveryMs = 3000

export const usageQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['usage'],
    queryFn: () => api.ask('GET /usage'),
    refetchInterval: watchEveryMs,
  })

export const budgetsQuery = (api: ApiClient, database: string) =>
  queryOptions({
    queryKey: ['databases', database, 'budgets'],
    queryFn: async () =>
      (await api.ask('GET /databases/{name}/budgets', { path: { name: database } })).budgets,
    refetchInterval: watchEveryMs,
  })
