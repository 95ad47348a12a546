import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { newId, type OrganisationId, PlainSecret } from '@sluis/shared'
import { both, failsWith, labApp, onlyRefresh, until, VaultLab } from './testing/vault-lab.ts'
import type { Vault } from './vault-service.ts'

const lab = VaultLab.forThisFile()
const { organisationId, clock } = lab
const below = newId('org', 2) as OrganisationId
const beside = newId('org', 3) as OrganisationId
const actor = 'key_test'
const registration = {
  platform: 'exact-online',
  region: 'lab',
  clientId: labApp.clientId,
  clientSecret: new PlainSecret(labApp.clientSecret),
  redirectUris: [labApp.redirectUri, 'https://partner.example/other'],
}
const handover = (stored: Awaited<ReturnType<typeof store>>, credentials: ReturnType<typeof both>) => ({
  ...lab.handover(credentials),
  client: { stored: stored.id },
})
const store = (vault: Vault, more: object = {}, organisation = organisationId) =>
  vault.clients.create(organisation, { ...registration, ...more }, actor)

beforeEach(async () => {
  for (const [id, parent] of [
    [organisationId, null],
    [below, organisationId],
    [beside, null],
  ]) {
    await lab.store.pool.query(
      'INSERT INTO organisation (id, parent_id, name, slug, created_at) VALUES ($1, $2, $1, $1, 1)',
      [id, parent],
    )
  }
})

/** The client secret at the platform changes, as its owner may do there. */
const changeAtPlatform = (clientSecret: string) =>
  lab.control('apps', { clientId: labApp.clientId, clientSecret, redirectUris: [labApp.redirectUri] })
const secrets = ['canary-secret-42', 'canary-secret-43'] as const

describe('a handover that names a stored client', () => {
  test('is verified, refreshed and leased with its secret, which stands in no grant', async () => {
    const vault = await lab.open()
    const client = await store(vault)
    const code = await lab.code()
    const { outcome, grant } = await vault.handOver(
      handover(client, { kind: 'code', code: new PlainSecret(code) }),
    )
    assert.equal(outcome, 'created')
    assert.equal(grant.clientId, labApp.clientId)
    assert.equal((await vault.clients.get(organisationId, client.id)).grants, 1)
    clock.advance(601_000)
    const lease = await vault.lease(organisationId, grant.id)
    assert.equal(lease.generation, 3)
  })

  test('is refused for another region, another address, and a client that is nobody’s here', async () => {
    const vault = await lab.open()
    const client = await store(vault)
    const asked = handover(client, onlyRefresh('nothing is sent of this'))
    const invalid = failsWith('INVALID_REQUEST')
    await assert.rejects(vault.handOver({ ...asked, region: 'nl' }), invalid)
    await assert.rejects(vault.handOver({ ...asked, organisationId: beside }), invalid)
    await assert.rejects(vault.handOver({ ...asked, organisationId: below }), invalid)
    const elsewhere = { stored: client.id, redirectUri: 'https://partner.example/nobody' }
    await assert.rejects(vault.handOver({ ...asked, client: elsewhere }), invalid)
    assert.equal(await lab.tokenCalls(), 0)
  })

  test('a secret that looks like another’s client opens nothing', async () => {
    const vault = await lab.open()
    const client = await store(vault)
    const { refreshToken } = await lab.tokens()
    clock.advance(601_000)
    const forged = lab.handover(onlyRefresh(refreshToken), { clientSecret: `\u0000${client.id}` })
    const { outcome } = await vault.handOver({ ...forged, organisationId: beside })
    assert.equal(outcome, 'open', 'nothing was sent')
    const { entries } = (await lab.control('ledger')) as { entries: { grantType?: string }[] }
    assert.equal(entries.filter(({ grantType }) => grantType === 'refresh_token').length, 0)
  })

  for (const [what, foreign] of [
    ['platform', { platform: 'twinfield' }],
    ['region', { region: 'nl' }],
    ['client ID', { client_id: 'somebody-else' }],
    ['organisation', { organisation_id: beside }],
  ] as const) {
    test(`a grant of another ${what} that names it gets no secret`, async () => {
      const vault = await lab.open()
      const client = await store(vault)
      const grant = {
        organisation_id: organisationId,
        platform: client.platform,
        region: client.region,
        client_id: client.clientId,
      }
      const { secret } = await vault.clients.secretFor(grant, client.id)
      assert.equal(secret.reveal(), labApp.clientSecret)
      const asked = vault.clients.secretFor({ ...grant, ...foreign }, client.id)
      await assert.rejects(asked, failsWith('GRANT_MISCONFIGURED'))
    })
  }
})

describe('a partner’s client', () => {
  test('serves the organisations below it, which see it and cannot change it', async () => {
    const vault = await lab.open()
    const client = await store(vault, { servesDescendants: true })
    const pair = await lab.tokens()
    const asked = { ...handover(client, both(pair)), organisationId: below }
    const { grant } = await vault.handOver(asked)
    clock.advance(601_000)
    await vault.refresh(below, grant.id)
    const [seen] = await vault.clients.list(below)
    assert.deepEqual([seen?.id, seen?.isInherited], [client.id, true])
    assert.deepEqual(await vault.clients.list(beside), [])
    const change = { label: 'ours now' }
    await assert.rejects(vault.clients.update(below, client.id, change, actor), failsWith('FORBIDDEN'))
    await assert.rejects(vault.clients.delete(below, client.id, actor), failsWith('FORBIDDEN'))
    const stop = { servesDescendants: false }
    await assert.rejects(
      vault.clients.update(organisationId, client.id, stop, actor),
      failsWith('INVALID_REQUEST'),
    )
    // What stands in the grant of the organisation below names the client and holds nothing of its secret.
    await vault.shredOrganisation(below, actor)
    assert.equal((await vault.clients.get(organisationId, client.id)).grants, 0)
  })
})

describe('a new secret', () => {
  test('replaces the old one when it has worked, and touches no grant', async () => {
    const vault = await lab.open()
    const client = await store(vault)
    const { grant } = await vault.handOver(handover(client, both(await lab.tokens())))
    const before = await lab.row(grant.id)
    const change = { clientSecret: new PlainSecret(secrets[0]) }
    const { newSecret } = await vault.clients.update(organisationId, client.id, change, actor)
    assert.deepEqual(newSecret, { since: new Date(clock.now()).toISOString(), refusedAt: null })
    assert.deepEqual(await lab.row(grant.id), before)
    await changeAtPlatform(secrets[0])
    clock.advance(601_000)
    await vault.refresh(organisationId, grant.id)
    await until(async () => (await vault.clients.get(organisationId, client.id)).newSecret === null)
    clock.advance(601_000)
    assert.equal((await vault.lease(organisationId, grant.id)).generation, 3)
  })

  test('that is wrong does not end the chain: the old one goes on', async () => {
    const vault = await lab.open()
    const client = await store(vault)
    const { grant } = await vault.handOver(handover(client, both(await lab.tokens())))
    await vault.clients.update(
      organisationId,
      client.id,
      { clientSecret: new PlainSecret('mistyped') },
      actor,
    )
    clock.advance(601_000)
    await assert.rejects(vault.refresh(organisationId, grant.id))
    const { newSecret } = await vault.clients.get(organisationId, client.id)
    assert.equal(newSecret?.refusedAt, new Date(clock.now()).toISOString())
    clock.advance(16 * 60_000)
    await vault.tick()
    assert.equal((await vault.getGrant(organisationId, grant.id)).generation, 2)
  })

  test('given after the platform refused the old one lets waiting grants go on by themselves', async () => {
    const vault = await lab.open()
    const client = await store(vault)
    const { grant } = await vault.handOver(handover(client, both(await lab.tokens())))
    await changeAtPlatform(secrets[1])
    clock.advance(601_000)
    await assert.rejects(vault.refresh(organisationId, grant.id))
    clock.advance(16 * 60_000)
    await vault.tick()
    assert.equal((await vault.getGrant(organisationId, grant.id)).state, 'misconfigured')
    await vault.clients.update(
      organisationId,
      client.id,
      { clientSecret: new PlainSecret(secrets[1]) },
      actor,
    )
    await vault.tick()
    const { state, generation } = await vault.getGrant(organisationId, grant.id)
    assert.deepEqual([state, generation], ['active', 2])
  })
})

describe('keeping clients', () => {
  test('one registration is kept once; it is deleted only when no grant uses it', async () => {
    const vault = await lab.open()
    const client = await store(vault)
    await assert.rejects(store(vault), failsWith('INVALID_REQUEST'))
    await assert.rejects(store(vault, { region: 'nowhere' }), failsWith('INVALID_REQUEST'))
    const { grant } = await vault.handOver(handover(client, both(await lab.tokens())))
    await assert.rejects(
      vault.clients.delete(organisationId, client.id, actor),
      failsWith('INVALID_REQUEST', (details) => assert.deepEqual(details.grants, [grant.id])),
    )
    await vault.deleteGrant(organisationId, grant.id)
    await vault.clients.delete(organisationId, client.id, actor)
    await assert.rejects(vault.clients.get(organisationId, client.id), failsWith('NOT_FOUND'))
    assert.notEqual((await store(vault)).id, client.id)
  })

  test('a grant with a secret of its own keeps no client from being deleted', async () => {
    const vault = await lab.open()
    const client = await store(vault)
    await lab.deposit(vault)
    assert.equal((await vault.clients.get(organisationId, client.id)).grants, 1)
    await vault.clients.delete(organisationId, client.id, actor)
  })

  test('secrets move to a new data key, and the old key goes', async () => {
    const vault = await lab.open()
    const client = await store(vault)
    const { grant } = await vault.handOver(handover(client, both(await lab.tokens())))
    assert.equal(await vault.rotateDataKey(organisationId, actor), 2)
    clock.advance(9 * 86_400_000)
    await vault.tick()
    const { rows } = await lab.store.pool.query(
      `SELECT count(*) AS n FROM vault_key WHERE organisation_id = $1 AND purpose = 'data'`,
      [organisationId],
    )
    assert.equal(Number(rows[0].n), 1)
    clock.advance(601_000)
    assert.ok((await vault.lease(organisationId, grant.id)).generation >= 2)
  })
})
