import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { type GrantId, newId, type OrganisationId } from '@sluis/shared'
import { both, failsWith, onlyRefresh, VaultLab } from './testing/vault-lab.ts'
import type { Vault } from './vault-service.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId: partner } = lab
const [office, bakery, neighbour, stranger] = [2, 3, 4, 5].map((n) => newId('org', n) as OrganisationId) as [
  OrganisationId,
  OrganisationId,
  OrganisationId,
  OrganisationId,
]
const actor = 'key_test'

beforeEach(async () => {
  // The partner has an office, which has a bakery; the neighbour is the partner's too, the stranger nobody's.
  for (const [id, parent] of [
    [partner, null],
    [office, partner],
    [bakery, office],
    [neighbour, partner],
    [stranger, null],
  ]) {
    await lab.store.pool.query(
      'INSERT INTO organisation (id, parent_id, name, slug, created_at) VALUES ($1, $2, $1, $1, 1)',
      [id, parent],
    )
  }
})
const lent = async (vault: Vault) => {
  const grant = await lab.deposit(vault)
  await vault.loans.lend(partner, grant, { organisation: bakery, partitions: ['200', '100', '200'] }, actor)
  return grant
}
const notFound = failsWith('NOT_FOUND')

describe('a grant that is lent', () => {
  test('gives whom it is lent to tokens for its databases, and nothing else of it', async () => {
    const vault = await lab.open()
    const grant = await lent(vault)
    const session = await vault.openSource(bakery, grant)
    assert.deepEqual([session.isLent, session.platform], [true, 'exact-online'])
    assert.equal((await session.lease()).generation, 1)
    assert.deepEqual((await vault.loans.reach(bakery, grant)).partitions, ['100', '200'])
    assert.deepEqual(
      (await vault.loans.borrowed(bakery)).map(({ grant: id, platform, partitions }) => [
        id,
        platform,
        partitions,
      ]),
      [[grant, 'exact-online', ['100', '200']]],
    )
    clock.advance(601_000)
    const forbidden: readonly (() => Promise<unknown>)[] = [
      () => vault.getGrant(bakery, grant),
      () => vault.grantEvents(bakery, grant, { limit: 10 }),
      () => vault.lease(bakery, grant),
      () => vault.refresh(bakery, grant),
      () => vault.deleteGrant(bakery, grant),
      () => vault.markAccessTokenRefused(bakery, grant, 1).then(() => vault.getGrant(bakery, grant)),
      () => vault.loans.of(bakery, grant),
      () => vault.loans.lend(bakery, grant, { organisation: bakery, partitions: ['300'] }, actor),
      () => vault.loans.end(bakery, grant, bakery, actor),
    ]
    for (const attempt of forbidden) await assert.rejects(attempt(), notFound)
    assert.deepEqual(await vault.listGrants(bakery, { limit: 10 }), [])
    assert.deepEqual(await lab.spends(), [])
    // Refreshed when its own databases need it, as the holder's would.
    assert.equal((await session.lease()).generation, 2)
  })

  test('is nobody’s beside, between or above whom it is lent to', async () => {
    const vault = await lab.open()
    const grant = await lent(vault)
    for (const other of [office, neighbour, stranger]) {
      await assert.rejects(vault.openSource(other, grant), notFound)
      await assert.rejects(vault.loans.reach(other, grant), notFound)
      assert.deepEqual(await vault.loans.borrowed(other), [])
    }
    assert.deepEqual([(await vault.openSource(partner, grant)).isLent], [false])
  })

  test('goes only to organisations below its holder, and only when its user is known', async () => {
    const vault = await lab.open()
    const grant = await lab.deposit(vault)
    const lend = (organisation: OrganisationId, id: GrantId = grant, holder = partner) =>
      vault.loans.lend(holder, id, { organisation, partitions: ['100'] }, actor)
    for (const organisation of [partner, stranger, newId('org', 9) as OrganisationId]) {
      await assert.rejects(lend(organisation), notFound)
    }
    await assert.rejects(lend(bakery, newId('grt', 9) as GrantId), notFound)
    await assert.rejects(lend(bakery, grant, office), notFound, 'not by another one above')
    await lab.fault({ at: 'token', kind: 'status', status: 503, times: 5 })
    const { refreshToken } = await lab
      .tokens('bram@example.com')
      .catch(() => ({ refreshToken: 'nobody-knows' }))
    const { grant: pending } = await vault.handOver(lab.handover(onlyRefresh(refreshToken)))
    assert.equal(pending.state, 'pending')
    await assert.rejects(lend(bakery, pending.id), failsWith('INVALID_REQUEST'))
    await assert.rejects(
      vault.loans.lend(partner, grant, { organisation: bakery, partitions: [] }, actor),
      failsWith('INVALID_REQUEST'),
    )
  })

  test('and whose loan ends gives nothing more, also to who has begun to read', async () => {
    const vault = await lab.open()
    const grant = await lent(vault)
    const session = await vault.openSource(bakery, grant)
    await session.lease()
    await vault.loans.end(partner, grant, bakery, actor)
    await assert.rejects(session.lease(), notFound)
    await assert.rejects(vault.openSource(bakery, grant), notFound)
    assert.deepEqual(await vault.loans.of(partner, grant), [])
    assert.ok(await vault.lease(partner, grant))
  })

  test('stays lent when its user consents again, and is told of in both trails', async () => {
    const vault = await lab.open()
    const grant = await lent(vault)
    clock.advance(5000)
    const { outcome } = await vault.handOver(lab.handover(both(await lab.tokens())))
    assert.equal(outcome, 'superseded')
    assert.ok(await (await vault.openSource(bakery, grant)).lease())
    await vault.loans.lend(partner, grant, { organisation: bakery, partitions: ['100'] }, actor)
    assert.deepEqual(
      (await vault.loans.of(partner, grant)).map(({ organisation, partitions }) => [
        organisation,
        partitions,
      ]),
      [[bakery, ['100']]],
    )
    await vault.loans.end(partner, grant, bakery, actor)
    const trail = async (organisation: string) => {
      const { rows } = await lab.store.pool.query<{ action: string; actor: string; facts: object }>(
        `SELECT action, actor, facts FROM audit_event WHERE organisation_id = $1 AND subject = $2
           AND action IN ('grant.lent', 'grant.loan-ended') ORDER BY id`,
        [organisation, grant],
      )
      return rows
    }
    assert.deepEqual(await trail(partner), [
      { action: 'grant.lent', actor, facts: { organisation: bakery, partitions: ['100', '200'] } },
      { action: 'grant.lent', actor, facts: { organisation: bakery, partitions: ['100'] } },
      { action: 'grant.loan-ended', actor, facts: { organisation: bakery } },
    ])
    // Who lends is above them, and none of their business.
    assert.deepEqual(await trail(bakery), [
      { action: 'grant.lent', actor: 'holder', facts: { partitions: ['100', '200'] } },
      { action: 'grant.lent', actor: 'holder', facts: { partitions: ['100'] } },
      { action: 'grant.loan-ended', actor: 'holder', facts: {} },
    ])
  })
})
