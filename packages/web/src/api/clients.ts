import { queryOptions } from '@tanstack/react-query'
import type { ApiClient } from './api-client.ts'

/** An app registration that Sluis keeps. */
export interface StoredClient {
  readonly id: string
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly label: string | null
  readonly redirectUris: readonly string[]
  readonly servesDescendants: boolean
  /** It belongs to an organisation above, where it is changed. */
  readonly isInherited: boolean
  /** Living grants with this client ID, also those that brought a secret of their own. */
  readonly grants: number
  /** A secret that was given and has not worked yet. */
  readonly newSecret: { readonly since: string; readonly refusedAt: string | null } | null
  readonly createdAt: string
}

export interface NewStoredClient
  extends Pick<StoredClient, 'platform' | 'region' | 'clientId' | 'redirectUris'> {
  readonly clientSecret: string
  readonly label?: string
  readonly servesDescendants?: boolean
}

export interface StoredClientChange {
  readonly label?: string | null
  readonly redirectUris?: readonly string[]
  readonly servesDescendants?: boolean
  readonly clientSecret?: string
}

const path = (id: string) => `/clients/${encodeURIComponent(id)}`

export const clientsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['clients'],
    queryFn: async () => (await api.call<{ clients: StoredClient[] }>('GET', '/clients')).clients,
  })

export const clientQuery = (api: ApiClient, id: string) =>
  queryOptions({
    queryKey: ['clients', id],
    queryFn: () => api.call<StoredClient>('GET', path(id)),
  })

export const keepClient = (api: ApiClient, client: NewStoredClient) =>
  api.call<StoredClient>('POST', '/clients', client)

export const changeClient = (api: ApiClient, id: string, change: StoredClientChange) =>
  api.call<StoredClient>('PATCH', path(id), change)

export const deleteClient = (api: ApiClient, id: string) => api.call<void>('DELETE', path(id))
