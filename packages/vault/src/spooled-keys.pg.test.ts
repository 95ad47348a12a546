import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type GrantId, systemRandom } from '@sluis/shared'
import type { KeyEncryptionKey } from './index.ts'
import { eraseKeys, listSpools, readSpool } from './spool-records.ts'
import { KmsLikeKey } from './testing/kms-like-key.ts'
import { failsWith, until, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab
/** What belongs to one organisation or grant in a backup of the database. */
const backedUp = ['vault_key', 'token_grant', 'token_fingerprint', 'vault_shredded'] as const

/** Takes a backup of the vault's tables; the function that it gives puts it back, and the machine notices. */
async function backUp(): Promise<() => Promise<void>> {
  const { pool } = lab.store
  const rows = new Map<string, unknown>()
  for (const table of backedUp) {
    const { rows: found } = await pool.query(`SELECT coalesce(jsonb_agg(t), '[]') AS all FROM ${table} t`)
    rows.set(table, found[0]?.all)
  }
  return async () => {
    await lab.stopAll()
    for (const table of backedUp) {
      await pool.query(`DELETE FROM ${table}`)
      await pool.query(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1)`, [
        JSON.stringify(rows.get(table)),
      ])
    }
    const path = join(lab.spoolFolder, 'database.json')
    const known = JSON.parse(readFileSync(path, 'utf8'))
    const writeCounter = String(BigInt(known.writeCounter) + 10n ** 12n)
    writeFileSync(path, JSON.stringify({ ...known, writeCounter }))
  }
}

/** Looks until the grace time of a recovery is over. */
async function recovered(kek?: KeyEncryptionKey) {
  const vault = await lab.open(kek ? { kek } : {})
  await vault.tick()
  clock.advance(16_000)
  await vault.tick()
  return vault
}
const isRecovering = async () =>
  (await lab.store.pool.query('SELECT FROM vault_recovery WHERE ended_at IS NULL')).rowCount === 1
const dataKeys = async () =>
  (
    await lab.store.pool.query<{ id: string; is_current: boolean }>(
      `SELECT id, is_current FROM vault_key WHERE purpose = 'data' AND organisation_id = $1 ORDER BY is_current`,
      [organisationId],
    )
  ).rows
const keysInSpools = async () => {
  const records = await Promise.all((await listSpools(lab.spoolFolder)).map(({ path }) => readSpool(path)))
  return records.flat().flatMap((record) => (record.kind === 'key' ? [record.key] : []))
}
const spendTwice = async (vault: Awaited<ReturnType<typeof recovered>>, id: GrantId, generation: number) => {
  assert.deepEqual(
    [(await lab.row(id)).state, (await lab.row(id)).generation],
    ['active', generation],
    'the newest answer is back',
  )
  clock.advance(601_000)
  assert.equal((await vault.lease(organisationId, id)).generation, generation + 1)
}

describe('a database that forgot a data key', () => {
  test('which was made by a rotation gets it back from the spool, with the answer that it sealed', async () => {
    const one = await lab.open()
    const id = await lab.deposit(one)
    const restore = await backUp()
    const [old] = await dataKeys()
    await one.rotateDataKey(organisationId, 'test')
    clock.advance(601_000)
    await one.lease(organisationId, id)
    await restore()
    const later = await recovered()
    assert.equal(await isRecovering(), false)
    await spendTwice(later, id, 2)
    assert.deepEqual(await lab.spends(), ['refreshed', 'refreshed'])
    // What comes back opens and seals nothing new: it goes like any key that was replaced.
    const [returned, current] = await dataKeys()
    assert.deepEqual([returned?.is_current, current], [false, old])
    // Past the spools' days; the chain lives on meanwhile.
    for (let day = 0; day < 10; day++) {
      clock.advance(86_400_000)
      await later.tick()
      await later.lease(organisationId, id)
    }
    assert.deepEqual(
      (await dataKeys()).map((key) => key.id),
      [old?.id],
    )
    assert.deepEqual(new Set(await lab.spends()), new Set(['refreshed']))
  })

  test('of an organisation that it never heard of gets grant and key back, also with another process’s spool', async () => {
    const [one, other] = [await lab.open(), await lab.open()]
    const restore = await backUp()
    const id = await lab.deposit(one)
    clock.advance(601_000)
    await other.lease(organisationId, id)
    await restore()
    const later = await recovered()
    assert.equal(await isRecovering(), false)
    await spendTwice(later, id, 2)
    assert.deepEqual(await lab.spends(), ['refreshed', 'refreshed'])
  })

  test('gets it back under a key-encryption key that was replaced meanwhile', async () => {
    const one = await lab.open()
    const id = await lab.deposit(one)
    const restore = await backUp()
    await one.rotateDataKey(organisationId, 'test')
    await one.rotateKek()
    clock.advance(601_000)
    await one.lease(organisationId, id)
    await restore()
    const later = await recovered()
    await spendTwice(later, id, 2)
    const { rows } = await lab.store.pool.query('SELECT DISTINCT kek_id FROM vault_key')
    assert.equal(rows.length, 1, 'all keys are under the new one')
  })

  test('while the key management service is away: no process trusts it, and the chain goes on afterwards', async () => {
    const kms = new KmsLikeKey(systemRandom)
    const one = await lab.open({ kek: kms })
    const id = await lab.deposit(one)
    const restore = await backUp()
    await one.rotateDataKey(organisationId, 'test')
    clock.advance(601_000)
    await one.lease(organisationId, id)
    await restore()
    // It answers for the keys that every start needs, and then no more.
    const calls = kms.calls
    await lab.open({ kek: kms, spoolFolder: join(lab.folder, 'elsewhere') })
    await lab.stopAll()
    kms.callsLeft = kms.calls - calls
    await assert.rejects(lab.open({ kek: kms }), failsWith('KEY_SERVICE_UNAVAILABLE'))
    assert.equal(await isRecovering(), true)
    assert.equal((await lab.row(id)).generation, 1)
    kms.callsLeft = Number.POSITIVE_INFINITY
    await lab.store.pool.query(
      `DELETE FROM vault_process WHERE id NOT IN (
      SELECT split_part(name, '.', 1) FROM unnest($1::text[]) AS x (name))`,
      [(await listSpools(lab.spoolFolder)).map(({ processId }) => processId)],
    )
    const later = await recovered(kms)
    assert.equal(await isRecovering(), false)
    await spendTwice(later, id, 2)
    assert.deepEqual(await lab.spends(), ['refreshed', 'refreshed'])
  })

  test('and whose spool has none either spends nothing until the operator gives that spool up', async () => {
    const one = await lab.open()
    const id = await lab.deposit(one)
    const restore = await backUp()
    await one.rotateDataKey(organisationId, 'test')
    clock.advance(601_000)
    await one.lease(organisationId, id)
    await restore()
    // As an earlier version wrote it.
    const [file] = await listSpools(lab.spoolFolder)
    await eraseKeys(file?.path ?? '', organisationId)
    const later = await recovered()
    assert.equal(await isRecovering(), true)
    assert.deepEqual(await later.awaitedProcesses(), [file?.processId])
    await assert.rejects(later.refresh(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
    assert.deepEqual(await lab.spends(), ['refreshed'])
    await later.assumeLost(file?.processId ?? '')
    await later.tick()
    assert.equal(await isRecovering(), false)
  })
})

describe('an organisation that is shredded', () => {
  test('has no key in any spool any more, and none in those of dead processes', async () => {
    const [one, other, dead] = [await lab.open(), await lab.open(), await lab.open()]
    const id = await lab.deposit(one)
    for (const vault of [other, dead]) {
      clock.advance(601_000)
      await vault.lease(organisationId, id)
    }
    await dead?.stop()
    assert.ok((await keysInSpools()).length >= 3)
    await one.shredOrganisation(organisationId, 'test')
    assert.deepEqual(await keysInSpools(), [])
    assert.ok((await listSpools(lab.spoolFolder)).length >= 3, 'the spools are there still')
  })

  test('stays so when the database forgets that it was, and no spool brings a key of it back', async () => {
    const one = await lab.open()
    const id = await lab.deposit(one)
    await one.rotateDataKey(organisationId, 'test')
    clock.advance(601_000)
    await one.lease(organisationId, id)
    const restore = await backUp()
    await one.shredOrganisation(organisationId, 'test')
    await restore()
    assert.notEqual((await dataKeys()).length, 0, 'the backup holds them')
    const later = await recovered()
    assert.deepEqual(await dataKeys(), [])
    await assert.rejects(later.lease(organisationId, id), failsWith('NOT_FOUND'))
    assert.equal((await lab.row(id)).sealed_tokens, null)
    assert.equal(await isRecovering(), false)
  })

  test('elsewhere while a process heard nothing: what it spooled is overwritten all the same', async () => {
    const one = await lab.open()
    const id = await lab.deposit(one)
    const elsewhere = join(lab.folder, 'elsewhere')
    const other = await lab.open({ spoolFolder: elsewhere })
    clock.advance(601_000)
    await other.lease(organisationId, id)
    await other.stop()
    await one.shredOrganisation(organisationId, 'test')
    const keysThere = async () =>
      (await Promise.all((await listSpools(elsewhere)).map(({ path }) => readSpool(path))))
        .flat()
        .filter(({ kind }) => kind === 'key').length
    assert.equal(await keysThere(), 1)
    // It starts again, and reads what it left.
    const again = await lab.open({ spoolFolder: elsewhere })
    await until(async () => {
      await again.tick()
      return (await keysThere()) === 0
    })
  })
})
