import type { Clock, GrantId, OrganisationId, PlainSecret } from '@sluis/shared'

/** An access token in the clear, as this process holds it for a while. */
export interface CachedLease {
  readonly organisationId: OrganisationId
  readonly token: PlainSecret
  readonly expiresAt: number
  readonly generation: number
}

/** An ear for one grant. */
export interface News {
  heard(atMostMs?: number): Promise<void>
  remember(lease: CachedLease): void
  end(): void
}

/** Beyond this everything is forgotten at once: a bound for memory, far above what one process serves in ten minutes. */
const most = 100_000
/** A notification may be lost: whoever waits for a grant looks again after this. */
const pollMs = 1000

/** What this process remembers of grants, and who waits for news of them. News makes it forget. */
export class LeaseCache {
  readonly #clock: Clock
  readonly #leases = new Map<GrantId, CachedLease>()
  readonly #waiters = new Map<GrantId, Set<() => void>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get(id: GrantId): CachedLease | undefined {
    return this.#leases.get(id)
  }

  /** The grant changed: what is remembered of it goes, and all who wait look again. */
  hear(id: GrantId): void {
    this.#leases.delete(id)
    for (const wake of this.#waiters.get(id) ?? []) wake()
  }

  /** Changes may have been missed: nothing that is remembered counts any more. */
  forgetAll(): void {
    this.#leases.clear()
    for (const wakes of this.#waiters.values()) for (const wake of wakes) wake()
  }

  /**
   * Listens for news of a grant from now on, before its row is read: `heard` settles at the first, or after a second,
   * and `remember` keeps what was read only if none came. Call `end` in any case.
   */
  listen(id: GrantId): News {
    const stop = new AbortController()
    const state = { isOver: false, wake: () => {} }
    const first = new Promise<void>((resolve) => {
      state.wake = resolve
    })
    const hear = () => {
      state.isOver = true
      state.wake()
    }
    const set = this.#waiters.get(id) ?? new Set()
    this.#waiters.set(id, set.add(hear))
    return {
      heard: async (atMostMs = pollMs) => {
        const rest = this.#clock.sleep(Math.min(pollMs, atMostMs), stop.signal).catch(() => {})
        await Promise.race([first, rest])
      },
      remember: (lease) => {
        if (state.isOver) return
        if (this.#leases.size >= most) this.#leases.clear()
        this.#leases.set(id, lease)
      },
      end: () => {
        stop.abort()
        set.delete(hear)
        if (set.size === 0 && this.#waiters.get(id) === set) this.#waiters.delete(id)
      },
    }
  }
}
