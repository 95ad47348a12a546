import type { Body, Client, Credentials } from '@sluis/sdk/api'
import { queryOptions } from '@tanstack/react-query'
import type { Database, Grant, QueryAnswer, WholeAnswer } from './answers.ts'
import { type ApiClient, ApiFault } from './api-client.ts'

export const platformsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['platforms'],
    queryFn: async () => (await api.ask('GET /platforms')).platforms,
    staleTime: Number.POSITIVE_INFINITY,
  })

export const databasesQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['databases'],
    queryFn: async () => (await api.ask('GET /databases')).databases,
  })

export const databaseQuery = (api: ApiClient, name: string) =>
  queryOptions({
    queryKey: ['databases', name],
    queryFn: () => api.ask('GET /databases/{name}', { path: { name } }),
  })

export const partitionsQuery = (api: ApiClient, name: string) =>
  queryOptions({
    queryKey: ['databases', name, 'partitions'],
    queryFn: async () => (await api.ask('GET /databases/{name}/partitions', { path: { name } })).partitions,
  })

export const tablesQuery = (api: ApiClient, name: string) =>
  queryOptions({
    queryKey: ['databases', name, 'tables'],
    queryFn: async () => (await api.ask('GET /databases/{name}/tables', { path: { name } })).tables,
    staleTime: 300_000,
  })

export const statementsQuery = (api: ApiClient, name: string) =>
  queryOptions({
    queryKey: ['databases', name, 'statements'],
    queryFn: async () => (await api.ask('GET /databases/{name}/statements', { path: { name } })).statements,
  })

/** As many grants are looked at by a page; beyond, it says that there are more. */
export const mostGrants = 5000

/** All grants, page by page, up to `mostGrants`. */
export const grantsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['grants'],
    queryFn: async () => {
      const grants: Grant[] = []
      let after: string | undefined
      do {
        const page = await api.ask('GET /grants', {
          query: { limit: 500, ...(after === undefined ? {} : { after }) },
        })
        grants.push(...page.grants)
        after = page.after
      } while (after !== undefined && grants.length < mostGrants)
      return grants
    },
  })

export const grantQuery = (api: ApiClient, id: string) =>
  queryOptions({
    queryKey: ['grants', id],
    queryFn: () => api.ask('GET /grants/{id}', { path: { id } }),
  })

/** A grant that is used all day is renewed every ten minutes: its page shows the last events. */
export const eventsShown = 500

export const grantEventsQuery = (api: ApiClient, id: string) =>
  queryOptions({
    queryKey: ['grants', id, 'events'],
    queryFn: async () =>
      (
        await api.ask('GET /grants/{id}/events', {
          path: { id },
          query: { limit: eventsShown, order: 'newest' },
        })
      ).events,
  })

export type { Credentials }

/** The app of a consent: all of it, or a stored one with the address that was used. */
export type HandoverClient = Exclude<Client, string>

export interface NewHandover {
  readonly platform: string
  readonly region: string
  readonly client: HandoverClient
  readonly credentials: Credentials
}

/** A grant of credentials: a new one, or the one that they renew. */
export const handOver = (api: ApiClient, wanted: NewHandover, idempotencyKey: string): Promise<Grant> =>
  api.ask('POST /grants', { body: wanted, idempotencyKey })

/** The database with its grant: from credentials, in one request that is made once however often it is sent. */
export async function registerFromCredentials(
  api: ApiClient,
  name: string,
  wanted: NewHandover,
  idempotencyKey: string,
): Promise<{ readonly database: string; readonly grant: Grant }> {
  const { name: database, grant } = await api.ask('POST /databases', {
    body: { name, ...wanted },
    idempotencyKey,
  })
  if (grant === undefined) throw new TypeError('credentials were given, and no grant came of them')
  return { database, grant }
}

export async function registerOnGrant(
  api: ApiClient,
  name: string,
  grantId: string,
): Promise<{ readonly database: string; readonly grant: Grant }> {
  const { name: database } = await api.ask('POST /databases', {
    body: { name, sources: [{ grant: grantId }] },
  })
  return { database, grant: await api.ask('GET /grants/{id}', { path: { id: grantId } }) }
}

export const changeDatabase = (api: ApiClient, name: string, change: Body<'PATCH /databases/{name}'>) =>
  api.ask('PATCH /databases/{name}', { path: { name }, body: change })

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
  api.ask('DELETE /databases/{name}', { path: { name } })

export const deleteGrant = (api: ApiClient, id: string) => api.ask('DELETE /grants/{id}', { path: { id } })

/** A whole answer; what broke off after its first rows is a failure like any other. */
export async function runQuery(api: ApiClient, name: string, sql: string): Promise<WholeAnswer> {
  const answer = await api.ask('POST /databases/{name}/query', { path: { name }, body: { sql } })
  // Only who prefers to wait elsewhere is answered with a statement in place of its rows.
  const { error, stats, ...rest } = answer as QueryAnswer
  if (error) throw new ApiFault(error)
  if (!stats) throw new TypeError('an answer without an error has no stats')
  return { ...rest, stats }
}

export const createDatabaseKey = async (api: ApiClient, database: string, name: string): Promise<string> =>
  (await api.ask('POST /databases/{name}/keys', { path: { name: database }, body: { name } })).key

/** Which partitions a source reads; `all` means new ones too. */
export const choosePartitions = (
  api: ApiClient,
  { name, sources }: Database,
  alias: string,
  partitions: Database['sources'][number]['partitions'],
) =>
  changeDatabase(api, name, {
    sources: sources.map((source) => ({
      alias: source.alias,
      grant: source.grant,
      partitions: source.alias === alias ? partitions : source.partitions,
    })),
  })
