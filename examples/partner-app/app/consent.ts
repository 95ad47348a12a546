import { randomBytes } from 'node:crypto'
import type { Sluis } from '@sluis/sdk'
import { sealCredentials } from '@sluis/sdk/seal'
import type { OwnTable } from './own-table.ts'
import type { PartnerPlatform } from './platforms.ts'

export interface ConsentParts {
  readonly own: OwnTable
  readonly sluis: Sluis
  readonly fetch: typeof globalThis.fetch
  /** Where this platform sends the browser back to; registered there. */
  readonly redirectUri: (platform: PartnerPlatform) => string
}

/** `cancelled`: the customer said no. `stranger`: not begun by this browser, or already used. `refused`: the platform. */
export type ConsentOutcome = 'kept' | 'cancelled' | 'stranger' | 'refused'

/** The address at the platform to send the customer to (RFC 6749 § 4.1.1). */
export async function beginConsent(
  { own, sluis, redirectUri }: ConsentParts,
  platform: PartnerPlatform,
  cookie: string,
): Promise<string> {
  const nonce = randomBytes(16).toString('base64url')
  const sealingKey = JSON.stringify(await sluis.handoverKey())
  const state = own.beginAttempt(cookie, { platform: platform.id, nonce, sealingKey })
  const url = new URL(platform.authorizeUrl)
  url.search = new URLSearchParams({
    client_id: platform.clientId,
    redirect_uri: redirectUri(platform),
    response_type: 'code',
    state,
    ...(platform.scope === null ? {} : { scope: platform.scope, nonce }),
  }).toString()
  return url.href
}

/** The browser is back: exchanges the code (RFC 6749 § 4.1.3), seals the tokens and keeps them. */
export async function endConsent(
  { own, fetch, redirectUri }: ConsentParts,
  platform: PartnerPlatform,
  cookie: string,
  customer: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<ConsentOutcome> {
  const attempt = own.takeAttempt(cookie, query.state ?? '')
  if (attempt === null || attempt.platform !== platform.id) return 'stranger'
  if (query.code === undefined) return 'cancelled'
  const response = await fetch(platform.tokenUrl, {
    method: 'POST',
    redirect: 'error',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: query.code,
      redirect_uri: redirectUri(platform),
      client_id: platform.clientId,
      client_secret: platform.clientSecret,
    }),
  })
  const answer = (await response.json().catch(() => ({}))) as Record<string, string | undefined>
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = answer
  if (!response.ok || !accessToken || !refreshToken) return 'refused'
  // The ID token came straight from the platform: its nonce is what remains to be checked (OpenID Connect Core § 3.1.3.7).
  if (idToken !== undefined && nonceOf(idToken) !== attempt.nonce) return 'refused'
  // The platform's own clock counts the tokens' lives, not ours.
  const obtainedAt = Date.parse(response.headers.get('date') ?? '') || Date.now()
  const { jwe } = await sealCredentials(JSON.parse(attempt.sealingKey), {
    kind: 'tokens',
    accessToken,
    refreshToken,
    obtainedAt: new Date(obtainedAt).toISOString(),
    expiresIn: Number(answer.expires_in),
  })
  own.keepConsent(customer, platform.id, jwe, obtainedAt)
  return 'kept'
}

function nonceOf(idToken: string): unknown {
  const [, claims = ''] = idToken.split('.')
  return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { nonce?: unknown }).nonce
}
