import { z } from 'zod'
import { count, facts, text, time } from './common.ts'

// Grants, the platforms that they are of, and what happened to them.

export const grant = z.object({
  id: text,
  state: z.enum([
    'pending',
    'active',
    'refreshing',
    'ambiguous',
    'needs_consent',
    'misconfigured',
    'revoked',
  ]),
  platform: text,
  region: text,
  clientId: text,
  platformUser: z
    .object({
      id: text,
      name: text,
      email: text.optional(),
      values: z.record(text, text).optional(),
      tenants: z.array(z.object({ id: text, name: text })).optional(),
    })
    .nullable(),
  label: text.nullable(),
  externalId: text.nullable(),
  generation: count,
  proven: z.object({ accessToken: z.boolean(), refreshToken: z.boolean(), client: z.boolean() }),
  accessToken: z.object({ expiresAt: time }).nullable(),
  refreshToken: z
    .object({
      held: z.literal(true),
      idleExpiresAt: time.nullable(),
      absoluteExpiresAt: time.nullable(),
    })
    .nullable(),
  notBefore: time.optional(),
  databases: z.array(text),
  createdAt: time,
  lastRefreshedAt: time.nullable(),
  problem: z.object({ code: text, detail: text, hint: text.optional() }).optional(),
})
export const region = z.object({ id: text, label: text, isOperators: z.boolean() })
export const platform = z.object({
  id: text,
  label: text,
  accessTokenSeconds: count,
  refreshIdleSeconds: count.nullable(),
  codeSeconds: count.nullable(),
  isRefreshTokenSingleUse: z.boolean(),
  hasTables: z.boolean().describe('Whether databases can read from it; grants can be kept of all.'),
  consent: z
    .object({
      scopes: z.object({ always: z.array(text), usual: z.array(text) }).nullable(),
      takesPkce: z.boolean(),
    })
    .nullable()
    .describe('Null: users cannot be sent there for consent from here.'),
  regions: z.array(region),
})
export const loan = z.object({ organisation: text, partitions: z.array(text), lentAt: time })
export const event = z.object({
  id: count,
  at: time,
  actor: text,
  actorName: text.nullable().describe('What the person or key is called now.'),
  action: text,
  facts,
})
export const auditEvent = event.extend({ subject: text })
