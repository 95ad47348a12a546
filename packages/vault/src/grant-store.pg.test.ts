import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import type { GrantId } from '@sluis/shared'
import { openTestStore } from '@sluis/store/testing'
import type { GrantRow } from './grant-row.ts'
import { noSpend, rowToJson } from './grant-store.ts'
import { PgGrantStore } from './pg-grant-store.ts'
import { MemoryGrantStore } from './simulator/memory-grant-store.ts'
import { seededRandom } from './simulator/seeded-random.ts'
import { grantRow, grantStoreContract, type StoreUnderTest } from './testing/grant-store-contract.ts'

type TestStore = Awaited<ReturnType<typeof openTestStore>>
const opened: TestStore[] = []
let keeper: TestStore | undefined
before(async () => {
  // Holds the test server open, so that it is not started anew for every test.
  keeper = await openTestStore()
})
after(() => keeper?.close())
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

async function inPostgres(): Promise<StoreUnderTest> {
  const database = await openTestStore()
  opened.push(database)
  const store = new PgGrantStore(database)
  return {
    store,
    put: (row) => store.transaction((tx) => store.insert(tx, row)),
    actions: async (id) => {
      const { rows } = await database.pool.query<{ action: string }>(
        'SELECT action FROM audit_event WHERE subject = $1 ORDER BY id',
        [id],
      )
      return rows.map(({ action }) => action)
    },
    openRecovery: async () => {
      await database.pool.query(`INSERT INTO vault_recovery (reason, detected_at) VALUES ('test', 1)`)
    },
  }
}

async function inMemory(): Promise<StoreUnderTest> {
  const store = new MemoryGrantStore()
  return {
    store,
    put: async (row) => store.put(row),
    actions: async (id) => store.events.filter((event) => event.id === id).map(({ action }) => action),
    openRecovery: async () => {
      store.isRecovering = true
    },
  }
}

grantStoreContract('PostgreSQL', inPostgres)
grantStoreContract('memory', inMemory)

const spend = (id: string) =>
  ({ id, kind: 'refresh', process: 'p', at: 5, state: 'refreshing', isSingleUse: true }) as const
const told = { action: 'grant.refreshed', at: 9 }

test('a row that somebody else holds keeps no other grant from being spent or saved', async () => {
  const { store, put } = await inPostgres()
  const [one, two, three] = [grantRow('grt_1'), grantRow('grt_2'), grantRow('grt_3')]
  for (const row of [one, two, three]) await put(row)
  const begunThree = await store.beginSpend(three, spend('s3'))
  assert.ok(begunThree && store instanceof PgGrantStore)
  const next = { ...begunThree, ...noSpend, generation: 2, state: 'active' as const }
  const held = await store.transaction(async (tx) => {
    await tx.query("SELECT FROM token_grant WHERE id = 'grt_1' FOR UPDATE")
    const waiting = store.beginSpend(one, spend('s1'))
    assert.equal((await store.beginSpend(two, spend('s2')))?.spend_id, 's2')
    assert.equal(await store.advance(begunThree, next, null, told), true)
    return { waiting }
  })
  assert.equal((await held.waiting)?.spend_id, 's1')
})

test('an answer that cannot be stored fails alone', async () => {
  const { store, put } = await inPostgres()
  const rows = [grantRow('grt_1'), grantRow('grt_2')]
  for (const row of rows) await put(row)
  const [one, two] = await Promise.all(rows.map((row) => store.beginSpend(row, spend(row.id))))
  assert.ok(one && two)
  const next = (row: typeof one) => ({ ...row, ...noSpend, generation: 2, state: 'active' as const })
  const broken = store.advance(one, { ...next(one), client_id: null as unknown as string }, null, told)
  const good = store.advance(two, next(two), null, told)
  await assert.rejects(broken, { code: '23502' })
  assert.equal(await good, true)
  assert.equal((await store.get(one.id))?.generation, 1)
})

test('the model in memory answers a thousand random calls as PostgreSQL does', async () => {
  const { pick, below, chance } = seededRandom(20_261_124)
  const both = [await inPostgres(), await inMemory()]
  const ids = ['grt_1', 'grt_2', 'grt_3'] as GrantId[]
  for (const id of ids) for (const { put } of both) await put(grantRow(id))
  const states = ['active', 'refreshing', 'ambiguous', 'needs_consent'] as const
  const t0 = grantRow('x').created_at
  for (let call = 0; call < 1000; call++) {
    const id = pick(ids)
    const [first] = both
    const current = (await first?.store.get(id)) ?? grantRow(id)
    // Mostly what a caller would have read; now and then what it read long ago.
    const row = chance(0.8)
      ? current
      : {
          ...current,
          ...pick([{ generation: 1 }, { chain: 2 }, noSpend, { state: pick(states) }, { due_at: 0 }]),
        }
    const at = t0 + below(100)
    const event = { action: pick(['grant.refreshed', 'grant.alternate-taken']), at, facts: { call } }
    const next = {
      ...row,
      ...noSpend,
      generation: row.generation + below(3) - (chance(0.1) ? 1 : 0),
      chain: row.chain + (chance(0.05) ? 1 : 0),
      state: pick(states),
      due_at: chance(0.9) ? at : null,
    }
    const fingerprint = Buffer.alloc(32, below(20))
    const what = below(9)
    const name = `s${call}`
    const isLost = chance(0.5)
    const answers = await Promise.all(
      both.map(async ({ store }) => {
        switch (what) {
          case 0:
            return store.beginSpend(row, {
              id: name,
              kind: 'refresh',
              process: 'p',
              at,
              state: 'refreshing',
              isSingleUse: true,
            })
          case 1:
            return store.beginResend(row, 'q', at, at + 50)
          case 2:
            return store.isStillSpending(row)
          case 3:
            return store.change(
              row,
              isLost ? { state: 'ambiguous', due_at: at, spend_lost_at: at } : next,
              event,
            )
          case 4:
            return store.advance(row, next, fingerprint, event)
          case 5:
            return store.replay(JSON.parse(JSON.stringify(rowToJson(next))), at, fingerprint)
          case 6:
            await store.addFingerprint(fingerprint, row, at)
            return store.knowsFingerprint(fingerprint)
          case 7:
            return store.postpone(row, at + 10)
          default:
            return [
              new Set(await store.due(at, 10)),
              (await store.openSends()).map(({ id }) => id).sort(),
              await store.knowsFingerprint(fingerprint),
            ]
        }
      }),
    )
    assert.deepEqual(answers[1], answers[0], `call ${call}, kind ${what}`)
    for (const each of ids) {
      const rows = await Promise.all(both.map(({ store }) => store.get(each)))
      assert.deepEqual(rows[1], rows[0], `${each} after call ${call}, kind ${what}`)
    }
  }
  for (const id of ids) {
    const [inSql, inModel] = await Promise.all(both.map(({ actions }) => actions(id)))
    assert.ok((inSql?.length ?? 0) > 20)
    assert.deepEqual(inModel, inSql)
  }
})

test('a column that a newer server adds changes nothing for a server that runs: prepared statements go on', async () => {
  const database = await openTestStore()
  opened.push(database)
  const store = new PgGrantStore(database)
  const rows = ['grt_1', 'grt_2', 'grt_3'].map((id) => grantRow(id))
  for (const row of rows) await store.transaction((tx) => store.insert(tx, row))
  const [first, second, third] = rows as [GrantRow, GrantRow, GrantRow]
  const fresh = (row: GrantRow): GrantRow => ({ ...row, generation: row.generation + 1, state: 'active' })
  // On one connection all is prepared before the column comes.
  const useAll = async (row: GrantRow) => {
    const read = await store.get(row.id)
    assert.ok(read)
    const begun = await store.beginSpend(read, spend(`s-${row.id}-${read.generation}`))
    assert.ok(begun)
    assert.equal(await store.advance(begun, { ...fresh(begun), ...noSpend }, null, told), true)
  }
  for (let n = 0; n < 2; n++) await useAll(first)
  await database.pool.query(`ALTER TABLE token_grant ADD COLUMN of_a_newer_server text NOT NULL DEFAULT 'x'`)
  for (const row of [first, second]) await useAll(row)
  // What a spool of this server holds is put back without the column.
  assert.equal(await store.replay(rowToJson(fresh(third)), 9, null), true)
  const unknown = grantRow('grt_4')
  assert.equal(await store.replay(rowToJson(unknown), 9, null), true)
})
