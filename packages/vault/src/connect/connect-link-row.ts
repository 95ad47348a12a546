import type { ClientId, ConnectLinkId, GrantId, OrganisationId, PreauthenticationId } from '@sluis/shared'
import type { GrantProblem } from '../grant-row.ts'
import type { PreauthenticationState } from '../preauthentication/preauthentication-row.ts'
import type { GrantState } from '../vault.ts'
import type { ConnectOutcome, ConnectRefusal } from './return-address.ts'

export const connectLanguages = ['en', 'nl'] as const
export type ConnectLanguage = (typeof connectLanguages)[number]

/** A link with what became of its consent and of that consent's grant, as `linkSql` reads them together. */
export interface ConnectLinkRow {
  readonly id: ConnectLinkId
  readonly organisation_id: OrganisationId
  readonly actor: string
  readonly platform: string
  readonly region: string
  readonly stored_client: ClientId
  readonly redirect_uri: string
  readonly scopes: string[] | null
  readonly label: string | null
  readonly external_id: string | null
  readonly renews: GrantId | null
  readonly return_address: string
  readonly state: string | null
  readonly language: ConnectLanguage | null
  readonly browser_hash: Buffer | null
  readonly preauthentication_id: PreauthenticationId | null
  readonly cancelled_at: number | null
  readonly revoked_at: number | null
  readonly created_at: number
  readonly expires_at: number
  readonly consent_state: PreauthenticationState | null
  readonly consent_reason: string | null
  readonly consent_problem: GrantProblem | null
  readonly consent_expires_at: number | null
  /** Also of a consent whose process died with the code in hand: the row that it had made by then. */
  readonly consent_grant: GrantId | null
  readonly grant_state: GrantState | null
  readonly grant_user: string | null
  readonly grant_problem: GrantProblem | null
  readonly grant_deleted_at: number | null
  readonly merged_into: GrantId | null
}

/** What became of a link is read from its consent and that one's grant, so that no crash lets them disagree. */
export const linkSql = `SELECT l.*, p.state AS consent_state, p.reason AS consent_reason,
    p.problem AS consent_problem, p.expires_at AS consent_expires_at, g.id AS consent_grant, g.state AS grant_state,
    g.platform_user_id AS grant_user, g.problem AS grant_problem, g.deleted_at AS grant_deleted_at,
    (SELECT facts->>'into' FROM audit_event WHERE subject = g.id AND organisation_id = l.organisation_id
      AND action = 'grant.merged' LIMIT 1) AS merged_into
  FROM connect_link l
  LEFT JOIN preauthentication p ON p.id = l.preauthentication_id
  LEFT JOIN idempotency_key k ON k.organisation_id = l.organisation_id AND k.route = 'preauthentication'
    AND k.key = p.id AND p.state = 'exchanging' AND k.answer IS NULL
  LEFT JOIN token_grant g ON g.id = coalesce(p.grant_id, k.subject)`

/** `open`: nobody went on yet · `started`: a browser is on its way through the platform. The others are for good. */
export type ConnectLinkState = 'open' | 'started' | 'expired' | 'revoked' | ConnectOutcome['kind']

export interface ConnectLinkView {
  readonly id: ConnectLinkId
  readonly state: ConnectLinkState
  readonly platform: string
  readonly region: string
  readonly client: ClientId
  readonly scopes: readonly string[] | null
  readonly label: string | null
  readonly externalId: string | null
  /** The grant that it asks to renew. */
  readonly renews: GrantId | null
  readonly returnAddress: string
  readonly returnState: string | null
  readonly language: ConnectLanguage | null
  /** Of a connected or a pending one. */
  readonly grant: GrantId | null
  readonly reason: ConnectRefusal | null
  readonly problem: GrantProblem | null
  readonly createdAt: string
  readonly expiresAt: string
}

/** How it ended; null while it can still go on. */
export function outcomeOf(row: ConnectLinkRow, now: number): ConnectOutcome | null {
  if (row.cancelled_at !== null) return { kind: 'cancelled' }
  switch (row.consent_state) {
    case 'refused': {
      if (row.consent_reason === 'cancelled') return { kind: 'cancelled' }
      return { kind: 'refused', reason: row.consent_reason === 'other-person' ? 'other-person' : 'failed' }
    }
    case 'exchanging':
      if (row.consent_grant !== null) return grantOutcome(row, row.consent_grant)
      return (row.consent_expires_at ?? 0) > now ? null : { kind: 'refused', reason: 'failed' }
    case 'done':
    case 'shown':
      return row.consent_grant === null
        ? { kind: 'refused', reason: 'failed' }
        : grantOutcome(row, row.consent_grant)
    default:
      return null
  }
}

/** Whose consent it is may be learnt later than the browser comes back. */
function grantOutcome(row: ConnectLinkRow, made: GrantId): ConnectOutcome {
  const grant = row.merged_into ?? made
  const isKnown = row.merged_into !== null || row.grant_user !== null
  const isOther = row.renews !== null && isKnown && grant !== row.renews
  if (isOther || row.grant_problem?.code === 'CONSENT_REFUSED')
    return { kind: 'refused', reason: 'other-person' }
  if (isKnown) return { kind: 'connected', grant }
  if (row.grant_deleted_at !== null || row.grant_state === 'needs_consent')
    return { kind: 'refused', reason: 'failed' }
  return { kind: 'pending', grant }
}

export function linkStateOf(row: ConnectLinkRow, now: number): ConnectLinkState {
  const outcome = outcomeOf(row, now)
  if (outcome !== null) return outcome.kind
  if (row.revoked_at !== null) return 'revoked'
  const isUnderWay =
    row.consent_state === 'exchanging' ||
    (row.consent_state === 'waiting' && (row.consent_expires_at ?? 0) > now)
  if (isUnderWay) return 'started'
  return row.expires_at > now ? 'open' : 'expired'
}

const iso = (at: number) => new Date(at).toISOString()

export function toConnectLinkView(row: ConnectLinkRow, now: number): ConnectLinkView {
  const outcome = outcomeOf(row, now)
  return {
    id: row.id,
    state: linkStateOf(row, now),
    platform: row.platform,
    region: row.region,
    client: row.stored_client,
    scopes: row.scopes,
    label: row.label,
    externalId: row.external_id,
    renews: row.renews,
    returnAddress: row.return_address,
    returnState: row.state,
    language: row.language,
    grant: outcome !== null && 'grant' in outcome ? outcome.grant : null,
    reason: outcome?.kind === 'refused' ? outcome.reason : null,
    problem: outcome?.kind === 'refused' ? (row.consent_problem ?? row.grant_problem) : null,
    createdAt: iso(row.created_at),
    expiresAt: iso(row.expires_at),
  }
}
