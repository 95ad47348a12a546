export type {
  IssuerPolicy,
  OAuthClient,
  OAuthPlatform,
  PlatformRegion,
  PlatformUser,
  TokenAnswer,
  TokenGrant,
  TokenSet,
  WhoAmIAnswer,
} from './oauth-platform.ts'
export type { GrantState, GrantView, Handover, HandoverCredentials, HandoverOutcome, Lease } from './vault.ts'
