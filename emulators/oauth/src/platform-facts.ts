import { oauthMatrix } from '@sluis/facts'
import { type Quirks, quirks } from './quirks.ts'

/** What the emulator plays of one platform, from the matrix. */
export interface PlatformFacts extends Omit<Quirks, 'accessSeconds'> {
  readonly id: string
  readonly authorizePath: string
  readonly tokenPath: string
  readonly whoAmIPath: string
  readonly revoke: { readonly method: string; readonly path: string; readonly auth: string | null } | null
  readonly auth: readonly string[]
  readonly takesJson: boolean
  readonly codeSeconds: number
  readonly accessSeconds: number
  readonly idleSeconds: number | null
  readonly absoluteSeconds: number | null
  readonly kind: 'none' | 'single-use' | 'rolling'
  readonly graceSeconds: number
  readonly refreshEndsAccess: boolean
  readonly pkce: boolean
  readonly delimiter: string
  /** The scope without which there is no refresh token. */
  readonly offline: string | null
}

const unknownCodeSeconds = 60
const unknownAccessSeconds = 900

// biome-ignore lint/suspicious/noExplicitAny: the matrix keeps more than its schema names, read here field by field
type Entry = any

/** The part of an address that stands below the platform's own base; what is in braces is one part of it. */
const pathOf = (url: string) => {
  const plain = url.replaceAll(/\{[^}]*\}/g, '~')
  const { pathname } = new URL(plain)
  return pathname
}

/** The first scope that the matrix names for a refresh token. */
const offlineOf = (entry: Entry): string | null => entry.scope?.offline ?? null

/** All platforms of the matrix with OAuth, as they are emulated. */
export function emulatedPlatforms(): ReadonlyMap<string, PlatformFacts> {
  const entries = oauthMatrix().filter(({ auth }) => auth === 'oauth2-code') as readonly Entry[]
  return new Map(
    entries.map((entry) => {
      const own = quirks[entry.id] ?? {}
      const { rotation, reuseWindowSeconds, idleDays, absoluteDays } = entry.refreshToken
      const known =
        rotation === 'configurable' || rotation === null ? (own.rotation ?? 'single-use') : rotation
      const facts: PlatformFacts = {
        ...own,
        id: entry.id,
        authorizePath: pathOf(entry.authorizeUrl),
        tokenPath: pathOf(entry.tokenUrl),
        whoAmIPath: pathOf(entry.whoAmI.url),
        revoke:
          entry.revoke === null
            ? null
            : { method: entry.revoke.method, path: pathOf(entry.revoke.url), auth: entry.revoke.auth },
        auth: entry.tokenAuth.accepted,
        takesJson: entry.tokenBody === 'json or form',
        codeSeconds: entry.code.lifetimeSeconds ?? unknownCodeSeconds,
        accessSeconds: entry.accessToken.lifetimeSeconds ?? own.accessSeconds ?? unknownAccessSeconds,
        idleSeconds: idleDays === null ? null : idleDays * 86_400,
        absoluteSeconds: absoluteDays === null ? null : absoluteDays * 86_400,
        kind: known,
        graceSeconds: own.reuseWindowSeconds ?? reuseWindowSeconds ?? 0,
        refreshEndsAccess: entry.refreshToken.oldAccessTokenRevokedOnRefresh === true,
        pkce: entry.pkce.supported === true,
        delimiter: entry.scope?.delimiter ?? ' ',
        offline: offlineOf(entry),
      }
      return [facts.id, facts]
    }),
  )
}
