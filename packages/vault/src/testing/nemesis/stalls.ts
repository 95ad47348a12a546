/** How often the machine is felt, and what is the machine's own pace. */
const beatMs = 25
const usualMs = 25

/**
 * How long this machine keeps a process waiting, in real time: measured, as timers that come late. At scale 0.01 a
 * tenth of a second in which something else runs is ten seconds for the protocol, and none of its doing.
 */
export class Stalls {
  readonly #found: { readonly from: number; readonly to: number }[] = []
  readonly #timer: NodeJS.Timeout
  #last = Date.now()

  private constructor() {
    this.#timer = setInterval(() => {
      const now = Date.now()
      if (now - this.#last > beatMs + usualMs) this.#found.push({ from: this.#last + beatMs, to: now })
      this.#last = now
    }, beatMs)
    this.#timer.unref()
  }

  static watch(): Stalls {
    return new Stalls()
  }

  /**
   * Milliseconds that were lost between two moments. Each of the processes that take part in one spend (a server,
   * PostgreSQL, the issuer) may be kept waiting as this one was, one after the other.
   */
  between(from: number, to: number): number {
    const lost = this.#found.reduce(
      (sum, stall) => sum + Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from)),
      0,
    )
    return 4 * lost
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
