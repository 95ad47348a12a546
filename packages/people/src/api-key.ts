import { type KeyId, type OrganisationId, SluisError } from '@sluis/shared'
import { isAllowed } from './allowed-addresses.ts'
import type { Caller } from './caller.ts'
import type { Scope } from './scopes.ts'

/** A key as people see it; never its text. */
export interface KeyView {
  readonly id: KeyId
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly descendants: boolean
  readonly databases: readonly string[] | null
  readonly addresses: readonly string[] | null
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  /** To the minute; null: never. */
  readonly lastUsedAt: string | null
}

export interface NewKey {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly descendants?: boolean
  readonly databases?: readonly string[]
  /** Addresses and networks that it may be used from; checked by the caller with `isNetwork`. */
  readonly addresses?: readonly string[]
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
}

/** A key as it is stored: its hash, never its text. */
export interface KeyRow {
  readonly id: KeyId
  readonly organisation_id: OrganisationId
  readonly name: string
  readonly scopes: Scope[]
  readonly descendants: boolean
  readonly databases: string[] | null
  readonly addresses: string[] | null
  readonly created_at: number
  readonly expires_at: number | null
  readonly revoked_at: number | null
  readonly last_used_at: number | null
}

export const copyOf = (list: readonly string[] | null | undefined) => (list ? [...list] : null)

/** Throws `FORBIDDEN` for a key that is used from somewhere else than it may be. */
export function assertAddress({ addresses }: Caller, address: string): void {
  if (addresses === null || isAllowed(addresses, address)) return
  throw new SluisError('FORBIDDEN', 'This key may not be used from this address.', {
    hint: 'Use it from one of the networks that it was created for, or have another one created.',
    details: { address },
  })
}

/** Nobody gives more than they have: neither scopes nor reach, databases or networks. */
export function assertMayCreate(caller: Caller, key: NewKey): void {
  const refuse = (field: string, missing: readonly string[], what: string): never => {
    throw new SluisError('FORBIDDEN', `Who asks lacks ${what} and cannot give it.`, {
      hint: 'Ask for less, or use a key or a role that has it.',
      details: { field, missing },
    })
  }
  const outside = (wanted: readonly string[] | undefined, own: readonly string[] | null) =>
    own === null ? [] : (wanted ?? []).filter((item) => !own.includes(item))
  const excess = key.scopes.filter((scope) => !caller.scopes.has(scope))
  if (excess.length > 0) refuse('scopes', excess, excess.join(', '))
  if (key.descendants && !caller.mayDescend) refuse('descendants', [], 'the organisations below')
  const databases = outside(key.databases, caller.databases)
  if (databases.length > 0) refuse('databases', databases, `the databases ${databases.join(', ')}`)
  const addresses = outside(key.addresses, caller.addresses)
  if (addresses.length > 0) refuse('addresses', addresses, `the networks ${addresses.join(', ')}`)
}

/** A stored key as people see it. */
export function toView(row: KeyRow): KeyView {
  const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString())
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes,
    descendants: row.descendants,
    databases: row.databases,
    addresses: row.addresses,
    createdAt: new Date(row.created_at).toISOString(),
    expiresAt: iso(row.expires_at),
    revokedAt: iso(row.revoked_at),
    lastUsedAt: iso(row.last_used_at),
  }
}
