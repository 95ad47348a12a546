export interface Fault {
  readonly at: 'token' | 'api'
  /**
   * `drop-response`: processed, then the connection is cut · `reset`: cut before anything is processed ·
   * `delay`: answered `delayMs` later · `status` and `body`: answered so instead of being processed.
   */
  readonly kind: 'drop-response' | 'delay' | 'status' | 'body' | 'reset'
  readonly times: number
  /** Only requests whose path and query hold this text. */
  readonly matching?: string
  /** Only requests with this method, e.g. `POST`. */
  readonly method?: string
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly delayMs?: number
}

/** Misbehaviour that was ordered for the next matching requests. */
export class Faults {
  #ordered: (Fault & { left: number })[] = []

  order(fault: Fault): void {
    this.#ordered.push({ ...fault, left: fault.times })
  }

  /** Takes the first fault that fits, once. */
  take(at: Fault['at'], path: string, method = ''): Fault | null {
    const found = this.#ordered.find(
      (fault) =>
        fault.at === at &&
        (fault.matching === undefined || path.includes(fault.matching)) &&
        (fault.method === undefined || fault.method === method),
    )
    if (!found) return null
    found.left--
    if (found.left <= 0) this.#ordered = this.#ordered.filter((fault) => fault !== found)
    return found
  }

  clear(): void {
    this.#ordered = []
  }
}
