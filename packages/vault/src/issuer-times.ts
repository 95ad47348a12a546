import type { GrantRow } from './grant-row.ts'
import type { IssuerPolicy } from './oauth-platform.ts'

/** When tokens that arrived at `receivedAt` end, and what the issuer's clocks say of them. Milliseconds. */
export function expiryOf(
  policy: IssuerPolicy,
  receivedAt: number,
  expiresInSeconds: number | null,
  consentedAt: number,
): Pick<GrantRow, 'access_expires_at' | 'refresh_idle_expires_at' | 'refresh_absolute_expires_at'> {
  const lives =
    expiresInSeconds === null || expiresInSeconds <= 0 ? policy.accessTokenSeconds : expiresInSeconds
  return {
    access_expires_at: receivedAt + lives * 1000,
    refresh_idle_expires_at:
      policy.refreshIdleSeconds === null ? null : receivedAt + policy.refreshIdleSeconds * 1000,
    refresh_absolute_expires_at:
      policy.refreshAbsoluteSeconds === null ? null : consentedAt + policy.refreshAbsoluteSeconds * 1000,
  }
}

/**
 * The first moment at which a refresh is allowed: the issuer's earliest, or the end of the access token where that
 * comes sooner.
 */
export function earliestSpend(policy: IssuerPolicy, row: GrantRow): number {
  const byIssuer = row.received_at + policy.earliestRefreshSeconds * 1000
  const byEnd =
    row.has_access && row.access_expires_at !== null ? row.access_expires_at : Number.POSITIVE_INFINITY
  return Math.max(Math.min(byIssuer, byEnd), row.not_before ?? 0)
}

/** A number from 0 to 1 that stays the same for one id: spreads what would else happen at one moment. */
export function spreadOf(id: string): number {
  let hash = 0
  for (const character of id) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0
  return (hash % 10_000) / 10_000
}

/**
 * When an active grant needs the vault next: the first allowed spend of a token that is not proven yet, else the
 * keep-alive at a quarter of the idle life, else the end of a lone access token.
 */
export function nextDue(policy: IssuerPolicy, row: GrantRow): number | null {
  if (!row.has_refresh) return row.access_expires_at
  if (!row.proven_refresh) return earliestSpend(policy, row)
  const idleSeconds = policy.refreshIdleSeconds ?? policy.assumedIdleSeconds
  if (idleSeconds === undefined) return null
  const quarter = idleSeconds * 250
  return row.received_at + Math.round(quarter * (0.9 + 0.1 * spreadOf(row.id)))
}
