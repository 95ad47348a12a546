import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type GrantId, isSluisError } from '@sluis/shared'
import type pg from 'pg'
import { HeldSend } from './testing/held-send.ts'
import { onlyRefresh, until, VaultLab } from './testing/vault-lab.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab

test('a corrected handover threw a row away whose token was being sent, and sent it a second time', async () => {
  const held = new HeldSend()
  const two = await lab.open({ send: held.send })
  let isArmed = false
  let refreshing: Promise<unknown> = Promise.resolve()
  let first = ''
  const one = await lab.open({
    send: held.send,
    // The row is read, and before anything is done with it somebody else begins to refresh it.
    store: {
      ...lab.store,
      transaction: async <T>(work: (tx: pg.PoolClient) => Promise<T>): Promise<T> => {
        if (isArmed) {
          isArmed = false
          refreshing = two.refresh(organisationId, first as GrantId)
          refreshing.catch(() => {})
          await until(() => held.count === 2)
        }
        return lab.store.transaction(work)
      },
    },
  })
  const { refreshToken } = await lab.tokens()
  clock.advance(601_000)
  const refused = one.handOver(lab.handover(onlyRefresh(refreshToken))).catch((error) => error)
  await until(() => held.count === 1)
  held.refuse(0, { status: 401, body: '{"error":"invalid_client"}' })
  const failure = await refused
  assert.ok(isSluisError(failure, 'HANDOVER_CLIENT_REFUSED'))
  first = String(failure.details.grant)
  isArmed = true
  clock.advance(601_000)
  const corrected = one.handOver(lab.handover(onlyRefresh(refreshToken))).catch((error) => error)
  await until(() => held.count === 2)
  await held.deliver(1)
  await refreshing
  const outcome = await corrected
  assert.ok(isSluisError(outcome, 'HANDOVER_TOKEN_ALREADY_HELD'), String(outcome))
  assert.equal(held.count, 2, 'the token was sent once more than it was refused')
  assert.deepEqual(await lab.spends(), ['refreshed'])
  const { generation, deleted_at } = await lab.row(first as GrantId)
  assert.deepEqual([generation, deleted_at], [2, null])
})
