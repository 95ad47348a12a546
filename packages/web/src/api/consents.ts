import type { ApiClient } from './api-client.ts'

export interface Preauthentication {
  readonly id: string
  readonly state: string
  readonly platform: string
  readonly grant: string | null
  readonly startUrl?: string
  readonly authorizeUrl?: string
}

export interface AskedConsent {
  readonly organisation: string
  readonly platformLabel: string
  readonly region: string
  readonly clientId: string
  readonly clientLabel: string | null
  readonly scopes: readonly string[] | null
}

/** Where the platform sends the browser back to: to be registered with the app. */
export const ownReturn = () => `${location.origin}/app/consent/return`

export const beginConsent = (
  api: ApiClient,
  wanted: { readonly platform: string; readonly region: string; readonly client: string },
) => api.call<Preauthentication>('POST', '/preauthentications', wanted)

/** Binds the consent to this browser and gives the platform's page. */
export const startConsent = async (api: ApiClient, secret: string): Promise<string> =>
  (await api.call<{ authorizeUrl: string }>('POST', '/consents/start', { secret })).authorizeUrl

export const lookAtConsent = (api: ApiClient, secret: string) =>
  api.call<AskedConsent>('POST', '/consents/look', { secret })

export const endConsent = (api: ApiClient, url: string) =>
  api.call<Preauthentication>('POST', '/consents/return', { url })

export const pasteReturn = (api: ApiClient, id: string, url: string) =>
  api.call<Preauthentication>('POST', `/preauthentications/${encodeURIComponent(id)}/return`, { url })
