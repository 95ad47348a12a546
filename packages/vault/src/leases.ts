import { type Clock, type GrantId, type OrganisationId, PlainSecret, SluisError } from '@sluis/shared'
import { grantFailure, noSuchGrant } from './grant-failure.ts'
import type { GrantRow, GrantSeals } from './grant-row.ts'
import type { GrantStore } from './grant-store.ts'
import type { LeaseAudit } from './lease-audit.ts'
import type { CachedLease, LeaseCache, News } from './lease-cache.ts'
import { isOutlived } from './outlived-send.ts'
import type { Spender, SpendResult } from './spender.ts'
import type { GrantState, Lease } from './vault.ts'

export interface LeasesParts {
  readonly store: GrantStore
  readonly seals: GrantSeals
  readonly spender: Spender
  readonly cache: LeaseCache
  readonly audit: Pick<LeaseAudit, 'write'>
  readonly clock: Clock
  readonly isListening: () => boolean
  /** The row as callers see it. */
  seen(row: GrantRow): Promise<GrantRow>
  readonly tokenTimeoutMs: number
}

export interface LeaseOptions {
  /** 30 unless told. What has less to live is refreshed first, where that may be. */
  readonly minRemainingSeconds?: number
  /** Who gets the token: written to the audit trail before the answer. Without it nothing is written. */
  readonly actor?: string
  readonly signal?: AbortSignal
}

/** In these states a caller's need for a token may begin a spend. */
const mayBeSpent: ReadonlySet<GrantState> = new Set(['active', 'refreshing'])
/** A token that ends sooner is of no use to anybody; while a refresh is on its way, its end is waited for. */
const uselessMs = 5000
/** How often a lost race for the intent is taken as a sign to look at once, before waiting for news instead. */
const quickLooks = 5

/** Gives out access tokens that are durable, and begins the spends that callers need: one per grant, for any herd. */
export class Leases {
  readonly #parts: LeasesParts
  readonly #finding = new Map<string, Promise<CachedLease>>()
  readonly #spending = new Map<GrantId, Promise<SpendResult>>()

  constructor(parts: LeasesParts) {
    this.#parts = parts
  }

  /**
   * An access token with at least `minRemainingSeconds` to live, refreshed first where it must and may be. When no
   * refresh is allowed yet, or one fails, what is left is served. Every lease is audited before it is answered.
   */
  async lease(
    organisationId: OrganisationId,
    id: GrantId,
    { minRemainingSeconds = 30, actor, signal }: LeaseOptions = {},
  ): Promise<Lease> {
    const { clock, cache, audit } = this.#parts
    signal?.throwIfAborted()
    const cached = cache.get(id)
    const isGood =
      cached?.organisationId === organisationId && cached.expiresAt - minRemainingSeconds * 1000 > clock.now()
    const found = isGood
      ? cached
      : await untilAborted(this.#share(organisationId, id, minRemainingSeconds * 1000), signal)
    if (actor !== undefined) {
      const { generation } = found
      await audit.write({ organisationId, at: clock.now(), actor, grantId: id, generation })
    }
    return { accessToken: found.token, expiresAt: found.expiresAt, generation: found.generation }
  }

  /** All who ask for the same at the same time share one look. */
  #share(organisationId: OrganisationId, id: GrantId, marginMs: number): Promise<CachedLease> {
    const name = `${organisationId} ${id} ${marginMs}`
    const running = this.#finding.get(name)
    if (running) return running
    const finding = this.#find(organisationId, id, marginMs).finally(() => this.#finding.delete(name))
    this.#finding.set(name, finding)
    return finding
  }

  async #find(organisationId: OrganisationId, id: GrantId, marginMs: number): Promise<CachedLease> {
    const { store, spender, cache, clock, tokenTimeoutMs } = this.#parts
    const deadline = clock.now() + tokenTimeoutMs
    let patienceEnds = Number.POSITIVE_INFINITY
    for (let look = 0; ; look++) {
      const news = cache.listen(id)
      try {
        const row = await store.get(id, organisationId)
        if (row === null) throw noSuchGrant()
        const left = await this.#open(row, news)
        const lives = () => (left === null ? 0 : left.expiresAt - clock.now())
        if (left && lives() > marginMs) return left
        const spend = this.#spendFor(row, look)
        const isOnItsWay = spend !== null || (row.spend_id !== null && row.state !== 'ambiguous')
        if (left) patienceEnds = Math.min(patienceEnds, clock.now() + patienceMs(lives()))
        const waitsUntil = Math.min(deadline, patienceEnds)
        if (!isOnItsWay || clock.now() >= waitsUntil) {
          // Serve while in trouble: whatever state the refresh is in, a token that is valid is valid.
          if (left) return left
          throw await this.#failure(row, row.has_refresh ? spender.notBefore(row) : undefined)
        }
        const waitMs = waitsUntil - clock.now()
        const result = await (spend === null ? news.heard(waitMs) : this.#within(spend, waitMs)).catch(
          (error) => {
            if (left && lives() > 0) return { kind: 'transient' } as const
            throw error
          },
        )
        if (!result || result.kind === 'spent' || result.kind === 'elsewhere') continue
        if (left && lives() > 0) return left
        const current = (await store.get(id, organisationId)) ?? row
        throw await this.#failure(current, 'notBefore' in result ? result.notBefore : undefined)
      } finally {
        news.end()
      }
    }
  }

  /** The spend of this process that is on its way or may begin now for this row. */
  #spendFor(row: GrantRow, look: number): Promise<SpendResult> | null {
    const running = this.#spending.get(row.id)
    if (running) return running
    if (look >= quickLooks || row.spend_id !== null || !row.has_refresh || !mayBeSpent.has(row.state))
      return null
    return this.#parts.spender.notBefore(row) <= this.#parts.clock.now() ? this.spend(row) : null
  }

  /** What the spend brings, or nothing when it takes longer; it goes on in any case. */
  async #within(spend: Promise<SpendResult>, ms: number): Promise<SpendResult | undefined> {
    const stop = new AbortController()
    const rest = this.#parts.clock.sleep(ms, stop.signal).then(
      () => undefined,
      () => undefined,
    )
    try {
      return await Promise.race([spend, rest])
    } finally {
      stop.abort()
    }
  }

  /** The access token of a row that is still valid, remembered for the next caller where changes are heard. */
  async #open(row: GrantRow, news: News): Promise<CachedLease | null> {
    const { seals, clock, isListening } = this.#parts
    const { access_expires_at: expiresAt } = row
    if (!row.has_access || expiresAt === null || expiresAt <= clock.now() || row.state === 'revoked')
      return null
    const { accessToken } = await seals.openTokens(row)
    if (accessToken === undefined) return null
    const token = new PlainSecret(accessToken)
    const lease = { organisationId: row.organisation_id, token, expiresAt, generation: row.generation }
    if (isListening()) news.remember(lease)
    return lease
  }

  /** One spend per grant in this process; all who ask meanwhile wait for the same one. */
  spend(row: GrantRow): Promise<SpendResult> {
    const running = this.#spending.get(row.id)
    if (running) return running
    const spend = this.#parts.spender.spend(row).finally(() => {
      this.#spending.delete(row.id)
      this.#parts.cache.hear(row.id)
    })
    // Its callers may have left with what was left: a failure is theirs to see, never the process's end.
    spend.catch(() => {})
    this.#spending.set(row.id, spend)
    return spend
  }

  /** Spends now if the issuer allows it, and gives the row then; `GRANT_REFRESH_TOO_EARLY` otherwise. */
  async refresh(organisationId: OrganisationId, id: GrantId): Promise<GrantRow> {
    const { store, spender, cache, clock, tokenTimeoutMs } = this.#parts
    const row = await store.get(id, organisationId)
    if (row === null) throw noSuchGrant()
    const isStuck = row.state === 'needs_consent' || row.state === 'ambiguous' || row.state === 'pending'
    if (!row.has_refresh || isStuck) throw grantFailure(row)
    const notBefore = spender.notBefore(row)
    if (row.spend_id === null && notBefore > clock.now()) {
      const isHeld = row.problem?.code === 'PLATFORM_BUDGET_EXHAUSTED'
      throw isHeld ? grantFailure(row, notBefore) : tooEarly(row, notBefore)
    }
    const result = await this.spend(row)
    if (result.kind === 'too-early') throw tooEarly(row, result.notBefore)
    if (result.kind === 'spent' && result.row !== null) return result.row
    if (result.kind === 'over-budget') {
      throw grantFailure((await store.get(id, organisationId)) ?? row, result.notBefore)
    }
    const deadline = clock.now() + tokenTimeoutMs
    for (;;) {
      const news = cache.listen(id)
      try {
        const current = await store.get(id, organisationId)
        if (current === null) throw noSuchGrant()
        if (current.generation > row.generation && !isOutlived(current)) return current
        if (result.kind !== 'elsewhere' || current.spend_id === null || current.state === 'ambiguous')
          throw await this.#failure(current)
        if (clock.now() >= deadline) throw await this.#failure(current)
        await news.heard()
      } finally {
        news.end()
      }
    }
  }

  /** The API refused the access token of this generation: it is over, whatever its time says. */
  async markAccessTokenRefused(
    organisationId: OrganisationId,
    id: GrantId,
    generation: number,
  ): Promise<void> {
    const { store, cache, clock } = this.#parts
    const row = await store.get(id, organisationId)
    if (row === null) throw noSuchGrant()
    cache.hear(id)
    if (row.generation !== generation || !row.has_access) return
    const now = clock.now()
    await store.change(
      row,
      { has_access: false, access_expires_at: now },
      { action: 'grant.access-refused', at: now, facts: { generation } },
    )
  }

  async #failure(row: GrantRow, notBefore?: number): Promise<SluisError> {
    const isAhead = notBefore !== undefined && notBefore > this.#parts.clock.now()
    return grantFailure(await this.#parts.seen(row), isAhead ? notBefore : undefined)
  }

  /** Settles when no spend of this process is under way. */
  async settled(): Promise<void> {
    while (this.#spending.size > 0) await Promise.allSettled(this.#spending.values())
  }
}

/** How long a refresh on its way is waited for while a token with so much left could be served. */
function patienceMs(livesMs: number): number {
  return Math.max(livesMs - uselessMs, Math.min(1000, livesMs / 2))
}

function tooEarly(row: GrantRow, notBefore: number): SluisError {
  return new SluisError('GRANT_REFRESH_TOO_EARLY', 'The issuer does not allow a refresh yet.', {
    hint: 'The access token at hand is still good; ask for a lease instead.',
    details: { grant: row.id, notBefore: new Date(notBefore).toISOString() },
  })
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
