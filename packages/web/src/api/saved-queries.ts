import { queryOptions } from '@tanstack/react-query'
import type { ApiClient } from './api-client.ts'

const path = encodeURIComponent

/** A statement that somebody keeps by name. */
export interface SavedQuery {
  readonly id: string
  readonly name: string
  readonly sql: string
  readonly isShared: boolean
  readonly isOwn: boolean
  readonly mayChange: boolean
  readonly author: string | null
  readonly changedAt: string
}
export type SavedQueryText = Pick<SavedQuery, 'name' | 'sql' | 'isShared'>

/** One's own, and those that others share. */
export const savedQueriesQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['saved-queries'],
    queryFn: async () => (await api.call<{ queries: SavedQuery[] }>('GET', '/queries')).queries,
  })

export const saveQuery = (api: ApiClient, query: SavedQueryText) =>
  api.call<SavedQuery>('POST', '/queries', query)

export const changeQuery = (api: ApiClient, id: string, change: Partial<SavedQueryText>) =>
  api.call<SavedQuery>('PATCH', `/queries/${path(id)}`, change)

export const deleteQuery = (api: ApiClient, id: string) => api.call<void>('DELETE', `/queries/${path(id)}`)
