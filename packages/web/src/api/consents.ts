import type { Body } from '@sluis/sdk/api'
import type { ApiClient } from './api-client.ts'

export type { AskedConsent, BegunPreauthentication, Preauthentication } from '@sluis/sdk/api'

/** Where the platform sends the browser back to: to be registered with the app. */
export const ownReturn = () => `${location.origin}/app/consent/return`

export const beginConsent = (api: ApiClient, wanted: Body<'POST /preauthentications'>) =>
  api.ask('POST /preauthentications', { body: wanted })

/** Binds the consent to this browser and gives the platform's page. */
export const startConsent = async (api: ApiClient, secret: string): Promise<string> =>
  (await api.ask('POST /consents/start', { body: { secret } })).authorizeUrl

export const lookAtConsent = (api: ApiClient, secret: string) =>
  api.ask('POST /consents/look', { body: { secret } })

export const endConsent = (api: ApiClient, url: string) => api.ask('POST /consents/return', { body: { url } })

export const pasteReturn = (api: ApiClient, id: string, url: string) =>
  api.ask('POST /preauthentications/{id}/return', { path: { id }, body: { url } })
