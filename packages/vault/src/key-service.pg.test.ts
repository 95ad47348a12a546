import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { newId, type OrganisationId, systemRandom } from '@sluis/shared'
import { KmsLikeKey } from './testing/kms-like-key.ts'
import { both, failsWith, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab
let kms: KmsLikeKey
beforeEach(() => {
  kms = new KmsLikeKey(systemRandom)
})
const open = () => lab.open({ kek: kms })
const kekIds = async () =>
  (await lab.store.pool.query<{ id: string }>('SELECT DISTINCT kek_id AS id FROM vault_key')).rows.map(
    ({ id }) => id,
  )

describe('a key-encryption key in a key management service', () => {
  test('opens each data key once a process, however many tokens are leased', async () => {
    const vault = await open()
    const grant = await lab.deposit(vault)
    await lab.stopAll()
    kms.calls = 0
    const later = await open()
    for (let round = 0; round < 20; round++) {
      clock.advance(575_000)
      await later.refresh(organisationId, grant)
      await later.lease(organisationId, grant)
    }
    assert.ok(kms.calls <= 6, `${kms.calls} calls`)
    assert.deepEqual(await kekIds(), ['projects/lab/keys/sluis/versions/1'])
  })

  test('that is away stops no lease and no refresh of who is known, and nothing of a newcomer is stored or sent', async () => {
    const vault = await open()
    const grant = await lab.deposit(vault)
    kms.isAway = true
    for (let round = 0; round < 3; round++) {
      clock.advance(601_000)
      assert.equal((await vault.lease(organisationId, grant)).generation, round + 2)
    }
    const newcomer = newId('org', 9) as OrganisationId
    const handover = lab.handover(both(await lab.tokens('bram@example.com')), { organisationId: newcomer })
    const before = await lab.tokenCalls()
    await assert.rejects(vault.handOver(handover), (error: Error) => {
      // What a service says may hold anything.
      assert.doesNotMatch(error.message, /canary-kms/)
      return failsWith('KEY_UNUSABLE')(error)
    })
    assert.equal(await lab.tokenCalls(), before)
    assert.deepEqual(await vault.listGrants(newcomer, { limit: 5 }), [])
    kms.isAway = false
    assert.equal((await vault.handOver(handover)).outcome, 'created')
  })

  test('that is away lets no process start, and none makes a key of its own', async () => {
    const grant = await lab.deposit(await open())
    await lab.stopAll()
    kms.isAway = true
    const keys = await lab.store.pool.query('SELECT id FROM vault_key ORDER BY id')
    await assert.rejects(open(), failsWith('KEY_UNUSABLE'))
    assert.deepEqual((await lab.store.pool.query('SELECT id FROM vault_key ORDER BY id')).rows, keys.rows)
    kms.isAway = false
    assert.ok(await (await open()).lease(organisationId, grant))
  })

  test('that goes away in the middle of a rotation leaves every key usable, and the next look ends it', async () => {
    const vault = await open()
    const grants = [await lab.deposit(vault)]
    const others = Array.from({ length: 4 }, (_, n) => newId('org', 20 + n) as OrganisationId)
    for (const [n, organisation] of others.entries()) {
      const pair = both(await lab.tokens(`user-${n}@example.com`))
      await vault.handOver(lab.handover(pair, { organisationId: organisation }))
    }
    // The new version is made, and some keys are moved to it.
    kms.callsLeft = 6
    await assert.rejects(vault.rotateKek(), failsWith('KEY_UNUSABLE'))
    assert.equal((await kekIds()).length, 2)
    kms.callsLeft = Number.POSITIVE_INFINITY
    await lab.stopAll()
    const later = await open()
    for (const grant of grants) assert.ok(await later.lease(organisationId, grant))
    assert.deepEqual(await kekIds(), ['projects/lab/keys/sluis/versions/2'])
  })

  test('refuses a data key that was moved to another organisation’s row', async () => {
    const vault = await open()
    const mine = await lab.deposit(vault)
    const other = newId('org', 9) as OrganisationId
    await vault.handOver(lab.handover(both(await lab.tokens('bram@example.com')), { organisationId: other }))
    await lab.stopAll()
    await lab.store.pool.query(
      `UPDATE vault_key SET sealed = (SELECT sealed FROM vault_key WHERE organisation_id = $2 AND purpose = 'data')
       WHERE organisation_id = $1 AND purpose = 'data'`,
      [organisationId, other],
    )
    await assert.rejects((await open()).lease(organisationId, mine), failsWith('KEY_UNUSABLE'))
  })
})
