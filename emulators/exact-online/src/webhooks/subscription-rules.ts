import type { ApiFault } from '../api/api-fault.ts'
import { alreadyExists, invalid } from '../api/validation-faults.ts'
import type { EntitySet } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'
import { topics } from './topics.ts'

export const subscriptionsPath = 'webhooks/webhooksubscriptions'

export interface Subscription {
  readonly id: string
  readonly clientId: string
  readonly topic: string
  readonly callbackUrl: string
}

/** The subscriptions of one company. */
export function subscriptionsIn(set: EntitySet, division: number): readonly Subscription[] {
  const text = (name: string, index: number) => String(set.properties.get(name)?.value(division, index) ?? '')
  return Array.from({ length: set.rowsIn(division) }, (_, index) => index)
    .filter((index) => !set.written.isDeleted(division, index))
    .map((index) => ({
      id: text('ID', index),
      clientId: text('ClientID', index),
      topic: text('Topic', index),
      callbackUrl: text('CallbackURL', index),
    }))
}

/** What a new subscription must be: a known topic, an address, and one per app, topic and company. @see wire.md § 4.3 */
export function checkSubscription(
  set: EntitySet,
  said: ReadonlyMap<string, Value>,
  { division, clientId, language }: { division: number; clientId: string; language: string },
): void {
  const topic = String(said.get('Topic'))
  if (!Object.hasOwn(topics, topic)) throw invalid('Topic', language)
  if (!/^https?:\/\/[^\s]+$/.test(String(said.get('CallbackURL')))) throw invalid('CallbackURL', language)
  const isTaken = subscriptionsIn(set, division).some(
    (known) => known.topic === topic && known.clientId === clientId,
  )
  if (isTaken) throw alreadyExists(language)
}

/**
 * What a subscription says without `IsInstant`, which is a wish and no property of it: it may be said of deliveries of
 * goods alone.
 * @see wire.md § 4.3
 */
export function withoutInstant(
  said: Readonly<Record<string, unknown>>,
  language: string,
): Readonly<Record<string, unknown>> {
  const { IsInstant: isInstant, ...rest } = said
  const isRight =
    isInstant === undefined || isInstant === false || (isInstant === true && rest.Topic === 'GoodsDeliveries')
  if (!isRight) throw invalid('IsInstant', language)
  return rest
}

/** A change of a subscription is documented, and was found to be refused. @see wire.md § 4.3 */
export const refuseUpdate = (language: string): ApiFault => invalid('WebhookSubscription', language)
