import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Vault } from './index.ts'
import { listSpools, readSpool } from './spool-records.ts'
import { ServerProcess } from './testing/server-process.ts'
import { failsWith, until, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab

/** Ends the statements that a killed process left waiting in PostgreSQL: else they would be carried out after its death. */
const endBlocked = () =>
  lab.store.pool.query(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  )
const recordsOfOthers = async () => {
  const files = await listSpools(lab.spoolFolder)
  const all = await Promise.all(files.map(({ path }) => readSpool(path)))
  return all.flat()
}
/** A vault, a grant whose access token has just run out, and a server that is about to refresh it. */
const prepare = async ({ hangs = false } = {}) => {
  const vault = await lab.open()
  const id = await lab.deposit(vault)
  clock.advance(601_000)
  return { vault, id, server: new ServerProcess(lab, id, { hangs }) }
}

/** Looks, half a second apart, until a send of a dead process is given up: fifteen seconds after its lock was missed. */
const untilLost = async (vault: Vault, isLost: () => Promise<boolean>) => {
  const begin = clock.now()
  await until(async () => {
    await vault.tick()
    const is = await isLost()
    if (!is) clock.advance(500)
    return is
  })
  assert.ok(clock.now() - begin >= 15_000, 'one look says nothing of who lost its lock')
  assert.ok(clock.now() - begin < 20_000)
}

/** A look at everything that is cut off while it replays a spool. */
const cutReplay = async (vault: Vault) => {
  for (let looks = 0; ; looks++) {
    // The dead process's lock may be there for a moment still; then there is nothing to replay yet.
    const look = Promise.allSettled([vault.tick()])
    let isOver = false
    void look.then(() => {
      isOver = true
    })
    await until(async () => isOver || (await lab.isBlocked()))
    await endBlocked()
    const [outcome] = await look
    if (outcome.status === 'rejected' || looks > 50) return outcome
  }
}

describe('kill -9 of the process that refreshes', () => {
  test('before its intent is recorded: clean, anybody refreshes', async () => {
    const { vault, id, server } = await prepare()
    const release = await lab.hold(id)
    await server.tell('lease')
    await until(() => lab.isBlocked())
    await server.kill()
    await endBlocked()
    await release()
    assert.equal((await vault.lease(organisationId, id)).generation, 2)
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('before its intent is recorded, and PostgreSQL records it after the death: ambiguous, then recovered', async () => {
    const { vault, id, server } = await prepare()
    const release = await lab.hold(id)
    await server.tell('lease')
    await until(() => lab.isBlocked())
    await server.kill()
    await release()
    await untilLost(vault, async () => (await vault.getGrant(organisationId, id)).state === 'ambiguous')
    clock.advance(2000)
    assert.equal((await vault.tick().then(() => vault.lease(organisationId, id))).generation, 2)
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('while the issuer answers: ambiguous after fifteen seconds, consent needed once the issuer refused twice', async () => {
    const { vault, id, server } = await prepare()
    await lab.fault({ at: 'token', kind: 'delay', delayMs: 1500, times: 1 })
    await server.tell('lease')
    await until(async () => (await lab.spends()).length === 1)
    await server.kill()
    await untilLost(vault, async () => (await vault.getGrant(organisationId, id)).state === 'ambiguous')
    for (const wait of [2000, 18_000]) {
      clock.advance(wait)
      await vault.tick()
    }
    assert.equal((await vault.getGrant(organisationId, id)).state, 'needs_consent')
    assert.deepEqual(await lab.spends(), ['refreshed', 'old-token', 'old-token'])
    await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_NEEDS_CONSENT'))
  })

  test('between intent and sending: ambiguous after fifteen seconds, recovered by the declared resend', async () => {
    const { vault, id, server } = await prepare({ hangs: true })
    await server.tell('lease')
    await until(() => server.says('sending'))
    await server.kill()
    await untilLost(vault, async () => (await vault.getGrant(organisationId, id)).state === 'ambiguous')
    clock.advance(2000)
    await vault.tick()
    const { state, generation } = await vault.getGrant(organisationId, id)
    assert.deepEqual([state, generation], ['active', 2])
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('between answer and save: the spool has it, nothing is lost and nothing is sent again', async () => {
    const { vault, id, server } = await prepare()
    await lab.fault({ at: 'token', kind: 'delay', delayMs: 300, times: 1 })
    const before = (await recordsOfOthers()).length
    await server.tell('lease')
    await until(async () => (await lab.row(id)).spend_id !== null)
    const release = await lab.hold(id)
    await until(async () => (await recordsOfOthers()).length > before)
    await until(() => lab.isBlocked())
    await server.kill()
    await endBlocked()
    await release()
    assert.equal((await lab.row(id)).generation, 1)
    await until(async () => {
      await vault.tick()
      return (await vault.getGrant(organisationId, id)).generation === 2
    })
    const { state } = await vault.getGrant(organisationId, id)
    assert.equal(state, 'active')
    clock.advance(601_000)
    assert.equal((await vault.lease(organisationId, id)).generation, 3)
    assert.deepEqual(await lab.spends(), ['refreshed', 'refreshed'])
  })

  test('between answer and save, and the database goes away during the replay: the spool is replayed again', async () => {
    const { vault, id, server } = await prepare()
    await lab.fault({ at: 'token', kind: 'delay', delayMs: 300, times: 1 })
    const before = (await recordsOfOthers()).length
    await server.tell('lease')
    await until(async () => (await lab.row(id)).spend_id !== null)
    const release = await lab.hold(id)
    await until(async () => (await recordsOfOthers()).length > before)
    await until(() => lab.isBlocked())
    await server.kill()
    await endBlocked()
    const cut = await cutReplay(vault)
    assert.equal(cut.status, 'rejected', 'a replay that was cut off does not count as done')
    await release()
    await until(async () => {
      await vault.tick()
      return (await vault.getGrant(organisationId, id)).generation === 2
    })
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('after the save: done', async () => {
    const { vault, id, server } = await prepare()
    await server.tell('lease')
    await until(() => server.says('leased 2'))
    await server.kill()
    assert.equal((await vault.lease(organisationId, id)).generation, 2)
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('while it repeats a lost request: the next process repeats it once more', async () => {
    const { vault, id, server } = await prepare({ hangs: true })
    await lab.fault({ at: 'token', kind: 'reset', times: 1 })
    await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
    clock.advance(2000)
    server.setClock()
    await server.tell('tick')
    await until(() => server.says('sending'))
    await vault.tick()
    assert.deepEqual(await lab.spends(), [], 'a living holder is left alone')
    await server.kill()
    await untilLost(vault, async () => (await lab.row(id)).spend_process === null)
    clock.advance(18_000)
    await vault.tick()
    const { state, generation } = await vault.getGrant(organisationId, id)
    assert.deepEqual([state, generation], ['active', 2])
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })
})
