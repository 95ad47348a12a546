import type { GrantRow } from '../grant-row.ts'
import type { SimulatedIssuer } from './issuers.ts'
import type { NotedEvent } from './memory-grant-store.ts'

/** Tokens that were sent again after they had been exchanged, although their generation was never declared ambiguous. */
export function undeclaredSpends(
  issuer: SimulatedIssuer,
  events: readonly NotedEvent[],
  generationsOf: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const declared = new Set(
    events
      .filter(({ action }) => action === 'grant.ambiguous')
      .map(({ facts }) => String((facts as { generation?: number }).generation)),
  )
  return issuer.ledger.flatMap(({ token, wasSpent }) => {
    const generations = [...(generationsOf.get(token) ?? [])]
    if (!wasSpent || generations.some((generation) => declared.has(generation))) return []
    return [`${token} (generation ${generations}) was spent twice, and never declared ambiguous`]
  })
}

/** What is wrong with a grant at rest: it must hold a living token if any that was ever held is alive. */
export function wrongAtRest(
  row: GrantRow,
  refreshToken: string,
  {
    issuer,
    events,
    held,
    now,
  }: {
    readonly issuer: SimulatedIssuer
    readonly events: readonly NotedEvent[]
    readonly held: ReadonlySet<string>
    readonly now: number
  },
): string | null {
  const living = [...held].filter((token) => issuer.honours(token, now))
  if (living.length === 0) {
    return row.state === 'needs_consent' ? null : `the chain is dead and the grant is ${row.state}`
  }
  // The policy allows no more sends, and none of them was answered: nobody can know.
  const last = events.findLast(({ action }) => action === 'grant.needs_consent')
  const { answer, sends = 0 } = (last?.facts ?? {}) as { answer?: string; sends?: number }
  const isUnanswered = answer === 'lost' && sends > issuer.model.policy.resendAfterSeconds.length
  if (row.state === 'needs_consent' && isUnanswered) return null
  if (row.state !== 'active' && row.state !== 'misconfigured') {
    return `the issuer takes ${living}, which was held, and the grant is ${row.state}`
  }
  return living.includes(refreshToken)
    ? null
    : `the issuer takes ${living}, and the grant holds ${refreshToken}`
}
