import {
  type Clock,
  type GrantId,
  isSluisError,
  type Log,
  newId,
  type OrganisationId,
  PlainSecret,
  type RandomBytes,
  type SendRequest,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import { type GrantRow, GrantSeals, type HeldTokens, toGrantView } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import { GrantStore, grantChannel, noSpend, rowToJson } from './grant-store.ts'
import { checkCredentials, findIssuer } from './handover-check.ts'
import { expiryOf, nextDue } from './issuer-times.ts'
import type { KeyEncryptionKey } from './kek.ts'
import { KeyRing } from './key-ring.ts'
import { LeaseAudit } from './lease-audit.ts'
import type { OAuthPlatform, PlatformUser } from './oauth-platform.ts'
import { ProcessLiveness } from './process-liveness.ts'
import { Spender, type SpendResult } from './spender.ts'
import { listSpools, readSpool, removeSpool, Spool } from './spool.ts'
import { TokenSender } from './token-sender.ts'
import type { GrantState, GrantView, Handover, HandoverOutcome, Lease } from './vault.ts'

/** What the vault asks of those who keep databases. */
export interface VaultHooks {
  /** Two grants became one: what read through `from` reads through `to`. */
  onMerged(tx: pg.ClientBase, from: GrantId, to: GrantId): Promise<void>
  /** A handover was refused for good: what was reserved for it goes. */
  onRefused(tx: pg.ClientBase, grant: GrantId): Promise<void>
  databasesOf(grants: readonly GrantId[]): Promise<Map<GrantId, string[]>>
}

export interface VaultOptions {
  readonly store: Store
  readonly platforms: ReadonlyMap<string, OAuthPlatform>
  readonly send: SendRequest
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly kek: KeyEncryptionKey
  /** A durable folder of this installation; each process keeps one file in it. */
  readonly spoolFolder: string
  /** How long a token answer is waited for: far above the slowest one seen. 180,000 unless told. */
  readonly tokenTimeoutMs?: number
  readonly hooks?: VaultHooks
}

export interface HandOverOptions {
  readonly actor?: string
  readonly idempotency?: { readonly key: string; readonly route: string; readonly body: string }
  /** Refuses what can be refused before anything is stored or spent. */
  readonly beforeSpending?: () => Promise<void>
  /** Reserves what depends on the grant, in the intent's own transaction. */
  readonly reserve?: (tx: pg.ClientBase, grant: GrantId) => Promise<void>
}

export interface GrantEventView {
  readonly id: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly facts: Readonly<Record<string, unknown>>
}

interface CachedLease {
  readonly organisationId: OrganisationId
  readonly token: PlainSecret
  readonly expiresAt: number
  readonly generation: number
}

const noHooks: VaultHooks = {
  onMerged: async () => {},
  onRefused: async () => {},
  databasesOf: async () => new Map(),
}

/** How long repairs and retries rest between two looks at the clock. */
const tickMs = 1000
/** Grants that one look takes on, and how many at the same time. */
const perTick = 200
const atOnce = 8
/** Spool records are kept this long after the database took them. */
const spoolKeptMs = 7 * 86_400_000
/** Above the token deadline by so much, a spend is lost whoever holds it. */
const marginMs = 30_000

const notFound = () =>
  new SluisError('NOT_FOUND', 'There is no such grant.', { hint: 'GET /api/v1/grants lists them.' })

/** Token chains that are never lost and never spent twice. Made by `createVault`. */
export class Vault {
  readonly #store: GrantStore
  readonly #seals: GrantSeals
  readonly #keys: KeyRing
  readonly #spool: Spool
  readonly #spender: Spender
  readonly #sender: TokenSender
  readonly #liveness: ProcessLiveness
  readonly #audit: LeaseAudit
  readonly #options: VaultOptions
  readonly #hooks: VaultHooks
  readonly #leases = new Map<GrantId, CachedLease>()
  readonly #spending = new Map<GrantId, Promise<SpendResult>>()
  readonly #waiters = new Map<string, Set<() => void>>()
  readonly #stop = new AbortController()
  #running: Promise<void> | null = null

  private constructor(
    options: VaultOptions,
    parts: {
      store: GrantStore
      keys: KeyRing
      spool: Spool
      sender: TokenSender
      liveness: ProcessLiveness
      spender: Spender
      seals: GrantSeals
    },
  ) {
    this.#options = options
    this.#hooks = options.hooks ?? noHooks
    this.#store = parts.store
    this.#keys = parts.keys
    this.#seals = parts.seals
    this.#spool = parts.spool
    this.#sender = parts.sender
    this.#liveness = parts.liveness
    this.#spender = parts.spender
    this.#audit = new LeaseAudit(options.store)
  }

  static async create(options: VaultOptions): Promise<Vault> {
    const { store, platforms, send, clock, random, log, kek, spoolFolder, tokenTimeoutMs = 180_000 } = options
    const keys = new KeyRing(store, kek, clock, random)
    await keys.check()
    const seals = new GrantSeals(keys)
    const grants = new GrantStore(store)
    // Set right below; nothing is heard before that.
    const heard: { vault?: Vault } = {}
    const liveness = await ProcessLiveness.start(
      store,
      clock,
      random,
      log,
      (id) => Vault.#tell(heard.vault, id as GrantId),
      () => Vault.#tell(heard.vault, null),
    )
    const spool = await Spool.open(spoolFolder, liveness.id)
    const sender = new TokenSender(platforms, send, clock, log, tokenTimeoutMs)
    const spender = new Spender({
      store: grants,
      seals,
      keys,
      spool,
      sender,
      clock,
      random,
      log,
      processId: liveness.id,
    })
    const vault = new Vault(options, { store: grants, keys, seals, spool, sender, liveness, spender })
    heard.vault = vault
    // What an earlier process had in hand comes before anything else.
    await vault.#replayDead()
    return vault
  }

  // ── handover ──────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes credentials over: a row first, then verification without spending where an access token is valid, else one
   * spend through the protocol. A user who has a grant on this client already gets its chain superseded.
   */
  async handOver(handover: Handover, options: HandOverOptions = {}): Promise<HandoverOutcome> {
    const { clock, random } = this.#options
    const { organisationId } = handover
    const repeated = await this.#findRepeated(organisationId, options.idempotency)
    if (repeated) return repeated
    const { platform, region } = findIssuer(this.#options.platforms, handover)
    const now = clock.now()
    const credentials = checkCredentials(handover.credentials, platform, region, now)
    await options.beforeSpending?.()
    const fingerprint = await this.#refuseKnown(organisationId, platform, credentials)
    if (fingerprint !== null && 'grant' in fingerprint)
      return { outcome: 'repeated', grant: await this.#view(fingerprint.grant) }

    const id = newId('grt', now, random)
    const place = { organisation_id: organisationId, id, chain: 1, generation: 1 }
    const receivedAt = credentials.obtainedAt ?? now
    const held: HeldTokens =
      credentials.kind === 'code'
        ? {
            code: credentials.code.reveal(),
            ...(credentials.codeVerifier ? { codeVerifier: credentials.codeVerifier.reveal() } : {}),
          }
        : {
            ...(credentials.accessToken ? { accessToken: credentials.accessToken.reveal() } : {}),
            ...(credentials.refreshToken ? { refreshToken: credentials.refreshToken.reveal() } : {}),
          }
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
      sealed_secret: await this.#seals.sealSecret(handover.client.clientSecret.reveal().trim(), place),
      sealed_tokens: await this.#seals.sealTokens(held, place),
      sealed_alternates: null,
      platform_user: null,
      platform_user_id: null,
      label: handover.label ?? null,
      external_id: handover.externalId ?? null,
      state: 'pending',
      has_access: held.accessToken !== undefined,
      has_refresh: held.refreshToken !== undefined,
      access_expires_at: held.accessToken === undefined ? null : expiry.access_expires_at,
      received_at: receivedAt,
      proven_access: false,
      proven_refresh: false,
      proven_client: false,
      not_before: null,
      // If this process dies now, any other goes on from here.
      due_at: now + 60_000,
      failures: 0,
      problem: null,
      created_at: now,
      last_refreshed_at: null,
      deleted_at: null,
    }
    await this.#insert(row, fingerprint?.value ?? null, options)
    await this.#spool.append({ kind: 'grant', at: now, row: rowToJson(row) })
    return this.#verify(row, { isHandover: true })
  }

  async #insert(row: GrantRow, fingerprint: Buffer | null, options: HandOverOptions): Promise<void> {
    const { idempotency, reserve, actor = 'system' } = options
    try {
      await this.#store.transaction(async (tx) => {
        await this.#store.insert(tx, row)
        if (idempotency) {
          await tx.query(
            `INSERT INTO idempotency_key (organisation_id, route, key, body_hash, subject, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
            [
              row.organisation_id,
              idempotency.route,
              idempotency.key,
              await this.#keys.fingerprint(`body ${idempotency.body}`),
              row.id,
              row.created_at,
            ],
          )
        }
        if (fingerprint) {
          await tx.query(
            `INSERT INTO token_fingerprint (fingerprint, grant_id, organisation_id, chain, generation, created_at) VALUES ($1, $2, $3, 1, 1, $4)`,
            [fingerprint, row.id, row.organisation_id, row.created_at],
          )
        }
        await tx.query(
          `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, 'grant.pending', $4, $5)`,
          [
            row.organisation_id,
            row.created_at,
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
      if (constraint === 'token_grant_external') {
        throw new SluisError('INVALID_REQUEST', `externalId "${row.external_id}" belongs to another grant.`, {
          hint: 'Use another externalId, or delete that grant first.',
          details: { field: 'externalId' },
        })
      }
      // The same request came twice at once; the first one has it.
      throw new SluisError(
        'HANDOVER_TOKEN_ALREADY_HELD',
        'The same handover is under way in another request.',
        {
          hint: 'Repeat it with the same Idempotency-Key in a moment: it gives the same grant.',
        },
      )
    }
  }

  async #findRepeated(
    organisationId: OrganisationId,
    idempotency: HandOverOptions['idempotency'],
  ): Promise<HandoverOutcome | null> {
    if (!idempotency) return null
    const { rows } = await this.#store.pool.query<{ subject: GrantId; body_hash: Buffer }>(
      'SELECT subject, body_hash FROM idempotency_key WHERE organisation_id = $1 AND route = $2 AND key = $3',
      [organisationId, idempotency.route, idempotency.key],
    )
    const [known] = rows
    if (!known) return null
    if (!known.body_hash.equals(await this.#keys.fingerprint(`body ${idempotency.body}`))) {
      throw new SluisError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request.', {
        hint: 'Use a new key for a new request, and the same body with the same key.',
      })
    }
    // The grant may have been merged into another one since.
    const { rows: found } = await this.#store.pool.query<GrantRow>(
      `SELECT g.* FROM token_grant g WHERE g.id = coalesce(
         (SELECT facts->>'into' FROM audit_event WHERE subject = $1 AND action = 'grant.merged' LIMIT 1), $1)`,
      [known.subject],
    )
    const [row] = found
    if (!row) throw notFound()
    if (row.deleted_at !== null) this.#throwProblem(row)
    return {
      outcome: row.state === 'pending' || row.state === 'ambiguous' ? 'open' : 'repeated',
      grant: await this.#view(row),
    }
  }

  /** For single-use tokens: one that is known already is never sent. */
  async #refuseKnown(
    organisationId: OrganisationId,
    platform: OAuthPlatform,
    credentials: Handover['credentials'],
  ): Promise<{ value: Buffer } | { grant: GrantRow } | null> {
    if (credentials.kind !== 'tokens' || !credentials.refreshToken) return null
    const value = await this.#keys.fingerprint(credentials.refreshToken.reveal())
    const { rows } = await this.#store.pool.query<{
      grant_id: GrantId
      organisation_id: OrganisationId
      chain: number
      generation: number
    }>('SELECT grant_id, organisation_id, chain, generation FROM token_fingerprint WHERE fingerprint = $1', [
      value,
    ])
    const [known] = rows
    if (!known) return { value }
    const row = known.organisation_id === organisationId ? await this.#store.get(known.grant_id) : null
    if (row && platform.policy.rotation !== 'single-use') return { grant: row }
    const isHeld = row !== null && row.chain === known.chain && row.generation === known.generation
    if (row && isHeld && row.state === 'misconfigured' && !row.proven_client) {
      // The token was kept while its client was refused: this is the correction.
      await this.#forget(row, 'replaced by a corrected handover')
      return { value }
    }
    const details = row
      ? { grant: row.id, register: `POST /api/v1/databases {"name":"…","sources":[{"grant":"${row.id}"}]}` }
      : {}
    if (isHeld) {
      throw new SluisError(
        'HANDOVER_TOKEN_ALREADY_HELD',
        'This refresh token is in the vault already; it was not sent.',
        {
          hint: `Register a database on grant ${row.id}.`,
          details,
        },
      )
    }
    throw new SluisError(
      'HANDOVER_TOKEN_ALREADY_SPENT',
      'This refresh token was handed over before and has been spent.',
      {
        hint: row
          ? `Its chain lives on as grant ${row.id}: register a database on that.`
          : 'It belongs elsewhere. Let the user consent again.',
        details,
      },
    )
  }

  /** Learns whose the credentials are: who-am-I where the access token is good, else one spend. */
  async #verify(row: GrantRow, { isHandover }: { isHandover: boolean }): Promise<HandoverOutcome> {
    const { clock } = this.#options
    const held = await this.#seals.openTokens(row)
    const isAccessLive = held.accessToken !== undefined && (row.access_expires_at ?? 0) > clock.now()
    if (isAccessLive) {
      const answer = await this.#sender.whoAmI(row, held.accessToken ?? '')
      if (answer.kind === 'user') return this.#settle(row, held, answer.user)
      if (answer.kind === 'transient') return this.#leaveOpen(row, answer.text)
      if (held.refreshToken === undefined || row.proven_refresh) {
        return this.#refuse(
          row,
          'HANDOVER_TOKEN_EXPIRED',
          answer.text,
          'Hand a refresh token over as well, or let the user consent again.',
        )
      }
    } else if (held.refreshToken === undefined && held.code === undefined) {
      return this.#refuse(
        row,
        'HANDOVER_TOKEN_EXPIRED',
        'The access token has run out, and there is no refresh token.',
        'Let the user consent again, and hand over the refresh token too.',
      )
    }
    const result = await this.#spend(row)
    const isCode = held.code !== undefined
    switch (result.kind) {
      case 'spent': {
        const moved = await this.#store.get(row.id)
        if (!moved) throw notFound()
        return this.#verify(moved, { isHandover })
      }
      case 'refused':
        if (!isHandover) break
        return isCode
          ? this.#refuse(
              row,
              'HANDOVER_CODE_REFUSED',
              result.text,
              'A code works once and for minutes; let the user consent again.',
            )
          : this.#refuse(
              row,
              result.cause === 'spent' ? 'HANDOVER_TOKEN_ALREADY_SPENT' : 'HANDOVER_TOKEN_EXPIRED',
              result.text,
              'Let the user consent again. Whoever spent this token has the chain’s newest one.',
            )
      case 'client-refused':
        if (!isHandover) break
        await this.#dropReservation(row.id)
        throw new SluisError('HANDOVER_CLIENT_REFUSED', `The platform refuses the client: ${result.text}`, {
          hint: 'Check client ID, client secret and redirect URI, and hand the same credentials over again. The token was not spent and is kept.',
          details: { grant: row.id },
        })
      default:
        break
    }
    const current = await this.#store.get(row.id)
    if (!current) throw notFound()
    return { outcome: current.state === 'active' ? 'repeated' : 'open', grant: await this.#view(current) }
  }

  async #leaveOpen(row: GrantRow, text: string): Promise<HandoverOutcome> {
    const now = this.#options.clock.now()
    const due = now + Math.min(15 * 60_000, 15_000 * 2 ** Math.min(6, row.failures))
    await this.#store.change(
      row,
      {
        due_at: due,
        failures: row.failures + 1,
        problem: {
          code: 'PLATFORM_UNAVAILABLE',
          detail: text,
          hint: 'Nothing is lost: Sluis tries again by itself.',
        },
      },
      null,
    )
    const current = await this.#store.get(row.id)
    return { outcome: 'open', grant: await this.#view(current ?? row) }
  }

  /** The platform said no to credentials that never worked: nothing was gained, so nothing is left behind. */
  async #refuse(
    row: GrantRow,
    code: 'HANDOVER_TOKEN_EXPIRED' | 'HANDOVER_TOKEN_ALREADY_SPENT' | 'HANDOVER_CODE_REFUSED',
    text: string,
    hint: string,
  ): Promise<never> {
    const current = (await this.#store.get(row.id)) ?? row
    await this.#forget(current, text)
    throw new SluisError(code, text, { hint })
  }

  async #dropReservation(id: GrantId): Promise<void> {
    await this.#store.transaction((tx) => this.#hooks.onRefused(tx, id))
  }

  async #forget(row: GrantRow, reason: string): Promise<void> {
    const now = this.#options.clock.now()
    await this.#store.transaction(async (tx) => {
      await this.#hooks.onRefused(tx, row.id)
      await tx.query(
        `UPDATE token_grant SET deleted_at = $2, sealed_tokens = NULL, due_at = NULL, spend_id = NULL, problem = $3 WHERE id = $1`,
        [row.id, now, JSON.stringify({ code: 'HANDOVER_REFUSED', detail: reason })],
      )
      await tx.query('DELETE FROM token_fingerprint WHERE grant_id = $1', [row.id])
      await tx.query('DELETE FROM idempotency_key WHERE organisation_id = $1 AND subject = $2', [
        row.organisation_id,
        row.id,
      ])
      await tx.query(
        `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, 'vault', 'grant.refused', $3, $4)`,
        [row.organisation_id, now, row.id, JSON.stringify({ reason })],
      )
    })
  }

  /** The user is known: the grant becomes active, or its chain becomes that of the grant which this user has. */
  async #settle(row: GrantRow, held: HeldTokens, user: PlatformUser): Promise<HandoverOutcome> {
    const { clock } = this.#options
    for (let attempt = 0; ; attempt++) {
      try {
        const merged = await this.#store.transaction((tx) => this.#settleIn(tx, row, held, user))
        this.#leases.delete(merged.row.id)
        await this.#spool.append({ kind: 'grant', at: clock.now(), row: rowToJson(merged.row) })
        return { outcome: merged.outcome, grant: await this.#view(merged.row) }
      } catch (error) {
        // Two handovers of one user settle at once: one inserts, the other finds it on its second look.
        if ((error as { code?: string }).code !== '23505' || attempt > 2) {
          if (isSluisError(error, 'HANDOVER_OLDER_THAN_HELD')) await this.#forget(row, error.message)
          throw error
        }
      }
    }
  }

  async #settleIn(
    tx: pg.PoolClient,
    row: GrantRow,
    held: HeldTokens,
    user: PlatformUser,
  ): Promise<{ outcome: 'created' | 'superseded'; row: GrantRow }> {
    const { clock } = this.#options
    const now = clock.now()
    const { policy } = this.#sender.issuerOf(row).platform
    const { rows } = await tx.query<GrantRow>(
      `SELECT * FROM token_grant WHERE organisation_id = $1 AND platform = $2 AND region = $3 AND client_id = $4
         AND platform_user_id = $5 AND deleted_at IS NULL FOR UPDATE`,
      [row.organisation_id, row.platform, row.region, row.client_id, user.id],
    )
    const [existing] = rows
    if (!existing || existing.id === row.id) {
      const settled: GrantRow = {
        ...row,
        state: nextState(row.state, 'verified'),
        platform_user: user,
        platform_user_id: user.id,
        proven_access: true,
        failures: 0,
        problem: null,
      }
      const next = { ...settled, due_at: nextDue(policy, settled) }
      const { rowCount } = await tx.query(
        `UPDATE token_grant SET state = $3, platform_user = $4, platform_user_id = $5, proven_access = true, failures = 0,
           problem = NULL, due_at = $6 WHERE id = $1 AND generation = $2 AND deleted_at IS NULL`,
        [row.id, row.generation, next.state, JSON.stringify(user), user.id, next.due_at],
      )
      if (rowCount !== 1) throw notFound()
      await this.#note(tx, row, 'grant.created', now, {})
      return { outcome: 'created', row: next }
    }
    if (!row.proven_refresh && row.received_at < existing.received_at) {
      throw new SluisError(
        'HANDOVER_OLDER_THAN_HELD',
        'These tokens are older than the ones that the vault holds for this user.',
        {
          hint: `Nothing was changed. Use grant ${existing.id}.`,
          details: { grant: existing.id },
        },
      )
    }
    const place = {
      ...existing,
      chain: existing.chain + 1,
      generation: Math.max(existing.generation, row.generation) + 1,
    }
    const alternates = await this.#seals.openAlternates(existing)
    const replaced = await this.#seals.openTokens(existing)
    // Verified by its access token alone, the new pair may be the stale one: the old chain is kept beside it.
    const kept =
      row.proven_refresh || replaced.refreshToken === undefined
        ? []
        : [{ tokens: replaced, receivedAt: existing.received_at }, ...alternates]
    const secret = await this.#seals.openSecret(row)
    const moved: GrantRow = {
      ...place,
      ...noSpend,
      state: nextState(existing.state, 'superseded'),
      redirect_uri: row.redirect_uri,
      sealed_secret: await this.#seals.sealSecret(secret, place),
      sealed_tokens: await this.#seals.sealTokens(held, place),
      sealed_alternates: await this.#seals.sealAlternates(kept, place),
      platform_user: user,
      label: row.label ?? existing.label,
      external_id: row.external_id ?? existing.external_id,
      has_access: row.has_access,
      has_refresh: row.has_refresh,
      received_at: row.received_at,
      access_expires_at: row.access_expires_at,
      refresh_idle_expires_at: row.refresh_idle_expires_at,
      refresh_absolute_expires_at: row.refresh_absolute_expires_at,
      proven_access: true,
      proven_refresh: row.proven_refresh,
      proven_client: row.proven_client,
      not_before: null,
      failures: 0,
      problem: null,
    }
    const next: GrantRow = { ...moved, due_at: nextDue(policy, moved) }
    // The pending row goes first: two living rows may not name one user or one externalId.
    await this.#hooks.onMerged(tx, row.id, existing.id)
    await tx.query(
      'UPDATE token_grant SET deleted_at = $2, sealed_tokens = NULL, due_at = NULL, spend_id = NULL WHERE id = $1',
      [row.id, now],
    )
    await tx.query(
      'UPDATE token_fingerprint SET grant_id = $2, chain = $3, generation = $4 WHERE grant_id = $1 AND generation = $5',
      [row.id, existing.id, next.chain, next.generation, row.generation],
    )
    await tx.query('UPDATE token_fingerprint SET grant_id = $2 WHERE grant_id = $1', [row.id, existing.id])
    await tx.query('DELETE FROM token_grant WHERE id = $1', [existing.id])
    await this.#store.insert(tx, next)
    await this.#note(tx, row, 'grant.merged', now, { into: existing.id })
    await this.#note(tx, next, 'grant.superseded', now, { chain: next.chain, generation: next.generation })
    await tx.query('SELECT pg_notify($1, $2)', [grantChannel, existing.id])
    return { outcome: 'superseded', row: next }
  }

  #note(
    tx: pg.ClientBase,
    row: Pick<GrantRow, 'id' | 'organisation_id'>,
    action: string,
    at: number,
    facts: object,
  ): Promise<unknown> {
    return tx.query(
      `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, 'vault', $3, $4, $5)`,
      [row.organisation_id, at, action, row.id, JSON.stringify(facts)],
    )
  }

  // ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #view(row: GrantRow): Promise<GrantView> {
    const names = await this.#hooks.databasesOf([row.id])
    return toGrantView(row, names.get(row.id) ?? [], this.#options.clock.now())
  }

  async #row(organisationId: OrganisationId, id: GrantId): Promise<GrantRow> {
    const row = await this.#store.get(id, organisationId)
    if (!row) throw notFound()
    return row
  }

  async getGrant(organisationId: OrganisationId, id: GrantId): Promise<GrantView> {
    return this.#view(await this.#row(organisationId, id))
  }

  /** In the order of their ids, which is that of their age; `after` is the last id of the page before. */
  async listGrants(
    organisationId: OrganisationId,
    { limit, after }: { limit: number; after?: string },
  ): Promise<readonly GrantView[]> {
    const rows = await this.#store.list(organisationId, limit, after ?? null)
    const names = await this.#hooks.databasesOf(rows.map(({ id }) => id))
    return rows.map((row) => toGrantView(row, names.get(row.id) ?? [], this.#options.clock.now()))
  }

  async grantEvents(
    organisationId: OrganisationId,
    id: GrantId,
    { limit, after }: { limit: number; after?: string },
  ): Promise<readonly GrantEventView[]> {
    await this.#row(organisationId, id)
    const { rows } = await this.#store.pool.query<Omit<GrantEventView, 'at'> & { at: number }>(
      `SELECT id, at, actor, action, facts FROM audit_event
       WHERE subject = $1 AND organisation_id = $2 AND id > $3 ORDER BY id LIMIT $4`,
      [id, organisationId, Number(after ?? 0) || 0, limit],
    )
    return rows.map((event) => ({ ...event, at: new Date(event.at).toISOString() }))
  }

  /** Tombstones the grant, then revokes it at the platform where that can be done. */
  async deleteGrant(
    organisationId: OrganisationId,
    id: GrantId,
    { actor = 'system' }: { actor?: string } = {},
  ): Promise<void> {
    const row = await this.#row(organisationId, id)
    const names = (await this.#hooks.databasesOf([id])).get(id) ?? []
    if (names.length > 0) {
      throw new SluisError('INVALID_REQUEST', `Databases read through this grant: ${names.join(', ')}.`, {
        hint: 'Delete them first, or give them another grant.',
        details: { databases: names },
      })
    }
    const held = await this.#seals.openTokens(row)
    const now = this.#options.clock.now()
    await this.#store.transaction(async (tx) => {
      await tx.query(
        `UPDATE token_grant SET deleted_at = $2, state = 'revoked', sealed_tokens = NULL, sealed_alternates = NULL, due_at = NULL, spend_id = NULL
         WHERE id = $1`,
        [id, now],
      )
      await tx.query(
        `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, 'grant.deleted', $4, '{}')`,
        [organisationId, now, actor, id],
      )
      await tx.query('SELECT pg_notify($1, $2)', [grantChannel, id])
    })
    this.#leases.delete(id)
    await this.#sender.revoke(row, held, this.#seals)
  }

  /** Where a grant's API is and under which client its calls count. */
  async sessionOf(
    organisationId: OrganisationId,
    id: GrantId,
  ): Promise<{ platform: string; region: string; state: GrantState; baseUrl: string; clientId: string }> {
    const row = await this.#row(organisationId, id)
    const { region } = this.#sender.issuerOf(row)
    return {
      platform: row.platform,
      region: row.region,
      state: row.state,
      baseUrl: region.baseUrl,
      clientId: row.client_id,
    }
  }

  // ── leases and refreshes ──────────────────────────────────────────────────────────────────────────────────────

  /**
   * An access token with at least `minRemainingSeconds` to live, refreshed first where it must and may be. When no
   * refresh is allowed yet, or one fails, what is left is served. Every lease is audited before it is answered.
   */
  async lease(
    organisationId: OrganisationId,
    id: GrantId,
    {
      minRemainingSeconds = 30,
      actor,
      signal,
    }: { minRemainingSeconds?: number; actor?: string; signal?: AbortSignal } = {},
  ): Promise<Lease> {
    const lease = await this.#findLease(organisationId, id, minRemainingSeconds * 1000, signal)
    if (actor !== undefined) {
      await this.#audit.write({
        organisationId,
        at: this.#options.clock.now(),
        actor,
        grantId: id,
        generation: lease.generation,
      })
    }
    return { accessToken: lease.token, expiresAt: lease.expiresAt, generation: lease.generation }
  }

  async #findLease(
    organisationId: OrganisationId,
    id: GrantId,
    minRemainingMs: number,
    signal?: AbortSignal,
  ): Promise<CachedLease> {
    const { clock, tokenTimeoutMs = 180_000 } = this.#options
    const cached = this.#leases.get(id)
    const isGood = (lease: CachedLease, margin: number) => lease.expiresAt - margin > clock.now()
    if (cached && cached.organisationId === organisationId && isGood(cached, minRemainingMs)) return cached
    const deadline = clock.now() + tokenTimeoutMs
    for (let round = 0; ; round++) {
      signal?.throwIfAborted()
      const row = await this.#row(organisationId, id)
      const left = await this.#leaseOf(row)
      if (left && isGood(left, minRemainingMs)) return left
      const usable = left && isGood(left, 0) ? left : null
      const mayRefresh =
        row.has_refresh && ['active', 'refreshing', 'pending', 'misconfigured'].includes(row.state)
      if (mayRefresh && row.spend_id === null && this.#spender.notBefore(row) <= clock.now()) {
        if (row.state === 'misconfigured' && !usable) this.#throwProblem(row)
        const result = await this.#spend(row)
        if (result.kind === 'spent' || result.kind === 'elsewhere') {
          // Lost the race for the intent again and again means that somebody else holds it: wait as below.
          if (round < 5) continue
        } else {
          if (usable) return usable
          const current = await this.#row(organisationId, id)
          this.#throwProblem(current, result.kind === 'too-early' ? result.notBefore : undefined)
        }
      }
      // Serve while in trouble: whatever state the refresh is in, a token that is valid is valid.
      if (usable && (row.spend_id === null || row.state === 'ambiguous')) return usable
      if (row.spend_id !== null && row.state !== 'ambiguous' && clock.now() < deadline) {
        if (usable) return usable
        await this.#untilChanged(id, signal)
        continue
      }
      if (usable) return usable
      this.#throwProblem(row, this.#spender.notBefore(row))
    }
  }

  async #leaseOf(row: GrantRow): Promise<CachedLease | null> {
    const { clock } = this.#options
    if (!row.has_access || row.access_expires_at === null || row.access_expires_at <= clock.now()) return null
    if (row.state === 'revoked') return null
    const { accessToken } = await this.#seals.openTokens(row)
    if (accessToken === undefined) return null
    const lease = {
      organisationId: row.organisation_id,
      token: new PlainSecret(accessToken),
      expiresAt: row.access_expires_at,
      generation: row.generation,
    }
    if (this.#liveness.isListening) {
      if (this.#leases.size > 100_000) this.#leases.clear()
      this.#leases.set(row.id, lease)
    }
    return lease
  }

  /** Says why a grant gives no token, with the code that its state stands for. */
  #throwProblem(row: GrantRow, notBefore?: number): never {
    const detail = row.problem?.detail
    const hint = row.problem?.hint
    const facts = {
      details: {
        grant: row.id,
        ...(notBefore && Number.isFinite(notBefore) ? { notBefore: new Date(notBefore).toISOString() } : {}),
      },
    }
    switch (row.state) {
      case 'needs_consent':
      case 'revoked':
        throw new SluisError('GRANT_NEEDS_CONSENT', detail ?? 'The user has to consent again.', {
          hint: hint ?? 'Hand new credentials over: the grant keeps its id and its databases.',
          ...facts,
        })
      case 'ambiguous':
        throw new SluisError('GRANT_AMBIGUOUS', detail ?? 'The answer to a refresh was lost.', {
          hint: hint ?? 'Try again in a minute.',
          ...facts,
        })
      case 'misconfigured':
        throw new SluisError('GRANT_MISCONFIGURED', detail ?? 'The platform refuses the client.', {
          hint: hint ?? 'Check the client secret.',
          ...facts,
        })
      default:
        if (!row.has_refresh) {
          throw new SluisError(
            'GRANT_NEEDS_CONSENT',
            'The access token has run out, and there is no refresh token.',
            {
              hint: 'Hand new credentials over, with a refresh token.',
              ...facts,
            },
          )
        }
        throw new SluisError('PLATFORM_UNAVAILABLE', detail ?? 'No access token can be had at this moment.', {
          hint: hint ?? 'Nothing is lost: try again a little later.',
          ...facts,
        })
    }
  }

  /** Spends now if the issuer allows it; `GRANT_REFRESH_TOO_EARLY` otherwise. */
  async refresh(organisationId: OrganisationId, id: GrantId, _: { actor?: string } = {}): Promise<GrantView> {
    const row = await this.#row(organisationId, id)
    if (!row.has_refresh || ['needs_consent', 'ambiguous', 'revoked'].includes(row.state))
      this.#throwProblem(row)
    const tooEarly = (at: number) =>
      new SluisError('GRANT_REFRESH_TOO_EARLY', 'The issuer does not allow a refresh yet.', {
        hint: 'The access token at hand is still good; ask for a lease instead.',
        details: { grant: id, notBefore: new Date(at).toISOString() },
      })
    const notBefore = this.#spender.notBefore(row)
    if (row.spend_id === null && notBefore > this.#options.clock.now()) throw tooEarly(notBefore)
    const result = await this.#spend(row)
    if (result.kind === 'too-early') throw tooEarly(result.notBefore)
    if (result.kind === 'elsewhere') await this.#untilChanged(id)
    const current = await this.#row(organisationId, id)
    if (result.kind !== 'spent' && result.kind !== 'elsewhere') this.#throwProblem(current)
    return this.#view(current)
  }

  /** The API refused the access token of this generation: it is over, whatever its time says. */
  async markAccessTokenRefused(
    organisationId: OrganisationId,
    id: GrantId,
    generation: number,
  ): Promise<void> {
    const row = await this.#row(organisationId, id)
    this.#leases.delete(id)
    if (row.generation !== generation || !row.has_access) return
    const now = this.#options.clock.now()
    await this.#store.change(
      row,
      { has_access: false, access_expires_at: now },
      { action: 'grant.access-refused', at: now, facts: { generation } },
    )
  }

  /** One spend per grant in this process; all who ask meanwhile wait for the same one. */
  #spend(row: GrantRow): Promise<SpendResult> {
    const running = this.#spending.get(row.id)
    if (running) return running
    const spend = this.#spender.spend(row).finally(() => {
      this.#spending.delete(row.id)
      this.#leases.delete(row.id)
    })
    this.#spending.set(row.id, spend)
    return spend
  }

  static #tell(vault: Vault | undefined, id: GrantId | null): void {
    if (vault && id !== null) vault.#hear(id)
    else if (vault) vault.#goBlind()
  }

  #hear(id: GrantId): void {
    this.#leases.delete(id)
    for (const wake of this.#waiters.get(id) ?? []) wake()
  }

  /** Changes may have been missed: nothing that is remembered counts, and all who wait look again. */
  #goBlind(): void {
    this.#leases.clear()
    for (const wakes of this.#waiters.values()) for (const wake of wakes) wake()
  }

  /** Resolves when the grant changed, or after a second: a notification may be lost. */
  async #untilChanged(id: GrantId, signal?: AbortSignal): Promise<void> {
    const stop = new AbortController()
    let wake = () => {}
    const heard = new Promise<void>((resolve) => {
      wake = resolve
    })
    const set = this.#waiters.get(id) ?? new Set()
    this.#waiters.set(id, set.add(wake))
    signal?.addEventListener('abort', wake, { once: true })
    try {
      await Promise.race([heard, this.#options.clock.sleep(1000, stop.signal).catch(() => {})])
    } finally {
      stop.abort()
      signal?.removeEventListener('abort', wake)
      set.delete(wake)
      if (set.size === 0) this.#waiters.delete(id)
    }
  }

  // ── by itself ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Goes on with what is open, keeps chains alive and repairs what dead processes left, until `stop`. */
  run(): void {
    this.#running ??= this.#loop()
  }

  async #loop(): Promise<void> {
    const { clock, log } = this.#options
    while (!this.#stop.signal.aborted) {
      try {
        await this.tick()
      } catch (error) {
        log.warn({ error: (error as Error).message }, 'the vault’s own work failed; trying again')
      }
      await clock.sleep(tickMs, this.#stop.signal).catch(() => {})
    }
  }

  /** One look at everything whose time has come. */
  async tick(): Promise<void> {
    await this.#judgeHolders()
    const rows = await this.#store.due(this.#options.clock.now(), perTick)
    let at = 0
    const lane = async () => {
      while (at < rows.length) {
        const row = rows[at++]
        if (row)
          await this.#attend(row).catch((error: Error) =>
            this.#options.log.warn({ grant: row.id, error: error.message }, 'a grant could not be attended'),
          )
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
  }

  async #attend(row: GrantRow): Promise<void> {
    const { clock } = this.#options
    if (this.#spending.has(row.id)) return
    switch (row.state) {
      case 'ambiguous':
        if (row.spend_kind === 'code') await this.#spender.giveUp(row)
        else await this.#spender.resend(row)
        return
      case 'pending':
        if (row.spend_id === null) await this.#verify(row, { isHandover: false })
        return
      case 'active':
        if (!row.has_refresh) {
          await this.#store.change(
            row,
            {
              state: nextState('active', 'refused-for-good'),
              due_at: null,
              problem: {
                code: 'GRANT_NEEDS_CONSENT',
                detail: 'The access token has run out, and there is no refresh token.',
                hint: 'Hand new credentials over, with a refresh token.',
              },
            },
            { action: 'grant.needs_consent', at: clock.now() },
          )
        } else if (row.spend_id === null && this.#spender.notBefore(row) <= clock.now())
          await this.#spend(row)
        return
      default:
        return
    }
  }

  /** Spends whose holder is dead, or that are older than any answer could be, are declared ambiguous. */
  async #judgeHolders(): Promise<void> {
    const { clock, tokenTimeoutMs = 180_000 } = this.#options
    const foreign = await this.#store.foreignSpends(this.#liveness.id)
    if (foreign.length === 0) return
    const holders = [...new Set(foreign.map(({ spend_process }) => spend_process ?? ''))]
    const dead = new Set(await this.#liveness.findDead(holders))
    // What a dead holder still wrote down counts before its spends are called lost.
    if (dead.size > 0) await this.#replayDead()
    for (const row of foreign) {
      const isOverdue = clock.now() - (row.spend_started_at ?? 0) > tokenTimeoutMs + marginMs
      if (!dead.has(row.spend_process ?? '') && !isOverdue) continue
      const current = await this.#store.get(row.id)
      if (current?.spend_id === row.spend_id)
        await this.#spender.declareLost(
          current,
          'The process that was refreshing ended before it had an answer.',
        )
    }
  }

  /** Reads the spools of processes that are dead and puts back what the database does not know. */
  async #replayDead(): Promise<void> {
    const { spoolFolder, clock, log } = this.#options
    const spools = (await listSpools(spoolFolder)).filter(({ processId }) => processId !== this.#liveness.id)
    const dead = new Set(await this.#liveness.findDead(spools.map(({ processId }) => processId)))
    for (const { path, processId, writtenAt } of spools) {
      if (!dead.has(processId)) continue
      for (const record of (await readSpool(path)) as { row: Record<string, unknown> }[]) {
        const isNew = await this.#store.replay(record.row).catch((error: Error) => {
          log.error(
            { grant: record.row.id, error: error.message },
            'a spooled answer does not fit the database',
          )
          return false
        })
        if (isNew)
          log.info(
            { grant: record.row.id, generation: record.row.generation },
            'an answer was put back from the spool',
          )
      }
      if (clock.now() - writtenAt > spoolKeptMs) await removeSpool(path)
    }
  }

  /** Waits for spends under way, so that no answer is lost to a restart. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await Promise.allSettled(this.#spending.values())
    await this.#spool.close()
    await this.#liveness.close()
  }
}

/** Opens the vault: checks its keys, takes this process's place among the others, and replays what dead ones left. */
export function createVault(options: VaultOptions): Promise<Vault> {
  return Vault.create(options)
}
