import {
  type ClientId,
  type Clock,
  type ConnectLinkId,
  type GrantId,
  newId,
  type OrganisationId,
  PlainSecret,
  type RandomBytes,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import { noSuchGrant } from '../grant-failure.ts'
import type { GrantRow } from '../grant-row.ts'
import { findIssuer } from '../handover-check.ts'
import type { Idempotency, IdempotentRequest } from '../idempotency.ts'
import type { KeyRing } from '../key-ring.ts'
import type { OAuthPlatform } from '../oauth-platform.ts'
import { consentRules, scopesOf } from '../preauthentication/authorize-request.ts'
import type { StoredClients } from '../stored-clients.ts'
import {
  type ConnectLanguage,
  type ConnectLinkRow,
  type ConnectLinkView,
  linkSql,
  toConnectLinkView,
} from './connect-link-row.ts'
import { closeLink, hashOf, linkOf, noteLink } from './connect-link-store.ts'
import type { ConnectSettings } from './connect-settings.ts'
import { requireReturnAddress } from './return-address.ts'

export interface ConnectLinksParts {
  readonly store: Store
  readonly clients: StoredClients
  readonly settings: ConnectSettings
  readonly keys: KeyRing
  readonly idempotency: Idempotency
  readonly platforms: ReadonlyMap<string, OAuthPlatform>
  readonly clock: Clock
  readonly random: RandomBytes
}

export interface NewConnectLink {
  /** Platform and region; of a renewal they are the grant's. */
  readonly platform?: string
  readonly region?: string
  readonly client: ClientId
  readonly returnAddress: string
  readonly scopes?: readonly string[]
  readonly label?: string
  readonly externalId?: string
  /** The grant that the customer is asked to renew: it keeps its id, its databases and its externalId. */
  readonly renews?: GrantId
  /** The partner's own, given back as `state`. */
  readonly returnState?: string
  readonly language?: ConnectLanguage
  /** A day unless told. */
  readonly validForSeconds?: number
}

/** What was made, with the address for the customer: its secret is given this once. */
export interface MadeConnectLink {
  readonly link: ConnectLinkView
  readonly origin: string
  readonly secret: PlainSecret
  /** True: the same request came before. */
  readonly isRepeated: boolean
}

interface Made {
  readonly id: ConnectLinkId
}

/** A wish that can be fulfilled. */
interface Checked {
  readonly platform: string
  readonly region: string
  readonly redirectUri: string
  readonly scopes: readonly string[] | null
  readonly returnAddress: string
}

const dayMs = 86_400_000

/** Links that a partner makes, one for each customer that is to connect an account. */
export class ConnectLinks {
  readonly #parts: ConnectLinksParts

  constructor(parts: ConnectLinksParts) {
    this.#parts = parts
  }

  /**
   * `origin` is this server's, where the settings name no other; `returnPath` that of the page consents come back to.
   * The same request as one before gives the link that it made, with the same secret, whatever became of it.
   */
  async create(
    organisationId: OrganisationId,
    wanted: NewConnectLink,
    actor: string,
    how: {
      readonly origin: string
      readonly returnPath: string
      readonly request?: IdempotentRequest | null
    },
  ): Promise<MadeConnectLink> {
    const { idempotency, clock } = this.#parts
    const { request = null } = how
    const known = request && (await idempotency.find<Made>(organisationId, request))
    if (known?.answer) return this.#made(organisationId, known.answer, true)
    const checked = await this.#checked(organisationId, wanted, how)
    const id = newId('cnl', clock.now(), this.#parts.random)
    const secret = await this.#secretOf(id)
    const { answer, isRepeated } = await idempotency.once<Made>(organisationId, request, async (tx) => {
      await this.#insert(tx, { id, organisation_id: organisationId }, secret, wanted, checked, actor)
      return { status: 201, answer: { id } }
    })
    return this.#made(organisationId, answer, isRepeated)
  }

  async #made(organisationId: OrganisationId, { id }: Made, isRepeated: boolean): Promise<MadeConnectLink> {
    const { store, clock } = this.#parts
    const row = await linkOf(store.pool, organisationId, id)
    const link = toConnectLinkView(row, clock.now())
    return { link, origin: new URL(row.redirect_uri).origin, secret: await this.#secretOf(id), isRepeated }
  }

  /** By the installation's own key, so that a repeated request is told the same and nothing of it is kept. */
  async #secretOf(id: ConnectLinkId): Promise<PlainSecret> {
    // A token, which is known by the same key, holds no NUL.
    return new PlainSecret((await this.#parts.keys.fingerprint(`\0connect-link ${id}`)).toString('base64url'))
  }

  async #checked(
    organisationId: OrganisationId,
    wanted: NewConnectLink,
    { origin: own, returnPath }: { readonly origin: string; readonly returnPath: string },
  ): Promise<Checked> {
    const { clients, settings, platforms } = this.#parts
    const held = await settings.get(organisationId)
    const returnAddress = requireReturnAddress(held.returnAddresses, wanted.returnAddress)
    const renewed = wanted.renews === undefined ? null : await this.#renewable(organisationId, wanted.renews)
    const place = { platform: renewed?.platform ?? wanted.platform, region: renewed?.region ?? wanted.region }
    const { platform, region } = findIssuer(platforms, {
      platform: place.platform ?? required('platform'),
      region: place.region ?? required('region'),
    })
    const asked = scopesOf(consentRules(platform), wanted.scopes)
    const origin = held.origin ?? own
    const redirectUri = `${origin}${returnPath}`
    const client = await clients.get(organisationId, wanted.client).catch(() => null)
    if (client !== null && !client.redirectUris.includes(redirectUri)) {
      throw new SluisError('INVALID_REQUEST', 'The client does not come back to this server.', {
        hint: `Register ${redirectUri} with the app at the platform, and with the client: PATCH /api/v1/clients/{id}.`,
        details: { field: 'client', redirectUri },
      })
    }
    const named = await clients.named(
      organisationId,
      { stored: wanted.client, redirectUri },
      { platform: platform.id, region: region.id },
    )
    if (renewed !== null && named.clientId !== renewed.client_id) {
      throw new SluisError('INVALID_REQUEST', 'The grant is another client’s.', {
        hint: `Give the client with ID ${renewed.client_id}.`,
        details: { field: 'client' },
      })
    }
    return { platform: platform.id, region: region.id, redirectUri, scopes: asked, returnAddress }
  }

  async #insert(
    tx: pg.ClientBase,
    row: Pick<ConnectLinkRow, 'id' | 'organisation_id'>,
    secret: PlainSecret,
    wanted: NewConnectLink,
    { platform, region, redirectUri, scopes, returnAddress }: Checked,
    actor: string,
  ): Promise<void> {
    const now = this.#parts.clock.now()
    await tx.query(
      `INSERT INTO connect_link (id, organisation_id, actor, secret_hash, platform, region, stored_client,
         redirect_uri, scopes, label, external_id, renews, return_address, state, language, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
      [
        row.id,
        row.organisation_id,
        actor,
        hashOf(secret.reveal()),
        platform,
        region,
        wanted.client,
        redirectUri,
        scopes,
        wanted.label ?? null,
        wanted.externalId ?? null,
        wanted.renews ?? null,
        returnAddress,
        wanted.returnState ?? null,
        wanted.language ?? null,
        now,
        now + (wanted.validForSeconds === undefined ? dayMs : wanted.validForSeconds * 1000),
      ],
    )
    const facts = { platform, ...(wanted.renews === undefined ? {} : { renews: wanted.renews }) }
    await noteLink(tx, row, now, actor, 'connect-link.created', facts)
  }

  /** A grant of the organisation whose user is known: another user's consent can be told from that one's. */
  async #renewable(organisationId: OrganisationId, id: GrantId): Promise<GrantRow> {
    const { rows } = await this.#parts.store.pool.query<GrantRow>(
      'SELECT * FROM token_grant WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL',
      [id, organisationId],
    )
    const row = rows[0] ?? raise(noSuchGrant())
    if (row.platform_user_id !== null) return row
    throw new SluisError('INVALID_REQUEST', 'It is not known whose consent this grant is.', {
      hint: 'Make a link without "renews", and delete this grant.',
      details: { field: 'renews' },
    })
  }

  async get(organisationId: OrganisationId, id: string): Promise<ConnectLinkView> {
    const { store, clock } = this.#parts
    return toConnectLinkView(await linkOf(store.pool, organisationId, id), clock.now())
  }

  /** Newest first; `externalId` narrows to one customer's. */
  async list(organisationId: OrganisationId, externalId?: string): Promise<readonly ConnectLinkView[]> {
    const { rows } = await this.#parts.store.pool.query<ConnectLinkRow>(
      `${linkSql} WHERE l.organisation_id = $1 AND ($2::text IS NULL OR l.external_id = $2)
       ORDER BY l.id DESC LIMIT 100`,
      [organisationId, externalId ?? null],
    )
    return rows.map((row) => toConnectLinkView(row, this.#parts.clock.now()))
  }

  /** Nobody goes on with it; what is ended stays ended as it was. */
  async revoke(organisationId: OrganisationId, id: string, actor: string): Promise<void> {
    const { store, clock } = this.#parts
    const row = await linkOf(store.pool, organisationId, id)
    await store.transaction(async (tx) => {
      if ((await closeLink(tx, row.id)) === null) return
      const { rowCount } = await tx.query(
        'UPDATE connect_link SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND cancelled_at IS NULL',
        [row.id, clock.now()],
      )
      if (rowCount) await noteLink(tx, row, clock.now(), actor, 'connect-link.revoked', {})
    })
  }
}

function required(field: string): never {
  throw new SluisError('INVALID_REQUEST', `${field} is missing.`, {
    hint: 'Give platform and region, or the grant that is to be renewed.',
    details: { field },
  })
}

function raise(error: Error): never {
  throw error
}
