import type { Body, ConnectLink } from '@sluis/sdk/api'
import { queryOptions } from '@tanstack/react-query'
import type { ApiClient } from './api-client.ts'
import { ownReturn } from './consents.ts'

export type { ConnectLink, ConnectSettings, MadeConnectLink } from '@sluis/sdk/api'
export type ConnectSettingsChange = NonNullable<Body<'PATCH /connect-settings'>>
export type NewConnectLink = Body<'POST /connect-links'>

/** In the order in which they are looked for. */
export const linkStates: readonly ConnectLink['state'][] = [
  'open',
  'started',
  'connected',
  'pending',
  'cancelled',
  'refused',
  'expired',
  'revoked',
]

/** A link that somebody can still go on with: it is looked at again and again, sooner where somebody is on the way. */
export const isOpenLink = ({ state }: ConnectLink) => state === 'open' || state === 'started'
const lookMs = { started: 4000, open: 15_000 }

/** The newest, of all customers or of one. */
export const connectLinksQuery = (api: ApiClient, externalId: string) =>
  queryOptions({
    queryKey: ['connect-links', externalId],
    queryFn: async () =>
      (await api.ask('GET /connect-links', { query: externalId === '' ? {} : { externalId } })).links,
    refetchInterval: ({ state: { data } }) => {
      const open = data?.filter(isOpenLink) ?? []
      if (open.length === 0) return false
      return open.some(({ state }) => state === 'started') ? lookMs.started : lookMs.open
    },
  })

export const makeConnectLink = (api: ApiClient, link: NewConnectLink, idempotencyKey: string) =>
  api.ask('POST /connect-links', { body: link, idempotencyKey })

export const revokeConnectLink = (api: ApiClient, id: string) =>
  api.ask('DELETE /connect-links/{id}', { path: { id } })

export const connectSettingsQuery = (api: ApiClient) =>
  queryOptions({ queryKey: ['connect-settings'], queryFn: () => api.ask('GET /connect-settings') })

export const changeConnectSettings = (api: ApiClient, change: ConnectSettingsChange) =>
  api.ask('PATCH /connect-settings', { body: change })

/** Where the platform sends customers' browsers back to: on the partner's own host where there is one. */
export const customersReturn = (origin: string | null) =>
  origin === null ? ownReturn() : `${origin}${new URL(ownReturn()).pathname}`
