import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { newId, type OrganisationId, PlainSecret, systemRandom } from '@sluis/shared'
import { CompactEncrypt, importJWK } from 'jose'
import { loadOrCreateKek, parseKek } from './kek.ts'
import { both, failsWith, labApp, until, VaultLab } from './testing/vault-lab.ts'
import type { Vault } from './vault-service.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab
const kekFile = () => join(lab.folder, 'kek')
const users = ['anna@example.com', 'bram@example.com']

/** Leases through every vault as fast as it goes while `work` runs; gives how many there were. A failure throws. */
async function leasingDuring(
  vaults: readonly Vault[],
  grants: readonly Awaited<ReturnType<typeof lab.deposit>>[],
  work: () => Promise<unknown>,
): Promise<number> {
  let isOver = false
  let leases = 0
  const lanes = [...vaults, ...vaults].map(async (vault) => {
    while (!isOver) {
      for (const grant of grants) {
        await vault.lease(organisationId, grant, { minRemainingSeconds: 1 })
        leases++
      }
      // Leases from memory give way to nobody by themselves.
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  try {
    // A lane that fails ends the test at once.
    await Promise.race([work(), Promise.all(lanes)])
  } finally {
    isOver = true
  }
  await Promise.all(lanes)
  return leases
}

const keyIdsInUse = async () => {
  const { rows } = await lab.store.pool.query<{ id: string }>(
    `SELECT DISTINCT encode(substring(blob FROM 2 FOR 16), 'escape') AS id FROM token_grant,
       unnest(ARRAY[sealed_secret, sealed_tokens, sealed_alternates]) AS blob WHERE blob IS NOT NULL AND blob <> ''`,
  )
  return rows.map(({ id }) => id).sort()
}
const dataKeys = async () => {
  const { rows } = await lab.store.pool.query<{ id: string; is_current: boolean; kek_id: string }>(
    `SELECT id, is_current, kek_id FROM vault_key WHERE purpose = 'data' ORDER BY created_at, id`,
  )
  return rows
}

describe('the start', () => {
  test('with another key than the database was sealed with is refused', async () => {
    await lab.deposit(await lab.open())
    await lab.stopAll()
    const other = parseKek(Buffer.from(systemRandom(32)).toString('base64'))
    await assert.rejects(lab.open({ kek: other }), failsWith('KEY_UNUSABLE'))
  })

  test('makes no new key file while sealed data are there', async () => {
    await lab.deposit(await lab.open())
    await lab.stopAll()
    renameSync(kekFile(), `${kekFile()}.away`)
    assert.throws(
      () => loadOrCreateKek(kekFile(), systemRandom, { mayCreate: false }),
      failsWith('KEY_UNUSABLE'),
    )
    assert.throws(() => readFileSync(kekFile()), /ENOENT/)
  })

  test('on tokens whose keys are gone from the database is refused, and makes none', async () => {
    await lab.deposit(await lab.open())
    await lab.stopAll()
    await lab.store.pool.query('DELETE FROM vault_key')
    await assert.rejects(lab.open(), failsWith('KEY_UNUSABLE'))
    const { rowCount } = await lab.store.pool.query('SELECT FROM vault_key')
    assert.equal(rowCount, 0)
  })

  test('with a canary that was tampered with is refused', async () => {
    await lab.deposit(await lab.open())
    await lab.stopAll()
    await lab.store.pool.query(
      `UPDATE vault_key SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE purpose = 'canary'`,
    )
    await assert.rejects(lab.open(), failsWith('KEY_UNUSABLE'))
  })
})

describe('rotation', () => {
  test('of the data key under load, in two processes: no lease fails, all is sealed anew, the old key goes', async () => {
    const [one, other] = [await lab.open(), await lab.open()]
    const grants = [await lab.deposit(one, users[0]), await lab.deposit(one, users[1])]
    const [before] = await keyIdsInUse()
    const leases = await leasingDuring([one, other], grants, async () => {
      for (let round = 0; round < 5; round++) {
        await one.rotateDataKey(organisationId, 'test')
        // The other process refreshes meanwhile, with whatever key it holds current.
        clock.advance(575_000)
        for (const grant of grants) await other.refresh(organisationId, grant, {})
      }
    })
    assert.ok(leases > 50, `${leases} leases`)
    await one.rotateDataKey(organisationId, 'test')
    const current = (await dataKeys()).find(({ is_current: isCurrent }) => isCurrent)
    assert.deepEqual(await keyIdsInUse(), [current?.id])
    assert.notEqual(current?.id, before)
    assert.equal((await dataKeys()).length, 7)
    clock.advance(8 * 86_400_000 + 3_600_000)
    await one.tick()
    assert.deepEqual(
      (await dataKeys()).map(({ id }) => id),
      [current?.id],
    )
    await lab.stopAll()
    const later = await lab.open()
    for (const grant of grants) assert.ok(await later.lease(organisationId, grant))
  })

  test('of the data key loses nothing that changes at the same moment', async () => {
    const vault = await lab.open()
    const grant = await lab.deposit(vault)
    for (let round = 0; round < 6; round++) {
      clock.advance(575_000)
      await Promise.all([
        vault.refresh(organisationId, grant, {}),
        vault.rotateDataKey(organisationId, 'test'),
        vault.rotateDataKey(organisationId, 'test'),
      ])
    }
    assert.deepEqual(
      await lab.spends(),
      Array.from({ length: 6 }, () => 'refreshed'),
    )
    await lab.stopAll()
    const later = await lab.open()
    clock.advance(575_000)
    assert.equal((await later.refresh(organisationId, grant, {})).generation, 8)
  })

  test('of the key-encryption key under load, in two processes that share its file', async () => {
    const [one, other] = [await lab.open(), await lab.open()]
    const grant = await lab.deposit(one)
    const [old] = await dataKeys()
    const newcomer = newId('org', 9) as OrganisationId
    const leases = await leasingDuring([one, other], [grant], async () => {
      for (let round = 0; round < 3; round++) {
        await one.rotateKek()
        // Made by the one under the new key, and opened by the other, which has not read the file again.
        await one.rotateDataKey(organisationId, 'test')
        await other.rotateDataKey(organisationId, 'test')
      }
      await other.handOver(lab.handover(both(await lab.tokens(users[1])), { organisationId: newcomer }))
    })
    assert.ok(leases > 20, `${leases} leases`)
    const { rows } = await lab.store.pool.query<{ kek_id: string }>('SELECT DISTINCT kek_id FROM vault_key')
    assert.equal(rows.length, 1)
    assert.notEqual(rows[0]?.kek_id, old?.kek_id)
    await lab.stopAll()
    // Only the newest key is needed any more.
    const [newest = ''] = readFileSync(kekFile(), 'utf8').split('\n')
    writeFileSync(kekFile(), `${newest}\n`, { mode: 0o600 })
    assert.ok(await (await lab.open()).lease(organisationId, grant))
  })

  test('of a key that comes from the environment happens at start', async () => {
    const [first, second] = [1, 2].map(() => Buffer.from(systemRandom(32)).toString('base64'))
    const grant = await lab.deposit(await lab.open({ kek: parseKek(first ?? '') }))
    await lab.stopAll()
    const vault = await lab.open({ kek: parseKek(`${second},${first}`) })
    await assert.rejects(vault.rotateKek(), failsWith('KEY_UNUSABLE'))
    await lab.stopAll()
    assert.ok(await (await lab.open({ kek: parseKek(second ?? '') })).lease(organisationId, grant))
  })
})

describe('an organisation that is shredded', () => {
  test('can be opened by nobody any more: not by other processes, not from the spool, not with its key file', async () => {
    const [one, other] = [await lab.open(), await lab.open()]
    const grant = await lab.deposit(one)
    await other.lease(organisationId, grant)
    await one.shredOrganisation(organisationId, 'test')
    // The other process hears of it.
    await until(() =>
      other.lease(organisationId, grant).then(
        () => false,
        () => true,
      ),
    )
    for (const vault of [one, other]) {
      await assert.rejects(vault.lease(organisationId, grant), failsWith('NOT_FOUND'))
    }
    await lab.stopAll()
    const later = await lab.open()
    await later.tick()
    await assert.rejects(later.lease(organisationId, grant), failsWith('NOT_FOUND'))
    const { rowCount } = await lab.store.pool.query('SELECT FROM vault_key WHERE organisation_id = $1', [
      organisationId,
    ])
    assert.equal(rowCount, 0)
    await assert.rejects(
      later.handOver(lab.handover(both(await lab.tokens()))),
      failsWith('KEY_UNUSABLE'),
      'no key is made again',
    )
  })

  test('can be opened by no process that was not connected when it was told of it', async () => {
    const one = await lab.open()
    await lab.deposit(one)
    const listeners = async () => {
      const { rows } = await lab.store.pool.query<{ pid: number }>(
        `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 1936484713 AND granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      )
      return rows.map(({ pid }) => pid)
    }
    const before = await listeners()
    let gate = Promise.resolve()
    const store = { ...lab.store, connect: () => gate.then(() => lab.store.connect()) }
    const other = await lab.open({ store })
    // Its hourly look at keys is done.
    await other.tick()
    const place = { grant: 'grt_1', chain: 'chain', page: 1 }
    const page = await other.sealPage(organisationId, place, Buffer.from('a row'))
    const [mine] = (await listeners()).filter((pid) => !before.includes(pid))
    assert.ok(mine)
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    await lab.store.pool.query('SELECT pg_terminate_backend($1, 5000)', [mine])
    await one.shredOrganisation(organisationId, 'test')
    assert.equal((await other.unsealPage(organisationId, place, page)).toString(), 'a row')
    resolve()
    await until(async () => (await listeners()).length === 2)
    await other.tick()
    await assert.rejects(other.unsealPage(organisationId, place, page), failsWith('KEY_UNUSABLE'))
  })
})

describe('a sealed handover', () => {
  const envelope = async (vault: Vault, content: object, organisation = organisationId) => {
    const jwk = await vault.envelopes.publicKey(organisation)
    return new CompactEncrypt(Buffer.from(JSON.stringify(content)))
      .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: jwk.kid ?? '' })
      .encrypt(await importJWK(jwk, 'ECDH-ES+A256KW'))
  }
  const handOver = (vault: Vault, jwe: string, organisation = organisationId) =>
    vault.handOver({
      ...lab.handover({ kind: 'tokens' }, { organisationId: organisation }),
      credentials: { kind: 'sealed', jwe: new PlainSecret(jwe) },
    })

  const sealed = (jwe: string, change: Parameters<typeof lab.handover>[1] = {}) => ({
    ...lab.handover({ kind: 'tokens' }, change),
    credentials: { kind: 'sealed', jwe: new PlainSecret(jwe) } as const,
  })
  const asNew = (key: string, body = key) => ({ idempotency: { key, route: 'POST /grants', body } })

  test('opens for its organisation only, and the public key gives nothing away', async () => {
    const vault = await lab.open()
    const jwk = await vault.envelopes.publicKey(organisationId)
    assert.deepEqual(Object.keys(jwk).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    const jwe = await envelope(vault, { kind: 'tokens', ...(await lab.tokens()) })
    const stranger = newId('org', 7) as OrganisationId
    await vault.envelopes.publicKey(stranger)
    await assert.rejects(handOver(vault, jwe, stranger), failsWith('INVALID_REQUEST'))
    const { outcome, grant } = await handOver(vault, jwe)
    assert.deepEqual([outcome, grant.state, grant.platformUser?.name], ['created', 'active', 'Anna'])
  })

  test('handed over twice gives the same grant, and a code is spent once', async () => {
    const vault = await lab.open()
    const jwe = await envelope(vault, { kind: 'code', code: await lab.code() })
    const [first, second] = await Promise.all([handOver(vault, jwe), handOver(vault, jwe)])
    const third = await handOver(vault, jwe)
    assert.deepEqual(new Set([first.grant.id, second.grant.id, third.grant.id]).size, 1)
    assert.equal(third.outcome, 'repeated')
    assert.equal(await lab.tokenCalls(), 1)
  })

  test('that was refused is refused in the same words, and sent once', async () => {
    const vault = await lab.open()
    const jwe = await envelope(vault, { kind: 'code', code: 'stampNL001.nonsense!' })
    const messages: string[] = []
    for (let time = 0; time < 2; time++) {
      await assert.rejects(handOver(vault, jwe), (error: Error) => {
        messages.push(error.message)
        return failsWith('HANDOVER_CODE_REFUSED')(error)
      })
    }
    assert.equal(messages[0], messages[1])
    assert.equal(await lab.tokenCalls(), 1)
  })

  test('that was refused for its client is corrected by the same credentials, sealed anew', async () => {
    const vault = await lab.open()
    const content = { kind: 'tokens', refreshToken: (await lab.tokens()).refreshToken }
    clock.advance(601_000)
    const wrong = sealed(await envelope(vault, content), { clientSecret: 'wrong' })
    await assert.rejects(vault.handOver(wrong, asNew('first', 'wrong')), failsWith('HANDOVER_CLIENT_REFUSED'))
    const right = sealed(await envelope(vault, content))
    assert.equal((await vault.handOver(right, asNew('second'))).outcome, 'created')
    // The same again is the same request, whatever key it comes with; and the first one stays refused.
    assert.equal((await vault.handOver(right, asNew('third'))).outcome, 'repeated')
    await assert.rejects(vault.handOver(wrong, asNew('first', 'wrong')))
    assert.equal((await lab.spends()).filter((outcome) => outcome === 'refreshed').length, 1)
  })

  test('that was refused for its externalId is corrected by the same credentials', async () => {
    const vault = await lab.open()
    await vault.handOver(
      lab.handover(both(await lab.tokens('bob@example.com')), { externalId: 'customer-1' }),
    )
    const jwe = await envelope(vault, { kind: 'tokens', ...(await lab.tokens()) })
    await assert.rejects(
      vault.handOver(sealed(jwe, { externalId: 'customer-1' }), asNew('first')),
      failsWith('INVALID_REQUEST'),
    )
    const { outcome } = await vault.handOver(sealed(jwe, { externalId: 'customer-2' }), asNew('second'))
    assert.equal(outcome, 'created')
  })

  test('of a token that the issuer refuses is not sent again, but for another client', async () => {
    const vault = await lab.open()
    await lab.control('apps', { clientId: 'app-2', clientSecret: 's-2', redirectUris: [labApp.redirectUri] })
    const jwe = await envelope(vault, { kind: 'code', code: 'stampNL001.nonsense!' })
    await assert.rejects(vault.handOver(sealed(jwe), asNew('first')), failsWith('HANDOVER_CODE_REFUSED'))
    const calls = await lab.tokenCalls()
    await assert.rejects(vault.handOver(sealed(jwe), asNew('second')), failsWith('HANDOVER_CODE_REFUSED'))
    assert.equal(await lab.tokenCalls(), calls)
    const client = {
      clientId: 'app-2',
      clientSecret: new PlainSecret('s-2'),
      redirectUri: labApp.redirectUri,
    }
    await assert.rejects(
      vault.handOver({ ...sealed(jwe), client }, asNew('third')),
      failsWith('HANDOVER_CODE_REFUSED'),
    )
    assert.equal(await lab.tokenCalls(), calls + 1)
  })

  test('sealed before a rotation of the key pair still opens', async () => {
    const vault = await lab.open()
    const old = await envelope(vault, { kind: 'tokens', ...(await lab.tokens()) })
    const before = await vault.envelopes.publicKey(organisationId)
    await vault.envelopes.rotate(organisationId)
    await vault.rotateKek()
    assert.notEqual((await vault.envelopes.publicKey(organisationId)).kid, before.kid)
    clock.advance(60_000)
    await lab.stopAll()
    assert.equal((await handOver(await lab.open(), old)).outcome, 'created')
  })

  test('that was changed, holds nonsense, or names the data key is refused', async () => {
    const vault = await lab.open()
    const jwe = await envelope(vault, { kind: 'tokens', ...(await lab.tokens()) })
    const parts = jwe.split('.')
    const body = parts[3] ?? ''
    const changed = [...parts.slice(0, 3), (body.startsWith('A') ? 'B' : 'A') + body.slice(1), parts[4]].join(
      '.',
    )
    const nonsense = await envelope(vault, { kind: 'gold', secret: 'canary-content-77' })
    await lab.deposit(vault, users[1])
    const [data] = await dataKeys()
    const header = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString()), kid: data?.id }),
    ).toString('base64url')
    for (const text of [changed, nonsense, 'nonsense', [header, ...parts.slice(1)].join('.')]) {
      await assert.rejects(handOver(vault, text), (error: Error) => {
        assert.ok(!error.message.includes('canary-content-77'))
        return failsWith('INVALID_REQUEST')(error)
      })
    }
  })
})
