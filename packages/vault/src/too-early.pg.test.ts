import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SendRequest } from '@sluis/shared'
import { fetchSend } from './testing/fetch-send.ts'
import { both, failsWith, onlyRefresh, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { organisationId, clock } = lab

test('a lease of a grant whose token is too young to spend says until when, and not that the platform is away', async () => {
  const vault = await lab.open()
  const { refreshToken } = await lab.tokens()
  const credentials = { ...onlyRefresh(refreshToken), obtainedAt: clock.now() - 1000 }
  const { outcome, grant } = await vault.handOver(lab.handover(credentials as ReturnType<typeof onlyRefresh>))
  assert.equal(outcome, 'open')
  const notBefore = new Date(clock.now() + 569_000).toISOString()
  assert.deepEqual([grant.problem?.code, grant.notBefore], ['GRANT_REFRESH_TOO_EARLY', notBefore])
  await assert.rejects(
    vault.lease(organisationId, grant.id),
    failsWith('GRANT_REFRESH_TOO_EARLY', (details) =>
      assert.deepEqual(details, { grant: grant.id, notBefore }),
    ),
  )
  assert.deepEqual(await lab.spends(), [])
  clock.advance(575_000)
  await vault.tick()
  assert.equal((await vault.lease(organisationId, grant.id)).generation, 2)
})

test('a lease after the API refused the access token says so too, by the issuer’s clock', async () => {
  const vault = await lab.open()
  const id = await lab.deposit(vault)
  clock.advance(60_000)
  await vault.markAccessTokenRefused(organisationId, id, 1)
  const notBefore = new Date(clock.now() + 510_000).toISOString()
  await assert.rejects(
    vault.lease(organisationId, id),
    failsWith('GRANT_REFRESH_TOO_EARLY', (details) => assert.equal(details.notBefore, notBefore)),
  )
  assert.deepEqual(await lab.spends(), [])
})

test('a platform that is away is still told as such by a lease', async () => {
  const vault = await lab.open()
  await lab.fault({ at: 'api', kind: 'status', status: 503, times: 1 })
  const { outcome, grant } = await vault.handOver(lab.handover(both(await lab.tokens())))
  assert.equal(outcome, 'open')
  clock.advance(601_000)
  await lab.fault({ at: 'token', kind: 'status', status: 503, times: 1 })
  await assert.rejects(vault.lease(organisationId, grant.id), failsWith('PLATFORM_UNAVAILABLE'))
})

test('a who-am-I that does not answer holds a handover up for ten seconds, and its later look for a minute', async () => {
  const patience: number[] = []
  let isAway = true
  const send: SendRequest = async (request, options) => {
    if (request.method === 'POST') return fetchSend(request, options)
    patience.push(options.timeoutMs)
    if (isAway) throw new DOMException('no answer in time', 'TimeoutError')
    return fetchSend(request, options)
  }
  const vault = await lab.open({ send, tokenTimeoutMs: 180_000 })
  const { outcome, grant } = await vault.handOver(lab.handover(both(await lab.tokens())))
  assert.equal(outcome, 'open')
  isAway = false
  clock.advance(60_000)
  await vault.tick()
  assert.equal((await vault.getGrant(organisationId, grant.id)).state, 'active')
  assert.deepEqual(patience, [10_000, 60_000])
})
