import { createHash } from 'node:crypto'
import {
  type ClientId,
  type Clock,
  type ConnectLinkId,
  type GrantId,
  isId,
  isSluisError,
  newId,
  type OrganisationId,
  PlainSecret,
  type PreauthenticationId,
  type RandomBytes,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { Envelopes } from '../envelopes.ts'
import type { TakenOut } from '../grant-removal.ts'
import { findIssuer } from '../handover-check.ts'
import type { HandOverOptions } from '../handovers.ts'
import type { Idempotency, IdempotentRequest } from '../idempotency.ts'
import type { KeyRing } from '../key-ring.ts'
import type { OAuthClient, OAuthPlatform } from '../oauth-platform.ts'
import { otherPerson } from '../settle-grant.ts'
import { pointedClient, pointerTo } from '../stored-client.ts'
import type { NamedClient, StoredClients } from '../stored-clients.ts'
import type { GrantView, Handover, HandoverOutcome } from '../vault.ts'
import { authorizeUrl, type ConsentSecrets, consentRules, scopesOf } from './authorize-request.ts'
import {
  type PreauthenticationOutput,
  type PreauthenticationRow,
  type PreauthenticationView,
  sealContext,
  toPreauthenticationView,
} from './preauthentication-row.ts'
import { parseReturn, readReturn } from './return-address.ts'

export interface PreauthenticationsParts {
  readonly store: Store
  readonly keys: KeyRing
  readonly clients: StoredClients
  readonly envelopes: Envelopes
  readonly idempotency: Idempotency
  readonly platforms: ReadonlyMap<string, OAuthPlatform>
  readonly clock: Clock
  readonly random: RandomBytes
  handOver(handover: Handover, options: HandOverOptions): Promise<HandoverOutcome>
  /**
   * Takes a grant's tokens out of the vault: the grant is no more. `keep` puts them down in the same transaction, so that
   * they are at every moment in the one place or the other. False when the grant has moved on meanwhile.
   */
  takeOut(
    organisationId: OrganisationId,
    grant: GrantId,
    actor: string,
    keep: (tx: pg.ClientBase, taken: TakenOut) => Promise<void>,
  ): Promise<boolean>
}

export interface NewPreauthentication {
  readonly platform: string
  readonly region: string
  readonly client: OAuthClient | NamedClient
  readonly output: PreauthenticationOutput
  readonly scopes?: readonly string[]
  readonly label?: string
  readonly externalId?: string
  /** That the same user's consent ends the chain of a grant on this client was read and is wanted. */
  readonly isConfirmed?: boolean
}

/** For a consent that a customer begins from a link: bound to the customer's browser from the first moment. */
export interface FromConnectLink {
  readonly link: ConnectLinkId
  readonly renews: GrantId | null
  readonly browser: PlainSecret
  /** Takes the link for this consent, in the transaction that begins it; throws where it is somebody else's. */
  take(tx: pg.ClientBase, consent: PreauthenticationId): Promise<void>
}

export interface BeginOptions {
  readonly from?: FromConnectLink | null
  readonly request?: IdempotentRequest | null
}

/** What was begun, with the secret address for the browser: given this once. */
export interface BegunPreauthentication {
  readonly preauthentication: PreauthenticationView
  /** Opens the consent where the browser comes back to us. */
  readonly startSecret: PlainSecret
  /** The platform's own page, for who pastes the return address back; null once the consent is over. */
  readonly authorizeUrl: string | null
  /** True: the same request came before. */
  readonly isRepeated: boolean
}

/** Who asks for what, before a user goes to the platform. */
export interface AskedConsent {
  readonly organisation: string
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly clientLabel: string | null
  readonly output: PreauthenticationOutput
  readonly scopes: readonly string[] | null
}

/** What is shown once. */
export type PreauthenticationResult =
  | {
      readonly kind: 'code'
      readonly code: string
      readonly redirectUri: string
      readonly codeVerifier?: string
    }
  | {
      readonly kind: 'tokens'
      readonly accessToken: string | null
      readonly refreshToken: string | null
      readonly expiresAt: string | null
      readonly user: GrantView['platformUser']
      readonly values: Readonly<Record<string, string>>
    }
  | { readonly kind: 'envelope'; readonly jwe: string }

interface Begun {
  readonly id: PreauthenticationId
}

interface Sealed extends ConsentSecrets {
  readonly clientSecret: string
}

/** How long a user has for the consent, and a result is kept for who began. */
const consentMs = 30 * 60_000
const resultMs = 10 * 60_000
const hash = (text: string) => createHash('sha256').update(text).digest()
const route = 'preauthentication'

/** Consents that are begun here: the user is sent to the platform, and what comes back is kept or given on. */
export class Preauthentications {
  readonly #parts: PreauthenticationsParts

  constructor(parts: PreauthenticationsParts) {
    this.#parts = parts
  }

  /**
   * `ownReturn` is our address for browsers that come back. Any other that the client has is pasted back. The same
   * request as one before gives the consent that it began, with the same addresses while that waits.
   */
  async begin(
    organisationId: OrganisationId,
    wanted: NewPreauthentication,
    actor: string,
    ownReturn: string,
    { from = null, request = null }: BeginOptions = {},
  ): Promise<BegunPreauthentication> {
    const { keys, clock, random, platforms, idempotency } = this.#parts
    const known = request && (await idempotency.find<Begun>(organisationId, request))
    if (known?.answer) return this.#begun(organisationId, known.answer, true)
    const { platform, region } = findIssuer(platforms, wanted)
    const rules = consentRules(platform)
    const client = await this.#client(organisationId, wanted, ownReturn)
    const scopes = scopesOf(rules, wanted.scopes)
    if (wanted.output !== 'grant' && !wanted.isConfirmed) await this.#warn(organisationId, wanted, client)
    const secret = () => Buffer.from(random(32)).toString('base64url')
    const now = clock.now()
    const id = newId('pre', now, random)
    const startSecret = await this.#startSecretOf(id)
    const sealed: Sealed = {
      state: secret(),
      ...(rules.needsNonce ? { nonce: secret() } : {}),
      ...(rules.takesPkce ? { codeVerifier: secret() } : {}),
      clientSecret: client.clientSecret.reveal(),
    }
    const place = { organisation_id: organisationId, id }
    const values = [
      id,
      organisationId,
      actor,
      platform.id,
      region.id,
      client.clientId,
      pointedClient(sealed.clientSecret),
      client.redirectUri,
      client.redirectUri === ownReturn ? 'redirect' : 'paste',
      wanted.output,
      scopes,
      wanted.label ?? null,
      wanted.externalId ?? null,
      hash(sealed.state),
      hash(startSecret.reveal()),
      await keys.seal(JSON.stringify(sealed), sealContext(place, 'secrets')),
      now,
      now + consentMs,
      from?.link ?? null,
      from?.renews ?? null,
      from === null ? null : hash(from.browser.reveal()),
    ]
    const { answer, isRepeated } = await idempotency.once<Begun>(organisationId, request, async (tx) => {
      await from?.take(tx, id)
      const { rows } = await tx.query<PreauthenticationRow>(
        `INSERT INTO preauthentication (id, organisation_id, actor, platform, region, client_id, stored_client,
           redirect_uri, returns_by, output, scopes, label, external_id, state, state_hash, start_hash, sealed_secrets,
           created_at, expires_at, connect_link_id, renews, browser_hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'waiting', $14, $15, $16, $17, $18, $19, $20,
           $21) RETURNING *`,
        values,
      )
      const begun = rows[0] ?? gone()
      const facts = { platform: begun.platform, output: begun.output, ...(from ? { link: from.link } : {}) }
      await this.#note(begun, actor, 'preauthentication.begun', facts, tx)
      return { status: 201, answer: { id } }
    })
    return this.#begun(organisationId, answer, isRepeated)
  }

  async #begun(
    organisationId: OrganisationId,
    { id }: Begun,
    isRepeated: boolean,
  ): Promise<BegunPreauthentication> {
    const row = await this.#row(organisationId, id)
    const preauthentication = toPreauthenticationView(row, this.#parts.clock.now())
    const isOpen = preauthentication.state === 'waiting' && row.sealed_secrets !== null
    return {
      preauthentication,
      startSecret: await this.#startSecretOf(id),
      authorizeUrl: isOpen ? await this.#authorizeUrl(row) : null,
      isRepeated,
    }
  }

  /** By the installation's own key, so that a repeated request is told the same and nothing of it is kept. */
  async #startSecretOf(id: PreauthenticationId): Promise<PlainSecret> {
    // A token, which is known by the same key, holds no NUL.
    return new PlainSecret((await this.#parts.keys.fingerprint(`\0consent ${id}`)).toString('base64url'))
  }

  async #authorizeUrl(row: PreauthenticationRow): Promise<string> {
    const { platform, region } = findIssuer(this.#parts.platforms, row)
    const client = { clientId: row.client_id, redirectUri: row.redirect_uri }
    return authorizeUrl(consentRules(platform), region, client, row.scopes, await this.#secrets(row))
  }

  /** A stored client comes back to us where our address is one of its own. */
  async #client(
    organisationId: OrganisationId,
    wanted: NewPreauthentication,
    ownReturn: string,
  ): Promise<OAuthClient> {
    const { client } = wanted
    if (!('stored' in client)) return client
    const { clients } = this.#parts
    const { redirectUris } = await clients
      .get(organisationId, client.stored)
      .catch(() => ({ redirectUris: [] }))
    const redirectUri = client.redirectUri ?? redirectUris.find((each) => each === ownReturn)
    return clients.named(
      organisationId,
      { stored: client.stored, ...(redirectUri === undefined ? {} : { redirectUri }) },
      wanted,
    )
  }

  /** Tokens for use elsewhere: the same user's grant here would lose its chain. */
  async #warn(
    organisationId: OrganisationId,
    { platform, region }: Pick<NewPreauthentication, 'platform' | 'region'>,
    { clientId }: OAuthClient,
  ): Promise<void> {
    const { rows } = await this.#parts.store.pool.query<{ id: GrantId; name: string | null }>(
      `SELECT id, platform_user->>'name' AS name FROM token_grant
       WHERE organisation_id = $1 AND platform = $2 AND region = $3 AND client_id = $4 AND deleted_at IS NULL
       ORDER BY id LIMIT 20`,
      [organisationId, platform, region, clientId],
    )
    if (rows.length === 0) return
    throw new SluisError(
      'CONSENT_WOULD_END_CHAIN',
      'There are grants on this client: a new consent of the same user ends the chain that Sluis keeps alive.',
      {
        hint: 'Use the grant that is there, or send "confirmed": true. If the user turns out to have a grant here, the new tokens renew it and are not shown.',
        details: { field: 'confirmed', grants: rows },
      },
    )
  }

  async get(organisationId: OrganisationId, id: string): Promise<PreauthenticationView> {
    return toPreauthenticationView(
      await this.#settled(await this.#row(organisationId, id)),
      this.#parts.clock.now(),
    )
  }

  /** Newest first. */
  async list(organisationId: OrganisationId): Promise<readonly PreauthenticationView[]> {
    const { rows } = await this.#parts.store.pool.query<PreauthenticationRow>(
      'SELECT * FROM preauthentication WHERE organisation_id = $1 ORDER BY id DESC LIMIT 100',
      [organisationId],
    )
    return rows.map((row) => toPreauthenticationView(row, this.#parts.clock.now()))
  }

  async #row(organisationId: OrganisationId, id: string): Promise<PreauthenticationRow> {
    const { rows } = isId('pre', id)
      ? await this.#parts.store.pool.query<PreauthenticationRow>(
          'SELECT * FROM preauthentication WHERE id = $1 AND organisation_id = $2',
          [id, organisationId],
        )
      : { rows: [] }
    return rows[0] ?? gone()
  }

  /** A process that died with the code in hand left a grant behind, or nothing. */
  async #settled(row: PreauthenticationRow): Promise<PreauthenticationRow> {
    if (row.state !== 'exchanging') return row
    const request = { key: row.id, route, body: row.id }
    const known = await this.#parts.idempotency.find(row.organisation_id, request)
    return known?.subject && known.answer === null ? { ...row, grant_id: known.subject as GrantId } : row
  }

  /** Nobody can end it any more; a result that was not shown is erased. */
  async cancel(organisationId: OrganisationId, id: string, actor: string): Promise<void> {
    const row = await this.#row(organisationId, id)
    const { rowCount } = await this.#parts.store.pool.query(
      `UPDATE preauthentication SET state = 'expired', sealed_secrets = NULL, sealed_result = NULL
       WHERE id = $1 AND state IN ('waiting', 'done')`,
      [row.id],
    )
    if (rowCount) await this.#note(row, actor, 'preauthentication.cancelled', {})
  }

  /** Who asks for what: told to whoever holds the secret of the start address, before anything happens. */
  async look(startSecret: string): Promise<AskedConsent> {
    const row = await this.#started(startSecret)
    const { store, clients } = this.#parts
    const { rows } = await store.pool.query<{ name: string }>('SELECT name FROM organisation WHERE id = $1', [
      row.organisation_id,
    ])
    const stored = row.stored_client
      ? await clients.get(row.organisation_id, row.stored_client).catch(() => null)
      : null
    return {
      organisation: rows[0]?.name ?? '',
      platform: row.platform,
      region: row.region,
      clientId: row.client_id,
      clientLabel: stored?.label ?? null,
      output: row.output,
      scopes: row.scopes,
    }
  }

  async #started(startSecret: string): Promise<PreauthenticationRow> {
    const { store, clock } = this.#parts
    const { rows } = await store.pool.query<PreauthenticationRow>(
      `SELECT * FROM preauthentication WHERE start_hash = $1 AND state = 'waiting' AND expires_at > $2`,
      [hash(startSecret), clock.now()],
    )
    return rows[0] ?? unusable()
  }

  /** Binds the consent to the browser that opens it; gives the platform's page. Another browser is refused. */
  async start(startSecret: string, browser: PlainSecret): Promise<{ readonly authorizeUrl: string }> {
    const { store } = this.#parts
    const row = await this.#started(startSecret)
    const own = hash(browser.reveal())
    const { rows } = await store.pool.query<PreauthenticationRow>(
      `UPDATE preauthentication SET browser_hash = $2
       WHERE id = $1 AND state = 'waiting' AND (browser_hash IS NULL OR browser_hash = $2) RETURNING *`,
      [row.id, own],
    )
    return { authorizeUrl: await this.#authorizeUrl(rows[0] ?? otherBrowser()) }
  }

  async #secrets(row: PreauthenticationRow): Promise<Sealed> {
    if (row.sealed_secrets === null) unusable()
    const plain = await this.#parts.keys.unseal(row.sealed_secrets, sealContext(row, 'secrets'))
    return JSON.parse(plain.toString()) as Sealed
  }

  /** The browser came back to our address: it must be the one that began. */
  async returned(address: string, browser: PlainSecret | null): Promise<PreauthenticationView> {
    const url = parseReturn(address)
    const { store } = this.#parts
    const { rows } = await store.pool.query<PreauthenticationRow>(
      'SELECT * FROM preauthentication WHERE state_hash = $1',
      [hash(url.searchParams.get('state') ?? '')],
    )
    const row = rows[0] ?? unusable()
    if (row.returns_by !== 'redirect' || row.browser_hash === null) otherBrowser()
    if (browser === null || !hash(browser.reveal()).equals(row.browser_hash)) otherBrowser()
    return this.#finish(row, url)
  }

  /** The whole return address, pasted by who began. */
  async pasted(
    organisationId: OrganisationId,
    id: string,
    address: string,
    actor: string,
  ): Promise<PreauthenticationView> {
    const row = await this.#own(organisationId, id, actor)
    // The customer began it, whoever made the link.
    if (row.connect_link_id !== null) otherBrowser()
    const url = parseReturn(address)
    if (!hash(url.searchParams.get('state') ?? '').equals(row.state_hash)) {
      throw new SluisError('CONSENT_REFUSED', 'This address belongs to another consent (state).', {
        hint: 'Paste the address of the consent that was begun here, or begin again.',
      })
    }
    return this.#finish(row, url)
  }

  async #own(organisationId: OrganisationId, id: string, actor: string): Promise<PreauthenticationRow> {
    const row = await this.#row(organisationId, id)
    if (row.actor === actor) return row
    throw new SluisError('FORBIDDEN', 'Somebody else began this consent.', {
      hint: 'Who began it ends it. Begin one of your own.',
    })
  }

  async #finish(row: PreauthenticationRow, url: URL): Promise<PreauthenticationView> {
    const { store, platforms, clock } = this.#parts
    const { platform, region } = findIssuer(platforms, row)
    const returned = readReturn(url, row.redirect_uri, consentRules(platform), region)
    const secrets = await this.#secrets(row)
    // Of two that come with the same address one goes on.
    const { rowCount } = await store.pool.query(
      `UPDATE preauthentication SET state = 'exchanging', sealed_secrets = NULL
       WHERE id = $1 AND state = 'waiting' AND expires_at > $2`,
      [row.id, clock.now()],
    )
    if (rowCount !== 1) unusable()
    try {
      if (returned.kind === 'refusal') throw refusal(returned.error, returned.description)
      if (row.output === 'code') {
        const { codeVerifier } = secrets
        return await this.#keepResult(row, {
          kind: 'code',
          code: returned.code,
          redirectUri: row.redirect_uri,
          ...(codeVerifier === undefined ? {} : { codeVerifier }),
        })
      }
      return await this.#exchange(row, secrets, returned.code, returned.values)
    } catch (error) {
      const problem = isSluisError(error)
        ? { code: error.code, detail: error.message, ...(error.hint ? { hint: error.hint } : {}) }
        : { code: 'INTERNAL', detail: 'Sluis made a mistake with this consent.' }
      const reason =
        isSluisError(error) && typeof error.details.reason === 'string' ? error.details.reason : null
      await this.#end(row, 'refused', { problem, reason })
      throw error
    }
  }

  /** Through the vault's own protocol, also when the tokens are for use elsewhere: no answer is lost on its way. */
  async #exchange(
    row: PreauthenticationRow,
    { clientSecret, codeVerifier, nonce }: Sealed,
    code: string,
    values: Readonly<Record<string, string>>,
  ): Promise<PreauthenticationView> {
    const { handOver, takeOut } = this.#parts
    const { outcome, grant } = await handOver(
      {
        organisationId: row.organisation_id,
        platform: row.platform,
        region: row.region,
        client: {
          clientId: row.client_id,
          clientSecret: new PlainSecret(
            row.stored_client === null ? clientSecret : pointerTo(row.stored_client as ClientId),
          ),
          redirectUri: row.redirect_uri,
        },
        credentials: {
          kind: 'code',
          code: new PlainSecret(code),
          ...(codeVerifier === undefined ? {} : { codeVerifier: new PlainSecret(codeVerifier) }),
          ...(nonce === undefined ? {} : { nonce: new PlainSecret(nonce) }),
          ...(Object.keys(values).length === 0 ? {} : { values }),
        },
        ...(row.label === null ? {} : { label: row.label }),
        ...(row.external_id === null ? {} : { externalId: row.external_id }),
        ...(row.renews === null ? {} : { renews: row.renews }),
      },
      { actor: row.actor, idempotency: { key: row.id, route, body: row.id } },
    )
    // It went to the grant that the other person has here, whose chain that consent has ended.
    const isOther = row.renews !== null && outcome !== 'open' && grant.id !== row.renews
    if (isOther) throw otherPerson()
    // Whoever has a grant here keeps it, renewed; whose consent it is unknown stays in the vault.
    if (row.output === 'grant' || outcome !== 'created') return this.#end(row, 'done', { grant: grant.id })
    let kept: PreauthenticationView | null = null
    const isTaken = await takeOut(row.organisation_id, grant.id, row.actor, async (tx, taken) => {
      kept = await this.#keepResult(row, await this.#resultOf(row, taken), tx)
    })
    return isTaken && kept !== null ? kept : this.#end(row, 'done', { grant: grant.id })
  }

  async #resultOf(
    row: PreauthenticationRow,
    { tokens, accessExpiresAt, user }: TakenOut,
  ): Promise<PreauthenticationResult> {
    const { accessToken = null, refreshToken = null, values = {} } = tokens
    if (row.output === 'tokens') {
      const expiresAt = accessExpiresAt === null ? null : new Date(accessExpiresAt).toISOString()
      return { kind: 'tokens', accessToken, refreshToken, expiresAt, user, values }
    }
    const jwe = await this.#parts.envelopes.seal(row.organisation_id, {
      kind: 'tokens',
      ...(accessToken === null ? {} : { accessToken }),
      ...(refreshToken === null ? {} : { refreshToken }),
      obtainedAt: new Date(this.#parts.clock.now()).toISOString(),
      ...(Object.keys(values).length === 0 ? {} : { values }),
    })
    return { kind: 'envelope', jwe }
  }

  async #keepResult(
    row: PreauthenticationRow,
    result: PreauthenticationResult,
    tx?: pg.ClientBase,
  ): Promise<PreauthenticationView> {
    const { keys, clock } = this.#parts
    const sealed = await keys.seal(JSON.stringify(result), sealContext(row, 'result'))
    return this.#end(row, 'done', { sealed, until: clock.now() + resultMs }, tx)
  }

  async #end(
    row: PreauthenticationRow,
    state: 'done' | 'refused',
    what: {
      problem?: PreauthenticationRow['problem']
      reason?: string | null
      grant?: GrantId
      sealed?: Buffer
      until?: number
    },
    tx: pg.ClientBase | pg.Pool = this.#parts.store.pool,
  ): Promise<PreauthenticationView> {
    const { problem = null, reason = null, grant = null, sealed = null, until = null } = what
    const { rows } = await tx.query<PreauthenticationRow>(
      `UPDATE preauthentication SET state = $2, problem = $3, grant_id = $4, sealed_result = $5, result_until = $6,
         reason = $7
       WHERE id = $1 RETURNING *`,
      [row.id, state, problem === null ? null : JSON.stringify(problem), grant, sealed, until, reason],
    )
    const facts = {
      ...(grant === null ? {} : { grant }),
      ...(problem === null ? {} : { code: problem.code }),
    }
    await this.#note(row, row.actor, `preauthentication.${state}`, facts, tx)
    return toPreauthenticationView(rows[0] ?? gone(), this.#parts.clock.now())
  }

  /** Gives the result to who began, this once; it is erased before it is told. */
  async show(organisationId: OrganisationId, id: string, actor: string): Promise<PreauthenticationResult> {
    const { store, keys, clock } = this.#parts
    const row = await this.#own(organisationId, id, actor)
    const { sealed_result: sealed } = row
    // Opened before it is erased: what cannot be opened now may be later.
    const plain = sealed === null ? null : await keys.unseal(sealed, sealContext(row, 'result'))
    const { rowCount } = await store.pool.query(
      `UPDATE preauthentication SET state = 'shown', sealed_result = NULL
       WHERE id = $1 AND sealed_result IS NOT NULL AND result_until > $2`,
      [row.id, clock.now()],
    )
    if (rowCount !== 1 || plain === null) {
      throw new SluisError('NOT_FOUND', 'There is nothing to show: never made, shown already, or erased.', {
        hint: 'A result is kept for 10 minutes and shown once. Begin again.',
      })
    }
    await this.#note(row, actor, 'preauthentication.shown', { output: row.output })
    return JSON.parse(plain.toString()) as PreauthenticationResult
  }

  /** Erases what nobody came for. */
  async erase(): Promise<void> {
    const { store, clock } = this.#parts
    const now = clock.now()
    await store.pool.query(
      `UPDATE preauthentication SET state = CASE state WHEN 'waiting' THEN 'expired' ELSE state END,
         sealed_secrets = NULL WHERE expires_at <= $1 AND sealed_secrets IS NOT NULL`,
      [now],
    )
    await store.pool.query(
      `UPDATE preauthentication SET state = 'expired', sealed_result = NULL
       WHERE result_until <= $1 AND sealed_result IS NOT NULL`,
      [now],
    )
  }

  #note(
    row: PreauthenticationRow,
    actor: string,
    action: string,
    facts: object,
    tx: pg.ClientBase | pg.Pool = this.#parts.store.pool,
  ): Promise<unknown> {
    return tx.query(
      'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
      [row.organisation_id, this.#parts.clock.now(), actor, action, row.id, JSON.stringify(facts)],
    )
  }
}

function refusal(error: string, description: string | null): SluisError {
  const isNo = error === 'access_denied'
  const said = [error, description]
    .filter(Boolean)
    .join(': ')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, 200)
  return new SluisError(
    'CONSENT_REFUSED',
    isNo ? 'The user gave no permission.' : `The platform gave no permission (${said}).`,
    {
      hint: isNo ? 'Begin again if that was not meant.' : 'Check the app and its scopes at the platform.',
      ...(isNo ? { details: { reason: 'cancelled' } } : {}),
    },
  )
}

function gone(): never {
  throw new SluisError('NOT_FOUND', 'There is no such consent.', {
    hint: 'GET /api/v1/preauthentications lists them.',
  })
}

function unusable(): never {
  throw new SluisError('CONSENT_REFUSED', 'This consent is over: ended already, cancelled, or too old.', {
    hint: 'Begin again: a consent has 30 minutes and is ended once.',
  })
}

function otherBrowser(): never {
  throw new SluisError('CONSENT_REFUSED', 'This consent was begun in another browser.', {
    hint: 'Who begins a consent ends it: open the address and stay in that browser.',
    details: { reason: 'other-browser' },
  })
}
