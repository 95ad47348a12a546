import type { Grant } from '../api/answers.ts'

/** How long a grant lives if nothing happens. */
export type TimeToLive = 'ended' | 'hours' | 'week' | 'month' | 'longer'
export const timesToLive: readonly TimeToLive[] = ['ended', 'hours', 'week', 'month', 'longer']

const dayMs = 86_400_000
const dead: readonly Grant['state'][] = ['needs_consent', 'revoked', 'misconfigured']

/** Without a refresh token a grant ends with its access token; with one, at the nearer of its two ends. */
export function timeToLive(grant: Grant, now: number): TimeToLive {
  if (dead.includes(grant.state)) return 'ended'
  const { accessToken, refreshToken } = grant
  if (refreshToken === null) {
    return accessToken !== null && Date.parse(accessToken.expiresAt) > now ? 'hours' : 'ended'
  }
  const ends = [refreshToken.idleExpiresAt, refreshToken.absoluteExpiresAt]
    .filter((end) => end !== null)
    .map((end) => Date.parse(end) - now)
  const left = Math.min(...ends, Number.POSITIVE_INFINITY)
  if (left <= 0) return 'ended'
  if (left < dayMs) return 'hours'
  if (left < 7 * dayMs) return 'week'
  return left <= 31 * dayMs ? 'month' : 'longer'
}

export type Health = 'healthy' | 'uncertain' | 'broken' | 'unknown'
export const healths: readonly Health[] = ['healthy', 'uncertain', 'broken', 'unknown']

/** A database is as healthy as the worst grant that it reads through. */
export function healthOf(grants: readonly string[], states: ReadonlyMap<string, Grant['state']>): Health {
  const found = grants.map((id) => states.get(id))
  if (found.some((state) => state !== undefined && dead.includes(state))) return 'broken'
  if (found.some((state) => state === undefined)) return 'unknown'
  return found.some((state) => state === 'pending' || state === 'ambiguous') ? 'uncertain' : 'healthy'
}
