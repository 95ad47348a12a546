import { SluisError } from '@sluis/shared'
import type { Connector } from './connector.ts'

/** A connector with the alias that its sources get where nobody gives one. */
export interface QueryablePlatform {
  readonly connector: Connector
  readonly alias: string
}

/** The platforms that can be read, by name. */
export class QueryablePlatforms {
  readonly #platforms: ReadonlyMap<string, QueryablePlatform>

  constructor(platforms: ReadonlyMap<string, QueryablePlatform>) {
    this.#platforms = platforms
  }

  has(platform: string): boolean {
    return this.#platforms.has(platform)
  }

  /** @throws SluisError INVALID_REQUEST for a platform without tables */
  get(platform: string): QueryablePlatform {
    const known = this.#platforms.get(platform)
    if (known) return known
    throw new SluisError('INVALID_REQUEST', `No tables can be read of platform "${platform.slice(0, 60)}".`, {
      hint: `Databases are possible on ${[...this.#platforms.keys()].join(', ')}.`,
      details: { field: 'platform' },
    })
  }

  /** Calls per window that are assumed until an answer tells. */
  defaultLimits(): Map<string, { readonly minute: number; readonly day: number }> {
    return new Map(
      [...this.#platforms].map(([platform, { connector }]) => {
        const of = (window: 'minute' | 'day') =>
          connector.defaultLimits.find((limit) => limit.window === window)?.limit ?? 1_000_000
        return [platform, { minute: of('minute'), day: of('day') }]
      }),
    )
  }
}
