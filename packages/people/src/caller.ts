import { type KeyId, type OrganisationId, type PersonId, SluisError } from '@sluis/shared'
import { type Role, rightsOf, roleNames } from './roles.ts'
import type { Scope } from './scopes.ts'

/** Who asks: a key or a person, in which organisation, and what they may do there. */
export interface Caller {
  readonly kind: 'key' | 'person'
  /** Under this name what is done is kept. */
  readonly actor: KeyId | PersonId
  readonly organisationId: OrganisationId
  readonly scopes: ReadonlySet<Scope>
  /** Whether they may act in organisations below this one. */
  readonly mayDescend: boolean
  /** The only databases they may use; null: all of the organisation. */
  readonly databases: readonly string[] | null
  /** The only addresses and networks they may come from; null: all. */
  readonly addresses: readonly string[] | null
}

const nounOf: Readonly<Record<Caller['kind'], string>> = { key: 'This key', person: 'Your role' }

/** Throws `FORBIDDEN` unless the caller has the scopes. */
export function requireScope(caller: Caller, ...needed: readonly Scope[]): void {
  const missing = needed.filter((scope) => !caller.scopes.has(scope))
  if (missing.length === 0) return
  throw new SluisError('FORBIDDEN', `${nounOf[caller.kind]} lacks the scope ${missing.join(', ')}.`, {
    hint:
      caller.kind === 'key'
        ? 'Use another key, or have one created with that scope.'
        : 'Ask an owner of the organisation for another role.',
    details: { missing },
  })
}

/** Throws `FORBIDDEN` when a role holds more than its giver: nobody gives, changes or takes away what they lack. */
export function assertMayGive(caller: Caller, role: Role): void {
  if (mayGive(caller, role)) return
  const missing = rightsOf(role).scopes.filter((scope) => !caller.scopes.has(scope))
  throw new SluisError(
    'FORBIDDEN',
    `The role ${role} may do more than the caller and is not theirs to give or take.`,
    {
      hint: 'Ask an owner of the organisation.',
      details: { field: 'role', missing },
    },
  )
}

const mayGive = (caller: Caller, role: Role): boolean => {
  const { scopes, descends } = rightsOf(role)
  return (
    scopes.every((scope) => caller.scopes.has(scope)) &&
    (caller.mayDescend || !descends) &&
    caller.databases === null
  )
}

/** The roles that the caller may give and take. */
export const rolesToGive = (caller: Caller): readonly Role[] =>
  roleNames.filter((role) => mayGive(caller, role))
