import type { QueryClient } from '@tanstack/react-query'
import type { BegunPreauthentication } from '../api/consents.ts'

const keyOf = (id: string) => ['consent-link', id]

/** The address of a consent is told once: it stays in this page's memory, and nowhere that outlives it. */
export function rememberLink(
  queries: QueryClient,
  { id, startUrl, authorizeUrl }: BegunPreauthentication,
): void {
  queries.setQueryDefaults(keyOf(id), { gcTime: 30 * 60_000 })
  queries.setQueryData(keyOf(id), startUrl ?? authorizeUrl)
}

export const linkOf = (queries: QueryClient, id: string): string | undefined =>
  queries.getQueryData<string>(keyOf(id))

export const forgetLink = (queries: QueryClient, id: string): void =>
  queries.removeQueries({ queryKey: keyOf(id) })
