import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { PlainSecret, type SendRequest } from '@sluis/shared'
import type { Handover } from './index.ts'
import { fetchSend } from './testing/fetch-send.ts'
import { both, failsWith, labApp, onlyRefresh, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab

describe('a handover', () => {
  test('with a valid access token is verified without spending the refresh token', async () => {
    const vault = await lab.open()
    const { outcome, grant } = await vault.handOver(lab.handover(both(await lab.tokens())))
    assert.equal(outcome, 'created')
    assert.deepEqual([grant.state, grant.platformUser?.name, grant.generation], ['active', 'Anna', 1])
    assert.deepEqual(grant.proven, { accessToken: true, refreshToken: false, client: false })
    assert.deepEqual(await lab.spends(), [])
  })

  test('of a refresh token alone spends it once', async () => {
    const vault = await lab.open()
    const { refreshToken } = await lab.tokens()
    clock.advance(571_000)
    const { outcome, grant } = await vault.handOver(lab.handover(onlyRefresh(refreshToken)))
    assert.deepEqual(
      [outcome, grant.state, grant.generation, grant.proven.client],
      ['created', 'active', 2, true],
    )
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('of a code exchanges it, also from the whole callback address', async () => {
    const vault = await lab.open()
    const address = `${labApp.redirectUri}?code=${encodeURIComponent(await lab.code())}&state=1`
    const { outcome, grant } = await vault.handOver(
      lab.handover({ kind: 'code', code: new PlainSecret(address) }),
    )
    assert.deepEqual([outcome, grant.state, grant.proven.refreshToken], ['created', 'active', true])
  })

  test('of a code that is known to be too old is refused before it is sent', async () => {
    const vault = await lab.open()
    const old = await lab.code()
    await assert.rejects(
      vault.handOver(
        lab.handover({ kind: 'code', code: new PlainSecret(old), obtainedAt: clock.now() - 181_000 }),
      ),
      failsWith('HANDOVER_CODE_EXPIRED'),
    )
    assert.equal(await lab.tokenCalls(), 0)
  })

  test('too early for its refresh token stays open, and the vault goes on by itself', async () => {
    const vault = await lab.open()
    const { refreshToken } = await lab.tokens()
    const { outcome, grant } = await vault.handOver(lab.handover(onlyRefresh(refreshToken)))
    assert.deepEqual([outcome, grant.state], ['open', 'pending'])
    assert.ok(grant.notBefore)
    clock.advance(575_000)
    await vault.tick()
    assert.equal((await vault.getGrant(organisationId, grant.id)).state, 'active')
  })

  test('pasted with quotes, blanks and line breaks works all the same', async () => {
    const vault = await lab.open()
    const { accessToken, refreshToken } = await lab.tokens()
    const messy = (text: string) => ` "${text.slice(0, 40)}\r\n ${text.slice(40)}" `
    const { grant } = await vault.handOver(
      lab.handover(both({ accessToken: messy(accessToken), refreshToken: messy(refreshToken) })),
    )
    assert.equal(grant.state, 'active')
  })

  test('of a token that is held or spent is recognised and never sent', async () => {
    const vault = await lab.open()
    const pair = await lab.tokens()
    const { grant } = await vault.handOver(lab.handover(both(pair)))
    await assert.rejects(vault.handOver(lab.handover(both(pair))), failsWith('HANDOVER_TOKEN_ALREADY_HELD'))
    clock.advance(571_000)
    await vault.refresh(organisationId, grant.id)
    await assert.rejects(
      vault.handOver(lab.handover(onlyRefresh(pair.refreshToken))),
      failsWith('HANDOVER_TOKEN_ALREADY_SPENT'),
    )
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('with a wrong secret keeps the token, and the corrected one is taken', async () => {
    const vault = await lab.open()
    const { refreshToken } = await lab.tokens()
    clock.advance(571_000)
    await assert.rejects(
      vault.handOver(lab.handover(onlyRefresh(refreshToken), { clientSecret: 'wrong' })),
      failsWith('HANDOVER_CLIENT_REFUSED'),
    )
    const { grant } = await vault.handOver(lab.handover(onlyRefresh(refreshToken)))
    assert.equal(grant.state, 'active')
  })

  test('with the same Idempotency-Key gives the same grant and spends nothing twice', async () => {
    const vault = await lab.open()
    const pair = await lab.tokens()
    const idempotency = { key: 'k1', route: 'POST /grants', body: 'b' }
    const first = await vault.handOver(lab.handover(both(pair)), { idempotency })
    const again = await vault.handOver(lab.handover(both(pair)), { idempotency })
    assert.deepEqual([again.outcome, again.grant.id], ['repeated', first.grant.id])
    await assert.rejects(
      vault.handOver(lab.handover(both(pair)), { idempotency: { ...idempotency, body: 'c' } }),
      failsWith('IDEMPOTENCY_KEY_REUSED'),
    )
  })

  test('of the same user supersedes the chain and keeps the grant’s id', async () => {
    const vault = await lab.open()
    const first = await vault.handOver(lab.handover(both(await lab.tokens())))
    clock.advance(5000)
    const second = await vault.handOver(lab.handover(both(await lab.tokens())))
    assert.deepEqual(
      [second.outcome, second.grant.id, second.grant.generation],
      ['superseded', first.grant.id, 2],
    )
    clock.advance(600_000)
    const lease = await vault.lease(organisationId, first.grant.id)
    assert.equal(lease.generation, 3)
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('of a stale pair over a living chain leaves the living chain to be found', async () => {
    const vault = await lab.open()
    const stale = await lab.tokens()
    const living = await lab.tokens()
    await vault.handOver(lab.handover(both(living)))
    clock.advance(5000)
    const { grant } = await vault.handOver(lab.handover(both(stale)))
    clock.advance(600_000)
    const { generation } = await vault.lease(organisationId, grant.id)
    assert.ok(generation > grant.generation)
    assert.equal((await vault.getGrant(organisationId, grant.id)).state, 'active')
    assert.deepEqual(await lab.spends(), ['chain-unknown', 'refreshed'])
  })

  test('older than what the vault holds is refused', async () => {
    const vault = await lab.open()
    const older = await lab.tokens()
    const obtainedAt = clock.now()
    clock.advance(60_000)
    await vault.handOver(lab.handover(both(await lab.tokens())))
    await assert.rejects(
      vault.handOver(lab.handover({ ...both(older), obtainedAt } as Handover['credentials'])),
      failsWith('HANDOVER_OLDER_THAN_HELD'),
    )
  })

  test('while the platform is down stays open and loses nothing', async () => {
    const vault = await lab.open()
    const pair = await lab.tokens()
    await lab.fault({ at: 'api', kind: 'status', status: 503, times: 1 })
    const { outcome, grant } = await vault.handOver(lab.handover(both(pair)))
    assert.equal(outcome, 'open')
    clock.advance(60_000)
    await vault.tick()
    assert.equal((await vault.getGrant(organisationId, grant.id)).state, 'active')
  })
})

describe('a refresh', () => {
  test('too early is GRANT_REFRESH_TOO_EARLY, and the token at hand is served', async () => {
    const vault = await lab.open()
    const id = await lab.deposit(vault)
    await assert.rejects(vault.refresh(organisationId, id), failsWith('GRANT_REFRESH_TOO_EARLY'))
    assert.equal((await vault.lease(organisationId, id, { minRemainingSeconds: 3600 })).generation, 1)
  })

  test('asked for by 200 callers in two processes is one spend', async () => {
    const [one, two] = [await lab.open(), await lab.open()]
    const id = await lab.deposit(one)
    clock.advance(601_000)
    const leases = await Promise.all(
      Array.from({ length: 200 }, (_, n) => (n % 2 ? one : two).lease(organisationId, id)),
    )
    assert.deepEqual([...new Set(leases.map(({ generation }) => generation))], [2])
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('whose answer is lost is ambiguous at once, and needs consent when the issuer has rotated', async () => {
    const vault = await lab.open()
    const id = await lab.deposit(vault)
    clock.advance(601_000)
    await lab.fault({ at: 'token', kind: 'drop-response', times: 1 })
    await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
    assert.equal((await vault.getGrant(organisationId, id)).state, 'ambiguous')
    for (const wait of [2000, 20_000]) {
      clock.advance(wait)
      await vault.tick()
    }
    assert.equal((await vault.getGrant(organisationId, id)).state, 'needs_consent')
    assert.deepEqual(await lab.spends(), ['refreshed', 'old-token', 'old-token'])
  })

  test('whose request never arrived is recovered by the declared resend', async () => {
    const vault = await lab.open()
    const id = await lab.deposit(vault)
    clock.advance(601_000)
    await lab.fault({ at: 'token', kind: 'reset', times: 1 })
    await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
    clock.advance(2000)
    await vault.tick()
    assert.equal((await vault.getGrant(organisationId, id)).state, 'active')
    const events = await vault.grantEvents(organisationId, id, { limit: 50 })
    assert.ok(events.some(({ action }) => action === 'grant.recovered'))
    const last = await vault.grantEvents(organisationId, id, { limit: 2, isNewest: true })
    assert.ok(events.length > 2)
    assert.deepEqual(last, events.slice(-2))
  })

  test('that fails while the access token is valid does not stop anybody', async () => {
    const vault = await lab.open()
    const id = await lab.deposit(vault)
    clock.advance(575_000)
    await lab.fault({ at: 'token', kind: 'status', status: 500, times: 1 })
    assert.equal((await vault.lease(organisationId, id)).generation, 1)
  })

  test('is stored although the database was away between answer and save', async () => {
    const cut: SendRequest = async (request, options) => {
      const answer = await fetchSend(request, options)
      if (request.method === 'POST') {
        const { rows } = await lab.store.pool.query(
          'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
        )
        for (const { pid } of rows)
          await lab.store.pool.query('SELECT pg_terminate_backend($1)', [pid]).catch(() => {})
      }
      return answer
    }
    const vault = await lab.open({ send: cut })
    const id = await lab.deposit(vault)
    clock.advance(601_000)
    assert.equal((await vault.lease(organisationId, id)).generation, 2)
  })

  test('is found in the spool by the next process when the database forgot it', async () => {
    const vault = await lab.open()
    const id = await lab.deposit(vault)
    const { rows } = await lab.store.pool.query(
      'SELECT to_jsonb(g) AS row FROM token_grant g WHERE id = $1',
      [id],
    )
    clock.advance(601_000)
    await vault.lease(organisationId, id)
    // A restore from before the refresh: the row is at generation 1 again.
    await lab.store.pool.query('DELETE FROM token_grant WHERE id = $1', [id])
    await lab.store.pool.query(
      'INSERT INTO token_grant SELECT * FROM jsonb_populate_record(NULL::token_grant, $1)',
      [JSON.stringify(rows[0]?.row)],
    )
    await vault.stop()
    const next = await lab.open()
    assert.equal((await next.getGrant(organisationId, id)).generation, 2)
  })
})

test('a chain that nobody uses is kept alive', async () => {
  const vault = await lab.open()
  const { grant } = await vault.handOver(lab.handover(both(await lab.tokens())))
  for (let day = 0; day < 60; day++) {
    clock.advance(86_400_000)
    await vault.tick()
  }
  const { state, generation, lastRefreshedAt } = await vault.getGrant(organisationId, grant.id)
  assert.equal(state, 'active')
  assert.ok(generation >= 8, `generation ${generation}`)
  assert.ok(clock.now() - Date.parse(lastRefreshedAt ?? '') < 8 * 86_400_000)
})

test('a refused access token is refreshed when that may be', async () => {
  const vault = await lab.open()
  const { grant } = await vault.handOver(lab.handover(both(await lab.tokens())))
  clock.advance(580_000)
  await vault.markAccessTokenRefused(organisationId, grant.id, 1)
  assert.equal((await vault.lease(organisationId, grant.id)).generation, 2)
})

test('no secret stands in the database or the spool', async () => {
  const vault = await lab.open()
  const pair = await lab.tokens()
  const { grant } = await vault.handOver(lab.handover(both(pair)))
  clock.advance(601_000)
  const lease = await vault.lease(organisationId, grant.id)
  const canaries = [pair.accessToken, pair.refreshToken, labApp.clientSecret, lease.accessToken.reveal()]
  const { rows } = await lab.store.pool.query<{ text: string }>(`
    SELECT token_grant::text AS text FROM token_grant UNION ALL SELECT audit_event::text FROM audit_event
    UNION ALL SELECT token_fingerprint::text FROM token_fingerprint UNION ALL SELECT vault_key::text FROM vault_key`)
  const written = [
    ...rows.map(({ text }) => text),
    ...readdirSync(lab.spoolFolder).map((file) => readFileSync(join(lab.spoolFolder, file), 'latin1')),
  ]
  for (const canary of canaries) {
    const forms = [canary, Buffer.from(canary).toString('hex'), Buffer.from(canary).toString('base64')]
    for (const text of written) for (const form of forms) assert.ok(!text.includes(form))
  }
})

test('an answer that comes while the database is away is kept also by a process that has sealed nothing yet', async () => {
  const first = await lab.open()
  const id = await lab.deposit(first)
  await lab.stopAll()
  clock.advance(571_000)
  // The new process opens this organisation's key, and need not ask which one is current before the answer is there.
  const vault = await lab.open({
    send: async (request, options) => {
      const response = await fetchSend(request, options)
      if (request.url.endsWith('/token')) {
        await lab.store.pool.query('ALTER TABLE vault_key RENAME TO vault_key_away')
      }
      return response
    },
  })
  try {
    await vault.refresh(organisationId, id)
    assert.deepEqual(await lab.spends(), ['refreshed'])
    assert.equal((await lab.row(id)).generation, 2)
  } finally {
    await lab.store.pool.query('ALTER TABLE vault_key_away RENAME TO vault_key')
  }
})
