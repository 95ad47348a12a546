/** How old the pages of an answer may be, and what becomes of new ones. */
export interface Freshness {
  /** Kept pages of at most this age are used; null: none are. */
  readonly maxAgeSeconds: number | null
  /** New pages are kept. */
  readonly isKept: boolean
  /** Nothing is asked of the platform. */
  readonly isOnlyKept: boolean
}

/** What a request says of freshness, as HTTP's `Cache-Control` has it. */
export interface FreshnessWish {
  readonly maxAgeSeconds?: number
  readonly noCache?: boolean
  readonly noStore?: boolean
  readonly onlyIfCached?: boolean
}

/** Older answers are never kept. */
export const longestMaxAgeSeconds = 7 * 86_400

/**
 * What applies to a statement: what its request says, else the database's setting, else nothing is kept at all.
 * @see RFC 9111 § 5.2.1, read November 2026
 */
export function freshnessOf(wish: FreshnessWish, database: number | null): Freshness {
  const maxAge = wish.maxAgeSeconds ?? database
  const isUsed = !wish.noCache && !wish.noStore && maxAge !== null && maxAge > 0
  return {
    maxAgeSeconds: isUsed ? maxAge : wish.onlyIfCached ? (maxAge ?? longestMaxAgeSeconds) : null,
    isKept: !wish.noStore && (maxAge ?? 0) > 0,
    isOnlyKept: wish.onlyIfCached === true,
  }
}

/**
 * Reads a request's `Cache-Control`; directives that say nothing to us are passed over, as the standard asks.
 * @returns null where a directive of ours has a value that is none
 */
export function parseCacheControl(header: string | undefined): FreshnessWish | null {
  const wish: { -readonly [Key in keyof FreshnessWish]: FreshnessWish[Key] } = {}
  for (const part of (header ?? '').split(',')) {
    const [name = '', value] = part.trim().split('=')
    switch (name.trim().toLowerCase()) {
      case 'max-age': {
        const digits = value?.trim().replace(/^"(.*)"$/, '$1') ?? ''
        if (!/^\d+$/.test(digits)) return null
        wish.maxAgeSeconds = Math.min(Number(digits), longestMaxAgeSeconds)
        break
      }
      case 'no-cache':
        wish.noCache = true
        break
      case 'no-store':
        wish.noStore = true
        break
      case 'only-if-cached':
        wish.onlyIfCached = true
        break
    }
  }
  return wish
}
