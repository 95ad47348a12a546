import { SluisError } from '@sluis/shared'
import type { PlatformRegion, PlatformValues } from '@sluis/vault'
import type { OAuthProfile } from './oauth-profile.ts'

const origin = (url: string) => new URL(url.replaceAll(/\{\w+\}/g, 'x')).origin

/** Every address that a profile sends secrets or tokens to. */
const addressesOf = ({ token, whoAmI, tenants, revoke }: OAuthProfile) =>
  [token.url, whoAmI.url, tenants?.url, revoke?.url].filter((url) => url !== undefined)

/** The built-in regions of a profile, tokens pinned to the hosts that it names. */
export function profileRegions(profile: OAuthProfile): ReadonlyMap<string, PlatformRegion> {
  return new Map(
    profile.regions.map(({ id, label, hosts }) => {
      const swapped = (url: string) => {
        const { hostname } = new URL(origin(url))
        return `https://${hosts[hostname] ?? hostname}`
      }
      const pinnedOrigins = [...new Set(addressesOf(profile).map(swapped))]
      return [id, { id, label, baseUrl: swapped(profile.token.url), pinnedOrigins, isOperators: false }]
    }),
  )
}

/**
 * An address of the profile as it stands in a region, values filled in. An operator's region serves every path at its
 * own base address, whatever host the platform has for it.
 */
export function addressIn(
  profile: OAuthProfile,
  region: PlatformRegion,
  template: string,
  values: PlatformValues = {},
): string {
  const built = profile.regions.find(({ id }) => id === region.id)
  const own = built?.values ?? profile.regions[0]?.values ?? {}
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = own[name] ?? values[name]
    if (value !== undefined) return encodeURIComponent(value)
    throw new SluisError(
      'HANDOVER_INCOMPLETE',
      `${profile.label} needs the value "${name}" of the consent.`,
      {
        hint: `Give it as credentials.values.${name}, or hand over the whole callback address.`,
        details: { field: `credentials.values.${name}` },
      },
    )
  })
  const url = new URL(filled)
  if (region.isOperators) return `${region.baseUrl}${url.pathname}${url.search}`
  const host = built?.hosts[url.hostname]
  return host === undefined ? url.href : url.href.replace(url.hostname, host)
}
