import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Vault } from './index.ts'
import { HeldSend } from './testing/held-send.ts'
import { both, until, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab
const tokensOf = (name: string) => ({
  access_token: `at-${name}`,
  refresh_token: `rt-${name}`,
  expires_in: '600',
})
const dead = { status: 400, body: '{"error":"invalid_grant","error_description":"Token is expired"}' }

/** A token is being spent, and its user's second consent, known by its access token alone, takes its chain's place. */
const supersededWhileSpending = async () => {
  const held = new HeldSend()
  const options = { send: held.send, tokenTimeoutMs: 180_000 }
  const [one, two] = [await lab.open(options), await lab.open(options)]
  const id = await lab.deposit(one)
  clock.advance(601_000)
  const first = one.lease(organisationId, id).catch((error) => error)
  await until(() => held.count === 1)
  const again = await two.handOver(lab.handover(both(await lab.tokens())))
  assert.deepEqual([again.outcome, again.grant.id], ['superseded', id])
  /** The new chain turns out to be dead. */
  const refusePrimary = async (vault: Vault) => {
    const request = held.count
    await vault.markAccessTokenRefused(organisationId, id, (await lab.row(id)).generation as number)
    await lab.store.pool.query('UPDATE token_grant SET received_at = $2 WHERE id = $1', [
      id,
      clock.now() - 600_000,
    ])
    const lease = vault.lease(organisationId, id).catch((error) => error)
    await until(() => held.count === request + 1)
    held.refuse(request, dead)
    return lease
  }
  return { held, one, two, id, first, refusePrimary }
}
const declared = async (vault: Vault, id: string) =>
  (await vault.grantEvents(organisationId, id as never, { limit: 100 })).filter(
    ({ action }) => action === 'grant.ambiguous',
  ).length

describe('a token that is being spent while a new consent takes its chain’s place', () => {
  test('is not sent again when the new chain is refused: its answer is waited for and taken', async () => {
    const { held, two, id, refusePrimary, first } = await supersededWhileSpending()
    const lease = refusePrimary(two)
    await until(async () => (await lab.row(id)).spend_generation === 1)
    await two.tick()
    assert.deepEqual([held.count, (await lab.row(id)).state], [2, 'refreshing'])
    held.answer(0, tokensOf('late'))
    await first
    assert.equal((await lab.row(id)).state, 'active')
    clock.advance(1000)
    assert.equal((await lease).accessToken.reveal(), 'at-late')
    assert.equal(held.count, 2)
  })

  test('is declared lost before it is sent again, where its holder never hears of it', async () => {
    const { held, one, two, id, refusePrimary, first } = await supersededWhileSpending()
    const lease = refusePrimary(two)
    await until(async () => (await lab.row(id)).spend_generation === 1)
    clock.advance(211_000)
    await two.tick()
    assert.deepEqual([held.count, await declared(two, id)], [2, 1])
    assert.equal((await lab.row(id)).state, 'ambiguous')
    clock.advance(2000)
    const resend = two.tick()
    await until(() => held.count === 3)
    held.answer(2, tokensOf('resent'))
    await resend
    assert.equal((await lab.row(id)).state, 'active')
    held.reset(0)
    await Promise.all([first, lease])
    assert.equal((await one.lease(organisationId, id)).accessToken.reveal(), 'at-resent')
  })

  test('and is refused: it is not tried again, and the grant asks for consent', async () => {
    const { held, two, id, refusePrimary, first } = await supersededWhileSpending()
    held.refuse(0, dead)
    // Who waited for the old chain is given the new one’s token.
    assert.equal((await first).generation, 2)
    assert.equal((await lab.row(id)).sealed_alternates, null)
    await refusePrimary(two)
    assert.deepEqual([held.count, (await lab.row(id)).state], [2, 'needs_consent'])
  })

  test('and was not taken by the issuer for now: it is a pair like any other, and is tried', async () => {
    const { held, two, id, refusePrimary, first } = await supersededWhileSpending()
    held.refuse(0, { status: 503, body: '' })
    await first
    const lease = refusePrimary(two)
    await until(() => held.count === 3)
    held.answer(2, tokensOf('old'))
    assert.equal((await lease).accessToken.reveal(), 'at-old')
    assert.equal(await declared(two, id), 0)
  })

  test('and gives its answer late: the pair is kept beside the chain in place of the one that was spent', async () => {
    const { held, two, id, refusePrimary, first } = await supersededWhileSpending()
    held.answer(0, tokensOf('late'))
    await first
    await until(async () => (await lab.row(id)).spend_id === null)
    await refusePrimary(two)
    clock.advance(601_000)
    const lease = two.lease(organisationId, id).catch((error) => error)
    await until(() => held.count === 3)
    held.refuse(2, dead)
    await lease
    // The late pair was tried; the token that it was bought with was not.
    assert.deepEqual([held.count, (await lab.row(id)).state], [3, 'needs_consent'])
  })

  test('whose holder is dead is declared lost and sent as the policy names', async () => {
    const { held, two, id, refusePrimary } = await supersededWhileSpending()
    // Its process is nowhere any more, and left no spool.
    await lab.store.pool.query(
      `INSERT INTO vault_process (id, lock_key, started_at) VALUES ('prc_dead', 4711, 1)`,
    )
    const lease = refusePrimary(two)
    await until(async () => (await lab.row(id)).spend_generation === 1)
    await lab.store.pool.query(`UPDATE token_grant SET spend_process = 'prc_dead' WHERE id = $1`, [id])
    await two.tick()
    // Its lock must be missing for a while.
    clock.advance(15_000)
    await two.tick()
    assert.deepEqual([held.count, await declared(two, id)], [2, 1])
    clock.advance(2000)
    const resend = two.tick()
    await until(() => held.count === 3)
    held.answer(2, tokensOf('resent'))
    await resend
    assert.equal((await lab.row(id)).state, 'active')
    held.reset(0)
    await lease
  })
})
