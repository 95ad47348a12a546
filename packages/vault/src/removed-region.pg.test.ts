import assert from 'node:assert/strict'
import { test } from 'node:test'
import { both, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock } = lab

test('one send of a dead process in a region that was taken away stopped the keeping alive of all others', async () => {
  const vault = await lab.open()
  const gone = await lab.deposit(vault)
  const { grant } = await vault.handOver(lab.handover(both(await lab.tokens('bob@example.com'))))
  assert.notEqual(gone, grant.id)
  await lab.store.pool.query(
    `UPDATE token_grant SET region = 'gone', state = 'refreshing', spend_id = 's', spend_kind = 'refresh',
       spend_generation = generation, spend_process = 'prc_dead', spend_started_at = $2, spend_sends = 1
     WHERE id = $1`,
    [gone, clock.now()],
  )
  clock.advance(8 * 86_400_000)
  for (let look = 0; look < 3; look++) {
    await vault.tick()
    clock.advance(60_000)
  }
  assert.equal((await lab.row(grant.id)).generation, 2)
  const { state, spend_id } = await lab.row(gone)
  assert.deepEqual([state, spend_id], ['refreshing', 's'], 'it waits for its region')
})

test('a warning of a grant in a region that was taken away stopped the warnings of all others', async () => {
  const vault = await lab.open()
  const gone = await lab.deposit(vault)
  const { grant } = await vault.handOver(lab.handover(both(await lab.tokens('bob@example.com'))))
  await lab.store.pool.query('UPDATE token_grant SET due_at = NULL')
  await lab.store.pool.query("UPDATE token_grant SET region = 'gone', warn_at = warn_at - 1 WHERE id = $1", [
    gone,
  ])
  clock.advance(16 * 86_400_000)
  await vault.tick()
  const { rows } = await lab.store.pool.query(
    "SELECT subject FROM audit_event WHERE action = 'grant.expiring'",
  )
  assert.deepEqual(rows, [{ subject: grant.id }])
})
