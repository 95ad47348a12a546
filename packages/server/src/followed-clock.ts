import { type Clock, SluisError, systemClock } from '@sluis/shared'

/** How often the leading clock is looked at. */
const pollMs = 200

/**
 * A clock that follows an emulator's: for tests and demos, where days pass in a moment. Sleepers wake when the followed
 * time has come.
 */
export class FollowedClock implements Clock {
  readonly #url: string
  #offset = 0
  #isClosed = false
  readonly #sleepers = new Set<{ at: number; wake: () => void }>()

  private constructor(url: string) {
    this.#url = url
  }

  /** Follows `GET <url>`, an emulator's `/_control/clock`, which must answer now. */
  static async start(url: string): Promise<FollowedClock> {
    const clock = new FollowedClock(
      /\/_control\/clock$/.test(url) ? url : `${url.replace(/\/+$/, '')}/_control/clock`,
    )
    if (!(await clock.#look())) {
      throw new SluisError('OPTIONS_INVALID', 'SLUIS_UNSAFE_CLOCK_URL does not answer with a time.', {
        hint: 'Start the emulator first, or leave the option out.',
      })
    }
    void clock.#follow()
    return clock
  }

  async #look(): Promise<boolean> {
    try {
      const response = await fetch(this.#url, { signal: AbortSignal.timeout(2000) })
      const { now } = (await response.json()) as { now?: unknown }
      if (typeof now !== 'number') return false
      const offset = now - Date.now()
      // Two readings of a clock that was not moved differ by the time that the answer took.
      if (Math.abs(offset - this.#offset) > 50) this.#offset = offset
      return true
    } catch {
      return false
    }
  }

  async #follow(): Promise<void> {
    while (!this.#isClosed) {
      await systemClock.sleep(pollMs)
      await this.#look()
      for (const sleeper of this.#sleepers) if (sleeper.at <= this.now()) sleeper.wake()
    }
  }

  now(): number {
    return Date.now() + this.#offset
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const stop = new AbortController()
    const sleeper = { at: this.now() + ms, wake: () => stop.abort() }
    this.#sleepers.add(sleeper)
    const onAbort = () => stop.abort()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await systemClock.sleep(ms, stop.signal).catch(() => {})
      signal?.throwIfAborted()
    } finally {
      this.#sleepers.delete(sleeper)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  close(): void {
    this.#isClosed = true
  }
}
