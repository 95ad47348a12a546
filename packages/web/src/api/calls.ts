import { queryOptions } from '@tanstack/react-query'
import type { Database, Grant, GrantEvent, Partition, Platform, QueryAnswer, Statement } from './answers.ts'
import { type ApiClient, ApiFault } from './api-client.ts'

const path = encodeURIComponent

export const platformsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['platforms'],
    queryFn: async () => (await api.call<{ platforms: Platform[] }>('GET', '/platforms')).platforms,
    staleTime: Number.POSITIVE_INFINITY,
  })

export const databasesQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['databases'],
    queryFn: async () => (await api.call<{ databases: Database[] }>('GET', '/databases')).databases,
  })

export const databaseQuery = (api: ApiClient, name: string) =>
  queryOptions({
    queryKey: ['databases', name],
    queryFn: () => api.call<Database>('GET', `/databases/${path(name)}`),
  })

export const partitionsQuery = (api: ApiClient, name: string) =>
  queryOptions({
    queryKey: ['databases', name, 'partitions'],
    queryFn: async () =>
      (await api.call<{ partitions: Partition[] }>('GET', `/databases/${path(name)}/partitions`)).partitions,
  })

export const tablesQuery = (api: ApiClient, name: string) =>
  queryOptions({
    queryKey: ['databases', name, 'tables'],
    queryFn: async () =>
      (
        await api.call<{
          tables: { schema: string; name: string; source: string; columns: number; isFunction?: true }[]
        }>('GET', `/databases/${path(name)}/tables`)
      ).tables,
    staleTime: 300_000,
  })

export const statementsQuery = (api: ApiClient, name: string) =>
  queryOptions({
    queryKey: ['databases', name, 'statements'],
    queryFn: async () =>
      (await api.call<{ statements: Statement[] }>('GET', `/databases/${path(name)}/statements`)).statements,
  })

/** All grants, page by page up to a thousand: the list of the page, and no more. */
export const grantsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['grants'],
    queryFn: async () => {
      const grants: Grant[] = []
      let after: string | undefined
      do {
        const page = await api.call<{ grants: Grant[]; after?: string }>(
          'GET',
          `/grants?limit=500${after === undefined ? '' : `&after=${path(after)}`}`,
        )
        grants.push(...page.grants)
        after = page.after
      } while (after !== undefined && grants.length < 1000)
      return grants
    },
  })

export const grantQuery = (api: ApiClient, id: string) =>
  queryOptions({
    queryKey: ['grants', id],
    queryFn: () => api.call<Grant>('GET', `/grants/${path(id)}`),
  })

export const grantEventsQuery = (api: ApiClient, id: string) =>
  queryOptions({
    queryKey: ['grants', id, 'events'],
    queryFn: async () =>
      (await api.call<{ events: GrantEvent[] }>('GET', `/grants/${path(id)}/events?limit=500`)).events,
  })

export type Credentials =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'tokens'; readonly accessToken?: string; readonly refreshToken?: string }

/** The app of a consent: all of it, or a stored one with the address that was used. */
export type HandoverClient =
  | { readonly clientId: string; readonly clientSecret: string; readonly redirectUri: string }
  | { readonly id: string; readonly redirectUri: string }

export interface NewHandover {
  readonly platform: string
  readonly region: string
  readonly client: HandoverClient
  readonly credentials: Credentials
}

/** The database with its grant: from credentials, in one request that is made once however often it is sent. */
export async function registerFromCredentials(
  api: ApiClient,
  name: string,
  wanted: NewHandover,
  idempotencyKey: string,
): Promise<{ readonly database: string; readonly grant: Grant }> {
  const answer = await api.call<{ name: string; grant: Grant }>(
    'POST',
    '/databases',
    { name, ...wanted },
    { idempotencyKey },
  )
  return { database: answer.name, grant: answer.grant }
}

export async function registerOnGrant(
  api: ApiClient,
  name: string,
  grantId: string,
): Promise<{ readonly database: string; readonly grant: Grant }> {
  const { name: database } = await api.call<Database>('POST', '/databases', {
    name,
    sources: [{ grant: grantId }],
  })
  return { database, grant: await api.call<Grant>('GET', `/grants/${path(grantId)}`) }
}

export const changeDatabase = (
  api: ApiClient,
  from: string,
  change: { name?: string; title?: string | null; strict?: boolean; maxAgeSeconds?: number | null },
) => api.call<Database>('PATCH', `/databases/${path(from)}`, change)

/** Gives a database the proposed name, or the nearest that is free: a taken name never stops anybody. */
export async function renameToFree(
  api: ApiClient,
  from: string,
  name: string,
  title: string,
): Promise<string> {
  for (let count = 1; count <= 50; count++) {
    const wanted = count === 1 ? name : `${name}-${count}`
    try {
      return (await changeDatabase(api, from, { name: wanted, title })).name
    } catch (error) {
      if (!(error instanceof ApiFault) || error.problem.code !== 'DATABASE_NAME_TAKEN') throw error
    }
  }
  return from
}

export const deleteDatabase = (api: ApiClient, name: string) =>
  api.call<void>('DELETE', `/databases/${path(name)}`)

export const deleteGrant = (api: ApiClient, id: string) => api.call<void>('DELETE', `/grants/${path(id)}`)

export const runQuery = (api: ApiClient, database: string, sql: string) =>
  api.call<QueryAnswer>('POST', `/databases/${path(database)}/query`, { sql })

export const createDatabaseKey = async (api: ApiClient, database: string, name: string): Promise<string> =>
  (await api.call<{ key: string }>('POST', `/databases/${path(database)}/keys`, { name })).key

/** Which partitions a source reads; `all` means new ones too. */
export const choosePartitions = (
  api: ApiClient,
  { name, sources }: Database,
  alias: string,
  partitions: Database['sources'][number]['partitions'],
) =>
  api.call<Database>('PATCH', `/databases/${path(name)}`, {
    sources: sources.map((source) => ({
      alias: source.alias,
      grant: source.grant,
      partitions: source.alias === alias ? partitions : source.partitions,
    })),
  })
