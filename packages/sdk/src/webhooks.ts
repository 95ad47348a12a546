import type { ApiCaller } from './api-caller.ts'
import { type Idempotent, once } from './idempotent.ts'
import type { Delivery, NewWebhook, Webhook, WebhookWithSecret } from './types.ts'

/** Subscriptions to what happens to grants. What arrives is checked with `verifyWebhook`. */
export interface Webhooks {
  /** The secret that signs is shown this once. */
  create(webhook: NewWebhook, options?: Idempotent): Promise<WebhookWithSecret>
  get(id: string): Promise<Webhook>
  list(): Promise<readonly Webhook[]>
  delete(id: string): Promise<void>
  /** A new secret; the one before signs beside it for a day, or as long as told. */
  rotate(id: string, options?: { readonly overlapSeconds?: number }): Promise<WebhookWithSecret>
  /** What was sent and how it was answered, newest first, page by page as you read on. */
  deliveries(
    id: string,
    options?: { readonly state?: Delivery['state'] },
  ): AsyncGenerator<Delivery, void, undefined>
  /** Sends one delivery again, or all that were given up; how many. */
  replay(id: string, delivery?: string): Promise<number>
}

const page = 100

export function createWebhooks({ ask }: ApiCaller): Webhooks {
  return {
    create: (body, idempotent) => ask('POST /webhooks', { body, ...once(idempotent) }),
    get: (id) => ask('GET /webhooks/{id}', { path: { id } }),
    list: async () => (await ask('GET /webhooks')).webhooks,
    delete: (id) => ask('DELETE /webhooks/{id}', { path: { id } }),
    rotate: (id, body = {}) => ask('POST /webhooks/{id}/rotate', { path: { id }, body }),
    async *deliveries(id, { state } = {}) {
      let before: string | undefined
      for (;;) {
        const { deliveries } = await ask('GET /webhooks/{id}/deliveries', {
          path: { id },
          query: {
            limit: page,
            ...(before === undefined ? {} : { before }),
            ...(state === undefined ? {} : { state }),
          },
        })
        yield* deliveries
        before = deliveries.at(-1)?.id
        if (deliveries.length < page) return
      }
    },
    replay: async (id, delivery) =>
      (
        await ask('POST /webhooks/{id}/deliveries/replay', {
          path: { id },
          body: delivery === undefined ? {} : { delivery },
        })
      ).replayed,
  }
}
