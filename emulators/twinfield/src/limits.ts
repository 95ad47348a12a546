import { type App, usualOrganisation } from './issuer.ts'

export interface LimitAnswer {
  readonly isRefused: boolean
  readonly headers: Readonly<Record<string, string>>
}

/** Who asks: the client for an organisation, from an address. */
export interface Asker {
  readonly app: App
  readonly organisation: string | undefined
  readonly address: string
}

const minute = 60_000
/** Calls at the same time. */
const concurrent = { client: 20, organisation: 10 }

/**
 * Credits by clock minute for an address, for a client and for a client with one organisation; and calls at the same
 * time. An app whose own credits were ordered is held to those alone. @see wire facts § 6
 */
export class Limits {
  readonly #used = new Map<string, { start: number; credits: number }>()
  readonly #running = new Map<string, number>()

  take(asker: Asker, credits: number, now: number): LimitAnswer {
    const start = Math.floor(now / minute) * minute
    const windows = bucketsOf(asker).map(({ key, most }) => {
      const known = this.#used.get(key)
      const window = known?.start === start ? known : { start, credits: 0 }
      this.#used.set(key, window)
      return { most, window }
    })
    const isRefused = windows.some(({ most, window }) => window.credits + credits > most)
    if (!isRefused) for (const { window } of windows) window.credits += credits
    const left = windows.map(({ most, window }) => ({ most, remaining: Math.max(0, most - window.credits) }))
    const { most, remaining } = left.reduce((least, one) => (one.remaining < least.remaining ? one : least))
    return {
      isRefused,
      headers: {
        'X-RateLimit-Limit': String(most),
        'X-RateLimit-Remaining': String(remaining),
        'X-RateLimit-Credited': String(isRefused ? 0 : credits),
        ...(isRefused ? { 'Retry-After': String(Math.ceil((start + minute - now) / 1000)) } : {}),
      },
    }
  }

  /** False where as many calls of this client, or of it with this organisation, are under way as may be. */
  enter(asker: Asker): boolean {
    const places = placesOf(asker)
    if (places.some(({ key, most }) => (this.#running.get(key) ?? 0) >= most)) return false
    for (const { key } of places) this.#running.set(key, (this.#running.get(key) ?? 0) + 1)
    return true
  }

  leave(asker: Asker): void {
    for (const { key } of placesOf(asker)) this.#running.set(key, (this.#running.get(key) ?? 1) - 1)
  }

  reset(): void {
    this.#used.clear()
  }
}

const organisationOf = ({ organisation }: Asker) => organisation ?? usualOrganisation

/** The narrowest first. */
function bucketsOf(asker: Asker): readonly { readonly key: string; readonly most: number }[] {
  const { app, address } = asker
  const own = {
    key: `${app.clientId} ${organisationOf(asker)}`,
    most: app.limits?.minute ?? 500 * shareOf(app),
  }
  if (app.limits?.minute !== undefined) return [own]
  const wide = 1000 * shareOf(app)
  return [
    own,
    { key: `client ${app.clientId}`, most: wide },
    { key: `address ${address} ${wide}`, most: wide },
  ]
}

const shareOf = ({ flags }: App) => (flags?.uncertified ? 0.05 : 1)

const placesOf = (asker: Asker) => [
  { key: `${asker.app.clientId} ${organisationOf(asker)}`, most: concurrent.organisation },
  { key: `client ${asker.app.clientId}`, most: concurrent.client },
]
