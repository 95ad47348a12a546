import { connectLanguages } from '@sluis/vault'
import { z } from 'zod'
import { count, text, time } from './common.ts'
import { grant, region } from './grants.ts'

// Apps that are kept, consents that are asked, and links for customers.

export const clientId = text.regex(/^cli_/)
export const client = z.object({
  id: clientId,
  platform: text,
  region: text,
  clientId: text,
  label: text.nullable(),
  redirectUris: z.array(text),
  servesDescendants: z.boolean().describe('Organisations below may use it too.'),
  isInherited: z.boolean().describe('It belongs to an organisation above.'),
  grants: count,
  newSecret: z
    .object({ since: time, refusedAt: time.nullable() })
    .nullable()
    .describe('A secret that was given and has not worked yet.'),
  createdAt: time,
})
export const output = z.enum(['grant', 'code', 'tokens', 'envelope'])
export const preauthentication = z.object({
  id: text,
  state: z.enum(['waiting', 'exchanging', 'done', 'refused', 'shown', 'expired']),
  platform: text,
  region: text,
  clientId: text,
  redirectUri: text,
  returnsBy: z.enum(['redirect', 'paste']),
  output,
  scopes: z.array(text).nullable(),
  label: text.nullable(),
  externalId: text.nullable(),
  grant: text.nullable(),
  resultUntil: time.nullable(),
  problem: z.object({ code: text, detail: text, hint: text.optional() }).nullable(),
  createdAt: time,
  expiresAt: time,
})
export const begunPreauthentication = preauthentication.extend({
  startUrl: text.optional().describe('To be opened by the user; given where the platform returns to us.'),
  authorizeUrl: text
    .optional()
    .describe('The platform’s page, where the user comes back elsewhere and the address is pasted.'),
})
export const preauthenticationResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('code'), code: text, redirectUri: text, codeVerifier: text.optional() }),
  z.object({
    kind: z.literal('tokens'),
    accessToken: text.nullable(),
    refreshToken: text.nullable(),
    expiresAt: time.nullable(),
    user: grant.shape.platformUser,
    values: z.record(text, text),
  }),
  z.object({ kind: z.literal('envelope'), jwe: text }),
])
export const askedConsent = z.object({
  organisation: text,
  platform: text,
  platformLabel: text,
  region: text,
  clientId: text,
  clientLabel: text.nullable(),
  output,
  scopes: z.array(text).nullable(),
})
export const brandTexts = z.object({ en: text.nullable(), nl: text.nullable() })
export const brand = z.object({
  name: text,
  organisation: text,
  colour: text,
  logo: text.nullable(),
  texts: brandTexts,
})
export const connectLanguage = z.enum(connectLanguages)
export const connectRefusal = z.enum([
  'expired',
  'used',
  'revoked',
  'other-browser',
  'other-person',
  'failed',
])
export const connectSettings = z.object({
  name: text.nullable(),
  colour: text.nullable(),
  logo: text.nullable(),
  texts: brandTexts,
  origin: text.nullable(),
  returnAddresses: z.array(text),
  isInherited: z.boolean(),
  changedAt: time.nullable(),
})
export const connectLink = z.object({
  id: text,
  state: z.enum(['open', 'started', 'expired', 'revoked', 'connected', 'pending', 'cancelled', 'refused']),
  platform: text,
  region: text,
  client: text,
  scopes: z.array(text).nullable(),
  label: text.nullable(),
  externalId: text.nullable(),
  renews: text.nullable(),
  returnAddress: text,
  returnState: text.nullable(),
  language: connectLanguage.nullable(),
  grant: text.nullable(),
  reason: connectRefusal.nullable(),
  problem: preauthentication.shape.problem,
  createdAt: time,
  expiresAt: time,
})
export const madeConnectLink = connectLink.extend({
  url: text.describe('For the customer; given this once.'),
})
export const connectPage = z.object({
  brand,
  language: connectLanguage.nullable(),
  platform: text,
  platformLabel: text,
  region,
  clientLabel: text.nullable(),
  scopes: z.array(text).nullable(),
  isRenewal: z.boolean(),
  returnHost: text,
  refusal: connectRefusal.nullable().describe('Why it goes no further.'),
  returnUrl: text.nullable(),
})
export const connectEnd = z.object({
  outcome: z.enum(['connected', 'pending', 'cancelled', 'refused']),
  reason: connectRefusal.nullable(),
  brand,
  language: connectLanguage.nullable(),
  returnUrl: text.nullable(),
})
/** Of a consent that a connect link began, its customer is told where to go and no more. */
export const endedConsent = z.union([preauthentication, z.object({ connect: connectEnd })])
