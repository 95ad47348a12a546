/** What the API answers about people, keys and organisations, as far as the pages read it. */
export type Role = 'owner' | 'admin' | 'developer' | 'analyst' | 'auditor'
export interface Access {
  readonly kind: 'key' | 'person'
  readonly organisation: { readonly id: string; readonly parentId: string | null; readonly name: string }
  readonly scopes: readonly string[]
  readonly descendants: boolean
  readonly databases: readonly string[] | null
  /** The roles that the caller may give. */
  readonly roles: readonly Role[]
}
export interface Member {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: Role
  readonly hasTwoFactor: boolean
  readonly since: string
}
export interface Invitation {
  readonly id: string
  readonly email: string
  readonly role: Role
  readonly expiresAt: string
}
/** Who is written to when a grant needs attention. */
export interface Contact {
  readonly id: string
  readonly email: string
  readonly language: 'en' | 'nl'
}
/** An invitation as it is made: its link is shown this once; `isMailed`: the mail server took it. */
export interface NewInvitation extends Invitation {
  readonly link: string
  readonly isMailed: boolean
}
export interface InvitationPreview {
  readonly organisation: { readonly id: string; readonly name: string }
  readonly email: string
  readonly role: Role
  readonly isKnown: boolean
}
export interface Key {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly descendants: boolean
  readonly databases: readonly string[] | null
  readonly addresses: readonly string[] | null
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  readonly lastUsedAt: string | null
}
export interface NewKey {
  readonly name: string
  readonly scopes: readonly string[]
  readonly descendants?: boolean
  readonly databases?: readonly string[]
  readonly addresses?: readonly string[]
  readonly expiresAt?: string
}
export interface AuditEvent {
  readonly id: number
  readonly at: string
  readonly actor: string
  readonly actorName: string | null
  readonly action: string
  readonly subject: string
  readonly facts: Readonly<Record<string, unknown>>
}
export interface Passkey {
  readonly id: string
  readonly name: string | null
  readonly createdAt: string | null
}
export interface LogInSession {
  readonly id: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly address: string | null
  readonly userAgent: string | null
  readonly isCurrent: boolean
}
