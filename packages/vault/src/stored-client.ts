import { type ClientId, isId } from '@sluis/shared'

/** An app registration as callers see it; its secret is never shown. */
export interface StoredClientView {
  readonly id: ClientId
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly label: string | null
  readonly redirectUris: readonly string[]
  readonly servesDescendants: boolean
  /** True: it belongs to an organisation above, which lets those below use it. */
  readonly isInherited: boolean
  /** Living grants on this client ID in the organisation and, where it serves them, in those below. */
  readonly grants: number
  /** A secret that was given and has not worked yet; the one before is kept until it has. */
  readonly newSecret: { readonly since: string; readonly refusedAt: string | null } | null
  readonly createdAt: string
}

export interface NewStoredClient {
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly label?: string
  readonly redirectUris: readonly string[]
  readonly servesDescendants?: boolean
}

/**
 * What stands, sealed, in a grant that uses a stored client, in the place of a secret. It begins with a character that
 * no secret has; whether the grant's organisation may use that client is judged at every use.
 */
const mark = '\u0000'
export const pointerTo = (id: ClientId): string => `${mark}${id}`

/** The client that a grant's sealed secret names, or null for a secret of its own. */
export function pointedClient(secret: string): ClientId | null {
  const id = secret.startsWith(mark) ? secret.slice(mark.length) : ''
  return isId('cli', id) ? id : null
}
