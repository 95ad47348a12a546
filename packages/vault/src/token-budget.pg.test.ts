import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newId, type OrganisationId, PlainSecret, type SendRequest } from '@sluis/shared'
import { fetchSend } from './testing/fetch-send.ts'
import { both, failsWith, onlyRefresh, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab
const day = 86_400_000
const tokenRequests = { sent: 0 }
/** Counts token requests as they leave. */
const counted: SendRequest = (request, options) => {
  if (request.method === 'POST') tokenRequests.sent++
  return fetchSend(request, options)
}
const startOfDay = () => clock.advance(day - (clock.now() % day) + 3 * 3_600_000)
const open = () => {
  tokenRequests.sent = 0
  return lab.open({ send: counted })
}
/** As if so many requests had been counted today, or refusals been seen in this hour. */
const use = (columns: string) => lab.store.pool.query(`UPDATE token_budget SET ${columns}`)

describe('the budget of token requests', () => {
  test('of a day is kept across processes and across grants of one user and client', async () => {
    startOfDay()
    const [one, two] = [await open(), await open()]
    const first = await lab.deposit(one)
    const elsewhere = newId('org', 2) as OrganisationId
    clock.advance(1000)
    const pair = await lab.tokens()
    const second = await two.handOver(lab.handover(both(pair), { organisationId: elsewhere }))
    clock.advance(601_000)
    await two.refresh(elsewhere, second.grant.id)
    assert.equal(tokenRequests.sent, 1)
    await use('day_used = 197')
    // The other grant of this user, in another organisation and another process.
    const until = new Date(clock.now() - (clock.now() % day) + day).toISOString()
    await assert.rejects(
      one.lease(organisationId, first),
      failsWith('PLATFORM_BUDGET_EXHAUSTED', ({ notBefore, resetsAt }) =>
        assert.deepEqual([notBefore, resetsAt], [until, until]),
      ),
    )
    await assert.rejects(one.refresh(organisationId, first), failsWith('PLATFORM_BUDGET_EXHAUSTED'))
    assert.equal(tokenRequests.sent, 1)
    const { state, notBefore, problem } = await one.getGrant(organisationId, first)
    assert.deepEqual([state, notBefore, problem?.code], ['active', until, 'PLATFORM_BUDGET_EXHAUSTED'])
  })

  test('that is used up leaves what is left of the access token, and the refresh follows by itself', async () => {
    startOfDay()
    const vault = await open()
    const id = await lab.deposit(vault)
    clock.advance(575_000)
    await vault.refresh(organisationId, id)
    await use('day_used = 197')
    clock.advance(575_000)
    assert.equal((await vault.lease(organisationId, id, { minRemainingSeconds: 60 })).generation, 2)
    assert.equal(tokenRequests.sent, 1)
    clock.advance(day)
    await vault.tick()
    assert.equal((await vault.lease(organisationId, id)).generation, 3)
    const { rows } = await lab.store.pool.query('SELECT day_used, user_key FROM token_budget')
    assert.equal(rows.length, 1)
    assert.equal(rows[0].day_used, 1)
    assert.equal((await vault.getGrant(organisationId, id)).problem, undefined)
  })

  test('keeps three of a day for resends, so that a lost answer need not wait for tomorrow', async () => {
    startOfDay()
    const vault = await open()
    const id = await lab.deposit(vault)
    clock.advance(601_000)
    await vault.refresh(organisationId, id)
    await use('day_used = 196')
    clock.advance(601_000)
    await lab.fault({ at: 'token', kind: 'reset', times: 1 })
    await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
    clock.advance(2000)
    await vault.tick()
    assert.equal((await vault.getGrant(organisationId, id)).state, 'active')
    assert.equal((await lab.store.pool.query('SELECT day_used FROM token_budget')).rows[0].day_used, 198)
  })

  test('never takes more than 200 a day, however many ask at once', async () => {
    startOfDay()
    const vault = await open()
    const ids = []
    for (let n = 0; n < 6; n++) {
      const { grant } = await vault.handOver(
        lab.handover(both(await lab.tokens()), { organisationId: newId('org', n + 10) as OrganisationId }),
      )
      ids.push(grant)
      clock.advance(1000)
    }
    clock.advance(601_000)
    await vault.refresh(ids[5]?.organisationId as OrganisationId, ids[5]?.id as never)
    await use('day_used = 195')
    clock.advance(601_000)
    await Promise.allSettled(ids.map((grant) => vault.lease(grant.organisationId, grant.id)))
    assert.equal(tokenRequests.sent, 3)
    assert.equal((await lab.store.pool.query('SELECT day_used FROM token_budget')).rows[0].day_used, 197)
  })

  test('of ten errors an hour stops the eleventh until the first is an hour old, for all grants of one user and client', async () => {
    const vault = await open()
    const first = await lab.deposit(vault)
    const elsewhere = newId('org', 3) as OrganisationId
    clock.advance(1000)
    const { grant } = await vault.handOver(
      lab.handover(both(await lab.tokens()), { organisationId: elsewhere }),
    )
    clock.advance(601_000)
    await lab.fault({ at: 'token', kind: 'status', status: 403, times: 100 })
    const beganAt = clock.now()
    const ask = () =>
      Promise.allSettled([vault.lease(organisationId, first), vault.lease(elsewhere, grant.id)])
    // Each refusal makes its grant pause for longer: 5, 10, 20, 40 s and up to half as much again.
    for (let n = 0; n < 40; n++) {
      await ask()
      clock.advance(5000)
    }
    assert.equal(tokenRequests.sent, 10)
    clock.advance(600_000)
    for (const [organisation, id] of [[organisationId, first] as const, [elsewhere, grant.id] as const]) {
      await assert.rejects(
        vault.lease(organisation, id),
        failsWith('PLATFORM_BUDGET_EXHAUSTED', ({ notBefore }) =>
          assert.equal(notBefore, new Date(beganAt + 3_600_000).toISOString()),
        ),
      )
    }
    assert.equal(tokenRequests.sent, 10)
    clock.advance(beganAt + 3_600_000 - clock.now())
    await ask()
    assert.ok(tokenRequests.sent > 10)
  })

  test('counts what a handover spent before its user was known', async () => {
    startOfDay()
    const vault = await open()
    const { refreshToken } = await lab.tokens()
    clock.advance(571_000)
    await vault.handOver(lab.handover(onlyRefresh(refreshToken)))
    clock.advance(1000)
    await vault.handOver(lab.handover({ kind: 'code', code: new PlainSecret(await lab.code()) }))
    const { rows } = await lab.store.pool.query('SELECT user_key, day_used FROM token_budget')
    assert.equal(rows.length, 1)
    assert.equal(rows[0].day_used, 2)
    assert.doesNotMatch(rows[0].user_key, /^grt_/)
  })
})
