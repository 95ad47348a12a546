import type { Body, SavedQuery } from '@sluis/sdk/api'
import { queryOptions } from '@tanstack/react-query'
import type { ApiClient } from './api-client.ts'

export type { SavedQuery } from '@sluis/sdk/api'
export type SavedQueryText = Pick<SavedQuery, 'name' | 'sql' | 'isShared'>

/** One's own, and those that others share. */
export const savedQueriesQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['saved-queries'],
    queryFn: async () => (await api.ask('GET /queries')).queries,
  })

export const saveQuery = (api: ApiClient, query: SavedQueryText) => api.ask('POST /queries', { body: query })

export const changeQuery = (api: ApiClient, id: string, change: Body<'PATCH /queries/{id}'>) =>
  api.ask('PATCH /queries/{id}', { path: { id }, body: change })

export const deleteQuery = (api: ApiClient, id: string) => api.ask('DELETE /queries/{id}', { path: { id } })
