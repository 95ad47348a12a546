import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newId, type OrganisationId } from '@sluis/shared'
import { fetchSend } from './testing/fetch-send.ts'
import { labPlatform } from './testing/lab-platform.ts'
import { failsWith, labApp, onlyRefresh, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab

/**
 * An issuer whose tokens change now and then and work on after that (as QuickBooks' and Microsoft's): each refresh
 * gives a new one, and none ends.
 */
const rolling = async () => {
  const seen: string[] = []
  const platform = labPlatform(lab.url)
  const vault = await lab.open({
    platform: { ...platform, policy: { ...platform.policy, rotation: 'rolling', earliestRefreshSeconds: 0 } },
    send: async (request, options) => {
      if (request.method !== 'POST') return fetchSend(request, options)
      options.onSent?.()
      seen.push(new URLSearchParams(request.body).get('refresh_token') ?? '')
      const body = {
        access_token: accessToken,
        refresh_token: `rolling-token-${seen.length}`,
        expires_in: '600',
      }
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) }
    },
  })
  const { accessToken } = await lab.tokens()
  return { vault, seen }
}

describe('a refresh token of an issuer whose tokens roll', () => {
  test('that the vault itself was given is recognised when it is handed over: the same grant, and nothing is sent', async () => {
    const { vault, seen } = await rolling()
    const { grant } = await vault.handOver(lab.handover(onlyRefresh('first-token')))
    for (let round = 0; round < 3; round++) {
      clock.advance(601_000)
      await vault.refresh(organisationId, grant.id)
    }
    const before = await vault.getGrant(organisationId, grant.id)
    assert.deepEqual(seen, ['first-token', 'rolling-token-1', 'rolling-token-2', 'rolling-token-3'])
    const ofAllGenerations = ['first-token', 'rolling-token-1', 'rolling-token-3', 'rolling-token-4']
    for (const token of ofAllGenerations) {
      const again = await vault.handOver(lab.handover(onlyRefresh(token)))
      assert.deepEqual([again.outcome, again.grant.id], ['repeated', grant.id], token)
    }
    assert.equal(seen.length, 4)
    assert.deepEqual(await vault.getGrant(organisationId, grant.id), before)
    const elsewhere = newId('org', 7) as OrganisationId
    await assert.rejects(
      vault.handOver(lab.handover(onlyRefresh('rolling-token-4'), { organisationId: elsewhere })),
      (error: Error) => {
        assert.ok(!error.message.includes(grant.id) && !error.message.includes(organisationId))
        return failsWith('HANDOVER_TOKEN_ALREADY_HELD', (details) => assert.deepEqual(details, {}))(error)
      },
    )
    assert.equal(seen.length, 4)
  })

  test('stands in the database only as a keyed hash', async () => {
    const { vault } = await rolling()
    await vault.handOver(lab.handover(onlyRefresh('first-token')))
    const { rows } = await lab.store.pool.query<{ text: string }>(
      'SELECT token_fingerprint::text AS text FROM token_fingerprint UNION ALL SELECT token_grant::text FROM token_grant',
    )
    assert.equal(rows.length, 3)
    for (const { text } of rows) {
      for (const token of ['first-token', 'rolling-token-1', labApp.clientSecret]) {
        assert.ok(!text.includes(token) && !text.includes(Buffer.from(token).toString('hex')))
      }
    }
  })
})
