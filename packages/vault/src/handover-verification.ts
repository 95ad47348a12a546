import { type Clock, type GrantId, isSluisError, type OrganisationId } from '@sluis/shared'
import type pg from 'pg'
import { noSuchGrant } from './grant-failure.ts'
import type { GrantRow, GrantSeals, HeldTokens } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import { noSpend, rowToJson } from './grant-store.ts'
import {
  errorOf,
  externalIdTaken,
  failureOf,
  keepFailure,
  refusalOf,
  type StoredFailure,
} from './handover-failure.ts'
import type { HandoverWriter } from './handover-writer.ts'
import type { LeaseCache } from './lease-cache.ts'
import type { Leases } from './leases.ts'
import type { IssuerPolicy } from './oauth-platform.ts'
import type { PgGrantStore } from './pg-grant-store.ts'
import { settleGrant, warnRivals } from './settle-grant.ts'
import type { Spender } from './spender.ts'
import type { Spool } from './spool.ts'
import type { TokenSender } from './token-sender.ts'
import type { GrantView, HandoverOutcome } from './vault.ts'

export interface HandoverVerificationParts {
  readonly store: PgGrantStore
  readonly writer: HandoverWriter
  readonly seals: GrantSeals
  readonly spool: Spool
  readonly sender: TokenSender
  readonly spender: Spender
  readonly leases: Leases
  readonly cache: LeaseCache
  readonly clock: Clock
  view(row: GrantRow): Promise<GrantView>
  onMerged(tx: pg.ClientBase, from: GrantId, to: GrantId): Promise<void>
  onRefused(tx: pg.ClientBase, grant: GrantId): Promise<void>
}

const tooEarlyText = 'The issuer does not allow a refresh yet.'
/** A partner waits for a handover's answer: what whoAmI does not tell in this time is asked again later. */
const patienceMs = 10_000

/** What becomes of a pending row: the grant of its user, a new chain of the grant that this user has, or nothing. */
export class HandoverVerification {
  readonly #parts: HandoverVerificationParts
  readonly #verifying = new Set<GrantId>()

  constructor(parts: HandoverVerificationParts) {
    this.#parts = parts
  }

  /**
   * Learns whose a pending row's credentials are: by who-am-I where the access token is good, else by one spend. With
   * `held`, what it was handed over with, the row is new and in no spool yet: it is put there before anything is spent
   * or answered, unless what became of it is.
   */
  async verify(
    row: GrantRow,
    { isHandover, held }: { readonly isHandover: boolean; readonly held?: HeldTokens },
  ): Promise<HandoverOutcome> {
    if (this.#verifying.has(row.id)) return { outcome: 'open', grant: await this.#parts.view(row) }
    this.#verifying.add(row.id)
    try {
      return await this.#verify(row, isHandover, held)
    } finally {
      this.#verifying.delete(row.id)
    }
  }

  async #verify(
    row: GrantRow,
    isHandover: boolean,
    fresh?: HeldTokens,
    hasSpent = false,
  ): Promise<HandoverOutcome> {
    const { clock, seals, sender, spender, leases } = this.#parts
    const held = fresh ?? (await seals.openTokens(row))
    const isNew = fresh !== undefined
    if (held.isForeign) {
      const text =
        'The platform answered with the tokens of another consent (their nonce is not the one that was sent).'
      const hint =
        'Let the user consent again. If it happens again, somebody puts codes of others in their way.'
      return this.#refuse(row, isHandover, failureOf('HANDOVER_CODE_REFUSED', text, hint))
    }
    const isAccessLive =
      held.accessToken !== undefined && row.has_access && (row.access_expires_at ?? 0) > clock.now()
    const isAlone = held.refreshToken === undefined && held.code === undefined
    let refusal = 'The access token has run out, and there is no refresh token.'
    if (isAccessLive) {
      const answer = await sender.whoAmI(
        row,
        held.accessToken ?? '',
        held.values,
        isHandover ? patienceMs : undefined,
      )
      if (answer.kind === 'user') return this.#settle(row, answer.user, isHandover, isNew)
      if (answer.kind === 'transient') return this.#leaveOpen(row, isNew, answer.text)
      refusal = answer.text
    }
    if (isAlone) {
      const hint = 'Let the user consent again, and hand over the refresh token too.'
      const failure = failureOf('HANDOVER_TOKEN_EXPIRED', refusal, hint)
      return this.#refuse(row, isHandover && !row.proven_refresh, failure)
    }
    if (row.proven_refresh) {
      // What was gained by a spend stays, whatever the platform says of it now.
      const allowedAt = Math.max(spender.notBefore({ ...row, has_access: false }), row.access_expires_at ?? 0)
      if (hasSpent || clock.now() < allowedAt) return this.#leaveOpen(row, isNew, refusal, allowedAt)
    }
    const isAgeKnown = row.received_at < row.created_at || row.last_refreshed_at !== null
    const notBefore = spender.notBefore({ ...row, has_access: false })
    if (held.code === undefined && isAgeKnown && notBefore > clock.now()) {
      return this.#leaveOpen(row, isNew, tooEarlyText, notBefore)
    }
    if (isNew) await this.#keep(row)
    const result = await leases.spend(row)
    switch (result.kind) {
      case 'spent': {
        const moved = await this.#parts.store.get(row.id)
        if (moved?.state === 'pending') return this.#verify(moved, isHandover, undefined, true)
        break
      }
      case 'refused':
        if (!isHandover) break
        return this.#refuse(row, isHandover, refusalOf(held, result.cause, result.text))
      case 'client-refused':
        if (isHandover) return this.#refuseClient(row, held, result.text)
        break
      default:
        break
    }
    const current = await this.follow(row.organisation_id, row.id)
    if (current === null) throw noSuchGrant()
    return {
      outcome: current.state === 'active' ? 'repeated' : 'open',
      grant: await this.#parts.view(current),
    }
  }

  /** Nothing is decided yet: the vault goes on by itself, at `notBefore` where that is known. */
  async #leaveOpen(
    row: GrantRow,
    isNew: boolean,
    text: string,
    notBefore?: number,
  ): Promise<HandoverOutcome> {
    const { store, clock, view } = this.#parts
    if (isNew) await this.#keep(row)
    const pause = Math.min(15 * 60_000, 15_000 * 2 ** Math.min(6, row.failures))
    const hint = 'Nothing is lost: Sluis tries again by itself.'
    await store.change(
      row,
      {
        due_at: notBefore ?? clock.now() + pause,
        ...(notBefore === undefined ? {} : { not_before: notBefore }),
        failures: row.failures + 1,
        problem: {
          code: text === tooEarlyText ? 'GRANT_REFRESH_TOO_EARLY' : 'PLATFORM_UNAVAILABLE',
          detail: text,
          hint,
        },
      },
      null,
    )
    const current = await this.follow(row.organisation_id, row.id)
    return { outcome: 'open', grant: await view(current ?? row) }
  }

  /** The platform said no to credentials that never worked: nothing was gained, so nothing is left behind. */
  async #refuse(row: GrantRow, isHandover: boolean, failure: StoredFailure): Promise<HandoverOutcome> {
    const { store, view } = this.#parts
    const current = (await store.get(row.id)) ?? row
    if (!isHandover) {
      // Its partner was told that the outcome is open: it stays to be seen, with what the platform said.
      const { code, message: detail, hint } = failure
      const problem = { code, detail, ...(hint === undefined ? {} : { hint }) }
      await store.change(
        current,
        { state: nextState(current.state, 'refused-for-good'), due_at: null, problem },
        { action: 'grant.needs_consent', at: this.#parts.clock.now(), facts: { detail } },
      )
      return { outcome: 'open', grant: await view((await store.get(row.id)) ?? current) }
    }
    if (await this.forget(current, failure)) throw errorOf(failure)
    // Somebody else went on with it between the refusal and now.
    const now = await this.follow(row.organisation_id, row.id)
    if (now === null) throw errorOf(failure)
    return { outcome: now.state === 'active' ? 'repeated' : 'open', grant: await view(now) }
  }

  async #refuseClient(row: GrantRow, held: HeldTokens, text: string): Promise<never> {
    const { store, onRefused } = this.#parts
    const failure = failureOf(
      'HANDOVER_CLIENT_REFUSED',
      `The platform refuses the client: ${text}`,
      `Check client ID, client secret and redirect URI, and hand the same credentials over again, as a new request. ${
        held.code === undefined
          ? 'The token was not spent and is kept.'
          : 'A code works for minutes: after that let the user consent again.'
      }`,
      { grant: row.id },
    )
    await store.transaction(async (tx) => {
      await onRefused(tx, row.id)
      await keepFailure(tx, row, failure)
    })
    throw errorOf(failure)
  }

  /**
   * The row goes, with its tokens; the same request is given the same refusal. False, and nothing is done, when it is
   * not as it was read any more: somebody may be spending what it holds.
   */
  async forget(row: GrantRow, failure: StoredFailure): Promise<boolean> {
    const { store, clock, onRefused } = this.#parts
    const now = clock.now()
    const gone: GrantRow = {
      ...row,
      ...noSpend,
      sealed_tokens: null,
      sealed_alternates: null,
      has_access: false,
      has_refresh: false,
      due_at: null,
      deleted_at: now,
      problem: { code: failure.code, detail: failure.message },
    }
    const isGone = await store.transaction(async (tx) => {
      const { rowCount } = await tx.query(
        `SELECT FROM token_grant WHERE id = $1 AND chain = $2 AND generation = $3 AND state = $4
           AND spend_id IS NOT DISTINCT FROM $5 AND spend_sends = $6 AND deleted_at IS NULL FOR UPDATE`,
        [row.id, row.chain, row.generation, row.state, row.spend_id, row.spend_sends],
      )
      if (rowCount !== 1) return false
      await onRefused(tx, row.id)
      await store.replace(tx, gone)
      await tx.query('DELETE FROM token_fingerprint WHERE grant_id = $1', [row.id])
      await keepFailure(tx, row, failure)
      await note(tx, row, now, { code: failure.code, detail: failure.message })
      return true
    })
    if (isGone) await this.#keep(gone, now)
    return isGone
  }

  /** The user is known: the grant becomes active, or its chain becomes that of the grant which this user has. */
  async #settle(
    row: GrantRow,
    user: NonNullable<GrantRow['platform_user']>,
    isHandover: boolean,
    isNew: boolean,
  ): Promise<HandoverOutcome> {
    const { store, sender, cache, clock, view } = this.#parts
    const { policy } = sender.issuerOf(row).platform
    for (let attempt = 0; ; attempt++) {
      try {
        const now = clock.now()
        const first = await this.#parts.writer.settle(row, user, policy, now)
        const settled = first
          ? ({ outcome: 'created', row: first, rows: [first] } as const)
          : await store.transaction((tx) => settleGrant(this.#parts, tx, row, user, policy, now))
        if (settled === null) break
        cache.hear(settled.row.id)
        await Promise.all(settled.rows.map((each) => this.#keep(each, now)))
        return { outcome: settled.outcome, grant: await view(settled.row) }
      } catch (error) {
        if (isSluisError(error, 'HANDOVER_OLDER_THAN_HELD', 'CONSENT_REFUSED')) {
          const { code, message, hint, details } = error
          // Another process went on with it meanwhile.
          if (!(await this.forget(row, failureOf(code, message, hint, details)))) break
          // At the platform the consent was given: where it ended the chain of another organisation, that is told.
          if (code === 'CONSENT_REFUSED') await this.#warnRivals(row, user, policy)
          throw error
        }
        if ((error as { constraint?: string }).constraint === 'token_grant_external') {
          await this.#giveUpExternalId(row)
          continue
        }
        // Two handovers of one user settle at once: one is first, the other finds it on its second look.
        if ((error as { code?: string }).code !== '23505' || attempt > 2) throw error
      }
    }
    // Another process went on with it meanwhile.
    if (isNew) await this.#keep(row)
    const current = await this.follow(row.organisation_id, row.id)
    if (current === null) throw noSuchGrant()
    const isOpen = current.state === 'pending' || current.state === 'ambiguous'
    return { outcome: isOpen ? 'open' : isHandover ? 'created' : 'repeated', grant: await view(current) }
  }

  #warnRivals(
    row: GrantRow,
    user: NonNullable<GrantRow['platform_user']>,
    policy: IssuerPolicy,
  ): Promise<void> {
    const { store, clock } = this.#parts
    return store.transaction((tx) =>
      warnRivals(tx, { ...row, platform_user_id: user.id }, policy, clock.now()),
    )
  }

  /** Puts a row into this process's spool, from where it comes back if the database forgets it. */
  #keep(row: GrantRow, at = row.created_at): Promise<void> {
    return this.#parts.spool.append({ kind: 'grant', at, row: rowToJson(row) })
  }

  /** Another user's grant has this external id: refused, or kept without it where a token was spent to learn that. */
  async #giveUpExternalId(row: GrantRow): Promise<void> {
    const { pool } = this.#parts.store
    const current = await this.#parts.store.get(row.id)
    if (!current?.proven_refresh) {
      const { rows } = await pool.query<{ id: GrantId }>(
        `SELECT id FROM token_grant WHERE organisation_id = $1 AND external_id = $2 AND deleted_at IS NULL
           AND platform_user_id IS NOT NULL`,
        [row.organisation_id, row.external_id],
      )
      const failure = externalIdTaken(row.external_id ?? '', rows[0]?.id)
      if (await this.forget(row, failure)) throw errorOf(failure)
      return
    }
    await pool.query('UPDATE token_grant SET external_id = NULL WHERE id = $1 AND platform_user_id IS NULL', [
      row.id,
    ])
  }

  /** The grant, or the one that it was merged into. */
  async follow(organisationId: OrganisationId, id: GrantId): Promise<GrantRow | null> {
    const { store } = this.#parts
    const { rows } = await store.pool.query<{ into: GrantId }>(
      `SELECT facts->>'into' AS into FROM audit_event
       WHERE subject = $1 AND organisation_id = $2 AND action = 'grant.merged' LIMIT 1`,
      [id, organisationId],
    )
    return store.get(rows[0]?.into ?? id, organisationId)
  }
}

function note(tx: pg.ClientBase, row: GrantRow, at: number, facts: object): Promise<unknown> {
  return tx.query(
    `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
     VALUES ($1, $2, 'vault', 'grant.refused', $3, $4)`,
    [row.organisation_id, at, row.id, JSON.stringify(facts)],
  )
}
