import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fetchSend } from './testing/fetch-send.ts'
import { HeldSend } from './testing/held-send.ts'
import { both, failsWith, until, VaultLab } from './testing/vault-lab.ts'

// What platforms may write and PostgreSQL cannot keep: NUL, and half of a surrogate pair.

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab

test('a refusal for now whose text held a NUL was taken for a lost answer', async () => {
  const held = new HeldSend()
  const vault = await lab.open({ send: held.send, tokenTimeoutMs: 180_000 })
  const id = await lab.deposit(vault)
  clock.advance(601_000)
  const lease = vault.lease(organisationId, id)
  await until(() => held.count === 1)
  const body = '{"error":"temporarily_unavailable","error_description":"down\\u0000for \\ud83d maintenance"}'
  held.refuse(0, { status: 503, body })
  await assert.rejects(lease, failsWith('PLATFORM_UNAVAILABLE'))
  const { state, problem } = await vault.getGrant(organisationId, id)
  assert.equal(state, 'active')
  assert.match(problem?.detail ?? '', /down for/)
})

test('a user whose name held a NUL could not be handed over', async () => {
  const send: typeof fetchSend = async (request, options) => {
    const answer = await fetchSend(request, options)
    if (request.method !== 'GET') return answer
    const text = answer.body.toString()
    const hostile = text.replace(/"FullName":\s*"[^"]*"/, '"FullName":"An\\u0000na \\udc00"')
    assert.notEqual(hostile, text)
    return { ...answer, body: Buffer.from(hostile) }
  }
  const vault = await lab.open({ send })
  const { outcome, grant } = await vault.handOver(lab.handover(both(await lab.tokens())))
  assert.equal(outcome, 'created')
  assert.equal(grant.platformUser?.name, 'An na \ufffd')
})
