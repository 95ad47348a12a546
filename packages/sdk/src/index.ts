export type { BatchOptions } from './batch.ts'
export type { ConnectLinks, NewConnectLink } from './connect-links.ts'
export { createSluis, type Sluis } from './create-sluis.ts'
export type { SluisOptions } from './http-caller.ts'
export type { Idempotent } from './idempotent.ts'
export type { QueryAnswer, QueryOptions, Row } from './query.ts'
export { SluisError } from './sluis-error.ts'
export type { ResultFormat, Statements, WatchOptions } from './statements.ts'
export type {
  BatchLine,
  BegunPreauthentication,
  Client,
  ClientChange,
  ConnectLink,
  CreatedDatabase,
  Credentials,
  Database,
  DatabaseChange,
  DatabaseSource,
  Delivery,
  EventType,
  Explanation,
  Grant,
  GrantEvent,
  Handover,
  HandoverResult,
  Lease,
  LineOutcome,
  MadeConnectLink,
  NewClient,
  NewDatabase,
  NewPreauthentication,
  NewWebhook,
  PlainCredentials,
  Preauthentication,
  PreauthenticationResult,
  QueryStats,
  Statement,
  StoredClient,
  Webhook,
  WebhookWithSecret,
} from './types.ts'
export { type VerifyOptions, verifyWebhook, type WebhookEvent } from './verify-webhook.ts'
export type { Webhooks } from './webhooks.ts'
