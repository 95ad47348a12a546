import { createHash } from 'node:crypto'
import { SluisError } from '@sluis/shared'
import type { ConsentRules, OAuthPlatform, PlatformRegion } from '../oauth-platform.ts'

/** What one consent is recognised by when the browser comes back. All of it is secret. */
export interface ConsentSecrets {
  readonly state: string
  readonly nonce?: string
  readonly codeVerifier?: string
}

/** The rules of a platform that users can be asked on from here. */
export function consentRules(platform: OAuthPlatform): ConsentRules {
  if (platform.consent) return platform.consent
  throw new SluisError(
    'INVALID_REQUEST',
    `Users cannot be asked for consent on ${platform.label} from here.`,
    {
      hint: 'Hand over credentials that were obtained elsewhere.',
      details: { field: 'platform' },
    },
  )
}

/** The scopes that are asked: those of the caller, or the usual ones, and always those that Sluis cannot do without. */
export function scopesOf(
  { scope }: ConsentRules,
  wanted: readonly string[] | undefined,
): readonly string[] | null {
  if (scope !== null) return [...new Set([...scope.always, ...(wanted ?? scope.usual)])]
  if (wanted === undefined || wanted.length === 0) return null
  throw new SluisError('INVALID_REQUEST', 'This platform takes no scopes in the request.', {
    hint: 'They are set on the app, at the platform.',
    details: { field: 'scopes' },
  })
}

/** The address to send the user's browser to. @see RFC 6749 § 4.1.1, RFC 7636 § 4.3, OpenID Connect Core § 3.1.2.1 */
export function authorizeUrl(
  rules: ConsentRules,
  region: PlatformRegion,
  client: { readonly clientId: string; readonly redirectUri: string },
  scopes: readonly string[] | null,
  { state, nonce, codeVerifier }: ConsentSecrets,
): string {
  const url = new URL(rules.authorizeUrl(region))
  const set = (name: string, value: string) => url.searchParams.set(name, value)
  for (const [name, value] of Object.entries(rules.parameters)) set(name, value)
  set('response_type', 'code')
  set('client_id', client.clientId)
  set('redirect_uri', client.redirectUri)
  set('state', state)
  if (scopes !== null && scopes.length > 0) set('scope', scopes.join(rules.scope?.delimiter ?? ' '))
  if (nonce !== undefined) set('nonce', nonce)
  if (codeVerifier !== undefined) {
    set('code_challenge', createHash('sha256').update(codeVerifier).digest('base64url'))
    set('code_challenge_method', 'S256')
  }
  return url.href
}
