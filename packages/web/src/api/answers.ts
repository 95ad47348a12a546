/** What the API answers, as far as the pages read it. */
export interface Region {
  readonly id: string
  readonly label: string
  readonly isOperators: boolean
}
export interface Platform {
  readonly id: string
  readonly label: string
  readonly accessTokenSeconds: number
  readonly refreshIdleSeconds: number | null
  readonly codeSeconds: number | null
  readonly isRefreshTokenSingleUse: boolean
  /** Whether databases can read from it; grants can be kept of all. */
  readonly hasTables: boolean
  /** Null: users cannot be sent there for consent from here. */
  readonly consent: { readonly takesPkce: boolean } | null
  readonly regions: readonly Region[]
}
export interface Grant {
  readonly id: string
  readonly state:
    | 'pending'
    | 'active'
    | 'refreshing'
    | 'ambiguous'
    | 'misconfigured'
    | 'needs_consent'
    | 'revoked'
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly platformUser: { readonly id: string; readonly name: string; readonly email?: string } | null
  readonly label: string | null
  readonly externalId: string | null
  readonly generation: number
  readonly accessToken: { readonly expiresAt: string } | null
  readonly refreshToken: {
    readonly idleExpiresAt: string | null
    readonly absoluteExpiresAt: string | null
  } | null
  readonly databases: readonly string[]
  readonly createdAt: string
  readonly lastRefreshedAt: string | null
  readonly problem?: { readonly code: string; readonly detail: string; readonly hint?: string }
}
export interface GrantEvent {
  readonly id: number | string
  readonly at: string
  readonly actor: string
  readonly action: string
}
export interface Source {
  readonly alias: string
  readonly grant: string
  readonly platform: string
  readonly partitions: 'all' | readonly string[]
}
export interface Database {
  readonly name: string
  readonly title: string | null
  readonly sources: readonly Source[]
  /** Whether a statement fails where a partition cannot be read, rather than to leave it out and say so. */
  readonly strict: boolean
  /** How old kept answers may be; null: every statement asks the platform. */
  readonly maxAgeSeconds: number | null
  readonly createdAt: string
}
export interface Partition {
  readonly id: string
  readonly name: string
  readonly isReadable: boolean
  readonly source: string
}
export interface Statement {
  readonly id: string
  readonly sql: string
  readonly actor: string
  readonly state: 'planning' | 'fetching' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly startedAt: string
  readonly endedAt: string | null
  readonly progress: {
    readonly callsMade: number
    readonly callsExpected: number
    readonly rowsFetched: number
  }
  readonly error: { readonly code: string; readonly detail: string; readonly hint?: string } | null
  readonly stats: StatementStats | null
  readonly nativeCalls: readonly {
    readonly method: string
    readonly route: string
    readonly status: number | null
    readonly rows: number | null
    readonly bytes: number
    readonly ms: number
  }[]
}
export interface StatementStats {
  readonly apiCalls: number
  readonly rowsFetched: number
  readonly bytesFetched: number
  readonly planMs: number
  readonly elapsedMs: number
  readonly truncated?: boolean
  readonly warnings: readonly string[]
}
export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly stats: {
    readonly apiCalls: number
    readonly rowsFetched: number
    readonly elapsedMs: number
    readonly truncated?: boolean
    readonly warnings?: readonly string[]
  }
  readonly error?: { readonly code: string; readonly detail: string; readonly hint?: string }
}
export interface Organisation {
  readonly id: string
  readonly parentId?: string | null
  readonly name: string
  readonly role?: string
}
export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly hasTwoFactor: boolean
}
export interface Session {
  readonly person: Person | null
  readonly organisations: readonly Organisation[]
}
export type { Access } from './people-answers.ts'
