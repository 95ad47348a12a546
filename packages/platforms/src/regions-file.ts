import { SluisError } from '@sluis/shared'
import type { PlatformRegion } from '@sluis/vault'
import { z } from 'zod'
import { oauthProfiles } from './oauth-profiles/profiles.ts'

/** The platforms that a regions file may name. */
const platformIds = [...oauthProfiles().keys()] as [string, ...string[]]

const regionShape = z.strictObject({
  label: z.string().trim().min(1).max(100),
  baseUrl: z.string().superRefine((text, context) => {
    const fault = baseUrlFault(text)
    if (fault !== null) context.addIssue({ code: 'custom', message: fault })
  }),
})

const fileShape = z.partialRecord(
  z.enum(platformIds),
  z.record(
    z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'a region id is lower-case letters, digits and dashes'),
    regionShape,
  ),
)

/**
 * The regions that an operator wrote into the regions file, by platform and id. They may be plain http and on
 * loopback, because only the operator's own hand can put them there; tokens are pinned to each one's own origin.
 * Throws `OPTIONS_INVALID` with every fault of the file.
 *
 * @example regionsFromFile({ 'exact-online': { lab: { label: 'Lab', baseUrl: 'http://127.0.0.1:4010' } } })
 */
export function regionsFromFile(json: unknown): Map<string, Map<string, PlatformRegion>> {
  const parsed = fileShape.safeParse(json)
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => {
      const place = issue.path.length === 0 ? 'the file' : issue.path.map(String).join('.')
      return `${place}: ${issue.message}`
    })
    throw new SluisError('OPTIONS_INVALID', `The regions file is not usable. ${faults.join('; ')}.`, {
      hint: `Write {"<platform>":{"<region>":{"label":"…","baseUrl":"https://…"}}}; platforms: ${platformIds.join(', ')}.`,
      details: { faults },
    })
  }
  const platforms = new Map<string, Map<string, PlatformRegion>>()
  for (const [platform, regions] of Object.entries(parsed.data)) {
    const byId = new Map<string, PlatformRegion>()
    for (const [id, { label, baseUrl }] of Object.entries(regions ?? {})) {
      const url = new URL(baseUrl)
      byId.set(id, {
        id,
        label,
        baseUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
        pinnedOrigins: [url.origin],
        isOperators: true,
      })
    }
    platforms.set(platform, byId)
  }
  return platforms
}

function baseUrlFault(text: string): string | null {
  const url = URL.parse(text)
  if (url === null) return 'is not an absolute address'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must begin with http:// or https://'
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (text.includes('?') || text.includes('#')) return 'must not hold a query or a fragment'
  return null
}
