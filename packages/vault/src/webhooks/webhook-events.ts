/** What a webhook can be told, as the outbox's trigger in migration 0004 lists it too. */
export const webhookEvents = [
  'grant.created',
  'grant.pending',
  'grant.refreshed',
  'grant.ambiguous',
  'grant.needs_consent',
  'grant.misconfigured',
  'grant.recovered',
  'grant.expiring',
  'grant.superseded',
  'grant.rival',
  'grant.revoked',
  'grant.deleted',
] as const

export type WebhookEvent = (typeof webhookEvents)[number]
