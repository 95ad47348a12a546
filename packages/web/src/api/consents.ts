import type { Body, Preauthentication } from '@sluis/sdk/api'
import { queryOptions } from '@tanstack/react-query'
import type { ApiClient } from './api-client.ts'

export type {
  AskedConsent,
  BegunPreauthentication,
  Preauthentication,
  PreauthenticationResult,
} from '@sluis/sdk/api'

export type Output = Preauthentication['output']
/** The recommended one first. */
export const outputs: readonly Output[] = ['grant', 'tokens', 'code', 'envelope']

/** Where the platform sends the browser back to: to be registered with the app. */
export const ownReturn = () => `${location.origin}/app/consent/return`

/** Somebody else may end it at any moment: then it is looked at again and again. */
const isOpen = (one: Preauthentication | undefined) => one?.state === 'waiting' || one?.state === 'exchanging'
const lookMs = 3000

export const preauthenticationsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['preauthentications'],
    queryFn: async () => (await api.ask('GET /preauthentications')).preauthentications,
    refetchInterval: ({ state }) => (state.data?.some(isOpen) ? lookMs : false),
  })

export const preauthenticationQuery = (api: ApiClient, id: string) =>
  queryOptions({
    queryKey: ['preauthentications', id],
    queryFn: () => api.ask('GET /preauthentications/{id}', { path: { id } }),
    refetchInterval: ({ state }) => (isOpen(state.data) ? lookMs : false),
  })

export const cancelConsent = (api: ApiClient, id: string) =>
  api.ask('DELETE /preauthentications/{id}', { path: { id } })

/** The result, this once. */
export const showResult = (api: ApiClient, id: string) =>
  api.ask('POST /preauthentications/{id}/result', { path: { id } })

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
