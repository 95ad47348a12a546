import { oauthPlatforms, regionsFromFile } from '@sluis/platforms'
import type { OAuthPlatform } from '../index.ts'

/** Exact Online as it is served by the emulator at `baseUrl`, in the operator's region `lab`. */
export function labPlatform(baseUrl: string): OAuthPlatform {
  const regions = regionsFromFile({ 'exact-online': { lab: { label: 'Lab', baseUrl } } })
  const platform = oauthPlatforms(regions).get('exact-online')
  if (platform === undefined) throw new TypeError('there is no platform exact-online')
  return platform
}
