import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { oauthMatrix } from '@sluis/facts'
import type { IssuerPolicy } from '@sluis/vault'
import { z } from 'zod'
import { exactOnlinePolicy } from './exact-online/oauth.ts'
import { issuerEntries } from './issuer-policies.ts'

const seconds = z.number().int().positive()
const policySchema = z.strictObject({
  rotation: z.enum(['single-use', 'rolling', 'none']),
  accessTokenSeconds: seconds.max(86_400),
  earliestRefreshSeconds: z.number().int().nonnegative(),
  refreshIdleSeconds: seconds.nullable(),
  refreshAbsoluteSeconds: seconds.nullable(),
  codeSeconds: seconds.max(3600).nullable(),
  previousTokenSeconds: z.number().int().nonnegative(),
  reuseRevokesFamily: z.boolean(),
  resendAfterSeconds: z.array(seconds).min(1).max(2),
  assumedIdleSeconds: seconds.optional(),
  quietHours: z
    .strictObject({
      timeZone: z.string(),
      from: z.iso.time({ precision: -1 }),
      to: z.iso.time({ precision: -1 }),
    })
    .optional(),
  budget: z.strictObject({ callsADay: z.number().int().min(4), errorsAnHour: seconds }).optional(),
} satisfies Record<keyof IssuerPolicy, z.ZodType>)

const entries = issuerEntries()
const policyOf = (id: string) => {
  const entry = entries.get(id)
  assert.ok(entry?.kind === 'oauth', id)
  return entry.policy
}

describe('issuer policies', () => {
  test('exist for all 28 platforms; only those without OAuth have no chain', () => {
    assert.equal(entries.size, 28)
    const without = [...entries.values()].filter(({ kind }) => kind === 'no-chain').map(({ id }) => id)
    assert.deepEqual(without.sort(), ['afas', 'basecone', 'snelstart', 'yuki'])
  })

  for (const facts of oauthMatrix().filter(({ auth }) => auth === 'oauth2-code')) {
    test(`of ${facts.id}: valid, as documented, and every unknown is a careful choice that is written down`, () => {
      const entry = entries.get(facts.id)
      assert.ok(entry?.kind === 'oauth')
      const { policy, assumed } = entry
      policySchema.parse(policy)
      if (facts.id === 'exact-online') return
      const { refreshToken, accessToken, code } = facts
      if (refreshToken.rotation === null || refreshToken.rotation === 'configurable') {
        assert.equal(policy.rotation, 'single-use')
        assert.ok(assumed.rotation)
      } else assert.equal(policy.rotation, refreshToken.rotation)
      if (accessToken.lifetimeSeconds !== null) {
        assert.equal(policy.accessTokenSeconds, accessToken.lifetimeSeconds)
      }
      // A token is never refused for an age at which nobody says that it dies, and still kept alive.
      assert.equal(policy.refreshIdleSeconds, refreshToken.idleDays && refreshToken.idleDays * 86_400)
      assert.equal(
        policy.refreshAbsoluteSeconds,
        refreshToken.absoluteDays && refreshToken.absoluteDays * 86_400,
      )
      assert.equal(policy.assumedIdleSeconds !== undefined, assumed.assumedIdleSeconds !== undefined)
      assert.equal(policy.codeSeconds, code.lifetimeSeconds)
      // More than one resend only where the issuer is known to forgive it.
      if (policy.resendAfterSeconds.length > 1) {
        assert.ok(policy.rotation !== 'single-use' || policy.previousTokenSeconds > 0)
      }
      // Whatever the issuer's window, a resend lies inside it.
      if (policy.rotation === 'single-use' && policy.previousTokenSeconds > 0) {
        assert.ok(policy.resendAfterSeconds.every((after) => after < policy.previousTokenSeconds))
      }
    })
  }

  test('of the issuers that were studied say what was found', () => {
    assert.equal(policyOf('exact-online'), exactOnlinePolicy)
    const { rotation, refreshAbsoluteSeconds } = policyOf('twinfield')
    assert.deepEqual([rotation, refreshAbsoluteSeconds], ['none', 9131 * 86_400])
    const jira = policyOf('atlassian-jira')
    assert.deepEqual([jira.previousTokenSeconds, jira.reuseRevokesFamily], [600, true])
    assert.equal(policyOf('xero').previousTokenSeconds, 1800)
    assert.equal(policyOf('visma-net').rotation, 'single-use')
    assert.equal(policyOf('microsoft-graph').accessTokenSeconds, 3600)
    assert.deepEqual(policyOf('gitlab').resendAfterSeconds, [20])
  })
})
