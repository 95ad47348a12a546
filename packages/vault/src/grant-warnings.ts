import { type Clock, isSluisError } from '@sluis/shared'
import type { GrantRow } from './grant-row.ts'
import type { GrantStore } from './grant-store.ts'
import type { IssuerPolicy, OAuthPlatform } from './oauth-platform.ts'
import type { TokenSender } from './token-sender.ts'

/** One moment at which a grant is told of, unless it was renewed before. */
export interface GrantWarning {
  readonly at: number
  /** `idle`: nothing has refreshed it; `absolute`: the consent itself ends, whatever the vault does. */
  readonly clock: 'idle' | 'absolute'
  readonly level: 'warning' | 'alarm'
  readonly expiresAt: number
}

const dayMs = 86_400_000

/**
 * When this grant is told of, in order: at half and at three quarters of its idle life, and 30 and 7 days before its
 * consent ends for good (sooner where that is short).
 */
export function warningsOf(policy: IssuerPolicy, row: GrantRow): readonly GrantWarning[] {
  if (!row.has_refresh) return []
  const warnings: GrantWarning[] = []
  const idleSeconds = policy.refreshIdleSeconds ?? policy.assumedIdleSeconds
  if (idleSeconds !== undefined) {
    const idle = { clock: 'idle', expiresAt: row.received_at + idleSeconds * 1000 } as const
    warnings.push({ ...idle, level: 'warning', at: row.received_at + idleSeconds * 500 })
    warnings.push({ ...idle, level: 'alarm', at: row.received_at + idleSeconds * 750 })
  }
  const expiresAt = row.refresh_absolute_expires_at
  if (expiresAt !== null && policy.refreshAbsoluteSeconds !== null) {
    const life = policy.refreshAbsoluteSeconds * 1000
    const absolute = { clock: 'absolute', expiresAt } as const
    warnings.push({
      ...absolute,
      level: 'warning',
      at: expiresAt - Math.min(30 * dayMs, Math.round(life / 4)),
    })
    warnings.push({ ...absolute, level: 'alarm', at: expiresAt - Math.min(7 * dayMs, Math.round(life / 10)) })
  }
  return warnings.sort((a, b) => a.at - b.at)
}

/** The first moment after `after` at which the grant is told of; null when there is none. */
export function nextWarning(policy: IssuerPolicy, row: GrantRow, after: number): number | null {
  return warningsOf(policy, row).find(({ at }) => at > after)?.at ?? null
}

/** In one look at the most; the next look goes on. */
const perLook = 500

/** Tells of grants that near their end, once each, whatever keeps them from being renewed. */
export class GrantWarnings {
  readonly #store: Pick<GrantStore, 'dueWarnings' | 'warn'>
  readonly #sender: Pick<TokenSender, 'issuerOf'>
  readonly #clock: Clock

  constructor(
    store: Pick<GrantStore, 'dueWarnings' | 'warn'>,
    sender: Pick<TokenSender, 'issuerOf'>,
    clock: Clock,
  ) {
    this.#store = store
    this.#sender = sender
    this.#clock = clock
  }

  async tell(): Promise<void> {
    const now = this.#clock.now()
    for (const row of await this.#store.dueWarnings(now, perLook)) {
      const platform = this.#platformOf(row)
      if (platform === null) {
        // Its region was taken from this server: it is told of when it is back, and all others now.
        await this.#store.warn(row, now + dayMs, null)
        continue
      }
      const warnings = warningsOf(platform.policy, row)
      const [passed] = warnings.filter(({ at }) => at >= (row.warn_at ?? 0) && at <= now).slice(-1)
      // Whose consent is asked for already is told of nothing more.
      const isOver = row.state === 'needs_consent' || row.state === 'revoked'
      const event = passed &&
        !isOver && {
          action: 'grant.expiring',
          at: now,
          facts: {
            level: passed.level,
            clock: passed.clock,
            expiresAt: new Date(passed.expiresAt).toISOString(),
            problem: row.problem?.code ?? null,
          },
        }
      await this.#store.warn(row, isOver ? null : nextWarning(platform.policy, row, now), event || null)
    }
  }

  #platformOf(row: GrantRow): OAuthPlatform | null {
    try {
      return this.#sender.issuerOf(row).platform
    } catch (error) {
      if (isSluisError(error, 'GRANT_MISCONFIGURED')) return null
      throw error
    }
  }
}
