import { SluisError } from '@sluis/shared'
import type { ConsentRules, PlatformRegion, PlatformValues } from '../oauth-platform.ts'

/** What the platform sent the browser back with. */
export type Returned =
  | { readonly kind: 'code'; readonly code: string; readonly values: PlatformValues }
  | { readonly kind: 'refusal'; readonly error: string; readonly description: string | null }

const whole = 'Paste the whole address that the browser was sent to after the consent, from http to the end.'

/** A pasted or called address, without what pasting adds. */
export function parseReturn(text: string): URL {
  const url = URL.parse(text.replace(/[\s"'`<>“”‘’\u200b\ufeff]+/g, ''))
  if (url?.searchParams.has('state')) return url
  throw new SluisError('INVALID_REQUEST', 'This is not the whole address of a return from a consent.', {
    hint: whole,
    details: { field: 'url' },
  })
}

/**
 * What a return means. It must have come to the address that the consent was asked for, and where the platform says who
 * it is, it must be the one that was asked: two issuers at one address are else mistaken for each other.
 * @see RFC 6749 § 4.1.2, RFC 9207
 */
export function readReturn(
  url: URL,
  redirectUri: string,
  rules: ConsentRules,
  region: PlatformRegion,
): Returned {
  const asked = new URL(redirectUri)
  const place = ({ protocol, host, pathname }: URL) => `${protocol}//${host}${pathname}`
  const hasAsked = [...asked.searchParams].every(([name, value]) => url.searchParams.get(name) === value)
  if (place(url) !== place(asked) || !hasAsked) {
    throw new SluisError('INVALID_REQUEST', 'This address is not the one that the consent was asked for.', {
      hint: `It begins with ${place(asked)}.`,
      details: { field: 'url' },
    })
  }
  checkIssuer(url.searchParams.get('iss'), rules, region)
  const error = url.searchParams.get('error')
  if (error !== null) {
    return { kind: 'refusal', error, description: url.searchParams.get('error_description') }
  }
  const code = url.searchParams.get('code')
  if (!code) {
    throw new SluisError('INVALID_REQUEST', 'The address holds no code.', {
      hint: whole,
      details: { field: 'url' },
    })
  }
  const values = rules.keeps.flatMap((name) => {
    const value = url.searchParams.get(name)
    return value ? [[name, value.slice(0, 500)] as const] : []
  })
  return { kind: 'code', code, values: Object.fromEntries(values) }
}

/** An issuer that is not known by name must at least stand at the host where the user was asked. */
function checkIssuer(iss: string | null, rules: ConsentRules, region: PlatformRegion): void {
  if (iss === null) return
  const expected = rules.issuerOf(region)
  const isIt =
    expected === null
      ? URL.parse(iss)?.origin === new URL(rules.authorizeUrl(region)).origin
      : iss === expected
  if (isIt) return
  throw new SluisError('CONSENT_REFUSED', 'The answer comes from another platform than was asked (iss).', {
    hint: 'Nothing was sent anywhere. Begin again; if it happens again, report it to the platform.',
  })
}
