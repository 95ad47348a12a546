import { type OutgoingRequest, PlainSecret } from '@sluis/shared'
import type { IssuerPolicy, OAuthPlatform, PlatformRegion } from '@sluis/vault'
import { regionOfStamp } from './regions.ts'
import { classifyTokenResponse } from './token-answer.ts'
import { classifyWhoAmIResponse } from './who-am-i.ts'

/**
 * Exact's rules for a token chain. Access tokens live 600 s and are never extended; a refresh before second 570 is
 * refused; each refresh token works once and dies after 30 days. Third parties saw the previous token accepted for
 * about ten minutes, hence the two resends after a lost answer.
 * @see Exact support, "API limits" and "OAuth 2.0: step 4 refresh the access token" (read November 2026)
 */
export const exactOnlinePolicy: IssuerPolicy = {
  rotation: 'single-use',
  accessTokenSeconds: 600,
  earliestRefreshSeconds: 570,
  refreshIdleSeconds: 30 * 24 * 3600,
  refreshAbsoluteSeconds: null,
  codeSeconds: 180,
  previousTokenSeconds: 600,
  reuseRevokesFamily: false,
  resendAfterSeconds: [2, 20],
  // False refusals during maintenance at night were reported.
  quietHours: { timeZone: 'Europe/Amsterdam', from: '00:30', to: '02:30' },
  budget: { callsADay: 200, errorsAnHour: 10 },
}

/** Exact Online as an OAuth issuer, served in the regions given: the seven built-in ones and the operator's. */
export function exactOnlineOAuth(regions: ReadonlyMap<string, PlatformRegion>): OAuthPlatform {
  return {
    id: 'exact-online',
    label: 'Exact Online',
    policy: exactOnlinePolicy,
    regions,
    stampedRegion(token) {
      const country = /^\s*["']?stamp([A-Z]{2})\d*\./.exec(token.reveal())?.[1]
      return country === undefined ? null : regionOfStamp(country)
    },
    tokenRequest(region, client, grant) {
      const fields: Record<string, string> =
        grant.kind === 'code'
          ? {
              grant_type: 'authorization_code',
              code: decodePasted(grant.code).reveal(),
              redirect_uri: client.redirectUri,
              ...(grant.codeVerifier === undefined ? {} : { code_verifier: grant.codeVerifier.reveal() }),
            }
          : { grant_type: 'refresh_token', refresh_token: decodePasted(grant.refreshToken).reveal() }
      fields.client_id = client.clientId
      fields.client_secret = client.clientSecret.reveal()
      return {
        method: 'POST',
        url: `${region.baseUrl}/api/oauth2/token`,
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: new URLSearchParams(fields).toString(),
      }
    },
    processTokenResponse: classifyTokenResponse,
    whoAmIRequest: (region, accessToken): OutgoingRequest => ({
      method: 'GET',
      url: `${region.baseUrl}/api/v1/current/Me?$select=UserID,FullName,UserName,Email`,
      headers: { accept: 'application/json', authorization: `Bearer ${accessToken.reveal()}` },
    }),
    processWhoAmIResponse: classifyWhoAmIResponse,
    // Exact has no revocation endpoint; users withdraw consent in My Exact Online.
    revokeRequest: () => null,
  }
}

/**
 * Codes and refresh tokens of Exact hold a `!`, which callback URLs show as `%21`, and never a percent sign of their
 * own: one that has it was pasted still encoded and would be refused.
 */
function decodePasted(secret: PlainSecret): PlainSecret {
  const text = secret.reveal()
  if (!/%[0-9a-f]{2}/i.test(text)) return secret
  try {
    return new PlainSecret(decodeURIComponent(text))
  } catch {
    return secret
  }
}
