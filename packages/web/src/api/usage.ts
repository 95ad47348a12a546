import { queryOptions } from '@tanstack/react-query'
import type { Statement } from './answers.ts'
import type { ApiClient } from './api-client.ts'

export interface Usage {
  readonly days: readonly {
    readonly day: string
    readonly statements: number
    readonly failed: number
    readonly calls: number
    readonly rows: number
  }[]
  readonly errors: readonly { readonly code: string; readonly statements: number }[]
  readonly running: readonly Statement[]
}
export interface Budget {
  readonly source: string
  readonly clientId: string
  readonly partition: string
  /** An hour counts the errors of one endpoint, the others count calls. */
  readonly window: 'minute' | 'day' | 'hour'
  readonly endpoint: string | null
  readonly limit: number
  readonly remaining: number
  readonly resetsAt: string
}

/** How often a page that watches looks again. */
export const watchEveryMs = 3000

export const usageQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['usage'],
    queryFn: () => api.call<Usage>('GET', '/usage'),
    refetchInterval: watchEveryMs,
  })

export const budgetsQuery = (api: ApiClient, database: string) =>
  queryOptions({
    queryKey: ['databases', database, 'budgets'],
    queryFn: async () =>
      (await api.call<{ budgets: Budget[] }>('GET', `/databases/${encodeURIComponent(database)}/budgets`))
        .budgets,
    refetchInterval: watchEveryMs,
  })
