import type { Grant } from '../api/answers.ts'
import type { Preauthentication } from '../api/consents.ts'

/** How far a consent that was asked has come, in the words of who asked it. */
export type Standing =
  | 'waiting'
  | 'exchanging'
  /** Kept as a grant, on which no database reads yet. */
  | 'consented'
  | 'registered'
  /** Made for use elsewhere, and not shown yet. */
  | 'made'
  | 'shown'
  | 'refused'
  | 'expired'

export function standingOf(
  asked: Preauthentication,
  databasesOf: (grant: string) => Grant['databases'],
): Standing {
  if (asked.state !== 'done') return asked.state
  if (asked.grant !== null) return databasesOf(asked.grant).length > 0 ? 'registered' : 'consented'
  return asked.resultUntil === null ? 'expired' : 'made'
}
