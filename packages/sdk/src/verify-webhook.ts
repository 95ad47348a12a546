import { parseJson } from './http-caller.ts'
import { SluisError } from './sluis-error.ts'

export interface WebhookEvent {
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface VerifyOptions {
  /** The time, in milliseconds since the epoch; the system's unless given. */
  readonly now?: number
  /** How far the message's time may be from ours, either way, against replays. */
  readonly toleranceSeconds?: number
}

/**
 * The event of a webhook that Sluis signed; throws `WEBHOOK_REFUSED` for any other. `body` is the text as it arrived:
 * parsed and written again it has another signature. Deliveries can come more than once: `webhook-id` names the event.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function verifyWebhook(
  secret: string,
  headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
  { now = Date.now(), toleranceSeconds = 300 }: VerifyOptions = {},
): Promise<WebhookEvent> {
  const header = (name: string) => {
    const value = headers instanceof Headers ? headers.get(name) : headers[name]
    if (typeof value !== 'string' || value === '') throw refused(`The header ${name} is missing.`)
    return value
  }
  const id = header('webhook-id')
  const timestamp = header('webhook-timestamp')
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds) {
    throw refused(`The message is not of the last ${toleranceSeconds} seconds.`)
  }
  const key = await crypto.subtle.importKey(
    'raw',
    fromBase64(secret.replace(/^whsec_/, '')),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  )
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`)
  for (const signature of header('webhook-signature').split(' ')) {
    const [version, text = ''] = signature.split(',')
    if (version !== 'v1' || !/^[A-Za-z0-9+/]{43}=$/.test(text)) continue
    // `verify` compares in constant time.
    if (await crypto.subtle.verify('HMAC', key, fromBase64(text), signed))
      return parseJson(body) as WebhookEvent
  }
  throw refused('No signature is of this secret.')
}

const fromBase64 = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))

const refused = (message: string) =>
  new SluisError('WEBHOOK_REFUSED', message, {
    hint: 'Answer 401 and do nothing with the message.',
  })
