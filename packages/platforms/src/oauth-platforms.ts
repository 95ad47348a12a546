import type { OAuthPlatform, PlatformRegion } from '@sluis/vault'
import { exactOnlineOAuth } from './exact-online/oauth.ts'
import { exactOnlineRegions } from './exact-online/regions.ts'
import { profileRegions } from './oauth-profiles/addresses.ts'
import { consentOf, profilePlatform } from './oauth-profiles/profile-platform.ts'
import { oauthProfiles } from './oauth-profiles/profiles.ts'
import { twinfieldOAuth, twinfieldRegions } from './twinfield/oauth.ts'

type Regions = ReadonlyMap<string, PlatformRegion>

/** Every platform that credentials can be handed over for, with its built-in regions and the operator's own. */
export function oauthPlatforms(
  own: ReadonlyMap<string, Regions> = new Map(),
): ReadonlyMap<string, OAuthPlatform> {
  const withOwn = (id: string, regions: Regions) => new Map([...regions, ...(own.get(id) ?? [])])
  return new Map(
    [...oauthProfiles().values()].map((profile) => {
      const { id } = profile
      if (id === 'exact-online') {
        const consent = consentOf(profile, ({ baseUrl }) => `${baseUrl}/api/oauth2/auth`)
        return [id, { ...exactOnlineOAuth(withOwn(id, exactOnlineRegions())), consent }]
      }
      if (id === 'twinfield') {
        return [id, { ...twinfieldOAuth(withOwn(id, twinfieldRegions())), consent: consentOf(profile) }]
      }
      return [id, profilePlatform(profile, withOwn(id, profileRegions(profile)))]
    }),
  )
}
