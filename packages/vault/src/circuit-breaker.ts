import type { Clock } from '@sluis/shared'

interface Circuit {
  failures: number
  /** How often in a row it has opened. */
  opened: number
  openUntil: number
  isProbing: boolean
}

/** So many failures in a row open it. */
const failuresToOpen = 5
const pauseMs = { first: 60_000, longest: 15 * 60_000 }

/**
 * Spares an issuer that answers nobody: after several failures in a row nothing that can wait is sent to it for a
 * while, then one request tries, and only when that is answered the others follow. One per process; what a caller
 * needs right now does not ask it.
 */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #circuits = new Map<string, Circuit>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Null when a request to this issuer may go now, and is the probe if one is due; else the time to ask again. */
  closedUntil(issuer: string): number | null {
    const circuit = this.#circuits.get(issuer)
    if (!circuit || circuit.failures < failuresToOpen) return null
    const now = this.#clock.now()
    if (now < circuit.openUntil) return circuit.openUntil
    if (circuit.isProbing) return now + pauseMs.first
    circuit.isProbing = true
    return null
  }

  /** The issuer answered, whatever it said. */
  answered(issuer: string): void {
    this.#circuits.delete(issuer)
  }

  /** Nothing was learnt of the issuer: somebody else was first. */
  untried(issuer: string): void {
    const circuit = this.#circuits.get(issuer)
    if (circuit) circuit.isProbing = false
  }

  /** The issuer did not answer, or not sensibly. */
  failed(issuer: string): void {
    const circuit = this.#circuits.get(issuer) ?? { failures: 0, opened: 0, openUntil: 0, isProbing: false }
    this.#circuits.set(issuer, circuit)
    const isProbe = circuit.isProbing
    circuit.failures++
    circuit.isProbing = false
    // Requests that were on their way when it opened tell nothing new.
    if (circuit.failures !== failuresToOpen && !isProbe) return
    circuit.openUntil = this.#clock.now() + Math.min(pauseMs.longest, pauseMs.first * 2 ** circuit.opened)
    circuit.opened = Math.min(circuit.opened + 1, 10)
  }
}
