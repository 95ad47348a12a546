import type { PlatformRegion } from '@sluis/vault'

/**
 * The country sites of Exact Online. Each is an authorization server and an API of its own: an app registered on one
 * is unknown on the others.
 */
const countries = [
  ['nl', 'Netherlands', 'https://start.exactonline.nl'],
  ['be', 'Belgium', 'https://start.exactonline.be'],
  ['de', 'Germany', 'https://start.exactonline.de'],
  ['fr', 'France', 'https://start.exactonline.fr'],
  ['es', 'Spain', 'https://start.exactonline.es'],
  ['uk', 'United Kingdom', 'https://start.exactonline.co.uk'],
  ['us', 'United States', 'https://start.exactonline.com'],
] as const

/** The seven built-in regions of Exact Online by id, tokens pinned to each site's own origin. */
export function exactOnlineRegions(): ReadonlyMap<string, PlatformRegion> {
  return new Map(
    countries.map(([id, label, baseUrl]) => [
      id,
      { id, label, baseUrl, pinnedOrigins: [baseUrl], isOperators: false },
    ]),
  )
}

/** The region that a country stamp's two letters name; GB and UK are the same site. */
export function regionOfStamp(country: string): string | null {
  const id = country === 'GB' ? 'uk' : country.toLowerCase()
  return countries.some(([known]) => known === id) ? id : null
}
