import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { exactOnlineOAuth, regionsFromFile } from '@sluis/platforms'
import { type GrantId, newId, type OrganisationId, type SendRequest } from '@sluis/shared'
import { warningsOf } from './grant-warnings.ts'
import type { Vault } from './index.ts'
import { dueSql, dueWarningsSql, openSendsSql } from './pg-grant-store.ts'
import { fetchSend } from './testing/fetch-send.ts'
import { grantRow } from './testing/grant-store-contract.ts'
import { issuerModes } from './testing/issuer/issuer-modes.ts'
import { both, until, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab
const day = 86_400_000
const isTokenRequest = ({ method }: { method: string }) => method === 'POST'
/** Token requests fail while it is down, and are counted. */
const issuer = { isDown: false, requests: 0 }
const send: SendRequest = (request, options) => {
  if (isTokenRequest(request)) {
    issuer.requests++
    if (issuer.isDown) return Promise.reject(Object.assign(new Error(), { code: 'ECONNREFUSED' }))
  }
  return fetchSend(request, options)
}
const open = async () => {
  issuer.isDown = false
  issuer.requests = 0
  return lab.open({ send })
}
/** Grants of as many organisations that were refreshed once. */
const provenGrants = async (vault: Vault, count: number, region = 'lab') => {
  const grants = []
  for (let n = 0; n < count; n++) {
    const organisation = newId('org', 100 + n) as OrganisationId
    const pair = both(await lab.tokens(`user-${region}-${n}@example.com`))
    const { grant } = await vault.handOver(lab.handover(pair, { organisationId: organisation, region }))
    grants.push({ organisation, id: grant.id })
  }
  clock.advance(575_000)
  for (const { organisation, id } of grants) await vault.refresh(organisation, id)
  issuer.requests = 0
  return grants
}
const expiring = async (vault: Vault, id: GrantId) =>
  (await vault.grantEvents(organisationId, id, { limit: 500 }))
    .filter(({ action }) => action === 'grant.expiring')
    .map(({ facts: { level, clock: which, problem } }) => [which, level, problem])

describe('a grant that nothing renews', () => {
  test('is warned of at half its idle life and again at three quarters, once in the whole cluster', async () => {
    const [one, two] = [await open(), await open()]
    const id = await lab.deposit(one)
    issuer.isDown = true
    const begun = clock.now()
    for (let n = 1; n <= 14; n++) {
      clock.advance(day)
      await Promise.all([one.tick(), two.tick()])
    }
    assert.deepEqual(await expiring(one, id), [])
    clock.advance(begun + 15 * day - clock.now())
    await Promise.all([one.tick(), two.tick()])
    const half = [['idle', 'warning', 'PLATFORM_UNAVAILABLE']]
    assert.deepEqual(await expiring(one, id), half)
    clock.advance(begun + 22.5 * day - clock.now())
    await Promise.all([one.tick(), two.tick()])
    assert.deepEqual(await expiring(one, id), [...half, ['idle', 'alarm', 'PLATFORM_UNAVAILABLE']])
    issuer.isDown = false
    clock.advance(day)
    await one.tick()
    assert.equal((await one.getGrant(organisationId, id)).generation, 2)
    assert.equal((await lab.row(id)).warn_at, clock.now() + 15 * day)
  })

  test('is warned of once when nobody looked for three weeks, by the level it is at', async () => {
    const vault = await open()
    const id = await lab.deposit(vault)
    issuer.isDown = true
    clock.advance(23 * day)
    await vault.tick()
    await vault.tick()
    assert.deepEqual(
      (await expiring(vault, id)).map(([, level]) => level),
      ['alarm'],
    )
  })

  test('is warned of when its client is refused, and not when consent is asked for already', async () => {
    const vault = await open()
    const [refused, dead] = [await lab.deposit(vault), await lab.deposit(vault, 'bert@example.com')]
    await lab.store.pool.query(
      `UPDATE token_grant SET state = 'misconfigured', due_at = NULL WHERE id = $1`,
      [refused],
    )
    await lab.store.pool.query(
      `UPDATE token_grant SET state = 'needs_consent', due_at = NULL WHERE id = $1`,
      [dead],
    )
    clock.advance(16 * day)
    await vault.tick()
    assert.equal((await expiring(vault, refused)).length, 1)
    assert.deepEqual(await expiring(vault, dead), [])
    assert.equal((await lab.row(dead)).warn_at, null)
  })

  test('whose consent itself ends is told of thirty and seven days ahead', () => {
    const { policy } = issuerModes.family
    const year = { ...policy, refreshIdleSeconds: 90 * 86_400, refreshAbsoluteSeconds: 365 * 86_400 }
    const row = grantRow('grt_1', { received_at: 0, refresh_absolute_expires_at: 100 * day })
    assert.deepEqual(
      warningsOf(year, row).map(({ at, clock, level }) => [at / day, clock, level]),
      [
        [45, 'idle', 'warning'],
        [67.5, 'idle', 'alarm'],
        [70, 'absolute', 'warning'],
        [93, 'absolute', 'alarm'],
      ],
    )
    assert.deepEqual(warningsOf(year, { ...row, has_refresh: false }), [])
  })
})

describe('keeping alive', () => {
  test('rests from 00:30 to 02:30 in Amsterdam, and a caller is served all the same', async () => {
    const vault = await open()
    const [grant, other] = await provenGrants(vault, 2)
    assert.ok(grant && other)
    // Nine days on, at 00:45 UTC: a quarter to two in winter, a quarter to three in summer; so look for 00:30 there.
    clock.advance(9 * day)
    const local = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Amsterdam', timeStyle: 'short' })
    for (let n = 0; n < 1440 && local.format(clock.now()) !== '00:31'; n++) clock.advance(60_000)
    assert.equal(local.format(clock.now()), '00:31')
    await vault.tick()
    assert.equal(issuer.requests, 0)
    assert.equal((await vault.lease(grant.organisation, grant.id)).generation, 3)
    assert.equal(issuer.requests, 1)
    clock.advance(118 * 60_000)
    await vault.tick()
    assert.equal(issuer.requests, 1)
    clock.advance(32 * 60_000)
    await vault.tick()
    assert.equal(issuer.requests, 2)
    assert.equal((await vault.getGrant(other.organisation, other.id)).generation, 3)
  })

  test('leaves an issuer that answers nobody alone, tries with one grant, and goes on when that is answered', async () => {
    const vault = await open()
    const grants = await provenGrants(vault, 14)
    clock.advance(8 * day)
    issuer.isDown = true
    await vault.tick()
    // Five failures open it; what was on its way by then is at most the lanes of one issuer.
    assert.ok(issuer.requests >= 5 && issuer.requests <= 12, `${issuer.requests} requests`)
    issuer.requests = 0
    clock.advance(30_000)
    await vault.tick()
    assert.equal(issuer.requests, 0)
    clock.advance(41_000)
    await vault.tick()
    assert.equal(issuer.requests, 1)
    issuer.isDown = false
    issuer.requests = 0
    clock.advance(119_000)
    await vault.tick()
    assert.equal(issuer.requests, 0, 'two minutes after the second failure')
    for (let n = 0; n < 8; n++) {
      clock.advance(90_000)
      await vault.tick()
    }
    assert.equal(issuer.requests, 14)
    for (const { organisation, id } of grants) {
      assert.equal((await vault.getGrant(organisation, id)).generation, 3)
    }
  })

  test('at one issuer is not held up by another one that does not answer', async () => {
    const slow: (() => void)[] = []
    const regions = regionsFromFile({
      'exact-online': {
        lab: { label: 'Lab', baseUrl: lab.url },
        slow: { label: 'Slow', baseUrl: lab.url.replace('127.0.0.1', 'localhost') },
      },
    }).get('exact-online')
    let isSlow = false
    const vault = await lab.open({
      platform: exactOnlineOAuth(regions ?? new Map()),
      send: async (request, options) => {
        if (isSlow && isTokenRequest(request) && request.url.includes('localhost')) {
          await new Promise<void>((resolve) => slow.push(resolve))
        }
        return fetchSend({ ...request, url: request.url.replace('localhost', '127.0.0.1') }, options)
      },
    })
    const held = await provenGrants(vault, 10, 'slow')
    const [quick] = await provenGrants(vault, 1)
    assert.ok(quick)
    isSlow = true
    clock.advance(8 * day)
    const first = vault.tick()
    await until(() => slow.length === 8)
    await until(async () => (await lab.row(quick.id)).generation === 3)
    // The next look leaves the slow one to those who are at it, and finds what is due elsewhere.
    clock.advance(8 * day)
    await vault.tick()
    assert.equal((await lab.row(quick.id)).generation, 4)
    assert.equal(slow.length, 8)
    isSlow = false
    for (const go of slow) go()
    await first
    for (const { id } of held) assert.equal((await lab.row(id)).generation, 3)
  })

  test('finds what is due by an index, whatever the number of grants', async () => {
    const vault = await open()
    const id = await lab.deposit(vault)
    await lab.store.pool.query(
      `INSERT INTO token_grant SELECT (jsonb_populate_record(g, jsonb_build_object('id', 'grt_' || n,
         'platform_user_id', 'u' || n, 'due_at', $2::bigint + n * 1000, 'warn_at', $2::bigint + n * 1000))).*
       FROM token_grant g, generate_series(1, 20000) n WHERE id = $1`,
      [id, clock.now()],
    )
    await lab.store.pool.query('ANALYZE token_grant')
    for (const [sql, index, values] of [
      [dueSql, 'token_grant_due', [clock.now(), 200, ['exact-online other']]],
      [dueWarningsSql, 'token_grant_warn', [clock.now(), 500]],
      [openSendsSql, 'token_grant_spending', []],
    ] as const) {
      const { rows } = await lab.store.pool.query(`EXPLAIN ${sql}`, [...values])
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      assert.match(plan, new RegExp(`Index Scan using ${index}`))
      // Of what is being sent there is little, and that is sorted.
      assert.doesNotMatch(plan, sql === openSendsSql ? /Seq Scan/ : /Seq Scan|Sort/)
    }
  })
})
