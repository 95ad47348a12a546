import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { GrantId, OrganisationId } from '@sluis/shared'
import type { GrantRow } from '../grant-row.ts'
import { type GrantStore, noSpend, rowToJson } from '../grant-store.ts'

/** One implementation of the store, empty, and what a test does beside it. */
export interface StoreUnderTest {
  readonly store: GrantStore
  put(row: GrantRow): Promise<void>
  /** The actions noted for a grant, in order. */
  actions(id: GrantId): Promise<string[]>
  /** Opens a recovery: the database forgot something. */
  openRecovery(): Promise<void>
}

const organisation = 'org_contract' as OrganisationId
const t0 = 1_800_000_000_000

export function grantRow(id: string, change: Partial<GrantRow> = {}): GrantRow {
  return {
    id: id as GrantId,
    organisation_id: organisation,
    platform: 'p',
    region: 'r',
    client_id: 'c',
    redirect_uri: 'https://partner.example/cb',
    sealed_secret: Buffer.from('secret'),
    platform_user: { id: `user of ${id}`, name: 'Anna' },
    platform_user_id: `user of ${id}`,
    label: null,
    external_id: null,
    renews: null,
    state: 'active',
    chain: 1,
    generation: 1,
    sealed_tokens: Buffer.from('tokens 1'),
    sealed_alternates: null,
    has_access: true,
    has_refresh: true,
    received_at: t0,
    access_expires_at: t0 + 600_000,
    refresh_idle_expires_at: null,
    refresh_absolute_expires_at: null,
    proven_access: true,
    proven_refresh: true,
    proven_client: true,
    not_before: null,
    due_at: t0 + 1000,
    warn_at: null,
    failures: 0,
    problem: null,
    ...noSpend,
    created_at: t0,
    last_refreshed_at: null,
    deleted_at: null,
    ...change,
  }
}

const intent = (id: string, isSingleUse = true) => ({
  id,
  kind: 'refresh' as const,
  process: 'prc_1',
  at: t0 + 5,
  state: 'refreshing' as const,
  isSingleUse,
})
const answer = (row: GrantRow): GrantRow => ({
  ...row,
  ...noSpend,
  generation: row.generation + 1,
  sealed_tokens: Buffer.from(`tokens ${row.generation + 1}`),
  state: 'active',
})
const refreshed = { action: 'grant.refreshed', at: t0 + 9 }
const must = <T>(value: T | null): T => {
  assert.notEqual(value, null)
  return value as T
}

/** The contract of `GrantStore`, for every implementation. */
export function grantStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  const begin = async (id = 'grt_1') => {
    const lab = await open()
    const row = grantRow(id)
    await lab.put(row)
    const begun = must(await lab.store.beginSpend(row, intent('spend-1')))
    return { ...lab, row, begun }
  }

  describe(`the grant store in ${name}`, () => {
    test('gives a row back as it was put, to its organisation only', async () => {
      const { store, put } = await open()
      const row = grantRow('grt_1', { problem: { code: 'X', detail: 'y' }, label: 'Anna’s books' })
      await put(row)
      assert.deepEqual(await store.get(row.id), row)
      assert.deepEqual(await store.get(row.id, organisation), row)
      assert.equal(await store.get(row.id, 'org_other' as OrganisationId), null)
      await put(grantRow('grt_2', { deleted_at: t0 }))
      assert.equal(await store.get('grt_2' as GrantId), null)
    })

    test('lets exactly one of many win a generation', async () => {
      const { store, put } = await open()
      const row = grantRow('grt_1')
      await put(row)
      const won = await Promise.all(
        Array.from({ length: 8 }, (_, n) => store.beginSpend(row, intent(`spend-${n}`))),
      )
      const winners = won.filter((begun) => begun !== null)
      assert.equal(winners.length, 1)
      const { spend_id: id, ...begun } = must(winners[0] ?? null)
      assert.match(String(id), /^spend-\d$/)
      assert.deepEqual(begun, {
        ...withoutSpendId(row),
        state: 'refreshing',
        spend_kind: 'refresh',
        spend_generation: 1,
        spend_process: 'prc_1',
        spend_started_at: t0 + 5,
        spend_sends: 1,
      })
    })

    for (const [what, change] of Object.entries({
      'of another generation': { generation: 2 },
      'of another chain': { chain: 2 },
      'in another state': { state: 'needs_consent' },
      'that is deleted': { deleted_at: t0 },
    } as const)) {
      test(`begins no spend of a row ${what}`, async () => {
        const { store, put } = await open()
        await put(grantRow('grt_1', change))
        assert.equal(await store.beginSpend(grantRow('grt_1'), intent('spend-1')), null)
      })
    }

    test('begins no spend of a single-use token while the database is being repaired', async () => {
      const { store, put, openRecovery } = await open()
      await put(grantRow('grt_1'))
      await put(grantRow('grt_2'))
      await openRecovery()
      assert.equal(await store.beginSpend(grantRow('grt_1'), intent('spend-1')), null)
      assert.notEqual(await store.beginSpend(grantRow('grt_2'), intent('spend-2', false)), null)
    })

    test('begins the spends of many at once and takes their answers, each by itself', async () => {
      const { store, put, actions } = await open()
      const rows = Array.from({ length: 12 }, (_, n) => grantRow(`grt_${n}`))
      for (const row of rows) await put(row)
      const stale = grantRow('grt_3', { generation: 9 })
      const budget = { callsADay: 7, errorsAnHour: 9 }
      const key = { platform: 'p', region: 'r', clientId: 'c', user: 'one login of many organisations' }
      const begun = await Promise.all(
        [...rows, stale, grantRow('grt_none')].map((row, n) => {
          // Those of odd numbers count for one user.
          const claim = n % 2 === 1 ? { claim: { key, budget, reserve: 3 } } : {}
          return store.beginSpend(row, { ...intent(`spend-${n}`), ...claim })
        }),
      )
      const ids = begun.map((row) => row?.id ?? null)
      const own = ids.filter((_, n) => n % 2 === 0)
      assert.deepEqual(own, ['grt_0', 'grt_2', 'grt_4', 'grt_6', 'grt_8', 'grt_10', null])
      assert.equal(ids.filter((id, n) => n % 2 === 1 && id !== null).length, 4)
      assert.equal((await store.budgetUse(key))?.dayUsed, 4)
      const won = begun.filter((row) => row !== null)
      const taken = await Promise.all(
        [...won, ...won].map((row, n) => store.advance(row, answer(row), Buffer.alloc(32, n), refreshed)),
      )
      for (const [n, row] of won.entries()) {
        assert.deepEqual([taken[n], taken[n + won.length]].sort(), [false, true], row.id)
        assert.deepEqual(await store.get(row.id), answer(row))
        assert.deepEqual(await actions(row.id), ['grant.refreshed'])
      }
    })

    test('lets exactly one repeat an ambiguous send, and not before its time', async () => {
      const { store, begun } = await begin()
      assert.equal(await store.beginResend(begun, 'prc_2', t0 + 50, t0 + 900), null, 'not ambiguous')
      const lost = {
        state: 'ambiguous',
        spend_process: null,
        spend_lost_at: t0 + 20,
        due_at: t0 + 40,
      } as const
      assert.ok(await store.change(begun, lost, { action: 'grant.ambiguous', at: t0 + 20 }))
      const row = must(await store.get(begun.id))
      assert.equal(await store.beginResend(row, 'prc_2', t0 + 39, t0 + 900), null, 'too soon')
      const won = await Promise.all(
        ['prc_2', 'prc_3', 'prc_4'].map((process) => store.beginResend(row, process, t0 + 40, t0 + 900)),
      )
      const [resent, ...others] = won.filter((each) => each !== null)
      assert.equal(others.length, 0)
      assert.deepEqual(
        [resent?.spend_sends, resent?.due_at, resent?.spend_started_at],
        [2, t0 + 900, t0 + 40],
      )
    })

    test('counts a spend with its intent, and begins none that does not fit the budget', async () => {
      const { store, put } = await open()
      const budget = { callsADay: 3, errorsAnHour: 2 }
      const key = { platform: 'p', region: 'r', clientId: 'c', user: 'anna' }
      const spend = (n: number, at = t0) => ({
        ...intent(`spend-${n}`),
        at,
        claim: { key, budget, reserve: 1 },
      })
      for (let n = 0; n < 6; n++) await put(grantRow(`grt_${n}`))
      assert.equal(await store.budgetUse(key), null)
      const begun = await Promise.all(
        [0, 1, 2, 3].map((n) => store.beginSpend(grantRow(`grt_${n}`), spend(n))),
      )
      assert.equal(begun.filter((each) => each !== null).length >= 2, true)
      const [winner] = begun.filter((each) => each !== null)
      assert.equal(await store.beginSpend(must(winner ?? null), spend(9)), null, 'an intent stands')
      const dayStart = t0 - (t0 % 86_400_000)
      const used = must(await store.budgetUse(key)).dayUsed
      assert.deepEqual(await store.budgetUse(key), { dayStart, dayUsed: used, errorAt: [] })
      assert.equal(await store.beginSpend(grantRow('grt_4'), spend(4)), null, 'the reserve is not for it')
      const tomorrow = dayStart + 86_400_000
      assert.notEqual(await store.beginSpend(grantRow('grt_4'), spend(4, tomorrow)), null)
      assert.deepEqual(await store.budgetUse(key), { dayStart: tomorrow, dayUsed: 1, errorAt: [] })
      for (const at of [t0, tomorrow, tomorrow + 5]) await store.noteTokenError(key, at, 2)
      assert.deepEqual((await store.budgetUse(key))?.errorAt, [tomorrow, tomorrow + 5])
      const late = tomorrow + 3_600_000
      assert.equal(
        await store.beginSpend(grantRow('grt_5'), spend(5, late - 1)),
        null,
        'two errors in this hour',
      )
      assert.notEqual(await store.beginSpend(grantRow('grt_5'), spend(5, late)), null)
    })

    test('knows whether a send is still its holder’s', async () => {
      const { store, row, begun } = await begin()
      assert.equal(await store.isStillSpending(begun), true)
      assert.equal(await store.isStillSpending(row), false)
      await store.advance(begun, answer(begun), null, refreshed)
      assert.equal(await store.isStillSpending(begun), false)
    })

    test('changes a row only where it was read, and notes why', async () => {
      const { store, row, begun, actions } = await begin()
      assert.equal(await store.change(row, { failures: 1 }, { action: 'x', at: t0 }), false, 'a spend began')
      assert.equal(await store.change({ ...begun, spend_sends: 2 }, { failures: 1 }, null), false)
      assert.equal(await store.change({ ...begun, generation: 2 }, { failures: 1 }, null), false)
      const problem = { code: 'PLATFORM_UNAVAILABLE', detail: 'down' }
      assert.equal(
        await store.change(begun, { ...noSpend, state: 'active', failures: 1, problem }, refreshed),
        true,
      )
      assert.deepEqual(await store.get(row.id), { ...row, failures: 1, problem })
      assert.deepEqual(await actions(row.id), ['grant.refreshed'])
      assert.ok(await store.change(row, { failures: 2 }, null))
      assert.deepEqual(await actions(row.id), ['grant.refreshed'])
    })

    test('takes one answer of a generation, and what is the partner’s stays', async () => {
      const { store, begun, actions } = await begin()
      const fingerprint = Buffer.alloc(32, 7)
      const next = { ...answer(begun), label: 'stale', platform_user_id: null, platform_user: null }
      assert.equal(await store.advance(begun, next, fingerprint, refreshed), true)
      assert.deepEqual(await store.get(begun.id), answer(begun))
      assert.equal(await store.knowsFingerprint(fingerprint), true)
      assert.equal(await store.advance(begun, next, Buffer.alloc(32, 8), refreshed), false)
      assert.equal(await store.knowsFingerprint(Buffer.alloc(32, 8)), false)
      assert.deepEqual(await actions(begun.id), ['grant.refreshed'])
    })

    for (const state of ['ambiguous', 'needs_consent'] as const) {
      test(`takes a late answer while ${state}, as recovered`, async () => {
        const { store, begun, actions } = await begin()
        await store.change(begun, { ...noSpend, state }, null)
        assert.equal(await store.advance(begun, answer(begun), null, refreshed), true)
        assert.deepEqual(await actions(begun.id), ['grant.recovered'])
      })
    }

    test('takes no answer for a chain that was superseded or a grant that was deleted', async () => {
      for (const change of [{ chain: 2 }, { deleted_at: t0 }]) {
        const { store, put } = await open()
        await put(grantRow('grt_1', change))
        assert.equal(
          await store.advance(grantRow('grt_1'), answer(grantRow('grt_1')), null, refreshed),
          false,
        )
      }
    })

    test('puts back what it forgot, and an older record never wins', async () => {
      const { store, put } = await open()
      const at = (chain: number, generation: number) =>
        grantRow('grt_1', { chain, generation, sealed_tokens: Buffer.from(`${chain} ${generation}`) })
      const replay = (row: GrantRow) => store.replay(JSON.parse(JSON.stringify(rowToJson(row))), t0, null)
      assert.equal(await replay(at(1, 3)), true, 'a row that is not there')
      assert.deepEqual(await store.get('grt_1' as GrantId), at(1, 3))
      assert.equal(await replay(at(1, 3)), false)
      assert.equal(await replay(at(1, 2)), false)
      assert.equal(await replay(at(1, 5)), true, 'a gap does not block')
      assert.equal(await replay(at(2, 6)), true)
      assert.equal(await replay(at(1, 9)), false, 'an older chain')
      assert.equal(await replay({ ...at(1, 1), deleted_at: t0 }), true, 'deleted is deleted')
      assert.equal(await replay(at(3, 9)), false, 'and stays so')
      assert.equal(await store.get('grt_1' as GrantId), null)
      await put(grantRow('grt_2'))
    })

    // A process died between putting a row back and noting its token: the next replay of the same spool took that token,
    // spent since, for one that had never reached the database, and kept it to be spent once more.
    test('knows the token of a row as soon as the row is put back, so that it is not kept as unspent later', async () => {
      const { store, put } = await open()
      const [old, token] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
      await put(grantRow('grt_1', { generation: 4 }))
      const replay = (change: Partial<GrantRow>, fingerprint: Buffer) =>
        store.replay(JSON.parse(JSON.stringify(rowToJson(grantRow('grt_1', change)))), t0, fingerprint)
      assert.equal(await replay({ generation: 3 }, old), false)
      assert.equal(await store.knowsFingerprint(old), false, 'nothing was put back')
      assert.equal(await replay({ generation: 5 }, token), true)
      assert.equal(await store.knowsFingerprint(token), true)
      assert.equal(await replay({ generation: 6, deleted_at: t0 }, old), true)
      assert.equal(await store.knowsFingerprint(old), false, 'what was deleted may be handed over again')
    })

    test('lists what is due, the longest overdue first, and leaves open spends alone', async () => {
      const { store, put } = await open()
      const spend = { spend_id: 's', spend_process: 'prc_1', spend_started_at: t0, spend_sends: 1 }
      await put(grantRow('grt_1', { due_at: t0 + 30 }))
      await put(grantRow('grt_2', { due_at: t0 + 10 }))
      await put(grantRow('grt_3', { due_at: t0 + 20, state: 'refreshing', ...spend }))
      await put(grantRow('grt_4', { due_at: t0 + 25, state: 'ambiguous', ...spend }))
      await put(grantRow('grt_5', { due_at: null }))
      await put(grantRow('grt_6', { due_at: t0 + 31 }))
      await put(grantRow('grt_7', { due_at: t0, deleted_at: t0 }))
      const ids = async (limit: number) => (await store.due(t0 + 30, limit)).map(({ id }) => id)
      assert.deepEqual(await ids(10), ['grt_2', 'grt_4', 'grt_1'])
      assert.deepEqual(await ids(1), ['grt_2'])
      await store.postpone(grantRow('grt_2', { due_at: t0 + 10 }), t0 + 28)
      assert.deepEqual(await ids(10), ['grt_4', 'grt_2', 'grt_1'])
      await store.postpone(grantRow('grt_2', { due_at: t0 + 10 }), t0 + 900)
      assert.deepEqual(await ids(10), ['grt_4', 'grt_2', 'grt_1'], 'it was moved by somebody else')
    })

    test('leaves out what is due at issuers that are being attended', async () => {
      const { store, put } = await open()
      await put(grantRow('grt_1', { due_at: t0 }))
      await put(grantRow('grt_2', { due_at: t0, region: 'other' }))
      const ids = async (except: string[]) => (await store.due(t0, 9, except)).map(({ id }) => id)
      assert.deepEqual(await ids(['p r']), ['grt_2'])
      assert.deepEqual(await ids(['p r', 'p other']), [])
    })

    test('tells of a grant once, however many want to', async () => {
      const { store, put, actions } = await open()
      await put(grantRow('grt_1', { warn_at: t0 + 5 }))
      await put(grantRow('grt_2', { warn_at: t0 + 4, deleted_at: t0 }))
      await put(grantRow('grt_3', { warn_at: t0 + 3 }))
      assert.deepEqual(await store.dueWarnings(t0 + 2, 9), [])
      const due = await store.dueWarnings(t0 + 5, 9)
      assert.deepEqual(
        due.map(({ id }) => id),
        ['grt_3', 'grt_1'],
      )
      const row = must(due[1] ?? null)
      const event = { action: 'grant.expiring', at: t0 + 6 }
      const told = await Promise.all([1, 2, 3].map(() => store.warn(row, t0 + 50, event)))
      assert.deepEqual(told.filter(Boolean).length, 1)
      assert.deepEqual(await actions(row.id), ['grant.expiring'])
      assert.equal((await store.get(row.id))?.warn_at, t0 + 50)
      assert.equal(await store.warn(must(due[0] ?? null), null, null), true)
      assert.deepEqual(await actions('grt_3' as GrantId), [])
      assert.deepEqual(await store.dueWarnings(t0 + 49, 9), [])
    })

    test('lists open sends, the oldest first', async () => {
      const { store, put } = await open()
      const spend = { state: 'refreshing', spend_id: 's', spend_process: 'prc_1', spend_sends: 1 } as const
      await put(grantRow('grt_1', { ...spend, spend_started_at: t0 + 2 }))
      await put(grantRow('grt_2', { ...spend, spend_started_at: t0 + 1 }))
      await put(grantRow('grt_3', { ...spend, spend_process: null }))
      await put(grantRow('grt_4'))
      await put(grantRow('grt_5', { ...spend, deleted_at: t0 }))
      assert.deepEqual(
        (await store.openSends()).map(({ id }) => id),
        ['grt_2', 'grt_1'],
      )
    })

    test('keeps a fingerprint once it has it', async () => {
      const { store, put } = await open()
      await put(grantRow('grt_1'))
      const fingerprint = Buffer.alloc(32, 1)
      assert.equal(await store.knowsFingerprint(fingerprint), false)
      for (let n = 0; n < 2; n++) await store.addFingerprint(fingerprint, grantRow('grt_1'), t0)
      assert.equal(await store.knowsFingerprint(fingerprint), true)
    })
  })
}

function withoutSpendId({ spend_id: _, ...row }: GrantRow): Omit<GrantRow, 'spend_id'> {
  return row
}
