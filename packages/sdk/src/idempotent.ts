/** Every POST that creates or spends carries such a key; without one of your own, the SDK makes one up. */
export interface Idempotent {
  /** The same key and request later, also by another process, give the same result and spend nothing. */
  readonly idempotencyKey?: string
}

/** The key of one call. */
export const once = ({ idempotencyKey = crypto.randomUUID() }: Idempotent = {}) => ({ idempotencyKey })
