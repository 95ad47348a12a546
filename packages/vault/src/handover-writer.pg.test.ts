import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId, type OrganisationId } from '@sluis/shared'
import { both, failsWith, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { organisationId } = lab
const [anna, bram, carol, dora] = ['anna', 'bram', 'carol', 'dora'].map((name) => `${name}@example.com`)

async function eventsOf(action: string): Promise<string[]> {
  const { rows } = await lab.store.pool.query<{ subject: string }>(
    'SELECT subject FROM audit_event WHERE action = $1 ORDER BY id',
    [action],
  )
  return rows.map(({ subject }) => subject)
}

test('handovers that come together each get their own outcome', async () => {
  const vault = await lab.open()
  const elsewhere = newId('org', 2) as OrganisationId
  const request = { key: 'k1', route: 'POST /grants', body: '{}' }
  const [annaOne, annaTwo, bramOne, carolOne, doraHere, doraThere] = [
    await lab.tokens(anna),
    await lab.tokens(anna),
    await lab.tokens(bram),
    await lab.tokens(carol),
    await lab.tokens(dora),
    await lab.tokens(dora),
  ].map((pair) => both(pair))
  assert.ok(annaOne && annaTwo && bramOne && carolOne && doraHere && doraThere)
  const hand = (credentials: typeof annaOne, organisation = organisationId) =>
    vault.handOver(lab.handover(credentials, { organisationId: organisation }))
  const withKey = () => vault.handOver(lab.handover(carolOne), { idempotency: request })
  const [twins, same, keyed, rivals] = await Promise.all([
    Promise.all([hand(annaOne), hand(annaTwo)]),
    Promise.allSettled([hand(bramOne), hand(bramOne)]),
    Promise.all([withKey(), withKey()]),
    Promise.all([hand(doraHere), hand(doraThere, elsewhere)]),
  ])
  // Two consents of one user are one grant.
  assert.deepEqual(twins.map(({ outcome }) => outcome).sort(), ['created', 'superseded'])
  const living = twins.find(({ outcome }) => outcome === 'superseded')?.grant.id ?? ''
  assert.equal(twins.find(({ outcome }) => outcome === 'created')?.grant.id, living)
  // The same tokens twice: one has them, the other is told.
  const refused = same.filter((each) => each.status === 'rejected').map(({ reason }) => reason)
  assert.equal(refused.length, 1)
  failsWith('HANDOVER_TOKEN_ALREADY_HELD')(refused[0])
  // The same request twice is one grant.
  assert.equal(new Set(keyed.map(({ grant }) => grant.id)).size, 1)
  // One user in two organisations: two grants, and whoever was there first hears of the second.
  assert.deepEqual(
    rivals.map(({ outcome }) => outcome),
    ['created', 'created'],
  )
  const told = await eventsOf('grant.rival')
  assert.equal(told.length, 1)
  assert.ok(rivals.some(({ grant }) => grant.id === told[0]))
  const created = await eventsOf('grant.created')
  assert.equal(created.length, new Set(created).size)
  assert.equal(created.length, 5)
  const pending = await eventsOf('grant.pending')
  assert.equal(pending.length, 6)
  assert.deepEqual(await lab.spends(), [])
})

test('a handover that cannot be stored is refused, and those beside it are not', async () => {
  const vault = await lab.open()
  const [one, two, three] = [
    both(await lab.tokens(anna)),
    both(await lab.tokens(bram)),
    both(await lab.tokens(carol)),
  ]
  await vault.handOver(lab.handover(one, { externalId: 'customer-1' }))
  const [taken, free] = await Promise.allSettled([
    vault.handOver(lab.handover(two, { externalId: 'customer-1' })),
    vault.handOver(lab.handover(three, { externalId: 'customer-2' })),
  ])
  assert.ok(taken.status === 'rejected' && free.status === 'fulfilled')
  failsWith('INVALID_REQUEST')(taken.reason)
  assert.deepEqual([free.value.outcome, free.value.grant.externalId], ['created', 'customer-2'])
  // What was refused left nothing behind: the same tokens are good for another try.
  const again = await vault.handOver(lab.handover(two, { externalId: 'customer-3' }))
  assert.equal(again.outcome, 'created')
})

test('a user whose grant somebody else is changing holds up no other handover', async () => {
  const vault = await lab.open()
  const first = await lab.deposit(vault, anna)
  const release = await lab.hold(first)
  const again = vault.handOver(lab.handover(both(await lab.tokens(anna))))
  const other = await vault.handOver(lab.handover(both(await lab.tokens(bram))))
  assert.equal(other.outcome, 'created')
  await release()
  assert.deepEqual([(await again).outcome, (await again).grant.id], ['superseded', first])
})
