import { type OAuthMatrixEntry, oauthMatrix } from '@sluis/facts'
import type { IssuerPolicy } from '@sluis/vault'
import { exactOnlinePolicy } from './exact-online/oauth.ts'

/** How a platform's issuer behaves, and which of it is our careful choice because nobody documents it. */
export type IssuerEntry =
  | {
      readonly kind: 'oauth'
      readonly id: string
      readonly label: string
      readonly policy: IssuerPolicy
      /** What is assumed and why; a field that is not here is documented by the platform. */
      readonly assumed: Readonly<Partial<Record<keyof IssuerPolicy, string>>>
    }
  /** Has no token chain: a key or session stands in the place of tokens. */
  | { readonly kind: 'no-chain'; readonly id: string; readonly label: string; readonly auth: string }

const day = 86_400

/** Where the life of an access token is not known: as short as any documented session, and a 401 ends it sooner. */
const unknownAccessSeconds = 900
/** Where the idle life of a refresh token is not known: it is used as if it died after a month without use. */
const unknownIdleSeconds = 30 * day

type Known = Partial<IssuerPolicy>

/** What the matrix says in words only. */
const inWords: Readonly<Record<string, Known>> = {
  // "an old token used outside the leeway invalidates the whole family"
  'atlassian-confluence': { reuseRevokesFamily: true },
  'atlassian-jira': { reuseRevokesFamily: true },
  'atlassian-jsm': { reuseRevokesFamily: true },
  // "usable any number of times", dies by its absolute life only
  twinfield: { refreshIdleSeconds: null },
  // "does not expire until used", "no documented expiry", "works until the user revokes it"
  calendly: { refreshIdleSeconds: null },
  'teamleader-focus': { refreshIdleSeconds: null },
  // "random 60 to 90 minutes"; "the old one is not revoked"
  'microsoft-graph': { accessTokenSeconds: 3600, previousTokenSeconds: 90 * day },
  'business-central': { accessTokenSeconds: 3600, previousTokenSeconds: 90 * day },
}

/** The issuers of all platforms of the matrix, by id. */
export function issuerEntries(): ReadonlyMap<string, IssuerEntry> {
  return new Map(oauthMatrix().map((facts) => [facts.id, toEntry(facts)]))
}

/** A matrix entry as a policy: what is documented as it is, what is not as the careful choice, written down. */
export function toEntry(facts: OAuthMatrixEntry): IssuerEntry {
  const { id, name: label, auth } = facts
  if (auth !== 'oauth2-code') return { kind: 'no-chain', id, label, auth }
  // Measured and read in depth: rules over the matrix.
  if (id === 'exact-online') return { kind: 'oauth', id, label, policy: exactOnlinePolicy, assumed: {} }
  const assumed: Partial<Record<keyof IssuerPolicy, string>> = {}
  const words = inWords[id] ?? {}
  const { refreshToken, accessToken, code } = facts

  const rotation = rotationOf(refreshToken.rotation)
  if (refreshToken.rotation === null) assumed.rotation = 'not documented: spent once, then gone'
  if (refreshToken.rotation === 'configurable') {
    assumed.rotation = 'set per app: treated as the strictest setting, which also fits the others'
  }
  const accessTokenSeconds = words.accessTokenSeconds ?? accessToken.lifetimeSeconds ?? unknownAccessSeconds
  if (words.accessTokenSeconds === undefined && accessToken.lifetimeSeconds === null) {
    assumed.accessTokenSeconds =
      'not documented: the answer’s expires_in, else a short session; a 401 ends it'
  }
  const idle = refreshToken.idleDays === null ? null : refreshToken.idleDays * day
  const isIdleKnown = idle !== null || words.refreshIdleSeconds === null
  if (!isIdleKnown) {
    assumed.assumedIdleSeconds =
      'not documented: kept alive as if it died after 30 idle days, refused for age never'
  }
  const previousTokenSeconds = words.previousTokenSeconds ?? refreshToken.reuseWindowSeconds ?? 0
  if (
    rotation !== 'none' &&
    words.previousTokenSeconds === undefined &&
    refreshToken.reuseWindowSeconds === null
  ) {
    assumed.previousTokenSeconds = 'not documented: the previous token is taken to be dead at once'
  }
  const reuseRevokesFamily = words.reuseRevokesFamily ?? rotation === 'single-use'
  if (words.reuseRevokesFamily === undefined && rotation === 'single-use') {
    assumed.reuseRevokesFamily = 'not documented: sending a spent token is taken to end the whole consent'
  }
  const isForgiving = rotation !== 'single-use' || previousTokenSeconds > 0
  if (!isForgiving) {
    assumed.resendAfterSeconds =
      'one resend: a request that never arrived would else cost the consent, and one that did has cost it already'
  }
  assumed.earliestRefreshSeconds = 'no platform but Exact Online is known to refuse an early refresh'
  if (code.lifetimeSeconds === null) assumed.codeSeconds = 'not documented: no code is refused for its age'
  return {
    kind: 'oauth',
    id,
    label,
    assumed,
    policy: {
      rotation,
      accessTokenSeconds,
      earliestRefreshSeconds: 0,
      refreshIdleSeconds: idle,
      refreshAbsoluteSeconds: refreshToken.absoluteDays === null ? null : refreshToken.absoluteDays * day,
      codeSeconds: code.lifetimeSeconds,
      previousTokenSeconds,
      reuseRevokesFamily,
      resendAfterSeconds: isForgiving ? [2, 20] : [20],
      ...(isIdleKnown ? {} : { assumedIdleSeconds: unknownIdleSeconds }),
    },
  }
}

function rotationOf(documented: OAuthMatrixEntry['refreshToken']['rotation']): IssuerPolicy['rotation'] {
  return documented === null || documented === 'configurable' ? 'single-use' : documented
}
