import type { GrantId, OrganisationId } from '@sluis/shared'
import type { KeyRing } from './key-ring.ts'
import type { PlatformUser, PlatformValues } from './oauth-platform.ts'
import { type SealContext, sealedKeyId } from './seal.ts'
import type { GrantState, GrantView } from './vault.ts'

export interface GrantProblem {
  readonly code: string
  readonly detail: string
  readonly hint?: string
}

/** A row of `token_grant`, as PostgreSQL has it. */
export interface GrantRow {
  readonly id: GrantId
  readonly organisation_id: OrganisationId
  readonly platform: string
  readonly region: string
  readonly client_id: string
  readonly redirect_uri: string
  readonly sealed_secret: Buffer
  readonly platform_user: PlatformUser | null
  readonly platform_user_id: string | null
  readonly label: string | null
  readonly external_id: string | null
  /** While its user is not known: the grant whose user it must turn out to be. */
  readonly renews: GrantId | null
  readonly state: GrantState
  readonly chain: number
  readonly generation: number
  readonly sealed_tokens: Buffer | null
  readonly sealed_alternates: Buffer | null
  readonly has_access: boolean
  readonly has_refresh: boolean
  readonly received_at: number
  readonly access_expires_at: number | null
  readonly refresh_idle_expires_at: number | null
  readonly refresh_absolute_expires_at: number | null
  readonly proven_access: boolean
  readonly proven_refresh: boolean
  readonly proven_client: boolean
  readonly not_before: number | null
  readonly due_at: number | null
  readonly warn_at: number | null
  readonly failures: number
  readonly problem: GrantProblem | null
  readonly spend_id: string | null
  readonly spend_kind: 'refresh' | 'code' | null
  readonly spend_generation: number | null
  readonly spend_process: string | null
  readonly spend_started_at: number | null
  readonly spend_sends: number
  readonly spend_lost_at: number | null
  readonly spend_refusals: number
  readonly spend_was_early: boolean
  readonly created_at: number
  readonly last_refreshed_at: number | null
  readonly deleted_at: number | null
}

/** The columns that hold something sealed. */
export const sealedColumns = [
  'sealed_secret',
  'sealed_tokens',
  'sealed_alternates',
] as const satisfies readonly (keyof GrantRow)[]

/** The secrets of one generation. A code stands here until it is exchanged. */
export interface HeldTokens {
  readonly accessToken?: string
  readonly refreshToken?: string
  readonly code?: string
  readonly codeVerifier?: string
  /** Beside a code: the nonce that its ID token must have. */
  readonly nonce?: string
  /** The ID token had another nonce: the answer was somebody else's consent. */
  readonly isForeign?: true
  readonly values?: PlatformValues
}

/** A send that was under way when a new consent took its chain's place. */
export type OutlivedSend = Pick<
  GrantRow,
  | 'spend_id'
  | 'spend_kind'
  | 'spend_generation'
  | 'spend_process'
  | 'spend_started_at'
  | 'spend_sends'
  | 'spend_lost_at'
  | 'spend_refusals'
  | 'spend_was_early'
  | 'due_at'
>

/** A pair that may still be the living one, kept until the primary has been spent successfully. */
export interface Alternate {
  readonly tokens: HeldTokens
  readonly receivedAt: number
  /** Its refresh token is being spent, or was, and nobody knows with what outcome. */
  readonly send?: OutlivedSend
}

const fixed = (row: Pick<GrantRow, 'organisation_id' | 'id'>, field: string): SealContext => ({
  organisation: row.organisation_id,
  grant: row.id,
  field,
  chain: 0,
  generation: 0,
})

type Place = Pick<GrantRow, 'organisation_id' | 'id' | 'chain' | 'generation'>

/** Of one generation of one chain: what is sealed for it opens nowhere else. */
const placed = (row: Place, field: string): SealContext => ({
  organisation: row.organisation_id,
  grant: row.id,
  field,
  chain: row.chain,
  generation: row.generation,
})

/** Opens and seals what a row keeps secret. */
export class GrantSeals {
  readonly #keys: Pick<KeyRing, 'seal' | 'unseal' | 'prepare'>

  constructor(keys: Pick<KeyRing, 'seal' | 'unseal' | 'prepare'>) {
    this.#keys = keys
  }

  /** Makes sure that an answer for this row can be sealed and spooled, also when the database goes away meanwhile. */
  prepare(row: Pick<GrantRow, 'organisation_id' | (typeof sealedColumns)[number]>): Promise<void> {
    const blobs = sealedColumns.map((column) => row[column]).filter((blob) => blob !== null)
    return this.#keys.prepare(
      row.organisation_id,
      [...new Set(blobs.map((blob) => sealedKeyId(blob)))].filter((id) => id !== ''),
    )
  }

  async openTokens(row: GrantRow): Promise<HeldTokens> {
    if (row.sealed_tokens === null) return {}
    return JSON.parse(
      (await this.#keys.unseal(row.sealed_tokens, placed(row, 'tokens'))).toString(),
    ) as HeldTokens
  }

  sealTokens(tokens: HeldTokens, place: Place): Promise<Buffer> {
    return this.#keys.seal(JSON.stringify(tokens), placed(place, 'tokens'))
  }

  async openSecret(row: GrantRow): Promise<string> {
    return (await this.#keys.unseal(row.sealed_secret, fixed(row, 'client-secret'))).toString()
  }

  sealSecret(secret: string, place: Pick<GrantRow, 'organisation_id' | 'id'>): Promise<Buffer> {
    return this.#keys.seal(secret, fixed(place, 'client-secret'))
  }

  /** The same secrets under the key that is current now. */
  async reseal(row: GrantRow): Promise<Pick<GrantRow, (typeof sealedColumns)[number]>> {
    const move = async (blob: Buffer, context: SealContext) =>
      this.#keys.seal(await this.#keys.unseal(blob, context), context)
    const { sealed_secret, sealed_tokens, sealed_alternates } = row
    return {
      sealed_secret: await move(sealed_secret, fixed(row, 'client-secret')),
      sealed_tokens: sealed_tokens && (await move(sealed_tokens, placed(row, 'tokens'))),
      sealed_alternates: sealed_alternates && (await move(sealed_alternates, placed(row, 'alternates'))),
    }
  }

  /** Newest first. */
  async openAlternates(row: GrantRow): Promise<Alternate[]> {
    if (row.sealed_alternates === null) return []
    const plain = await this.#keys.unseal(row.sealed_alternates, placed(row, 'alternates'))
    return JSON.parse(plain.toString()) as Alternate[]
  }

  async sealAlternates(list: readonly Alternate[], place: Place): Promise<Buffer | null> {
    if (list.length === 0) return null
    const sorted = [...list].sort((a, b) => b.receivedAt - a.receivedAt).slice(0, 8)
    return this.#keys.seal(JSON.stringify(sorted), placed(place, 'alternates'))
  }
}

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString())

/** A row as callers see it. */
export function toGrantView(row: GrantRow, databases: readonly string[], now: number): GrantView {
  const hasLivingAccess = row.has_access && row.access_expires_at !== null && row.access_expires_at > now
  const notBefore = row.not_before !== null && row.not_before > now ? row.not_before : null
  return {
    id: row.id,
    organisationId: row.organisation_id,
    state: row.state,
    platform: row.platform,
    region: row.region,
    clientId: row.client_id,
    platformUser: row.platform_user,
    label: row.label,
    externalId: row.external_id,
    generation: row.generation,
    proven: { accessToken: row.proven_access, refreshToken: row.proven_refresh, client: row.proven_client },
    accessToken: hasLivingAccess ? { expiresAt: iso(row.access_expires_at) ?? '' } : null,
    refreshToken: row.has_refresh
      ? {
          held: true,
          idleExpiresAt: iso(row.refresh_idle_expires_at),
          absoluteExpiresAt: iso(row.refresh_absolute_expires_at),
        }
      : null,
    ...(notBefore === null ? {} : { notBefore: iso(notBefore) ?? '' }),
    databases,
    createdAt: iso(row.created_at) ?? '',
    lastRefreshedAt: iso(row.last_refreshed_at),
    ...(row.problem === null ? {} : { problem: row.problem }),
  }
}
