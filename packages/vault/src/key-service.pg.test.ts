import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { newId, type OrganisationId, PlainSecret, systemRandom } from '@sluis/shared'
import { KmsLikeKey } from './testing/kms-like-key.ts'
import { both, failsWith, onlyRefresh, VaultLab } from './testing/vault-lab.ts'

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
      return failsWith('KEY_SERVICE_UNAVAILABLE')(error)
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
    await assert.rejects(open(), failsWith('KEY_SERVICE_UNAVAILABLE'))
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
    await assert.rejects(vault.rotateKek(), failsWith('KEY_SERVICE_UNAVAILABLE'))
    assert.equal((await kekIds()).length, 2)
    kms.callsLeft = Number.POSITIVE_INFINITY
    await lab.stopAll()
    const later = await open()
    for (const grant of grants) assert.ok(await later.lease(organisationId, grant))
    assert.deepEqual(await kekIds(), ['projects/lab/keys/sluis/versions/2'])
  })

  test('that is away while the spool of a dead process is read costs no chain: it is read again later', async () => {
    const later = await open()
    await later.tick()
    const one = await open()
    const grant = await lab.deposit(one)
    const before = await lab.row(grant)
    clock.advance(601_000)
    await one.lease(organisationId, grant)
    const { rows } = await lab.store.pool.query<{ id: string }>(
      'SELECT id FROM vault_process ORDER BY started_at DESC, id DESC LIMIT 1',
    )
    await one.stop()
    // As if it had ended between the answer in its spool and the save.
    await lab.store.pool.query(
      `UPDATE token_grant SET state = 'refreshing', generation = $2, sealed_tokens = $3, access_expires_at = $4,
         spend_id = 's', spend_kind = 'refresh', spend_generation = $2, spend_process = $5, spend_started_at = $6,
         spend_sends = 1 WHERE id = $1`,
      [grant, before.generation, before.sealed_tokens, before.access_expires_at, rows[0]?.id, clock.now()],
    )
    await lab.store.pool.query('DELETE FROM token_fingerprint WHERE generation = 2')
    kms.isAway = true
    for (let look = 0; look < 3; look++) {
      clock.advance(1000)
      await assert.rejects(later.tick(), failsWith('KEY_SERVICE_UNAVAILABLE'))
      assert.equal(
        (await lab.row(grant)).state,
        'refreshing',
        'nobody is judged by a spool that was not read',
      )
    }
    kms.isAway = false
    clock.advance(1000)
    await later.tick()
    const { state, generation } = await later.getGrant(organisationId, grant)
    assert.deepEqual([state, generation], ['active', 2])
    clock.advance(601_000)
    assert.equal((await later.lease(organisationId, grant)).generation, 3)
    assert.deepEqual(await lab.spends(), ['refreshed', 'refreshed'])
  })

  test('that is away makes of a sealed handover a request to repeat, and not a refusal', async () => {
    const jwe = new PlainSecret(
      await (await open()).envelopes.seal(organisationId, { kind: 'tokens', ...(await lab.tokens()) }),
    )
    const other = await open()
    const handOver = () =>
      other.handOver({ ...lab.handover(onlyRefresh('')), credentials: { kind: 'sealed', jwe } })
    kms.isAway = true
    await assert.rejects(handOver(), (error: Error & { hint?: string }) => {
      assert.match(error.hint ?? '', /try again/)
      return failsWith('KEY_SERVICE_UNAVAILABLE')(error)
    })
    kms.isAway = false
    assert.equal((await handOver()).outcome, 'created')
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
