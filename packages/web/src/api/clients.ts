import type { Body } from '@sluis/sdk/api'
import { queryOptions } from '@tanstack/react-query'
import type { ApiClient } from './api-client.ts'

export type { StoredClient } from '@sluis/sdk/api'
export type NewStoredClient = Body<'POST /clients'>
export type StoredClientChange = Body<'PATCH /clients/{id}'>

export const clientsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['clients'],
    queryFn: async () => (await api.ask('GET /clients')).clients,
  })

export const clientQuery = (api: ApiClient, id: string) =>
  queryOptions({
    queryKey: ['clients', id],
    queryFn: () => api.ask('GET /clients/{id}', { path: { id } }),
  })

export const keepClient = (api: ApiClient, client: NewStoredClient) =>
  api.ask('POST /clients', { body: client })

export const changeClient = (api: ApiClient, id: string, change: StoredClientChange) =>
  api.ask('PATCH /clients/{id}', { path: { id }, body: change })

export const deleteClient = (api: ApiClient, id: string) => api.ask('DELETE /clients/{id}', { path: { id } })
