import {
  type Clock,
  type ConnectLinkId,
  type GrantId,
  newId,
  type OrganisationId,
  PlainSecret,
  type PreauthenticationId,
  type RandomBytes,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import { findIssuer } from '../handover-check.ts'
import type { Idempotency, IdempotentRequest } from '../idempotency.ts'
import type { KeyRing } from '../key-ring.ts'
import type { OAuthClient, OAuthPlatform } from '../oauth-platform.ts'
import { pointedClient } from '../stored-client.ts'
import type { NamedClient, StoredClients } from '../stored-clients.ts'
import { authorizeUrl, consentRules, scopesOf } from './authorize-request.ts'
import {
  consentOf,
  exchangeRoute,
  gone,
  hashOf,
  noteConsent,
  openSecrets,
  otherBrowser,
  type Sealed,
  unusable,
} from './consent-store.ts'
import {
  type PreauthenticationOutput,
  type PreauthenticationRow,
  type PreauthenticationView,
  sealContext,
  toPreauthenticationView,
} from './preauthentication-row.ts'

export interface PreauthenticationsParts {
  readonly store: Store
  readonly keys: KeyRing
  readonly clients: StoredClients
  readonly idempotency: Idempotency
  readonly platforms: ReadonlyMap<string, OAuthPlatform>
  readonly clock: Clock
  readonly random: RandomBytes
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

interface Begun {
  readonly id: PreauthenticationId
}

/** How long a user has for the consent. */
const consentMs = 30 * 60_000

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
      hashOf(sealed.state),
      hashOf(startSecret.reveal()),
      await keys.seal(JSON.stringify(sealed), sealContext(place, 'secrets')),
      now,
      now + consentMs,
      from?.link ?? null,
      from?.renews ?? null,
      from === null ? null : hashOf(from.browser.reveal()),
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
      await noteConsent(tx, begun, this.#parts.clock.now(), actor, 'preauthentication.begun', facts)
      return { status: 201, answer: { id } }
    })
    return this.#begun(organisationId, answer, isRepeated)
  }

  async #begun(
    organisationId: OrganisationId,
    { id }: Begun,
    isRepeated: boolean,
  ): Promise<BegunPreauthentication> {
    const row = await consentOf(this.#parts.store.pool, organisationId, id)
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
    return authorizeUrl(
      consentRules(platform),
      region,
      client,
      row.scopes,
      await openSecrets(this.#parts.keys, row),
    )
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
      await this.#settled(await consentOf(this.#parts.store.pool, organisationId, id)),
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

  /** A process that died with the code in hand left a grant behind, or nothing. */
  async #settled(row: PreauthenticationRow): Promise<PreauthenticationRow> {
    if (row.state !== 'exchanging') return row
    const request = { key: row.id, route: exchangeRoute, body: row.id }
    const known = await this.#parts.idempotency.find(row.organisation_id, request)
    return known?.subject && known.answer === null ? { ...row, grant_id: known.subject as GrantId } : row
  }

  /** Nobody can end it any more; a result that was not shown is erased. */
  async cancel(organisationId: OrganisationId, id: string, actor: string): Promise<void> {
    const row = await consentOf(this.#parts.store.pool, organisationId, id)
    const { rowCount } = await this.#parts.store.pool.query(
      `UPDATE preauthentication SET state = 'expired', sealed_secrets = NULL, sealed_result = NULL
       WHERE id = $1 AND state IN ('waiting', 'done')`,
      [row.id],
    )
    if (rowCount)
      await noteConsent(
        this.#parts.store.pool,
        row,
        this.#parts.clock.now(),
        actor,
        'preauthentication.cancelled',
        {},
      )
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
      [hashOf(startSecret), clock.now()],
    )
    return rows[0] ?? unusable()
  }

  /** Binds the consent to the browser that opens it; gives the platform's page. Another browser is refused. */
  async start(startSecret: string, browser: PlainSecret): Promise<{ readonly authorizeUrl: string }> {
    const { store } = this.#parts
    const row = await this.#started(startSecret)
    const own = hashOf(browser.reveal())
    const { rows } = await store.pool.query<PreauthenticationRow>(
      `UPDATE preauthentication SET browser_hash = $2
       WHERE id = $1 AND state = 'waiting' AND (browser_hash IS NULL OR browser_hash = $2) RETURNING *`,
      [row.id, own],
    )
    return { authorizeUrl: await this.#authorizeUrl(rows[0] ?? otherBrowser()) }
  }
}
