import { wallClock } from '../api/wall-clock.ts'
import type { Change } from '../api/write-entities.ts'
import type { Dataset } from '../data/dataset.ts'
import { subscriptionsIn, subscriptionsPath } from './subscription-rules.ts'
import { topicsOf } from './topics.ts'
import type { Webhooks } from './webhooks.ts'

/** Tells every subscription of a company what a write there has done. */
export function tellChanges(
  changes: readonly Change[],
  divisionCode: number,
  origin: string,
  now: number,
  dataset: Dataset,
  webhooks: Webhooks,
): void {
  const division = dataset.divisions.find(({ code }) => code === divisionCode)?.index
  const set = dataset.entitySets.get(subscriptionsPath)
  if (division === undefined || !set) return
  const subscriptions = subscriptionsIn(set, division)
  for (const change of changes) {
    const key = String(change.set.keys[0]?.value(division, change.index))
    if (change.set === set) {
      const made = subscriptions.find(({ id }) => id === key)
      if (change.action === 'Create' && made) webhooks.subscribed(made, divisionCode)
      continue
    }
    const path = change.set.entry.uri.replace('{division}', String(divisionCode))
    for (const topic of topicsOf(change.set.path)) {
      const endpoint =
        topic === 'FinancialTransactions' ? `/api/v1/${divisionCode}/financialtransaction/Transactions` : path
      for (const { clientId, callbackUrl } of subscriptions.filter((known) => known.topic === topic)) {
        webhooks.happened(
          {
            topic,
            clientId,
            division: divisionCode,
            action: change.action,
            key,
            endpoint: `${origin}${endpoint}(guid'${key}')`,
            createdOn: wallClock(now),
          },
          callbackUrl,
        )
      }
    }
  }
}
