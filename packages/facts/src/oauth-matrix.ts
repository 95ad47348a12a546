import { readFileSync } from 'node:fs'
import { z } from 'zod'

const seconds = z.number().int().nonnegative().nullable()
const days = z.number().positive().nullable()

/** One platform as its public documentation describes it; null is "not known". Other fields are kept as they are. */
const platformSchema = z.looseObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  name: z.string().min(1),
  auth: z.enum(['oauth2-code', 'static-token', 'access-key-session', 'client-key', 'basic-key']),
  authorizeUrl: z.string().nullable(),
  tokenUrl: z.string().nullable(),
  code: z.looseObject({ lifetimeSeconds: seconds }),
  accessToken: z.looseObject({ lifetimeSeconds: seconds, note: z.string().nullable() }),
  refreshToken: z.looseObject({
    issuedWhen: z.string().nullable(),
    idleDays: days,
    absoluteDays: days,
    rotation: z.enum(['none', 'single-use', 'rolling', 'configurable']).nullable(),
    /** Seconds for which a spent token may be sent again. */
    reuseWindowSeconds: seconds,
    oldAccessTokenRevokedOnRefresh: z.boolean().nullable(),
    note: z.string().nullable(),
  }),
  unverified: z.array(z.string()),
  source: z.array(z.string()),
})

export type OAuthMatrixEntry = z.infer<typeof platformSchema>

let matrix: readonly OAuthMatrixEntry[] | undefined

/**
 * The OAuth facts of all 28 platforms, read once and checked: a fact of another form than declared here throws.
 * Each entry names its sources (compiled November 2026).
 */
export function oauthMatrix(): readonly OAuthMatrixEntry[] {
  matrix ??= z
    .object({ platforms: z.array(platformSchema) })
    .parse(JSON.parse(readFileSync(new URL('../data/oauth-matrix.json', import.meta.url), 'utf8'))).platforms
  return matrix
}
