import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GrantId } from '@sluis/shared'
import type { Vault } from './index.ts'
import { HeldSend } from './testing/held-send.ts'
import { until, VaultLab } from './testing/vault-lab.ts'

// Processes that live, and connections that do not.

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab

/** Ends the connection that shows that the holder of this grant's spend lives. */
async function cutLiveness(id: GrantId): Promise<void> {
  const { rows } = await lab.store.pool.query<{ pid: number }>(
    `SELECT l.pid FROM pg_locks l JOIN vault_process p
       ON l.locktype = 'advisory' AND l.granted AND l.objid::bigint = (p.lock_key::bigint & 4294967295)
     WHERE p.id = (SELECT spend_process FROM token_grant WHERE id = $1)`,
    [id],
  )
  assert.equal(rows.length, 1)
  await lab.store.pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid])
}

test('a holder whose one connection broke was taken for dead, and its token sent again two seconds later', async () => {
  const held = new HeldSend()
  const options = { send: held.send, tokenTimeoutMs: 180_000 }
  let mayConnect: () => void = () => {}
  let hasCut = false
  const barrier = new Promise<void>((resolve) => {
    mayConnect = resolve
  })
  // Its new connection takes its time, as over TLS to another machine.
  const connect = async () => {
    if (hasCut) await barrier
    return lab.store.connect()
  }
  const one = await lab.open({ ...options, store: { ...lab.store, connect } })
  const two = await lab.open(options)
  const id = await lab.deposit(one)
  clock.advance(601_000)
  const lease = one.lease(organisationId, id)
  await until(() => held.count === 1)
  hasCut = true
  await cutLiveness(id)
  for (let look = 0; look < 5; look++) {
    await two.tick()
    clock.advance(2500)
  }
  assert.equal((await lab.row(id)).state, 'refreshing', 'left alone for twelve seconds')
  mayConnect()
  const connects = () =>
    lab.store.pool
      .query<{ connects: number }>('SELECT max(connects) AS connects FROM vault_process')
      .then(({ rows }) => rows[0]?.connects)
  await until(async () => (await connects()) === 2)
  for (let look = 0; look < 10; look++) {
    await two.tick()
    clock.advance(2500)
  }
  assert.equal(held.count, 1, 'nothing was sent again')
  await held.deliver(0)
  assert.equal((await lease).generation, 2)
  assert.deepEqual(await lab.spends(), ['refreshed'])
})

test('a token whose commit was not answered was kept beside the chain, and sent again after it was spent', async () => {
  let isAway = false
  let commits = 0
  const reset = () => Object.assign(new Error('ECONNRESET'), { code: 'ECONNRESET' })
  // The first answer is committed, and nobody hears of it.
  const pool = new Proxy(lab.store.pool, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'query') return value.bind(target)
      return async (...asked: unknown[]) => {
        const isAnswer = (asked[0] as { name?: string }).name?.startsWith('vault-answers') === true
        if (isAnswer && isAway && commits > 0) throw reset()
        const result = await value.apply(target, asked)
        if (isAnswer && isAway && commits++ === 0) throw reset()
        return result
      }
    },
  })
  const one = await lab.open({ store: { ...lab.store, pool } })
  const two: Vault = await lab.open()
  const id = await lab.deposit(one)
  clock.advance(601_000)
  isAway = true
  // Its caller has waited too long by then; what became of the token is what matters.
  const lease = one.lease(organisationId, id).catch(() => null)
  await until(async () => (await lab.row(id)).generation === 2)
  clock.advance(601_000)
  assert.equal((await two.lease(organisationId, id)).generation, 3)
  isAway = false
  const isOver = Promise.all([lease, one.stop()]).then(() => true)
  await until(async () => {
    clock.advance(1000)
    return Promise.race([isOver, new Promise<false>((resolve) => setTimeout(() => resolve(false), 5))])
  })
  const { sealed_alternates, generation } = await lab.row(id)
  assert.deepEqual([sealed_alternates, generation], [null, 3])
  assert.deepEqual(await lab.spends(), ['refreshed', 'refreshed'])
})
