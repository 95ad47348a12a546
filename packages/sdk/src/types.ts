import type {
  Answer,
  BatchLine,
  BatchOutcome,
  Body,
  CodeCredentials,
  Grant,
  TokenCredentials,
} from './api-types.ts'

// Everything that the API takes and answers is made from its description (`api-types.ts`). Here stand our names for what
// has none there, and what the SDK makes of an answer.

export type {
  BegunPreauthentication,
  Client,
  ConnectLink,
  CreatedDatabase,
  Credentials,
  Database,
  Delivery,
  EventType,
  Explanation,
  Grant,
  GrantEvent,
  Handover,
  MadeConnectLink,
  Preauthentication,
  PreauthenticationResult,
  QueryStats,
  Statement,
  StoredClient,
  Webhook,
  WebhookWithSecret,
} from './api-types.ts'
export type { BatchLine }

/** Credentials obtained elsewhere, in the open. */
export type PlainCredentials = TokenCredentials | CodeCredentials

export type NewClient = Body<'POST /clients'>
export type ClientChange = Body<'PATCH /clients/{id}'>
export type NewDatabase = Body<'POST /databases'>
export type DatabaseChange = Body<'PATCH /databases/{name}'>
export type DatabaseSource = Extract<NewDatabase, { readonly sources: unknown }>['sources'][number]
export type NewPreauthentication = Body<'POST /preauthentications'>
export type NewWebhook = Body<'POST /webhooks'>
export type Lease = Answer<'POST /grants/{id}/lease'>

/**
 * `created`: a new grant. `existing`: the customer consented before, so the grant and its databases stay, on the new
 * tokens; or the same request came earlier. `open`: the platform has not said yet; the vault goes on by itself.
 */
export interface HandoverResult {
  readonly outcome: 'created' | 'existing' | 'open'
  readonly grant: Grant
}

/** What became of one line of a batch; `line` counts from 1 over the whole batch. */
export type LineOutcome = Exclude<BatchOutcome, { readonly error: unknown }>
