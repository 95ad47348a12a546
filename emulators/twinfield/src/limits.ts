import type { App } from './issuer.ts'

export interface LimitAnswer {
  readonly isRefused: boolean
  readonly headers: Readonly<Record<string, string>>
}

const minute = 60_000

/**
 * Credits by clock minute for a client and for a client with one organisation, and calls at the same time.
 * @see wire facts § 6
 */
export class Limits {
  readonly #used = new Map<string, { start: number; credits: number }>()
  readonly #running = new Map<string, number>()

  take(app: App, credits: number, now: number): LimitAnswer {
    const share = app.flags?.uncertified ? 0.05 : 1
    const most = app.limits?.minute ?? 500 * share
    const start = Math.floor(now / minute) * minute
    const known = this.#used.get(app.clientId)
    const window = known?.start === start ? known : { start, credits: 0 }
    this.#used.set(app.clientId, window)
    const isRefused = window.credits + credits > most
    if (!isRefused) window.credits += credits
    return {
      isRefused,
      headers: {
        'X-RateLimit-Limit': String(most),
        'X-RateLimit-Remaining': String(Math.max(0, most - window.credits)),
        'X-RateLimit-Credited': String(isRefused ? 0 : credits),
        ...(isRefused ? { 'Retry-After': String(Math.ceil((start + minute - now) / 1000)) } : {}),
      },
    }
  }

  /** False where ten calls of this client and organisation are under way already. */
  enter({ clientId }: App): boolean {
    const running = this.#running.get(clientId) ?? 0
    if (running >= 10) return false
    this.#running.set(clientId, running + 1)
    return true
  }

  leave({ clientId }: App): void {
    this.#running.set(clientId, Math.max(0, (this.#running.get(clientId) ?? 1) - 1))
  }

  reset(): void {
    this.#used.clear()
  }
}
