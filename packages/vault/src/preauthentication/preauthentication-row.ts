import type { ClientId, ConnectLinkId, GrantId, OrganisationId, PreauthenticationId } from '@sluis/shared'
import type { GrantProblem } from '../grant-row.ts'
import type { SealContext } from '../seal.ts'

/** What becomes of a consent: kept as a grant, or made for use elsewhere. */
export type PreauthenticationOutput = 'grant' | 'code' | 'tokens' | 'envelope'
export type PreauthenticationState = 'waiting' | 'exchanging' | 'done' | 'refused' | 'shown' | 'expired'

export interface PreauthenticationRow {
  readonly id: PreauthenticationId
  readonly organisation_id: OrganisationId
  readonly actor: string
  readonly platform: string
  readonly region: string
  readonly client_id: string
  readonly stored_client: ClientId | null
  readonly redirect_uri: string
  readonly returns_by: 'redirect' | 'paste'
  readonly output: PreauthenticationOutput
  readonly scopes: string[] | null
  readonly label: string | null
  readonly external_id: string | null
  readonly state: PreauthenticationState
  readonly state_hash: Buffer
  readonly start_hash: Buffer
  readonly browser_hash: Buffer | null
  readonly sealed_secrets: Buffer | null
  readonly sealed_result: Buffer | null
  readonly result_until: number | null
  readonly grant_id: GrantId | null
  readonly problem: GrantProblem | null
  /** Why it was refused, where callers branch on that. */
  readonly reason: string | null
  readonly connect_link_id: ConnectLinkId | null
  /** The grant that it must turn out to be of. */
  readonly renews: GrantId | null
  readonly created_at: number
  readonly expires_at: number
}

/** A consent as callers see it; never its state, verifier, code or tokens. */
export interface PreauthenticationView {
  readonly id: PreauthenticationId
  readonly state: PreauthenticationState
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly redirectUri: string
  /** `redirect`: the browser comes back to us · `paste`: to another address, which is pasted here whole. */
  readonly returnsBy: 'redirect' | 'paste'
  readonly output: PreauthenticationOutput
  readonly scopes: readonly string[] | null
  readonly label: string | null
  readonly externalId: string | null
  readonly grant: GrantId | null
  /** Until when the result can be shown, once, to who began. */
  readonly resultUntil: string | null
  readonly problem: GrantProblem | null
  readonly createdAt: string
  readonly expiresAt: string
}

const iso = (at: number) => new Date(at).toISOString()

/** What is over is told as over from that moment on, not only once it has been erased. */
export function toPreauthenticationView(row: PreauthenticationRow, now: number): PreauthenticationView {
  const { sealed_result: sealed, result_until: until } = row
  const isLate = row.state === 'waiting' && row.expires_at <= now
  const isLapsed = sealed !== null && until !== null && until <= now
  return {
    id: row.id,
    state: isLate || isLapsed ? 'expired' : row.state,
    platform: row.platform,
    region: row.region,
    clientId: row.client_id,
    redirectUri: row.redirect_uri,
    returnsBy: row.returns_by,
    output: row.output,
    scopes: row.scopes,
    label: row.label,
    externalId: row.external_id,
    grant: row.grant_id,
    resultUntil: sealed === null || until === null || isLapsed ? null : iso(until),
    problem: row.problem,
    createdAt: iso(row.created_at),
    expiresAt: iso(row.expires_at),
  }
}

type Place = Pick<PreauthenticationRow, 'organisation_id' | 'id'>

export const sealContext = ({ organisation_id, id }: Place, field: 'secrets' | 'result'): SealContext => ({
  organisation: organisation_id,
  grant: id,
  field: `preauthentication-${field}`,
  chain: 0,
  generation: 0,
})
