import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type GrantId, silentLog } from '@sluis/shared'
import type { Store } from '@sluis/store'
import { DatabaseMemory } from './database-memory.ts'
import type { OAuthPlatform, Vault } from './index.ts'
import { fetchSend } from './testing/fetch-send.ts'
import { labPlatform } from './testing/lab-platform.ts'
import { failsWith, until, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab

/** The database as one that was restored from a backup: it has written less than this machine remembers. */
const restore = () => {
  const path = join(lab.spoolFolder, 'database.json')
  const known = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(
    path,
    JSON.stringify({ ...known, writeCounter: String(BigInt(known.writeCounter) + 10n ** 12n) }),
  )
}
/** A server of another machine, whose spool nobody here can read. */
const registerElsewhere = () =>
  lab.store.pool.query(
    `INSERT INTO vault_process (id, lock_key, started_at) VALUES ('prc_elsewhere', 4711, 1)`,
  )
const actions = async (vault: Vault, id: GrantId) =>
  (await vault.grantEvents(organisationId, id, { limit: 100 })).map(({ action }) => action)

const forgotten = async (platform?: OAuthPlatform) => {
  const options = platform ? { platform } : {}
  const first = await lab.open(options)
  const id = await lab.deposit(first)
  await lab.stopAll()
  restore()
  await registerElsewhere()
  return { id, vault: await lab.open(options) }
}

describe('after the database forgot', () => {
  test('a chain of single-use tokens is ambiguous and is not spent, and a valid access token is served', async () => {
    const { id, vault } = await forgotten()
    const grant = await vault.getGrant(organisationId, id)
    assert.deepEqual([grant.state, grant.problem?.code], ['ambiguous', 'GRANT_AMBIGUOUS'])
    assert.match(grant.problem?.hint ?? '', /prc_elsewhere.*assume-lost/)
    const [listed] = await vault.listGrants(organisationId, { limit: 10 })
    assert.equal(listed?.state, 'ambiguous')
    assert.equal((await vault.lease(organisationId, id)).generation, 1)
    clock.advance(601_000)
    await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
    await assert.rejects(vault.refresh(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
    clock.advance(8 * 86_400_000)
    await vault.tick()
    assert.deepEqual(await lab.spends(), [])
    assert.equal((await actions(vault, id)).filter((action) => action === 'grant.ambiguous').length, 1)
  })

  test('it is as before once the operator says which process is lost, and that is told of', async () => {
    const { id, vault } = await forgotten()
    const awaited = await vault.awaitedProcesses()
    assert.equal(awaited.length, 2, 'whether the one before is dead shows after a while')
    clock.advance(601_000)
    await vault.tick()
    assert.deepEqual(await vault.awaitedProcesses(), ['prc_elsewhere'])
    await assert.rejects(vault.assumeLost('prc_nobody'), failsWith('NOT_FOUND'))
    await vault.assumeLost('prc_elsewhere')
    await vault.tick()
    assert.equal((await vault.getGrant(organisationId, id)).state, 'active')
    const told = (await actions(vault, id)).filter((action) => /ambiguous|recovered/.test(action))
    assert.deepEqual(told, ['grant.ambiguous', 'grant.recovered'])
    assert.equal((await vault.lease(organisationId, id)).generation, 2)
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('a process that nobody waits for cannot be given up', async () => {
    const vault = await lab.open()
    await registerElsewhere()
    await assert.rejects(vault.assumeLost('prc_elsewhere'), failsWith('NOT_FOUND'))
    const { rowCount } = await lab.store.pool.query(`SELECT FROM vault_process WHERE id = 'prc_elsewhere'`)
    assert.equal(rowCount, 1)
  })

  test('two processes that notice it tell of it once', async () => {
    const { id, vault } = await forgotten()
    restore()
    const other = await lab.open()
    await Promise.all([vault.tick(), other.tick()])
    assert.equal((await actions(vault, id)).filter((action) => action === 'grant.ambiguous').length, 1)
  })

  test('a chain whose token does not rotate is not in doubt', async () => {
    const platform = labPlatform(lab.url)
    const { id, vault } = await forgotten({ ...platform, policy: { ...platform.policy, rotation: 'none' } })
    assert.equal((await vault.getGrant(organisationId, id)).state, 'active')
    clock.advance(601_000)
    assert.equal((await vault.lease(organisationId, id)).generation, 2)
  })
})

// ADR 12. An issuer that is away says nothing of the token: asking the user again would not help, and giving up would
// throw away a chain that may well live.
test('an ambiguous chain does not end because its issuer stays away, and goes on when that is back', async () => {
  let isAway = false
  const vault = await lab.open({
    send: (request, options) => {
      if (!isAway || request.method !== 'POST') return fetchSend(request, options)
      return Promise.reject(Object.assign(new Error(), { code: 'ECONNREFUSED' }))
    },
  })
  const id = await lab.deposit(vault)
  clock.advance(601_000)
  await lab.fault({ at: 'token', kind: 'reset', times: 1 })
  await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
  isAway = true
  // Two days: far beyond the 60 s and 660 s in which an issuer that answers decides.
  for (let n = 0; n < 192; n++) {
    clock.advance(15 * 60_000)
    await vault.tick()
    assert.equal((await vault.getGrant(organisationId, id)).state, 'ambiguous')
  }
  assert.deepEqual(await lab.spends(), [])
  isAway = false
  clock.advance(16 * 60_000)
  await vault.tick()
  const { state, generation } = await vault.getGrant(organisationId, id)
  assert.deepEqual([state, generation], ['active', 2])
})

test('two looks at once that are answered in the other order are no database that forgot', async () => {
  const answers: (() => void)[] = []
  const late: Store = {
    ...lab.store,
    identity: async () => {
      const identity = await lab.store.identity()
      await new Promise<void>((resolve) => answers.push(resolve))
      return identity
    },
  }
  const vault = await lab.open()
  const memory = new DatabaseMemory(late, clock, silentLog, lab.folder, [])
  const looks: Promise<void>[] = [memory.check()]
  await until(() => answers.length === 1)
  await lab.deposit(vault)
  looks.push(memory.check())
  // The second answers first, if it was asked before the first was answered.
  const isSecondAsked = () => answers.length === 2
  for (let turn = 0; turn < 20 && !isSecondAsked(); turn++) await lab.store.identity()
  if (isSecondAsked()) {
    answers[1]?.()
    await looks[1]
  }
  answers[0]?.()
  await looks[0]
  await until(isSecondAsked)
  answers[1]?.()
  await looks[1]
  const { rowCount } = await lab.store.pool.query('SELECT FROM vault_recovery')
  assert.equal(rowCount, 0)
})

test('a database that forgets again while it is being repaired is repaired from all spools again', async () => {
  const { id, vault } = await forgotten()
  await lab.store.pool.query(`UPDATE vault_process SET replayed_recovery = 0`)
  // The one before is known to be dead by then.
  clock.advance(15_000)
  await vault.tick()
  const awaited = () => vault.awaitedProcesses()
  assert.deepEqual(await awaited(), ['prc_elsewhere'])
  // The other one said what it knew, and then the database forgot it again.
  await lab.store.pool.query(
    `UPDATE vault_process SET replayed_recovery = (SELECT max(id) FROM vault_recovery) WHERE id = 'prc_elsewhere'`,
  )
  assert.deepEqual(await awaited(), [])
  restore()
  const other = await lab.open()
  clock.advance(601_000)
  await Promise.all([vault.tick(), other.tick()])
  assert.deepEqual(await awaited(), ['prc_elsewhere'])
  await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
  assert.equal((await actions(vault, id)).filter((action) => action === 'grant.ambiguous').length, 1)
  await vault.assumeLost('prc_elsewhere')
  await vault.tick()
  assert.equal((await vault.lease(organisationId, id)).generation, 2)
})
