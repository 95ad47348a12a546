import { type SeededRandom, seededRandom } from '../../simulator/seeded-random.ts'
import { type IssuerModeName, issuerModeNames } from '../issuer/issuer-modes.ts'
import type { IssuerFault } from '../issuer/issuer-process.ts'

/** Seconds are the lab's: real ones times the scale. */
export interface Consent {
  readonly mode: IssuerModeName
  /** How old the tokens are when they are handed over. */
  readonly ageSeconds: number
  readonly hasAccessToken: boolean
  readonly atSecond: number
}

export type Blow = { readonly atSecond: number; readonly slot: number } & (
  | { readonly kind: 'kill'; readonly downSeconds: number; readonly skewMs: number }
  | { readonly kind: 'pause'; readonly seconds: number }
  | { readonly kind: 'postgres'; readonly downSeconds: number }
  /** A refresh is begun at this server against a slow issuer; the blow falls so long after. */
  | { readonly kind: 'kill-while-sent'; readonly afterSeconds: number; readonly downSeconds: number }
  | { readonly kind: 'pause-while-sent'; readonly afterSeconds: number; readonly seconds: number }
  | { readonly kind: 'postgres-while-sent'; readonly afterSeconds: number; readonly downSeconds: number }
)

export interface RoundPlan {
  readonly number: number
  readonly consents: readonly Consent[]
  readonly faults: readonly { readonly atSecond: number; readonly fault: IssuerFault }[]
  readonly blows: readonly Blow[]
}

/** One round lasts so long; what it began is judged `judgedAfterSeconds` after its beginning. */
export const roundSeconds = 240
export const judgedAfterSeconds = 1000
/** How much a server's clock may be wrong. */
export const mostSkewMs = 20_000

/** What befalls the cluster in one round: the same seed and number give the same plan. */
export function planRound(seed: number, number: number, slots: number): RoundPlan {
  const random = seededRandom(Math.imul(seed, 1_000_003) + Math.imul(number, 7919))
  const consents = issuerModeNames.map(
    (mode): Consent => ({
      mode,
      ageSeconds: mode === 'exact' ? 420 + random.below(180) : random.below(30),
      hasAccessToken: random.chance(0.6),
      atSecond: random.below(60),
    }),
  )
  const faults = Array.from({ length: 2 + random.below(5) }, () => ({
    atSecond: 20 + random.below(roundSeconds - 20),
    fault: planFault(random),
  }))
  const blows = Array.from({ length: 1 + random.below(3) }, () => planBlow(random, slots))
  const inOrder = <T extends { readonly atSecond: number }>(list: T[]) =>
    list.sort((a, b) => a.atSecond - b.atSecond)
  return { number, consents: inOrder(consents), faults: inOrder(faults), blows: inOrder(blows) }
}

function planFault(random: SeededRandom): IssuerFault {
  switch (random.below(5)) {
    case 0:
      return { kind: 'slow-answer', seconds: random.below(121) }
    case 1:
      return { kind: 'slow-work', seconds: random.below(121) }
    case 2:
      return { kind: 'reset-before' }
    case 3:
      return { kind: 'reset-after' }
    default:
      return { kind: 'status-500' }
  }
}

function planBlow(random: SeededRandom, slots: number): Blow {
  const place = { atSecond: 20 + random.below(roundSeconds - 40), slot: random.below(slots) }
  const downSeconds = 5 + random.below(60)
  // Mostly shorter than the token deadline of 180 s, sometimes longer.
  const seconds = random.chance(0.75) ? 2 + random.below(120) : 190 + random.below(120)
  const afterSeconds = 2 + random.below(20)
  switch (random.below(6)) {
    case 0: {
      const skewMs = random.below(2 * mostSkewMs + 1) - mostSkewMs
      return { ...place, kind: 'kill', downSeconds, skewMs }
    }
    case 1:
      return { ...place, kind: 'pause', seconds }
    case 2:
      return { ...place, kind: 'postgres', downSeconds }
    case 3:
      return { ...place, kind: 'kill-while-sent', afterSeconds, downSeconds }
    case 4:
      return { ...place, kind: 'pause-while-sent', afterSeconds, seconds }
    default:
      return { ...place, kind: 'postgres-while-sent', afterSeconds, downSeconds }
  }
}
