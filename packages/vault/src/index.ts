export { isBrandColour } from './connect/brand-colour.ts'
export { type ConnectLanguage, type ConnectLinkView, connectLanguages } from './connect/connect-link-row.ts'
export type { ConnectLinks, MadeConnectLink, NewConnectLink } from './connect/connect-links.ts'
export type {
  Brand,
  ConnectSettings,
  ConnectSettingsChange,
  ConnectSettingsView,
} from './connect/connect-settings.ts'
export type { ConnectEnd, ConnectPage, ConnectVisits } from './connect/connect-visits.ts'
export type { ConnectOutcome, ConnectRefusal } from './connect/return-address.ts'
export type { Envelopes } from './envelopes.ts'
export type { BorrowedGrant, LoanView, ReachedGrant } from './grant-loans.ts'
export { type GrantEvent, nextState, transitions } from './grant-state.ts'
export type { GrantEventView } from './grant-views.ts'
export type { HandOverOptions } from './handovers.ts'
export { Idempotency, type IdempotentRequest, type KnownRequest } from './idempotency.ts'
export { type KeyEncryptionKey, loadOrCreateKek, parseKek } from './kek.ts'
export { holdsSealedData } from './key-ring.ts'
export type { LeaseOptions } from './leases.ts'
export type {
  ConsentRules,
  IssuerPolicy,
  OAuthClient,
  OAuthPlatform,
  PlatformRegion,
  PlatformTenant,
  PlatformUser,
  PlatformValues,
  TokenAnswer,
  TokenGrant,
  TokenSet,
  WhoAmIAnswer,
} from './oauth-platform.ts'
export type { ConsentEnds, PreauthenticationResult } from './preauthentication/consent-ends.ts'
export type {
  PreauthenticationOutput,
  PreauthenticationView,
} from './preauthentication/preauthentication-row.ts'
export type {
  AskedConsent,
  NewPreauthentication,
  Preauthentications,
} from './preauthentication/preauthentications.ts'
export type { NewStoredClient, StoredClientView } from './stored-client.ts'
export type { NamedClient, StoredClientChange, StoredClients } from './stored-clients.ts'
export type { TokenBudget } from './token-budget.ts'
export type {
  AskedHandover,
  GrantState,
  GrantView,
  Handover,
  HandoverCredentials,
  HandoverOutcome,
  Lease,
} from './vault.ts'
export {
  createVault,
  Vault,
  type VaultHooks,
  type VaultOptions,
} from './vault-service.ts'
export { type WebhookEvent, webhookEvents } from './webhooks/webhook-events.ts'
export type { DeliveryView, NewWebhook, WebhookView } from './webhooks/webhooks.ts'
