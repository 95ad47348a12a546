import type { Body, Query } from '@sluis/sdk/api'

export type {
  AuditEvent,
  Contact,
  Invitation,
  InvitationPreview,
  Key,
  LogInSession,
  Member,
  NewInvitation,
  Role,
  Scope,
} from '@sluis/sdk/api'
export type AuditKind = NonNullable<NonNullable<Query<'GET /audit'>>['kind']>
export type NewKey = Body<'POST /keys'>

/** What better-auth answers; its routes are not in our description. */
export interface Passkey {
  readonly id: string
  readonly name: string | null
  readonly createdAt: string | null
}
