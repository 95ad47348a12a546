import { createHmac } from 'node:crypto'

export interface WebhookEvent {
  readonly topic: string
  readonly clientId: string
  readonly division: number
  readonly action: 'Create' | 'Update' | 'Delete'
  readonly key: string
  /** Address of the entity. */
  readonly endpoint: string
  /** Wall-clock time, as all times of the service. */
  readonly createdOn: number
}

/** The `Content` of a delivery, whose exact text is what gets signed. @see wire.md § 4.3 */
export function contentOf(event: WebhookEvent): string {
  return JSON.stringify({
    Topic: event.topic,
    ClientId: event.clientId,
    Division: event.division,
    Action: event.action,
    Key: event.key,
    ExactOnlineEndpoint: event.endpoint,
    EventCreatedOn: new Date(event.createdOn).toISOString().slice(0, -1),
  })
}

/** The body of a delivery: `HashCode` is HMAC-SHA256 of the content's text, in upper-case hex. */
export function deliveryBody(content: string, secret: string): string {
  const hash = createHmac('sha256', secret).update(content).digest('hex').toUpperCase()
  return `{"Content":${content},"HashCode":"${hash}"}`
}
