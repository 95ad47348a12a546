import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isSluisError, type Log, type SendRequest } from '@sluis/shared'
import type { Handover } from './index.ts'
import { listSpools, readSpool } from './spool-records.ts'
import { fetchSend } from './testing/fetch-send.ts'
import { alteredSend, HeldSend } from './testing/held-send.ts'
import { ServerProcess } from './testing/server-process.ts'
import { both, failsWith, labApp, onlyRefresh, until, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab

/** Two servers over one database; requests to the token endpoint stand still until let go. */
const twoServers = async () => {
  const held = new HeldSend()
  const options = { send: held.send, tokenTimeoutMs: 180_000 }
  const [one, two] = [await lab.open(options), await lab.open(options)]
  const id = await lab.deposit(one)
  clock.advance(601_000)
  return { held, one, two, id }
}
const stateOf = async (id: string) => (await lab.row(id)).state

// Each was seen to happen somewhere, to somebody's customers.
describe('a failure seen in the wild', () => {
  test('§ 8.1 two processes spend one token: only one does', async () => {
    const { held, one, two, id } = await twoServers()
    const leases = [one.lease(organisationId, id), two.lease(organisationId, id)]
    await until(() => held.count === 1)
    await Promise.all([one.tick(), two.tick()])
    await held.deliver(0)
    clock.advance(1000)
    for (const lease of leases) assert.equal((await lease).generation, 2)
    assert.equal(held.count, 1)
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('§ 8.2 a lock that is shorter than a slow answer: after two minutes the intent still stands', async () => {
    const { held, one, two, id } = await twoServers()
    const lease = one.lease(organisationId, id)
    await until(() => held.count === 1)
    for (let wait = 0; wait < 12; wait++) {
      clock.advance(10_000)
      await two.tick()
    }
    assert.equal(await stateOf(id), 'refreshing')
    await held.deliver(0)
    assert.equal((await lease).generation, 2)
    assert.equal(held.count, 1)
  })

  test('§ 8.3 whoever waited for too long is refused, and does not refresh without the intent', async () => {
    const { held, one, two, id } = await twoServers()
    // The holder's own caller may have waited for too long as well by then.
    const first = Promise.allSettled([one.lease(organisationId, id)])
    await until(() => held.count === 1)
    const second = assert.rejects(two.lease(organisationId, id), failsWith('PLATFORM_UNAVAILABLE'))
    let isOver = false
    void second.finally(() => {
      isOver = true
    })
    await until(() => {
      clock.advance(5000)
      return isOver
    })
    await second
    assert.equal(held.count, 1)
    await held.deliver(0)
    await first
    await until(async () => (await lab.row(id)).generation === 2)
  })

  test('§ 8.4 an old holder that gives up does not release the new holder’s intent', async () => {
    const { held, one, two, id } = await twoServers()
    const first = one.lease(organisationId, id).catch((error) => error)
    await until(() => held.count === 1)
    clock.advance(211_000)
    await two.tick()
    assert.equal(await stateOf(id), 'ambiguous')
    clock.advance(2000)
    const resend = two.tick()
    await until(() => held.count === 2)
    held.reset(0)
    await first
    const row = await lab.row(id)
    assert.deepEqual([row.state, row.spend_sends, row.spend_process !== null], ['ambiguous', 2, true])
    await held.deliver(1)
    await resend
    assert.deepEqual([await stateOf(id), (await lab.row(id)).generation], ['active', 2])
  })

  test('§ 8.5 the loser of two answers does not overwrite the winner’s, and is kept beside it', async () => {
    const { held, one, two, id } = await twoServers()
    const first = one.lease(organisationId, id).catch((error) => error)
    await until(() => held.count === 1)
    clock.advance(211_000)
    await two.tick()
    clock.advance(2000)
    const resend = two.tick()
    await until(() => held.count === 2)
    held.answer(1, { access_token: 'winner', refresh_token: 'refresh-of-the-winner', expires_in: '600' })
    await resend
    held.answer(0, { access_token: 'loser', refresh_token: 'refresh-of-the-loser', expires_in: '600' })
    await first
    await until(async () => (await lab.row(id)).sealed_alternates !== null)
    const lease = await two.lease(organisationId, id)
    assert.deepEqual([lease.accessToken.reveal(), lease.generation], ['winner', 2])
    // The winner turns out to be dead: the loser is tried before anybody is asked for consent.
    clock.advance(601_000)
    const third = two.lease(organisationId, id)
    await until(() => held.count === 3)
    await held.deliver(2)
    await until(() => held.count === 4)
    held.answer(3, { access_token: 'next', refresh_token: 'refresh-of-next', expires_in: '600' })
    assert.equal((await third).accessToken.reveal(), 'next')
  })

  test('§ 8.6 the save fails after the rotation: it is repeated until it succeeds', async () => {
    const { held, one, id } = await twoServers()
    const lease = one.lease(organisationId, id)
    await until(() => held.count === 1)
    const release = await lab.hold(id)
    await held.deliver(0)
    await until(() => lab.isBlocked())
    // The statement that saves dies with its connection.
    await lab.store.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    await release()
    let generation = 0
    void lease.then((each) => {
      generation = each.generation
    })
    await until(() => {
      clock.advance(100)
      return generation === 2
    })
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('§ 8.7 nobody gets the access token before the refresh token is on the disk and in the database', async () => {
    const { held, one, id } = await twoServers()
    let isGiven = false
    const lease = one.lease(organisationId, id).then((each) => {
      isGiven = true
      return each
    })
    await until(() => held.count === 1)
    const records = async () =>
      (await Promise.all((await listSpools(lab.spoolFolder)).map(({ path }) => readSpool(path)))).flat()
        .length
    const before = await records()
    const release = await lab.hold(id)
    await held.deliver(0)
    await until(() => lab.isBlocked())
    assert.equal(await records(), before + 1)
    assert.equal(isGiven, false)
    await release()
    assert.equal((await lease).generation, 2)
    assert.equal((await lab.row(id)).generation, 2)
  })

  test('§ 8.8 a process that was suspended for hours looks before it sends, and sends nothing stale', async () => {
    const vault = await lab.open({ tokenTimeoutMs: 180_000 })
    const id = await lab.deposit(vault)
    clock.advance(601_000)
    const server = new ServerProcess(lab, id)
    const release = await lab.hold(id)
    await server.tell('lease')
    await until(() => lab.isBlocked())
    // Stopped while PostgreSQL still works for it: the intent is recorded, and its holder does not know.
    server.process.kill('SIGSTOP')
    await release()
    await until(async () => (await lab.row(id)).spend_id !== null)
    clock.advance(3 * 3_600_000)
    await vault.tick()
    assert.equal(await stateOf(id), 'ambiguous')
    clock.advance(2000)
    await vault.tick()
    assert.equal(await stateOf(id), 'active')
    server.setClock()
    server.process.kill('SIGCONT')
    await until(() => server.says('leased 2'))
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('§ 8.9 a job with a token from before the rotation does no harm to the one after it', async () => {
    const vault = await lab.open()
    const id = await lab.deposit(vault)
    clock.advance(571_000)
    await vault.refresh(organisationId, id)
    await vault.markAccessTokenRefused(organisationId, id, 1)
    const lease = await vault.lease(organisationId, id)
    assert.equal(lease.generation, 2)
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('§ 8.10 a handover has its row and its intent before anything is spent', async () => {
    const seen: unknown[] = []
    const vault = await lab.open({
      send: async (request, options) => {
        if (request.method === 'POST') {
          const { rows } = await lab.store.pool.query(
            'SELECT state, spend_id, sealed_tokens FROM token_grant',
          )
          seen.push(...rows.map((row) => [row.state, row.spend_id !== null, row.sealed_tokens !== null]))
        }
        return fetchSend(request, options)
      },
    })
    const { refreshToken } = await lab.tokens()
    clock.advance(571_000)
    await vault.handOver(lab.handover(onlyRefresh(refreshToken)))
    assert.deepEqual(seen, [['pending', true, true]])
  })

  test('§ 8.11 the answer is lost and the issuer has rotated: said at once, and given up only by the issuer’s word', async () => {
    const vault = await lab.open()
    const id = await lab.deposit(vault)
    clock.advance(601_000)
    await lab.fault({ at: 'token', kind: 'drop-response', times: 1 })
    await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
    const lostAt = clock.now()
    while ((await stateOf(id)) === 'ambiguous') {
      clock.advance(1000)
      await vault.tick()
    }
    assert.equal(await stateOf(id), 'needs_consent')
    assert.ok(clock.now() - lostAt <= 60_000)
    assert.deepEqual(await lab.spends(), ['refreshed', 'old-token', 'old-token'])
  })

  for (const life of [undefined, '600', 0]) {
    test(`§ 8.12 expires_in ${life === undefined ? 'missing' : JSON.stringify(life)}: the token lives as long as this issuer’s do`, async () => {
      const send = alteredSend((answer) => {
        const { expires_in: _, ...rest } = JSON.parse(answer.body.toString())
        return { ...answer, body: Buffer.from(JSON.stringify({ ...rest, expires_in: life })) }
      })
      const vault = await lab.open({ send })
      const id = await lab.deposit(vault)
      clock.advance(601_000)
      const { expiresAt } = await vault.lease(organisationId, id)
      assert.equal(expiresAt, clock.now() + 600_000)
    })
  }

  test('§ 8.13 refreshed too early is no failure: waited for exactly, and served meanwhile', async () => {
    const vault = await lab.open()
    const obtainedAt = clock.now() - 400_000
    const credentials = { ...both(await lab.tokens()), obtainedAt } as Handover['credentials']
    const { grant } = await vault.handOver(lab.handover(credentials))
    clock.advance(175_000)
    await assert.rejects(vault.refresh(organisationId, grant.id), failsWith('GRANT_REFRESH_TOO_EARLY'))
    const row = await lab.row(grant.id)
    assert.deepEqual([row.state, row.failures, row.problem], ['active', 0, null])
    assert.equal((await vault.lease(organisationId, grant.id)).generation, 1)
    const spends = await lab.spends()
    assert.ok(spends.length === 1 && spends[0] !== 'refreshed', String(spends))
  })

  test('§ 8.14 many workers meet a dead chain: one of them asks the issuer, once', async () => {
    const [one, two] = [await lab.open(), await lab.open()]
    const id = await lab.deposit(one)
    // A second consent elsewhere ends this chain.
    await lab.tokens()
    clock.advance(601_000)
    const workers = Array.from({ length: 60 }, (_, n) => (n % 2 ? one : two).lease(organisationId, id))
    for (const outcome of await Promise.allSettled(workers)) {
      assert.ok(outcome.status === 'rejected' && isSluisError(outcome.reason, 'GRANT_NEEDS_CONSENT'))
    }
    clock.advance(3_600_000)
    await Promise.all([one.tick(), two.tick()])
    await assert.rejects(two.lease(organisationId, id), failsWith('GRANT_NEEDS_CONSENT'))
    assert.equal((await lab.spends()).length, 1)
  })

  test('§ 8.15 a false 400 at night is asked again after a quarter of an hour, with the same token', async () => {
    let nights = 1
    const refusing: SendRequest = async (request, options) => {
      if (request.method !== 'POST' || nights-- <= 0) return fetchSend(request, options)
      options.onSent?.()
      return { status: 400, headers: {}, body: Buffer.from('{"error":"invalid_request"}') }
    }
    const vault = await lab.open({ send: refusing })
    const id = await lab.deposit(vault)
    clock.advance(601_000)
    await assert.rejects(vault.lease(organisationId, id))
    assert.equal(await stateOf(id), 'active')
    clock.advance(15 * 60_000)
    await vault.tick()
    assert.deepEqual([await stateOf(id), (await lab.row(id)).generation], ['active', 2])
  })

  test('§ 8.16 new tokens inside an error answer are kept', async () => {
    const vault = await lab.open({
      send: alteredSend((answer) => ({
        ...answer,
        status: 500,
        body: Buffer.from(JSON.stringify({ error: 'server_error', ...JSON.parse(answer.body.toString()) })),
      })),
    })
    const id = await lab.deposit(vault)
    for (const generation of [2, 3]) {
      clock.advance(601_000)
      assert.equal((await vault.lease(organisationId, id)).generation, generation)
    }
    assert.deepEqual(await lab.spends(), ['refreshed', 'refreshed'])
  })

  test('§ 8.17 the same user consents twice on one client: one grant, with the chain that lives', async () => {
    const vault = await lab.open()
    const id = await lab.deposit(vault)
    clock.advance(5000)
    const { outcome, grant } = await vault.handOver(lab.handover(both(await lab.tokens())))
    assert.deepEqual([outcome, grant.id], ['superseded', id])
    clock.advance(601_000)
    await vault.lease(organisationId, id)
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })

  test('§ 8.18 news that does not arrive costs time and no token', async () => {
    const { held, one, two, id } = await twoServers()
    // Both lose the connection on which they hear of changes.
    await lab.store.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
    )
    const leases = [one.lease(organisationId, id), two.lease(organisationId, id)]
    await until(() => {
      clock.advance(500)
      return held.count === 1
    })
    await held.deliver(0)
    let generations: number[] = []
    void Promise.all(leases).then((all) => {
      generations = all.map(({ generation }) => generation)
    })
    await until(() => {
      clock.advance(500)
      return generations.length === 2
    })
    assert.deepEqual(generations, [2, 2])
    assert.equal(held.count, 1)
  })

  test('§ 8.19 no token and no secret in a log line or an error', async () => {
    const lines: string[] = []
    const note = (fields: object, message: string) => lines.push(JSON.stringify(fields) + message)
    const log: Log = { debug: note, info: note, warn: note, error: note }
    const vault = await lab.open({ log })
    const pair = await lab.tokens()
    const { grant } = await vault.handOver(lab.handover(both(pair)))
    const canaries = [pair.accessToken, pair.refreshToken, labApp.clientSecret]
    const errors: unknown[] = []
    const keep = (error: unknown) => errors.push(error)
    await vault.handOver(lab.handover(both(pair))).catch(keep)
    clock.advance(601_000)
    await lab.fault({ at: 'token', kind: 'reset', times: 1 })
    await vault.lease(organisationId, grant.id).catch(keep)
    clock.advance(2000)
    await vault.tick()
    canaries.push((await vault.lease(organisationId, grant.id)).accessToken.reveal())
    await vault.handOver(lab.handover(onlyRefresh(pair.refreshToken))).catch(keep)
    assert.equal(errors.length, 3)
    assert.ok(lines.some((line) => line.includes('token answer')))
    const told = [
      ...lines,
      ...errors.map((error) => {
        const { stack, message, details, hint } = error as Error & { details?: object; hint?: string }
        return JSON.stringify({ stack, message, details, hint })
      }),
    ]
    for (const text of told)
      for (const canary of canaries) assert.ok(!text.includes(canary), text.slice(0, 80))
  })

  test('§ 8.20 a grant deleted during its refresh stays deleted', async () => {
    const { held, one, two, id } = await twoServers()
    const lease = one.lease(organisationId, id).catch((error) => error)
    await until(() => held.count === 1)
    await two.deleteGrant(organisationId, id)
    await held.deliver(0)
    assert.ok(isSluisError(await lease, 'NOT_FOUND'))
    await lab.stopAll()
    const next = await lab.open()
    await next.tick()
    await assert.rejects(next.getGrant(organisationId, id), failsWith('NOT_FOUND'))
    const { sealed_tokens: tokens, deleted_at: deletedAt } = await lab.row(id)
    assert.equal(tokens, null)
    assert.notEqual(deletedAt, null)
  })

  test('§ 8.21 a stale pair that supersedes a living chain costs one refusal, not the chain', async () => {
    const vault = await lab.open()
    const stale = await lab.tokens()
    const id = await lab.deposit(vault)
    clock.advance(5000)
    await vault.handOver(lab.handover(both(stale)))
    clock.advance(600_000)
    await vault.lease(organisationId, id)
    assert.equal(await stateOf(id), 'active')
    assert.deepEqual(await lab.spends(), ['chain-unknown', 'refreshed'])
  })

  test('§ 8.22 a database restart makes nobody look dead', async () => {
    const { held, one, two, id } = await twoServers()
    const lease = one.lease(organisationId, id)
    await until(() => held.count === 1)
    await lab.store.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    let looks = 0
    void (async () => {
      for (; looks < 3; looks++) await two.tick().catch(() => {})
    })()
    await until(() => {
      clock.advance(400)
      return looks === 3
    })
    assert.equal(await stateOf(id), 'refreshing')
    await held.deliver(0)
    let generation = 0
    void lease.then((each) => {
      generation = each.generation
    })
    await until(() => {
      clock.advance(400)
      return generation === 2
    })
    assert.deepEqual(await lab.spends(), ['refreshed'])
  })
})

describe('an ambiguous spend', () => {
  const refusal = {
    status: 401,
    body: '{"error":"unauthorized_client","error_description":"Old refresh token used."}',
  }

  test('begins with a redirect, which nobody follows', async () => {
    const urls: string[] = []
    const vault = await lab.open({
      send: async (request, options) => {
        if (request.method !== 'POST') return fetchSend(request, options)
        urls.push(request.url)
        options.onSent?.()
        return { status: 307, headers: { location: 'https://elsewhere.example/' }, body: Buffer.alloc(0) }
      },
    })
    const id = await lab.deposit(vault)
    clock.advance(601_000)
    await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
    assert.deepEqual(urls, [`${lab.url}/api/oauth2/token`])
  })

  test('is not ended by an issuer that is away for an hour', async () => {
    const vault = await lab.open()
    const id = await lab.deposit(vault)
    clock.advance(601_000)
    await lab.fault({ at: 'token', kind: 'reset', times: 1 })
    await assert.rejects(vault.lease(organisationId, id), failsWith('GRANT_AMBIGUOUS'))
    await lab.fault({ at: 'token', kind: 'status', status: 503, times: 1000 })
    for (let minute = 0; minute < 60; minute++) {
      clock.advance(60_000)
      await vault.tick()
      assert.equal(await stateOf(id), 'ambiguous')
    }
    const response = await fetch(`${lab.url}/_control/faults`, { method: 'DELETE' })
    assert.ok(response.ok)
    clock.advance(15 * 60_000)
    await vault.tick()
    assert.deepEqual([await stateOf(id), (await lab.row(id)).generation], ['active', 2])
    assert.deepEqual((await lab.spends()).at(-1), 'refreshed')
  })

  test('that ended in a need for consent is recovered by the answer of a holder that wakes up', async () => {
    const { held, one, two, id } = await twoServers()
    const first = one.lease(organisationId, id).catch((error) => error)
    await until(() => held.count === 1)
    clock.advance(211_000)
    await two.tick()
    for (const [n, wait] of [2000, 20_000].entries()) {
      clock.advance(wait)
      const resend = two.tick()
      await until(() => held.count === n + 2)
      held.refuse(n + 1, refusal)
      await resend
    }
    assert.equal(await stateOf(id), 'needs_consent')
    await held.deliver(0)
    await first
    await until(async () => (await stateOf(id)) === 'active')
    const events = await two.grantEvents(organisationId, id, { limit: 50 })
    assert.equal(events.at(-1)?.action, 'grant.recovered')
    assert.equal((await two.lease(organisationId, id)).generation, 2)
  })
})
