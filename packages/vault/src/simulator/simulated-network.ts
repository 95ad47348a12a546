import type { SeededRandom } from './seeded-random.ts'

/** What becomes of one request and its answer. */
export type NetworkWay =
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'reset' | 'redirected'; readonly answerMs: number }
  | { readonly kind: 'answered' | 'answer lost'; readonly requestMs: number; readonly answerMs: number }

/** Ways that requests go, bad ones now and then. */
export class SimulatedNetwork {
  readonly #faults: SeededRandom
  readonly #times: SeededRandom
  readonly #strikes: (what: string) => boolean

  constructor(faults: SeededRandom, times: SeededRandom, strikes: (what: string) => boolean) {
    this.#faults = faults
    this.#times = times
    this.#strikes = strikes
  }

  draw(): NetworkWay {
    const quick = () => this.#times.below(800)
    const well = { kind: 'answered', requestMs: quick(), answerMs: quick() } as const
    if (!this.#faults.chance(0.25)) return well
    const slow = this.#faults.pick([14_000, 35_000, 120_000, 179_000, 260_000])
    const way = this.#faults.pick<NetworkWay>([
      { kind: 'unreachable' },
      { kind: 'reset', answerMs: quick() },
      { kind: 'redirected', answerMs: quick() },
      { kind: 'answer lost', requestMs: quick(), answerMs: quick() },
      { kind: 'answered', requestMs: quick(), answerMs: slow },
      { kind: 'answered', requestMs: slow, answerMs: quick() },
      { kind: 'answer lost', requestMs: slow, answerMs: quick() },
    ])
    return this.#strikes(`network: ${JSON.stringify(way)}`) ? way : well
  }
}
