import { type IncomingResponse, SluisError } from '@sluis/shared'
import type { OAuthPlatform, PlatformRegion, WhoAmIAnswer } from '@sluis/vault'
import { z } from 'zod'
import { classifyTokenResponse } from '../exact-online/token-answer.ts'
import { issuerEntries } from '../issuer-policies.ts'
import { claimsOf, parseBody, textAt } from '../oauth-profiles/read-json.ts'

const loginUrl = 'https://login.twinfield.com'
const connect = '/auth/authentication/connect'

/** Twinfield has one log-in server for all; the cluster with the data is told by each token's validation. */
export function twinfieldRegions(): ReadonlyMap<string, PlatformRegion> {
  const pinnedOrigins = [loginUrl, 'https://*.twinfield.com']
  return new Map([
    ['global', { id: 'global', label: 'Twinfield', baseUrl: loginUrl, pinnedOrigins, isOperators: false }],
  ])
}

/** The documented way to check a token. It goes in the address: whoever logs addresses must leave the query out. */
export const validationRequest = (baseUrl: string, accessToken: string) => ({
  method: 'GET',
  url: `${baseUrl}${connect}/accesstokenvalidation?token=${encodeURIComponent(accessToken)}`,
  headers: { accept: 'application/json' },
})

const validation = z.object({
  sub: z.string().min(1),
  'twf.organisationUserCode': z.string().optional(),
  'twf.organisationCode': z.string().optional(),
  'twf.organisationId': z.string().optional(),
  'twf.clusterUrl': z.string().optional(),
})

function readValidation(body: Buffer): z.infer<typeof validation> | null {
  try {
    return validation.parse(JSON.parse(body.toString('utf8')))
  } catch {
    return null
  }
}

/**
 * Twinfield as an OAuth issuer. Its refresh token lives for years and is not rotated; a reset of the client secret or
 * the user ends it.
 * @see https://developers.twinfield.com/documentation/api/authentication/openid-connect-auth (read November 2026)
 */
export function twinfieldOAuth(regions: ReadonlyMap<string, PlatformRegion>): OAuthPlatform {
  const entry = issuerEntries().get('twinfield')
  if (entry?.kind !== 'oauth') throw new TypeError('the facts hold no policy of Twinfield')
  return {
    id: 'twinfield',
    label: 'Twinfield',
    policy: entry.policy,
    regions,
    stampedRegion: () => null,
    tokenRequest(region, client, grant) {
      const fields: Record<string, string> =
        grant.kind === 'code'
          ? {
              grant_type: 'authorization_code',
              code: grant.code.reveal(),
              redirect_uri: client.redirectUri,
              ...(grant.codeVerifier === undefined ? {} : { code_verifier: grant.codeVerifier.reveal() }),
            }
          : { grant_type: 'refresh_token', refresh_token: grant.refreshToken.reveal() }
      // In the body and not in Basic, which servers disagree about how to encode; both are taken.
      fields.client_id = client.clientId
      fields.client_secret = client.clientSecret.reveal()
      return {
        method: 'POST',
        url: `${region.baseUrl}${connect}/token`,
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: new URLSearchParams(fields).toString(),
      }
    },
    // The standard's codes decide; the sentences that only Exact uses do not come here.
    processTokenResponse(response) {
      const answer = classifyTokenResponse(response)
      if (answer.kind !== 'tokens') return answer
      const idToken = textAt({ json: parseBody(response.body.toString('utf8')) }, 'id_token')
      if (idToken === null) return answer
      const { nonce } = claimsOf(idToken)
      return { ...answer, tokens: { ...answer.tokens, nonce: typeof nonce === 'string' ? nonce : null } }
    },
    whoAmIRequest: (region, accessToken) => validationRequest(region.baseUrl, accessToken.reveal()),
    processWhoAmIResponse: whoAmI,
    revokeRequest: () => null,
  }
}

/** A consent is one user's in one organisation: both make the identity. */
function whoAmI(response: IncomingResponse): WhoAmIAnswer {
  const { status, body } = response
  if (status === 400 || status === 401 || status === 403) {
    return { kind: 'refused', text: `HTTP ${status} · Twinfield does not take this access token.` }
  }
  const claims = status === 200 ? readValidation(body) : null
  if (claims === null) return { kind: 'transient', text: `HTTP ${status} · The validation was not readable.` }
  const organisation = claims['twf.organisationId'] ?? claims['twf.organisationCode']
  const id = organisation === undefined ? claims.sub : `${claims.sub}@${organisation}`
  const code = claims['twf.organisationUserCode']
  const place = claims['twf.organisationCode']
  const name = code === undefined ? claims.sub : place === undefined ? code : `${code} (${place})`
  return { kind: 'user', user: { id: id.toLowerCase(), name } }
}

/** The cluster of a validation answer. A token goes nowhere but to Twinfield, or to the operator's own host. */
export function readCluster(body: Buffer, baseUrl: string): string {
  const cluster = readValidation(body)?.['twf.clusterUrl']
  const url = cluster === undefined ? null : URL.parse(cluster)
  if (url === null) {
    throw new SluisError('PLATFORM_UNAVAILABLE', 'Twinfield does not tell on which cluster the data are.', {
      hint: 'The consent needs the scopes twf.organisation and twf.organisationUser: let the user consent again.',
    })
  }
  const base = new URL(baseUrl)
  const isTheirs = (host: URL) => host.protocol === 'https:' && host.hostname.endsWith('.twinfield.com')
  if (url.origin !== base.origin && !(isTheirs(base) && isTheirs(url) && url.port === '')) {
    throw new SluisError('PLATFORM_UNAVAILABLE', `Twinfield names a cluster on another host (${url.host}).`, {
      hint: 'No token goes there. Report this.',
    })
  }
  return url.href.replace(/\/+$/, '')
}
