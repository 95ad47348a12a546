import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { oauthMatrix } from '@sluis/facts'
import { oauthPlatforms } from '../oauth-platforms.ts'
import { oauthProfileSchema } from './oauth-profile.ts'
import { oauthProfiles } from './profiles.ts'

const matrix = oauthMatrix().filter(({ auth }) => auth === 'oauth2-code')

/** What the matrix names beside what its schema requires. */
interface Facts {
  readonly tokenAuth: { readonly accepted: readonly string[] }
  readonly tokenBody: string
  readonly pkce: { readonly supported: boolean | null }
  readonly scope: { readonly offline: string | null }
  readonly callbackExtra: readonly string[]
  readonly revoke: { readonly url: string } | null
  readonly tokenResponse: readonly string[]
  readonly notes: readonly string[]
}

test('every OAuth platform of the matrix has a profile, and no other', () => {
  assert.deepEqual([...oauthProfiles().keys()].sort(), matrix.map(({ id }) => id).sort())
  assert.deepEqual([...oauthPlatforms().keys()].sort(), matrix.map(({ id }) => id).sort())
})

test('a profile that is wrong in any part is refused', () => {
  const [good] = oauthProfiles().values()
  assert.ok(oauthProfileSchema.safeParse(good).success)
  for (const change of [
    { token: { ...good?.token, url: 'http://plain.example/token' } },
    { token: { ...good?.token, auth: 'digest' } },
    { regions: [] },
    { unknown: 1 },
  ]) {
    assert.equal(oauthProfileSchema.safeParse({ ...good, ...change }).success, false, JSON.stringify(change))
  }
})

describe('the profile agrees with the documented facts', () => {
  for (const entry of matrix) {
    test(`of ${entry.id}`, () => {
      const profile = oauthProfiles().get(entry.id)
      assert.ok(profile)
      const facts = entry as unknown as Facts
      assert.ok(facts.tokenAuth.accepted.includes(profile.token.auth))
      assert.ok(facts.tokenBody.split(' or ').includes(profile.token.body))
      // A challenge goes only where the platform is known to take it; where it is not sent, that is a gap.
      assert.equal(profile.authorize.pkce, facts.pkce.supported === true)
      assert.equal(profile.authorize.pkce, !profile.gaps.some(({ what }) => what === 'PKCE'))
      if (facts.scope.offline !== null)
        assert.ok(profile.authorize.scope?.always.includes(facts.scope.offline))
      assert.deepEqual(profile.authorize.keeps, facts.callbackExtra)
      // An ID token is demanded where one is told of, or where the platform describes itself as an OpenID provider.
      const { nonce } = profile.authorize
      const isPromised = [...facts.tokenResponse, ...facts.notes].some((text) =>
        /id_token|openid-configuration/.test(text),
      )
      if (nonce !== null) {
        assert.equal(nonce, isPromised ? 'answered' : 'sent')
        assert.ok(profile.authorize.scope?.always.includes('openid'), 'without it there is no ID token')
      }
      assert.equal(
        nonce === 'sent',
        profile.gaps.some(({ what }) => what === 'an answer without an ID token'),
      )
      assert.equal(profile.revoke === null, facts.revoke === null)
      assert.equal(
        profile.revoke === null,
        profile.gaps.some(({ what }) => what === 'revocation'),
      )
      const path = (url: string | null) => new URL((url ?? '').replaceAll(/\{[^}]*\}/g, 'x')).pathname
      assert.equal(path(profile.token.url), path(entry.tokenUrl))
      assert.equal(path(profile.authorize.url), path(entry.authorizeUrl))
    })
  }
})

test('tokens and secrets go to the hosts of the profile only, in each region', () => {
  for (const platform of oauthPlatforms().values()) {
    for (const region of platform.regions.values()) {
      for (const origin of region.pinnedOrigins) assert.match(origin, /^https:\/\/[a-z0-9.*-]+\.[a-z]+$/)
    }
  }
  const regions = oauthPlatforms().get('loket')?.regions
  assert.deepEqual(regions?.get('acceptance')?.pinnedOrigins, [
    'https://oauth.loket-acc.nl',
    'https://api.loket-acc.nl',
  ])
})
