import { type Scope, scopes } from './scopes.ts'

export interface RoleRights {
  readonly scopes: readonly Scope[]
  /** Whether the role also holds in the organisations below. */
  readonly descends: boolean
}

const developer: readonly Scope[] = [
  'handover:write',
  'grants:read',
  'grants:write',
  'clients:read',
  'clients:write',
  'databases:read',
  'databases:write',
  'query',
  'query:write',
  'webhooks:write',
  'preauthentication:write',
  'connect:write',
]

/** What a person may do, in the terms in which keys may: a role is a name for scopes. */
export const roles = {
  owner: { scopes, descends: true },
  // Everything but what gives a token away.
  admin: { scopes: scopes.filter((scope) => scope !== 'tokens:lease'), descends: true },
  developer: { scopes: developer, descends: true },
  // Whoever may question one organisation's books is not thereby let into those of its customers.
  analyst: { scopes: ['databases:read', 'query'], descends: false },
  auditor: { scopes: ['audit:read', 'clients:read', 'databases:read', 'grants:read'], descends: true },
} as const satisfies Readonly<Record<string, RoleRights>>

export type Role = keyof typeof roles

export const roleNames = Object.keys(roles) as [Role, ...Role[]]

export function isRole(text: string): text is Role {
  return Object.hasOwn(roles, text)
}

export const rightsOf = (role: Role): RoleRights => roles[role]
