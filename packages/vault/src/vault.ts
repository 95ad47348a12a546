import type { GrantId, OrganisationId, PlainSecret } from '@sluis/shared'
import type { OAuthClient, PlatformUser, PlatformValues } from './oauth-platform.ts'
import type { NamedClient } from './stored-clients.ts'

/** The states of a grant; `grant-state.ts` has the transition table. */
export type GrantState =
  | 'pending'
  | 'active'
  | 'refreshing'
  | 'ambiguous'
  | 'needs_consent'
  | 'misconfigured'
  | 'revoked'

/** A grant as callers see it. Never holds a token or a client secret. Times are ISO 8601. */
export interface GrantView {
  readonly id: GrantId
  readonly organisationId: OrganisationId
  readonly state: GrantState
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly platformUser: PlatformUser | null
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
  readonly problem?: { readonly code: string; readonly detail: string; readonly hint?: string }
}

export type HandoverCredentials =
  | {
      readonly kind: 'tokens'
      readonly accessToken?: PlainSecret
      readonly refreshToken?: PlainSecret
      /** When the tokens were received, milliseconds since the epoch. */
      readonly obtainedAt?: number
      readonly expiresInSeconds?: number
      readonly values?: PlatformValues
    }
  | {
      readonly kind: 'code'
      /** The code, still URL-encoded or not, or the whole callback URL. */
      readonly code: PlainSecret
      readonly obtainedAt?: number
      readonly codeVerifier?: PlainSecret
      /** What the ID token that comes with the tokens must hold. */
      readonly nonce?: PlainSecret
      readonly values?: PlatformValues
    }

/** Credentials that only the vault can open: a compact JWE for the organisation's handover key. */
export interface SealedCredentials {
  readonly kind: 'sealed'
  readonly jwe: PlainSecret
}

/** A handover as it is asked for: in the open or sealed, with a client of its own or a stored one. */
export type AskedHandover = Omit<Handover, 'credentials' | 'client'> & {
  readonly client: OAuthClient | NamedClient
  readonly credentials: HandoverCredentials | SealedCredentials
}

export interface Handover {
  readonly organisationId: OrganisationId
  readonly platform: string
  readonly region: string
  readonly client: OAuthClient
  readonly credentials: HandoverCredentials
  readonly label?: string
  readonly externalId?: string
  /** The grant whose user it must turn out to be of; another user's consent is refused. */
  readonly renews?: GrantId
}

/** `created` 201 · `superseded` and `repeated` 200 · `open` 202: the vault goes on by itself. */
export interface HandoverOutcome {
  readonly outcome: 'created' | 'superseded' | 'repeated' | 'open'
  readonly grant: GrantView
}

/** A short-lived access token, durable in the vault before anybody gets it. */
export interface Lease {
  readonly accessToken: PlainSecret
  readonly expiresAt: number
  readonly generation: number
}
