import assert from 'node:assert/strict'
import { test } from 'node:test'
import { both, failsWith, onlyRefresh, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock } = lab
const [anna, bram] = ['anna@example.com', 'bram@example.com']
const customer = { externalId: 'customer-1' }

test('a customer who consents again under the same external id keeps the grant', async () => {
  const vault = await lab.open()
  const first = await vault.handOver(lab.handover(both(await lab.tokens(anna)), customer))
  const again = await vault.handOver(lab.handover(both(await lab.tokens(anna)), customer))
  assert.deepEqual([again.outcome, again.grant.id], ['superseded', first.grant.id])
  assert.equal(again.grant.externalId, 'customer-1')
  // Also by a code or a refresh token alone, which are spent to learn whose they are.
  clock.advance(600_000)
  const { refreshToken } = await lab.tokens(anna)
  clock.advance(600_000)
  const spent = await vault.handOver(lab.handover(onlyRefresh(refreshToken), customer))
  assert.deepEqual([spent.outcome, spent.grant.id], ['superseded', first.grant.id])
})

test('another user under the same external id is refused, nothing is spent, and the tokens stay good', async () => {
  const vault = await lab.open()
  const { grant } = await vault.handOver(lab.handover(both(await lab.tokens(anna)), customer))
  const pair = both(await lab.tokens(bram))
  const before = await lab.spends()
  await assert.rejects(vault.handOver(lab.handover(pair, customer)), (error: unknown) => {
    failsWith('INVALID_REQUEST')(error)
    assert.equal((error as { details: { grant?: string } }).details.grant, grant.id)
    return true
  })
  assert.deepEqual(await lab.spends(), before)
  const other = await vault.handOver(lab.handover(pair, { externalId: 'customer-2' }))
  assert.equal(other.outcome, 'created')
})

test('a token that had to be spent to learn that it is another user’s is kept, without the external id', async () => {
  const vault = await lab.open()
  await vault.handOver(lab.handover(both(await lab.tokens(anna)), customer))
  const { refreshToken } = await lab.tokens(bram)
  clock.advance(600_000)
  const { outcome, grant } = await vault.handOver(lab.handover(onlyRefresh(refreshToken), customer))
  assert.deepEqual([outcome, grant.state, grant.externalId], ['created', 'active', null])
})

test('an external id that is another client’s is refused before anything is sent', async () => {
  const vault = await lab.open()
  await vault.handOver(lab.handover(both(await lab.tokens(anna)), customer))
  const before = await lab.spends()
  const handover = lab.handover(onlyRefresh('never-sent'), customer)
  const client = { ...handover.client, clientId: 'other' }
  await assert.rejects(vault.handOver({ ...handover, client }), failsWith('INVALID_REQUEST'))
  await assert.rejects(vault.checkHandover({ ...handover, client }, {}), failsWith('INVALID_REQUEST'))
  assert.deepEqual(await lab.spends(), before)
})
