import { webhookEvents } from '@sluis/vault'
import { z } from 'zod'
import { count, problemAnswer, text, time } from './common.ts'
import { grant } from './grants.ts'

// What is told to others, and batches.

export const eventType = z.enum(webhookEvents)
export const webhook = z.object({
  id: text,
  url: text,
  description: text.nullable(),
  events: z.array(eventType).nullable(),
  descendants: z.boolean(),
  previousSecretUntil: time.nullable(),
  createdAt: time,
})
export const webhookWithSecret = webhook.extend({ secret: text.describe('Shown this once.') })
export const delivery = z.object({
  id: text,
  eventId: text,
  type: eventType,
  grant: text,
  state: z.enum(['pending', 'delivered', 'dead']),
  attempts: count,
  nextAttemptAt: time.nullable(),
  lastStatus: count.nullable(),
  lastError: text.nullable(),
  createdAt: time,
  endedAt: time.nullable(),
})
export const known = { line: count, id: text.optional(), status: count }
/** One line of the answer to a batch; the last one may say what stopped it. */
export const batchOutcome = z.union([
  z.object({
    ...known,
    outcome: z.enum(['created', 'superseded', 'repeated', 'open']),
    organisation: text,
    grant,
    database: text.optional(),
  }),
  z.object({ ...known, outcome: z.enum(['would-be-sent', 'would-be-repeated']) }),
  z.object({ ...known, problem: problemAnswer }),
  z.object({ error: problemAnswer }),
])
