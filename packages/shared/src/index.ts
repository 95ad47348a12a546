export { type AuditAction, type AuditKind, auditKinds } from './audit-kinds.ts'
export { type Clock, ManualClock, systemClock } from './clock.ts'
export { type ErrorCode, isSluisError, SluisError, type SluisErrorOptions } from './errors.ts'
export type { IncomingResponse, OutgoingRequest, SendOptions, SendRequest } from './http-exchange.ts'
export {
  type ClientId,
  type ConnectLinkId,
  type ContactId,
  type DatabaseId,
  type GrantId,
  type InvitationId,
  isId,
  type KeyId,
  newId,
  type OrganisationId,
  type PersonId,
  type PreauthenticationId,
  type ProcessId,
  type SavedQueryId,
  type SessionId,
  type StatementId,
  type WebhookId,
} from './ids.ts'
export { type Log, silentLog } from './log.ts'
export { must } from './must.ts'
export { type Option, type OptionName, type OptionTexts, options, readOptions } from './options.ts'
export { type RandomBytes, systemRandom } from './random.ts'
export { PlainSecret } from './secrets.ts'
