import type { ConnectEnd, ConnectPage, EndedConsent } from '@sluis/sdk/api'
import type { ApiClient } from './api-client.ts'

export type { Brand, ConnectEnd, ConnectPage as ConnectAsked } from '@sluis/sdk/api'

export const isConnectEnd = (ended: EndedConsent): ended is { readonly connect: ConnectEnd } =>
  'connect' in ended

export const lookAtLink = (api: ApiClient, secret: string): Promise<ConnectPage> =>
  api.ask('POST /connect/look', { body: { secret } })

/** Binds the link to this browser and gives the platform's page. */
export const startFromLink = async (api: ApiClient, secret: string): Promise<string> =>
  (await api.ask('POST /connect/start', { body: { secret } })).authorizeUrl

export const cancelLink = (api: ApiClient, secret: string): Promise<ConnectEnd> =>
  api.ask('POST /connect/cancel', { body: { secret } })
