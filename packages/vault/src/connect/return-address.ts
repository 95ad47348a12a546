import { type GrantId, SluisError } from '@sluis/shared'

/** How a customer's visit to a connect page ended, as the partner is told: never a code, never a token. */
export type ConnectOutcome =
  | { readonly kind: 'connected'; readonly grant: GrantId }
  /** The consent is given; whose it is could not be learnt yet. The link tells it later. */
  | { readonly kind: 'pending'; readonly grant: GrantId }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'refused'; readonly reason: ConnectRefusal }

/** Why a visit came to nothing. `failed`: the platform, the app or Sluis; the link says what. */
export type ConnectRefusal = 'expired' | 'used' | 'revoked' | 'other-browser' | 'other-person' | 'failed'

/** What we add to a return address; an address that has one of these itself could be mistaken for an answer. */
const ours = ['outcome', 'grant', 'reason', 'link', 'state'] as const
const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * An address that customers may be sent back to, checked at its registration: https (plain http on loopback only, for
 * development), written as a browser writes it, so that comparing to the letter never surprises.
 * @see RFC 9700 § 2.1 and § 4.1.3: exact string matching
 */
export function checkReturnAddress(text: string): string {
  const url = text.length <= 2000 ? URL.parse(text) : null
  if (url === null) refuse('is not an absolute address of at most 2,000 characters')
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname))
  if (!isSafe) refuse('is not https; plain http is for loopback addresses only')
  if (url.username !== '' || url.password !== '') refuse('holds a user name or password')
  if (text.includes('#')) refuse('holds a fragment')
  const taken = ours.find((name) => url.searchParams.has(name))
  if (taken !== undefined) refuse(`has a parameter "${taken}", which Sluis adds itself`)
  if (url.href !== text) refuse('is not written as browsers write it', `Register ${url.href.slice(0, 300)}.`)
  return text
}

/** One of the registered addresses, equal to the letter: no prefix, no wildcard, no other port. */
export function requireReturnAddress(registered: readonly string[], wanted: string): string {
  if (registered.includes(wanted)) return wanted
  return refuse('is not registered here', 'Register it first; it is compared to the letter.')
}

/** Where the customer's browser goes at the end. `state` is the partner's own, given back as it came. */
export function returnTo(
  address: string,
  outcome: ConnectOutcome,
  { link, state }: { readonly link: string; readonly state: string | null },
): string {
  const url = new URL(address)
  url.searchParams.set('outcome', outcome.kind)
  if ('grant' in outcome) url.searchParams.set('grant', outcome.grant)
  if ('reason' in outcome) url.searchParams.set('reason', outcome.reason)
  url.searchParams.set('link', link)
  if (state !== null) url.searchParams.set('state', state)
  return url.href
}

function refuse(what: string, hint = 'Give an https address without fragment, user or password.'): never {
  throw new SluisError('INVALID_REQUEST', `The return address ${what}.`, {
    hint,
    details: { field: 'returnAddress' },
  })
}
