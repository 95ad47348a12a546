export { createSluis, type Sluis } from './create-sluis.ts'
export type { SluisOptions } from './http-caller.ts'
export type { QueryAnswer, QueryOptions, QueryStats, Row } from './query.ts'
export { SluisError } from './sluis-error.ts'
export type {
  Client,
  ClientChange,
  Credentials,
  Database,
  DatabaseSource,
  Explanation,
  Grant,
  Handover,
  HandoverResult,
  Lease,
  NewClient,
  PlainCredentials,
  StoredClient,
} from './types.ts'
export { type VerifyOptions, verifyWebhook, type WebhookEvent } from './verify-webhook.ts'
