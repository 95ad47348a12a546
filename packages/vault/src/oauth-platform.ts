import type { IncomingResponse, OutgoingRequest, PlainSecret } from '@sluis/shared'
import type { QuietHours } from './quiet-hours.ts'
import type { TokenBudget } from './token-budget.ts'

/**
 * What the vault must know of an issuer to keep a chain alive, as data. Unknown values take the careful choice:
 * a token that may be spent once, no leeway, no early refresh.
 */
export interface IssuerPolicy {
  readonly rotation: 'single-use' | 'rolling' | 'none'
  /** Seconds an access token lives when the answer does not say. */
  readonly accessTokenSeconds: number
  /** Seconds after the previous token answer before which the issuer refuses a refresh; 0 when it never does. */
  readonly earliestRefreshSeconds: number
  /** Seconds without a refresh after which the refresh token dies, or null when it does not. */
  readonly refreshIdleSeconds: number | null
  /**
   * Where that is not known: the idle life that keep-alive takes for granted. No token is refused or called expired
   * for it.
   */
  readonly assumedIdleSeconds?: number
  /** Seconds after consent at which the refresh token dies whatever happens, or null. */
  readonly refreshAbsoluteSeconds: number | null
  /** Seconds an authorization code can be exchanged. */
  readonly codeSeconds: number | null
  /** Seconds for which the previous refresh token may still work after a rotation. */
  readonly previousTokenSeconds: number
  /** Whether using an already spent token makes the issuer revoke every token of the consent. */
  readonly reuseRevokesFamily: boolean
  /** After a lost answer: when to send the same token again, in seconds after the loss is known. */
  readonly resendAfterSeconds: readonly number[]
  /** How much the token endpoint takes from one app for one user; without it nothing is counted. */
  readonly budget?: TokenBudget
  /** When tokens are not kept alive, because answers of that time of the night are not to be trusted. */
  readonly quietHours?: QuietHours
}

/** One place where a platform is served, with the only origins that may ever receive its tokens. */
export interface PlatformRegion {
  readonly id: string
  readonly label: string
  readonly baseUrl: string
  /** Origins (or `https://*.example.com`) that tokens and secrets may be sent to. */
  readonly pinnedOrigins: readonly string[]
  /** True for a region that the operator wrote into the regions file: no stamp check, plain http possible. */
  readonly isOperators: boolean
}

export interface OAuthClient {
  readonly clientId: string
  readonly clientSecret: PlainSecret
  readonly redirectUri: string
}

export type TokenGrant =
  | { readonly kind: 'code'; readonly code: PlainSecret; readonly codeVerifier?: PlainSecret }
  | { readonly kind: 'refresh'; readonly refreshToken: PlainSecret }

/** What a platform tells besides tokens and must be known to call it: `realmId`, `instance_url`. No secrets. */
export type PlatformValues = Readonly<Record<string, string>>

/** The tokens of an answer; `expiresInSeconds` is null when the answer does not say. */
export interface TokenSet {
  readonly accessToken: PlainSecret | null
  readonly refreshToken: PlainSecret | null
  readonly expiresInSeconds: number | null
  readonly values?: PlatformValues
  /** The nonce of the ID token that came along; null when it has none. */
  readonly nonce?: string | null
}

/**
 * What an answer of the token endpoint means. A refresh token found in any answer, whatever its status, is `tokens`.
 * `text` is the platform's own words, cut and free of secrets.
 */
export type TokenAnswer =
  | { readonly kind: 'tokens'; readonly tokens: TokenSet; readonly status: number }
  /** Refused because too early; nothing was rotated. */
  | { readonly kind: 'too-early'; readonly text: string }
  /** The token or code is spent, expired or unknown for good. */
  | { readonly kind: 'terminal'; readonly cause: 'spent' | 'expired' | 'invalid'; readonly text: string }
  /** Client ID, secret or form of the request refused. The token is untouched. */
  | { readonly kind: 'configuration'; readonly text: string }
  /** Network, 5xx, 429, a 4xx without a terminal text: the same token may be sent again later. */
  | { readonly kind: 'transient'; readonly text: string; readonly retryAfterSeconds?: number }

export interface PlatformUser {
  readonly id: string
  readonly name: string
  readonly email?: string
  readonly values?: PlatformValues
  /** Sites, companies or tenants that the consent reaches, where the platform lists them. */
  readonly tenants?: readonly PlatformTenant[]
}

export interface PlatformTenant {
  readonly id: string
  readonly name: string
}

/** How a user is asked for consent. @see RFC 6749 § 4.1.1 */
export interface ConsentRules {
  authorizeUrl(region: PlatformRegion): string
  readonly parameters: Readonly<Record<string, string>>
  /** Null: the platform takes no scopes. */
  readonly scope: {
    readonly delimiter: string
    readonly always: readonly string[]
    readonly usual: readonly string[]
  } | null
  /** Whether the platform is known to take a S256 challenge. @see RFC 7636 */
  readonly takesPkce: boolean
  readonly needsNonce: boolean
  /** Whether an answer to a code without an ID token is none of ours. @see OpenID Connect Core § 3.1.3.3 */
  readonly promisesIdToken: boolean
  /** What `iss` in the callback must be; null: not known. @see RFC 9207 */
  issuerOf(region: PlatformRegion): string | null
  /** Values of the callback that are kept. */
  readonly keeps: readonly string[]
}

export type WhoAmIAnswer =
  | { readonly kind: 'user'; readonly user: PlatformUser }
  /** The access token is expired or unknown. */
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'transient'; readonly text: string }

/**
 * One OAuth issuer as plain functions: requests are built, answers are judged, nothing is sent. The vault owns
 * sending, storing and timing.
 * @see RFC 6749 § 4.1.3, § 6
 */
export interface OAuthPlatform {
  readonly id: string
  readonly label: string
  readonly policy: IssuerPolicy
  readonly regions: ReadonlyMap<string, PlatformRegion>
  /** Without it users cannot be asked for consent from here. */
  readonly consent?: ConsentRules
  /** The region id that a token's own country stamp names; null when it has none or an unknown one. */
  stampedRegion(token: PlainSecret): string | null
  tokenRequest(region: PlatformRegion, client: OAuthClient, grant: TokenGrant): OutgoingRequest
  processTokenResponse(response: IncomingResponse): TokenAnswer
  /** Throws `HANDOVER_INCOMPLETE` where a value is missing without which nobody can be asked. */
  whoAmIRequest(region: PlatformRegion, accessToken: PlainSecret, values?: PlatformValues): OutgoingRequest
  processWhoAmIResponse(
    response: IncomingResponse,
    accessToken?: PlainSecret,
    values?: PlatformValues,
  ): WhoAmIAnswer
  /** A second question where the first does not say what the consent reaches. */
  tenantsRequest?(region: PlatformRegion, accessToken: PlainSecret): OutgoingRequest
  processTenantsResponse?(response: IncomingResponse): readonly PlatformTenant[] | null
  /** Null where the platform cannot revoke. */
  revokeRequest(
    region: PlatformRegion,
    client: OAuthClient,
    refreshToken: PlainSecret,
    accessToken?: PlainSecret,
  ): OutgoingRequest | null
}
