/** An OAuth client: the id of a stored one, or all three parts as they stand at the platform. */
export type Client =
  | `cli_${string}`
  /** A stored one with another than the first of its addresses. */
  | { readonly id: `cli_${string}`; readonly redirectUri?: string }
  | { readonly clientId: string; readonly clientSecret: string; readonly redirectUri: string }

/** An app registration that Sluis keeps; its secret is never shown. */
export interface StoredClient {
  readonly id: `cli_${string}`
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly label: string | null
  readonly redirectUris: readonly string[]
  readonly servesDescendants: boolean
  /** It belongs to an organisation above. */
  readonly isInherited: boolean
  readonly grants: number
  /** A secret that was given and has not worked yet. */
  readonly newSecret: { readonly since: string; readonly refusedAt: string | null } | null
  readonly createdAt: string
}

export interface NewClient {
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUris: readonly string[]
  readonly label?: string
  /** Organisations below may use it too. */
  readonly servesDescendants?: boolean
}

export interface ClientChange {
  readonly label?: string | null
  readonly redirectUris?: readonly string[]
  readonly servesDescendants?: boolean
  /** Tried by the next refresh; takes the place of the old one when it has worked. */
  readonly clientSecret?: string
}

/** Credentials obtained elsewhere, in the open. Times are ISO 8601. */
export type PlainCredentials =
  | {
      readonly kind: 'tokens'
      readonly accessToken?: string
      readonly refreshToken?: string
      readonly obtainedAt?: string
      /** Seconds from `obtainedAt`. */
      readonly expiresIn?: number
    }
  | {
      readonly kind: 'code'
      /** The code, or the whole address that the platform sent the browser to. */
      readonly code: string
      readonly obtainedAt?: string
      readonly codeVerifier?: string
    }

export type Credentials = PlainCredentials | { readonly kind: 'sealed'; readonly jwe: string }

export interface Handover {
  readonly platform: string
  readonly region: string
  readonly client: Client
  readonly credentials: Credentials
  readonly label?: string
  /** Your own name for the customer, unique in the organisation. */
  readonly externalId?: string
}

/** @see docs/glossary.md for the words */
export interface Grant {
  readonly id: string
  readonly state:
    | 'pending'
    | 'active'
    | 'refreshing'
    | 'ambiguous'
    | 'needs_consent'
    | 'misconfigured'
    | 'revoked'
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly platformUser: { readonly id: string; readonly name: string; readonly email?: string } | null
  readonly label: string | null
  readonly externalId: string | null
  readonly generation: number
  readonly proven: { readonly accessToken: boolean; readonly refreshToken: boolean; readonly client: boolean }
  readonly accessToken: { readonly expiresAt: string } | null
  readonly refreshToken: {
    readonly held: true
    readonly idleExpiresAt: string | null
    readonly absoluteExpiresAt: string | null
  } | null
  readonly notBefore?: string
  readonly databases: readonly string[]
  readonly createdAt: string
  readonly lastRefreshedAt: string | null
}

/**
 * `created`: a new grant. `existing`: the customer consented before, so the grant and its databases stay, on the new
 * tokens; or the same request came earlier. `open`: the platform has not said yet; the vault goes on by itself.
 */
export interface HandoverResult {
  readonly outcome: 'created' | 'existing' | 'open'
  readonly grant: Grant
}

export interface DatabaseSource {
  readonly grant: string
  readonly alias?: string
  readonly partitions?: 'all' | readonly (string | number)[]
}

export interface Database {
  readonly name: string
  readonly title: string | null
  readonly sources: readonly {
    readonly alias: string
    readonly grant: string
    readonly platform: string
    readonly partitions: 'all' | readonly string[]
  }[]
}

export interface Lease {
  readonly accessToken: string
  readonly expiresAt: string
  readonly generation: number
}

export interface Explanation {
  readonly class: string
  readonly calls: { readonly min: number; readonly expected: number; readonly max: number | null }
  readonly scans: readonly {
    readonly table: string
    readonly endpoint: string
    readonly requests: readonly string[]
  }[]
  readonly warnings: readonly string[]
}
