import {
  type Clock,
  type ErrorCode,
  type GrantId,
  isSluisError,
  newId,
  type OrganisationId,
  type RandomBytes,
  SluisError,
} from '@sluis/shared'
import type pg from 'pg'
import { noSuchGrant } from './grant-failure.ts'
import type { GrantRow, GrantSeals, HeldTokens } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import { noSpend, rowToJson } from './grant-store.ts'
import { nextWarning } from './grant-warnings.ts'
import { checkCredentials, findIssuer } from './handover-check.ts'
import { HandoverWriter } from './handover-writer.ts'
import type { Idempotency, IdempotentRequest, KnownRequest } from './idempotency.ts'
import { expiryOf } from './issuer-times.ts'
import type { KeyRing } from './key-ring.ts'
import type { LeaseCache } from './lease-cache.ts'
import type { Leases } from './leases.ts'
import type { IssuerPolicy, OAuthPlatform } from './oauth-platform.ts'
import type { PgGrantStore } from './pg-grant-store.ts'
import { settleGrant, warnRivals } from './settle-grant.ts'
import type { Spender } from './spender.ts'
import type { Spool } from './spool.ts'
import type { TokenSender } from './token-sender.ts'
import type { GrantView, Handover, HandoverOutcome } from './vault.ts'

export interface HandOverOptions {
  readonly actor?: string
  readonly idempotency?: IdempotentRequest
  /** The sealed envelope that the credentials came in: handed over again it is the same request. */
  readonly envelope?: IdempotentRequest
  /** Refuses what can be refused before anything is stored or spent. */
  readonly beforeSpending?: () => Promise<void>
  /** Reserves what depends on the grant, in the intent's own transaction. */
  readonly reserve?: (tx: pg.ClientBase, grant: GrantId) => Promise<void>
}

export interface HandoversParts {
  readonly platforms: ReadonlyMap<string, OAuthPlatform>
  readonly store: PgGrantStore
  readonly seals: GrantSeals
  readonly keys: KeyRing
  readonly spool: Spool
  readonly sender: TokenSender
  readonly spender: Spender
  readonly leases: Leases
  readonly cache: LeaseCache
  readonly idempotency: Idempotency
  readonly clock: Clock
  readonly random: RandomBytes
  view(row: GrantRow): Promise<GrantView>
  onMerged(tx: pg.ClientBase, from: GrantId, to: GrantId): Promise<void>
  onRefused(tx: pg.ClientBase, grant: GrantId): Promise<void>
}

/** If the process that took a handover dies, any other goes on with it after this. */
const abandonedMs = 90_000
const tooEarlyText = 'The issuer does not allow a refresh yet.'
/** A partner waits for a handover's answer: what whoAmI does not tell in this time is asked again later. */
const patienceMs = 10_000
/** Thrown inside the intent's transaction when the same request came twice at once: the first one has it. */
const alreadyClaimed = Symbol('the idempotency key is taken')

/** Takes credentials over: a row first, then verification, then one grant per user and client. */
export class Handovers {
  readonly #parts: HandoversParts
  readonly #writer: HandoverWriter
  readonly #verifying = new Set<GrantId>()

  constructor(parts: HandoversParts) {
    this.#parts = parts
    this.#writer = new HandoverWriter(parts.store)
  }

  /**
   * Verifies without spending where an access token is valid, else spends once through the protocol. A user who has a
   * grant on this client already gets its chain superseded.
   */
  async handOver(handover: Handover, options: HandOverOptions = {}): Promise<HandoverOutcome> {
    const { clock, idempotency } = this.#parts
    const { organisationId } = handover
    const repeated = async () => {
      for (const request of [options.idempotency, options.envelope]) {
        const known = request && (await idempotency.find(organisationId, request))
        if (known) return this.#repeat(organisationId, known)
      }
      return null
    }
    const before = await repeated()
    if (before) return before
    const { platform, region } = findIssuer(this.#parts.platforms, handover)
    const credentials = checkCredentials(handover.credentials, platform, region, clock.now())
    await options.beforeSpending?.()
    const known = await this.#recognise(organisationId, platform, credentials).catch(async (error) => {
      // The same request may have stored its tokens since this one looked for it.
      const first = await repeated()
      if (first) return { first }
      throw error
    })
    if (known !== null && 'first' in known) return known.first
    if (known !== null && 'grant' in known) {
      const first = await this.#attach(known.grant, options).then(
        () => null,
        (error) => {
          if (error !== alreadyClaimed) throw error
          return repeated()
        },
      )
      return first ?? { outcome: 'repeated', grant: await this.#parts.view(known.grant) }
    }
    await this.#checkExternalId(handover)
    const row = await this.#newRow(handover, credentials, platform)
    try {
      await this.#insert(row, known?.fingerprint ?? null, options)
    } catch (error) {
      const first = error === alreadyClaimed ? await repeated() : null
      if (first) return first
      throw error
    }
    return this.verify(row, { isHandover: true, held: toHeld(credentials) })
  }

  /**
   * Refuses what `handOver` would refuse without asking the platform, and says whether the request came before.
   * Stores, spends and sends nothing.
   */
  async check(
    handover: Handover,
    { idempotency, envelope, beforeSpending }: HandOverOptions,
  ): Promise<'would-be-sent' | 'would-be-repeated'> {
    const { organisationId } = handover
    for (const request of [idempotency, envelope]) {
      const known = request && (await this.#parts.idempotency.find(organisationId, request))
      if (!known) continue
      await this.#repeat(organisationId, known)
      return 'would-be-repeated'
    }
    const { platform, region } = findIssuer(this.#parts.platforms, handover)
    const credentials = checkCredentials(handover.credentials, platform, region, this.#parts.clock.now())
    await beforeSpending?.()
    const known = await this.#recognise(organisationId, platform, credentials, { isDryRun: true })
    if (known === null || !('grant' in known)) await this.#checkExternalId(handover)
    return known !== null && 'grant' in known ? 'would-be-repeated' : 'would-be-sent'
  }

  /** Refuses before anything is sent what could be no other consent of the grant that has this external id. */
  async #checkExternalId({ organisationId, externalId, platform, region, client }: Handover): Promise<void> {
    if (externalId === undefined) return
    const { rows } = await this.#parts.store.pool.query<{ id: GrantId }>(
      `SELECT id FROM token_grant WHERE organisation_id = $1 AND external_id = $2 AND deleted_at IS NULL
         AND platform_user_id IS NOT NULL AND (platform, region, client_id) <> ($3, $4, $5)`,
      [organisationId, externalId, platform, region, client.clientId],
    )
    if (rows[0]) throw errorOf(externalIdTaken(externalId, rows[0].id))
  }

  async #newRow(
    handover: Handover,
    credentials: Handover['credentials'],
    platform: OAuthPlatform,
  ): Promise<GrantRow> {
    const { clock, random, seals } = this.#parts
    const now = clock.now()
    const id = newId('grt', now, random)
    const place = { organisation_id: handover.organisationId, id, chain: 1, generation: 1 }
    const receivedAt = credentials.obtainedAt ?? now
    const held = toHeld(credentials)
    const expiresIn = credentials.kind === 'tokens' ? (credentials.expiresInSeconds ?? null) : null
    const expiry = expiryOf(platform.policy, receivedAt, expiresIn, receivedAt)
    const row: GrantRow = {
      ...place,
      ...noSpend,
      ...expiry,
      platform: handover.platform,
      region: handover.region,
      client_id: handover.client.clientId,
      redirect_uri: handover.client.redirectUri,
      sealed_secret: await seals.sealSecret(handover.client.clientSecret.reveal().trim(), place),
      sealed_tokens: await seals.sealTokens(held, place),
      sealed_alternates: null,
      platform_user: null,
      platform_user_id: null,
      label: handover.label ?? null,
      external_id: handover.externalId ?? null,
      renews: handover.renews ?? null,
      state: 'pending',
      has_access: held.accessToken !== undefined,
      has_refresh: held.refreshToken !== undefined,
      access_expires_at: held.accessToken === undefined ? null : expiry.access_expires_at,
      received_at: receivedAt,
      proven_access: false,
      proven_refresh: false,
      proven_client: false,
      not_before: null,
      due_at: now + abandonedMs,
      warn_at: null,
      failures: 0,
      problem: null,
      created_at: now,
      last_refreshed_at: null,
      deleted_at: null,
    }
    return { ...row, warn_at: nextWarning(platform.policy, row, now) }
  }

  /** The intent: row, idempotency key, fingerprint and the database's name at once, before anything is sent. */
  async #insert(row: GrantRow, fingerprint: Buffer | null, options: HandOverOptions): Promise<void> {
    const { idempotency, envelope, reserve, actor = 'system' } = options
    const alone = () => this.#insertAlone(row, fingerprint, options)
    if (reserve) return alone()
    const requests = [idempotency, envelope].filter((request) => request !== undefined)
    const claims = await Promise.all(
      requests.map((request) => this.#parts.idempotency.rowOf(row.organisation_id, request, row.id)),
    )
    await this.#writer.insert({ row, fingerprint, actor, claims, alone })
  }

  async #insertAlone(row: GrantRow, fingerprint: Buffer | null, options: HandOverOptions): Promise<void> {
    const { store, idempotency: requests } = this.#parts
    const { idempotency, envelope, reserve, actor = 'system' } = options
    try {
      await store.transaction(async (tx) => {
        for (const request of [idempotency, envelope]) {
          if (request && !(await requests.claim(tx, row.organisation_id, request, row.id)))
            throw alreadyClaimed
        }
        await store.insert(tx, row)
        if (fingerprint) {
          await tx.query(
            `INSERT INTO token_fingerprint (fingerprint, grant_id, organisation_id, chain, generation, created_at)
             VALUES ($1, $2, $3, 1, 1, $4)`,
            [fingerprint, row.id, row.organisation_id, row.created_at],
          )
        }
        await this.#note(tx, row, actor, 'grant.pending', { platform: row.platform, region: row.region })
        await reserve?.(tx, row.id)
      })
    } catch (error) {
      const { code, constraint } = error as { code?: string; constraint?: string }
      if (code !== '23505') throw error
      if (constraint !== 'token_fingerprint_pkey') throw error
      throw new SluisError(
        'HANDOVER_TOKEN_ALREADY_HELD',
        'The same tokens are being handed over right now.',
        {
          hint: 'Use the grant that the other request gives. With an Idempotency-Key a repeated request gives the same grant.',
        },
      )
    }
  }

  /** What was asked together with a handover whose token names a grant that is there: its key, its database. */
  async #attach(row: GrantRow, { idempotency, envelope, reserve }: HandOverOptions): Promise<void> {
    const { store, idempotency: requests } = this.#parts
    await store.transaction(async (tx) => {
      for (const request of [idempotency, envelope]) {
        if (request && !(await requests.claim(tx, row.organisation_id, request, row.id))) throw alreadyClaimed
      }
      await reserve?.(tx, row.id)
    })
  }

  async #repeat(organisationId: OrganisationId, known: KnownRequest): Promise<HandoverOutcome> {
    const failure = known.answer as StoredFailure | null
    if (failure !== null) {
      const { code, message, hint, details } = failure
      throw new SluisError(code, message, { ...(hint === undefined ? {} : { hint }), details })
    }
    const row = await this.#follow(organisationId, known.subject as GrantId)
    if (row === null) throw noSuchGrant()
    return {
      outcome: row.state === 'pending' || row.state === 'ambiguous' ? 'open' : 'repeated',
      grant: await this.#parts.view(row),
    }
  }

  /** The grant, or the one that it was merged into. */
  async #follow(organisationId: OrganisationId, id: GrantId): Promise<GrantRow | null> {
    const { store } = this.#parts
    const { rows } = await store.pool.query<{ into: GrantId }>(
      `SELECT facts->>'into' AS into FROM audit_event
       WHERE subject = $1 AND organisation_id = $2 AND action = 'grant.merged' LIMIT 1`,
      [id, organisationId],
    )
    return store.get(rows[0]?.into ?? id, organisationId)
  }

  /** A refresh token that is known already is never sent; where it may be spent often, it names its grant. */
  async #recognise(
    organisationId: OrganisationId,
    platform: OAuthPlatform,
    credentials: Handover['credentials'],
    { isDryRun = false }: { readonly isDryRun?: boolean } = {},
  ): Promise<{ readonly fingerprint: Buffer } | { readonly grant: GrantRow } | null> {
    if (credentials.kind !== 'tokens' || !credentials.refreshToken) return null
    const { store, keys } = this.#parts
    const fingerprint = await keys.fingerprint(credentials.refreshToken.reveal())
    const known = await this.#writer.find(fingerprint)
    if (!known) return { fingerprint }
    const row = await store.get(known.grant_id)
    const isOurs = known.organisation_id === organisationId
    const isPrimary = row !== null && row.chain === known.chain && row.generation === known.generation
    if (isOurs && row && isPrimary && row.state === 'misconfigured' && !row.proven_client) {
      // The token was kept while its client was refused: this is the correction.
      const replaced = failureOf('HANDOVER_CLIENT_REFUSED', 'Replaced by a corrected handover.')
      if (!isDryRun) await this.#forget(row, replaced)
      return { fingerprint }
    }
    if (isOurs && row && platform.policy.rotation !== 'single-use') return { grant: row }
    const isHeld = isPrimary && row.state !== 'needs_consent'
    const message = isHeld
      ? 'This refresh token is in the vault already; it was not sent.'
      : 'This refresh token was handed over before and has been spent; it was not sent.'
    // Of another organisation's grant nothing is said but that the token is known.
    const ours = isOurs ? row : null
    const hint = !ours
      ? 'Let the user consent again.'
      : ours.state === 'needs_consent'
        ? `Its grant ${ours.id} needs a new consent: hand the new credentials over, id and databases stay.`
        : `Its chain lives as grant ${ours.id}: register a database on that.`
    const details = ours
      ? { grant: ours.id, register: `POST /api/v1/databases {"name":"…","sources":[{"grant":"${ours.id}"}]}` }
      : {}
    throw new SluisError(isHeld ? 'HANDOVER_TOKEN_ALREADY_HELD' : 'HANDOVER_TOKEN_ALREADY_SPENT', message, {
      hint,
      details,
    })
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
        if (isHandover) return this.#refuseClient(row, result.text)
        break
      default:
        break
    }
    const current = await this.#follow(row.organisation_id, row.id)
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
    const current = await this.#follow(row.organisation_id, row.id)
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
    await this.#forget(current, failure)
    throw errorOf(failure)
  }

  async #refuseClient(row: GrantRow, text: string): Promise<never> {
    const { store, onRefused } = this.#parts
    const failure = failureOf(
      'HANDOVER_CLIENT_REFUSED',
      `The platform refuses the client: ${text}`,
      'Check client ID, client secret and redirect URI, and hand the same credentials over again, as a new request. The token was not spent and is kept.',
      { grant: row.id },
    )
    await store.transaction(async (tx) => {
      await onRefused(tx, row.id)
      await keepFailure(tx, row, failure)
    })
    throw errorOf(failure)
  }

  async #forget(row: GrantRow, failure: StoredFailure): Promise<void> {
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
    await store.transaction(async (tx) => {
      await onRefused(tx, row.id)
      await store.replace(tx, gone)
      await tx.query('DELETE FROM token_fingerprint WHERE grant_id = $1', [row.id])
      await keepFailure(tx, row, failure)
      await this.#note(tx, row, 'vault', 'grant.refused', { code: failure.code, detail: failure.message })
    })
    await this.#keep(gone, now)
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
        const first = await this.#writer.settle(row, user, policy, now)
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
          await this.#forget(row, failureOf(code, message, hint, details))
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
    const current = await this.#follow(row.organisation_id, row.id)
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
      await this.#forget(row, failure)
      throw errorOf(failure)
    }
    await pool.query('UPDATE token_grant SET external_id = NULL WHERE id = $1 AND platform_user_id IS NULL', [
      row.id,
    ])
  }

  #note(tx: pg.ClientBase, row: GrantRow, actor: string, action: string, facts: object): Promise<unknown> {
    return tx.query(
      `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)`,
      [row.organisation_id, this.#parts.clock.now(), actor, action, row.id, JSON.stringify(facts)],
    )
  }
}

const externalIdTaken = (externalId: string, grant: GrantId | undefined) =>
  failureOf(
    'INVALID_REQUEST',
    `externalId "${externalId}" belongs to the grant of another user or client; nothing was spent.`,
    grant === undefined
      ? 'Use another externalId.'
      : `Use another externalId, or delete grant ${grant} first.`,
    { field: 'externalId', ...(grant === undefined ? {} : { grant }) },
  )

/** A refusal as the idempotency key keeps it, to be given again to the same request. */
interface StoredFailure {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
  readonly details: Readonly<Record<string, unknown>>
}

function failureOf(
  code: ErrorCode,
  message: string,
  hint?: string,
  details: Readonly<Record<string, unknown>> = {},
): StoredFailure {
  return { code, message, ...(hint === undefined ? {} : { hint }), details }
}

function errorOf({ code, message, hint, details }: StoredFailure): SluisError {
  return new SluisError(code, message, { ...(hint === undefined ? {} : { hint }), details })
}

function refusalOf(held: HeldTokens, cause: 'spent' | 'expired' | 'invalid', text: string): StoredFailure {
  if (held.code !== undefined) {
    const hint = 'A code works once and for minutes; let the user consent again.'
    return failureOf('HANDOVER_CODE_REFUSED', text, hint)
  }
  return failureOf(
    cause === 'spent' ? 'HANDOVER_TOKEN_ALREADY_SPENT' : 'HANDOVER_TOKEN_EXPIRED',
    text,
    'Let the user consent again. Whoever spent this token has the chain’s newest one.',
  )
}

async function keepFailure(tx: pg.ClientBase, row: GrantRow, failure: StoredFailure): Promise<void> {
  await tx.query('UPDATE idempotency_key SET answer = $3 WHERE organisation_id = $1 AND subject = $2', [
    row.organisation_id,
    row.id,
    JSON.stringify(failure),
  ])
}

function toHeld(credentials: Handover['credentials']): HeldTokens {
  if (credentials.kind === 'code') {
    return {
      code: credentials.code.reveal(),
      ...(credentials.codeVerifier ? { codeVerifier: credentials.codeVerifier.reveal() } : {}),
      ...(credentials.nonce ? { nonce: credentials.nonce.reveal() } : {}),
      ...(credentials.values ? { values: credentials.values } : {}),
    }
  }
  return {
    ...(credentials.accessToken ? { accessToken: credentials.accessToken.reveal() } : {}),
    ...(credentials.refreshToken ? { refreshToken: credentials.refreshToken.reveal() } : {}),
    ...(credentials.values ? { values: credentials.values } : {}),
  }
}
