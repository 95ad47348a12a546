import {
  type Clock,
  type GrantId,
  newId,
  type OrganisationId,
  type RandomBytes,
  SluisError,
} from '@sluis/shared'
import type pg from 'pg'
import { noSuchGrant } from './grant-failure.ts'
import type { GrantRow, GrantSeals, HeldTokens } from './grant-row.ts'
import { noSpend } from './grant-store.ts'
import { nextWarning } from './grant-warnings.ts'
import { checkCredentials, findIssuer } from './handover-check.ts'
import { errorOf, externalIdTaken, failureOf, type StoredFailure } from './handover-failure.ts'
import { HandoverVerification } from './handover-verification.ts'
import { HandoverWriter } from './handover-writer.ts'
import type { Idempotency, IdempotentRequest, KnownRequest } from './idempotency.ts'
import { expiryOf } from './issuer-times.ts'
import type { KeyRing } from './key-ring.ts'
import type { LeaseCache } from './lease-cache.ts'
import type { Leases } from './leases.ts'
import type { OAuthPlatform } from './oauth-platform.ts'
import type { PgGrantStore } from './pg-grant-store.ts'
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
/** Thrown inside the intent's transaction when the same request came twice at once: the first one has it. */
const alreadyClaimed = Symbol('the idempotency key is taken')

/** Takes credentials over: a row first, then verification, then one grant per user and client. */
export class Handovers {
  readonly #parts: HandoversParts
  readonly #writer: HandoverWriter
  readonly #verification: HandoverVerification

  constructor(parts: HandoversParts) {
    this.#parts = parts
    this.#writer = new HandoverWriter(parts.store)
    this.#verification = new HandoverVerification({ ...parts, writer: this.#writer })
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
        if (!known) continue
        if (request === options.envelope && (await this.#isAskedAnew(handover, known))) {
          await idempotency.forgetFailure(organisationId, request)
          continue
        }
        return this.#repeat(organisationId, known)
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
    return this.#verification.verify(row, { isHandover: true, held: toHeld(credentials) })
  }

  /** Goes on with a handover that nobody waits for any more. */
  verify(row: GrantRow): Promise<HandoverOutcome> {
    return this.#verification.verify(row, { isHandover: false })
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
      if (!known || (request === envelope && (await this.#isAskedAnew(handover, known)))) continue
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
        await tx.query(
          `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
           VALUES ($1, $2, $3, 'grant.pending', $4, $5)`,
          [
            row.organisation_id,
            this.#parts.clock.now(),
            actor,
            row.id,
            JSON.stringify({ platform: row.platform, region: row.region }),
          ],
        )
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

  /**
   * Whether an envelope whose credentials an issuer refused comes again for another issuer or client: that is a question
   * which was not asked yet. What was accepted, or spent to be refused, stays the same request whatever stands beside it.
   */
  async #isAskedAnew({ platform, region, client }: Handover, known: KnownRequest): Promise<boolean> {
    if (known.answer === null) return false
    const { rowCount } = await this.#parts.store.pool.query(
      `SELECT FROM token_grant WHERE id = $1 AND NOT proven_refresh AND (platform, region, client_id) <> ($2, $3, $4)`,
      [known.subject, platform, region, client.clientId],
    )
    return rowCount === 1
  }

  async #repeat(organisationId: OrganisationId, known: KnownRequest): Promise<HandoverOutcome> {
    const failure = known.answer as StoredFailure | null
    if (failure !== null) {
      const { code, message, hint, details } = failure
      throw new SluisError(code, message, { ...(hint === undefined ? {} : { hint }), details })
    }
    const row = await this.#verification.follow(organisationId, known.subject as GrantId)
    if (row === null) throw noSuchGrant()
    return {
      outcome: row.state === 'pending' || row.state === 'ambiguous' ? 'open' : 'repeated',
      grant: await this.#parts.view(row),
    }
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
      if (isDryRun || (await this.#verification.forget(row, replaced))) return { fingerprint }
      // Its client was corrected in another way, and it is being tried: what is true of it now is said.
      return this.#recognise(organisationId, platform, credentials)
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
