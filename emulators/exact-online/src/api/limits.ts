import type { App } from '../oauth/issuer.ts'

const minute = 60_000
const day = 86_400_000

interface Window {
  start: number
  used: number
}

/** What a counted call learned of its limits. */
export interface LimitState {
  readonly isExceeded: boolean
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Call limits per app and company: clock minutes and UTC days. Ten errors an hour per app, user, company and endpoint
 * block that combination for an hour, and for longer when it happens again.
 * @see Exact support: API limits
 */
export class Limits {
  readonly #minutes = new Map<string, Window>()
  readonly #days = new Map<string, Window>()
  readonly #errors = new Map<string, Window>()
  readonly #blocks = new Map<string, { readonly until: number; readonly hours: number }>()

  /** Counts one call. */
  count(app: App, division: number, now: number): LimitState {
    const key = `${app.clientId} ${division}`
    const perMinute = app.limits?.minute ?? 60
    const perDay = app.limits?.day ?? 5000
    const minuteWindow = windowOf(this.#minutes, key, now, minute)
    const dayWindow = windowOf(this.#days, key, now, day)
    const dayHeaders = {
      'X-RateLimit-Limit': String(perDay),
      'X-RateLimit-Remaining': String(Math.max(0, perDay - dayWindow.used - 1)),
      'X-RateLimit-Reset': String(dayWindow.start + day),
    }
    const minuteHeaders = {
      'X-RateLimit-Minutely-Limit': String(perMinute),
      'X-RateLimit-Minutely-Remaining': String(Math.max(0, perMinute - minuteWindow.used - 1)),
      'X-RateLimit-Minutely-Reset': String(minuteWindow.start + minute),
    }
    // A refused call names only the window that it hit.
    if (dayWindow.used >= perDay) return { isExceeded: true, headers: dayHeaders }
    if (minuteWindow.used >= perMinute) return { isExceeded: true, headers: minuteHeaders }
    minuteWindow.used++
    dayWindow.used++
    return { isExceeded: false, headers: { ...dayHeaders, ...minuteHeaders } }
  }

  isBlocked(key: string, now: number): boolean {
    return (this.#blocks.get(key)?.until ?? 0) > now
  }

  countError(key: string, now: number): void {
    const window = windowOf(this.#errors, key, now, 60 * minute)
    window.used++
    if (window.used <= 10) return
    // Longer on repetition: twice the hours of the block before, where that ended less than a day ago.
    const before = this.#blocks.get(key)
    const hours = before && now - before.until < day ? before.hours * 2 : 1
    window.used = 0
    this.#blocks.set(key, { until: now + hours * 60 * minute, hours })
  }

  reset(): void {
    for (const map of [this.#minutes, this.#days, this.#errors, this.#blocks]) map.clear()
  }
}

function windowOf(windows: Map<string, Window>, key: string, now: number, length: number): Window {
  const start = Math.floor(now / length) * length
  let window = windows.get(key)
  if (window?.start !== start) {
    window = { start, used: 0 }
    windows.set(key, window)
  }
  return window
}
