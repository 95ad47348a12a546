import { createHmac } from 'node:crypto'
import { PlainSecret, type RandomBytes } from '@sluis/shared'

const prefix = 'whsec_'

/** A new signing secret: `whsec_` and 32 random bytes in base64. */
export function newWebhookSecret(random: RandomBytes): PlainSecret {
  return new PlainSecret(prefix + Buffer.from(random(32)).toString('base64'))
}

export interface WebhookMessage {
  readonly id: string
  /** Seconds since the epoch. */
  readonly timestamp: number
  readonly body: string
}

/**
 * The three headers of a signed webhook; with several secrets a receiver that knows any of them accepts it.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function webhookHeaders(
  { id, timestamp, body }: WebhookMessage,
  secrets: readonly PlainSecret[],
): Readonly<Record<string, string>> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.reveal().slice(prefix.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}
