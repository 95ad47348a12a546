import { type IncomingResponse, PlainSecret } from '@sluis/shared'
import type { TokenAnswer, TokenSet } from '@sluis/vault'
import { publicText } from './public-text.ts'

/**
 * What an answer of Exact Online's token endpoint means for the chain. Whatever the status, a body with a refresh
 * token is `tokens`: new refresh tokens have been seen inside error answers, and one that is not kept is lost.
 * @see Exact support, "OAuth 2.0: step 3 and 4", "Response codes and error handling" (read November 2026)
 */
export function classifyTokenResponse(response: IncomingResponse): TokenAnswer {
  const body = response.body.toString('utf8')
  const json = parseJson(body)
  const tokens = findTokens(json, body)
  const isSuccess = response.status >= 200 && response.status < 300
  if (tokens.refreshToken !== null || (isSuccess && tokens.accessToken !== null)) {
    return { kind: 'tokens', tokens, status: response.status }
  }

  const error = stringAt(json, 'error') ?? ''
  const description = stringAt(json, 'error_description') ?? ''
  const reason = response.headers.reason ?? ''
  const words = `${error} ${description} ${reason} ${json === undefined ? body : ''}`
  // The header often repeats the description behind a word of its own.
  const isSaid = description !== '' && reason.includes(description)
  const text = publicText(
    [`HTTP ${response.status}`, [error, description].filter((part) => part !== '').join(': ')]
      .concat(error === '' && description === '' ? [faultText(json) ?? body] : [], isSaid ? [] : reason)
      .filter((part) => part.trim() !== '')
      .join(' · '),
  )

  const transient: TokenAnswer = { kind: 'transient', text, ...retryAfter(response) }
  // The gateway in front of Exact reports its own troubles as {"fault":…}, with 500 but also with 404: those say
  // nothing of the token. Neither does a success without tokens.
  const isClientError = response.status >= 400 && response.status < 500
  if (!isClientError || response.status === 429 || objectAt(json, 'fault') !== null) return transient

  for (const [pattern, answer] of textRules) if (pattern.test(words)) return { ...answer, text }
  const byCode = codeRules.get(error.trim().toLowerCase())
  return byCode === undefined ? transient : { ...byCode, text }
}

/** An answer kind without its text. */
type Verdict =
  | { readonly kind: 'too-early' | 'configuration' | 'transient' }
  | { readonly kind: 'terminal'; readonly cause: 'spent' | 'expired' | 'invalid' }

/**
 * The platform's words first, the OAuth code after: `invalid_request` alone means a wrong client or a bad night,
 * with "The refresh token expired at" it means the end.
 */
const textRules: readonly (readonly [RegExp, Verdict])[] = [
  // 400 access_denied as seen live, 401 as documented; both spell it in the description or in the Reason header.
  [/access[ _]token not expired|TooEarlyToRefresh/i, { kind: 'too-early' }],
  [/rate limit exceeded/i, { kind: 'transient' }],
  [/old refresh token/i, { kind: 'terminal', cause: 'spent' }],
  [/(?:token|code)\b.{0,40}\bexpired/i, { kind: 'terminal', cause: 'expired' }],
  [/chainid/i, { kind: 'terminal', cause: 'invalid' }],
  // The answer to an authorization code that is not what was issued, for one that is still URL-encoded.
  [/signed data extraction has failed/i, { kind: 'terminal', cause: 'invalid' }],
]

/** By the code alone. @see RFC 6749 § 5.2 */
const codeRules: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ['invalid_grant', { kind: 'terminal', cause: 'invalid' }],
  ['invalid_request', { kind: 'configuration' }],
  ['invalid_client', { kind: 'configuration' }],
  ['unauthorized_client', { kind: 'configuration' }],
  ['unsupported_grant_type', { kind: 'configuration' }],
  ['invalid_scope', { kind: 'configuration' }],
])

/** The tokens anywhere in a body: at its top, nested, inside a string of JSON, or in text that is no JSON at all. */
export function findTokens(json: unknown, body: string): TokenSet {
  const found = { access: null as string | null, refresh: null as string | null, life: undefined as unknown }
  const visit = (value: unknown, depth: number): void => {
    if (depth > 6) return
    if (typeof value === 'string' && /^\s*[{[]/.test(value)) visit(parseJson(value), depth + 1)
    if (typeof value !== 'object' || value === null) return
    for (const [key, member] of Object.entries(value)) {
      if (typeof member === 'string' && member.trim() !== '') {
        if (key === 'access_token') found.access ??= member
        if (key === 'refresh_token') found.refresh ??= member
      }
      if (key === 'expires_in') found.life ??= member
      visit(member, depth + 1)
    }
  }
  visit(json, 0)
  found.refresh ??= tokenInText(body, 'refresh_token')
  found.access ??= tokenInText(body, 'access_token')
  return {
    accessToken: found.access === null ? null : new PlainSecret(found.access),
    refreshToken: found.refresh === null ? null : new PlainSecret(found.refresh),
    expiresInSeconds: readLife(found.life),
  }
}

/** A token in text that is no whole JSON, as an answer cut off by a broken connection leaves it. */
function tokenInText(body: string, name: string): string | null {
  // The closing quote or separator is required: half a token is none.
  const match = new RegExp(`${name}(?:\\\\*"\\s*:\\s*\\\\*"|=)([^"\\\\&\\s]{20,})(?=["\\\\&\\s])`).exec(body)
  return match?.[1] ?? null
}

/**
 * Exact sends the string "600", its documentation a number. Zero or less says nothing usable: taken at its word it
 * would make every caller refresh at once and for ever, so it counts as absent and the issuer's usual life applies.
 */
function readLife(value: unknown): number | null {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? seconds : null
}

function retryAfter(response: IncomingResponse): { retryAfterSeconds?: number } {
  const value = response.headers['retry-after']?.trim() ?? ''
  return /^\d{1,6}$/.test(value) ? { retryAfterSeconds: Number(value) } : {}
}

function faultText(json: unknown): string | null {
  const fault = objectAt(json, 'fault')
  return fault === null ? null : stringAt(fault, 'faultstring')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function memberAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function stringAt(value: unknown, key: string): string | null {
  const member = memberAt(value, key)
  return typeof member === 'string' ? member : null
}

function objectAt(value: unknown, key: string): object | null {
  const member = memberAt(value, key)
  return typeof member === 'object' ? member : null
}
