import type { IncomingResponse } from '@sluis/shared'
import type { PlatformValues, TokenAnswer } from '@sluis/vault'
import { publicText } from '../exact-online/public-text.ts'
import { findTokens } from '../exact-online/token-answer.ts'
import type { OAuthProfile } from './oauth-profile.ts'
import { claimsOf, firstAt, parseBody, textAt } from './read-json.ts'

/** @see RFC 6749 § 5.2 */
const configuration = new Set([
  'invalid_request',
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
])

/**
 * What an answer of a profile's token endpoint means. Errors come with 400, 401, 403 and also with 200, so `error` in
 * the body is looked at whatever the status; and a refresh token in any body is kept.
 */
export function classifyProfileAnswer(profile: OAuthProfile, response: IncomingResponse): TokenAnswer {
  const { status } = response
  const body = response.body.toString('utf8')
  const json = parseBody(body)
  const error = firstAt({ json }, ['error', 'errors.0.code', 'error.code', 'errors.0.title']) ?? ''
  const found = findTokens(json, body)
  const isSuccess = status >= 200 && status < 300
  if (found.refreshToken !== null || (isSuccess && error === '' && found.accessToken !== null)) {
    const idToken = textAt({ json }, 'id_token')
    const claims = idToken === null ? null : claimsOf(idToken)
    const values = keptOf(profile, json, claims)
    const tokens = {
      ...found,
      ...(values === null ? {} : { values }),
      ...(claims === null ? {} : { nonce: typeof claims.nonce === 'string' ? claims.nonce : null }),
    }
    return { kind: 'tokens', tokens, status }
  }
  const description =
    firstAt({ json }, ['error_description', 'error.message', 'errors.0.title', 'message']) ?? ''
  const said = [error, description].filter((part) => part !== '').join(': ')
  const text = publicText(`HTTP ${status} · ${said === '' ? body : said}`)
  const wait = response.headers['retry-after']?.trim() ?? ''
  const transient: TokenAnswer = {
    kind: 'transient',
    text,
    ...(/^\d{1,6}$/.test(wait) ? { retryAfterSeconds: Number(wait) } : {}),
  }
  if (status >= 500 || status === 429) return transient
  const code = error.trim().toLowerCase()
  const cause = profile.errors.terminal[code] ?? (code === 'invalid_grant' ? 'invalid' : undefined)
  if (cause !== undefined)
    return { kind: 'terminal', cause: /expired/i.test(description) ? 'expired' : cause, text }
  return configuration.has(code) || profile.errors.configuration.includes(code)
    ? { kind: 'configuration', text }
    : transient
}

/** What the profile keeps of an answer, from its members or the ID token's. */
function keptOf(
  { token }: OAuthProfile,
  json: unknown,
  claims: Readonly<Record<string, unknown>> | null,
): PlatformValues | null {
  const kept = token.keeps.flatMap((name) => {
    const value = textAt({ json }, name) ?? (claims === null ? null : textAt({ json: claims }, name))
    return value === null ? [] : [[name, value.slice(0, 500)] as const]
  })
  return kept.length === 0 ? null : Object.fromEntries(kept)
}
