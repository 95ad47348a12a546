import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { SluisError } from './sluis-error.ts'
import { verifyWebhook } from './verify-webhook.ts'

// The reference libraries' own example.
// @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const body = '{"test": 2432232314}'
const headers = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const now = 1614265330_000
const isRefused = (error: unknown) => error instanceof SluisError && error.code === 'WEBHOOK_REFUSED'

test('the published example passes, in both forms of headers', async () => {
  assert.deepEqual(await verifyWebhook(secret, headers, body, { now }), { test: 2432232314 })
  assert.deepEqual(await verifyWebhook(secret, new Headers(headers), body, { now }), { test: 2432232314 })
})

test('one good signature among those of several secrets is enough', async () => {
  const other = createHmac('sha256', 'other').update('x').digest('base64')
  const several = { ...headers, 'webhook-signature': `v1,${other} v2,abc ${headers['webhook-signature']}` }
  await verifyWebhook(secret, several, body, { now })
})

for (const [what, wrong] of Object.entries({
  'another body': () => verifyWebhook(secret, headers, `${body} `, { now }),
  'another id': () => verifyWebhook(secret, { ...headers, 'webhook-id': 'msg_x' }, body, { now }),
  'another secret': () => verifyWebhook('whsec_AAAA', headers, body, { now }),
  'a message of six minutes ago': () => verifyWebhook(secret, headers, body, { now: now + 360_000 }),
  'a message of six minutes ahead': () => verifyWebhook(secret, headers, body, { now: now - 360_000 }),
  'a time that is none': () =>
    verifyWebhook(secret, { ...headers, 'webhook-timestamp': '1614265330.0' }, body, { now }),
  'no signature': () => verifyWebhook(secret, { ...headers, 'webhook-signature': undefined }, body, { now }),
  'a signature that is no base64': () =>
    verifyWebhook(secret, { ...headers, 'webhook-signature': 'v1,%%%' }, body, { now }),
}))
  test(`${what} is refused`, () => assert.rejects(wrong, isRefused))
