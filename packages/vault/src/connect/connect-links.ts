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
import { noSuchGrant } from '../grant-failure.ts'
import type { GrantRow } from '../grant-row.ts'
import { findIssuer } from '../handover-check.ts'
import type { OAuthPlatform } from '../oauth-platform.ts'
import { consentRules, scopesOf } from '../preauthentication/authorize-request.ts'
import type { PreauthenticationRow } from '../preauthentication/preauthentication-row.ts'
import type { Preauthentications } from '../preauthentication/preauthentications.ts'
import { parseReturn } from '../preauthentication/return-address.ts'
import type { StoredClients } from '../stored-clients.ts'
import {
  type ConnectLanguage,
  type ConnectLinkRow,
  type ConnectLinkView,
  linkSql,
  linkStateOf,
  outcomeOf,
  toConnectLinkView,
} from './connect-link-row.ts'
import type { Brand, ConnectSettings } from './connect-settings.ts'
import { type ConnectOutcome, type ConnectRefusal, requireReturnAddress, returnTo } from './return-address.ts'

export interface ConnectLinksParts {
  readonly store: Store
  readonly clients: StoredClients
  readonly settings: ConnectSettings
  readonly preauthentications: Preauthentications
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
}

/** What the page shows: who asks for what, or why it goes no further. */
export interface ConnectPage {
  readonly brand: Brand
  readonly language: ConnectLanguage | null
  readonly platform: string
  readonly platformLabel: string
  readonly region: { readonly id: string; readonly label: string; readonly isOperators: boolean }
  readonly clientLabel: string | null
  readonly scopes: readonly string[] | null
  readonly isRenewal: boolean
  /** Where the customer goes afterwards. */
  readonly returnHost: string
  readonly refusal: ConnectRefusal | null
  /** The way back of a visit that goes no further; never told to another browser than the one that began. */
  readonly returnUrl: string | null
}

/** A consent that was begun from a link, ended: where the browser goes now. */
export interface ConnectEnd {
  readonly outcome: ConnectOutcome['kind']
  readonly reason: ConnectRefusal | null
  readonly brand: Brand
  readonly language: ConnectLanguage | null
  /** Null where the address has been taken off the list meanwhile. */
  readonly returnUrl: string | null
}

const dayMs = 86_400_000
const hash = (text: string) => createHash('sha256').update(text).digest()

/** Links that a partner makes and a customer connects an account through. */
export class ConnectLinks {
  readonly #parts: ConnectLinksParts

  constructor(parts: ConnectLinksParts) {
    this.#parts = parts
  }

  /** `origin` is this server's, where the settings name no other; `returnPath` that of the page consents come back to. */
  async create(
    organisationId: OrganisationId,
    wanted: NewConnectLink,
    actor: string,
    { origin: own, returnPath }: { readonly origin: string; readonly returnPath: string },
  ): Promise<MadeConnectLink> {
    const { store, clients, settings, platforms, clock, random } = this.#parts
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
    const now = clock.now()
    const id = newId('cnl', now, random)
    const secret = Buffer.from(random(32)).toString('base64url')
    await store.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO connect_link (id, organisation_id, actor, secret_hash, platform, region, stored_client,
           redirect_uri, scopes, label, external_id, renews, return_address, state, language, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
        [
          id,
          organisationId,
          actor,
          hash(secret),
          platform.id,
          region.id,
          wanted.client,
          redirectUri,
          asked,
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
      await this.#note(tx, { id, organisation_id: organisationId }, actor, 'connect-link.created', {
        platform: platform.id,
        ...(wanted.renews === undefined ? {} : { renews: wanted.renews }),
      })
    })
    return { link: await this.get(organisationId, id), origin, secret: new PlainSecret(secret) }
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
    return toConnectLinkView(await this.#row(organisationId, id), this.#parts.clock.now())
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

  async #row(organisationId: OrganisationId, id: string): Promise<ConnectLinkRow> {
    const { rows } = isId('cnl', id)
      ? await this.#parts.store.pool.query<ConnectLinkRow>(
          `${linkSql} WHERE l.id = $1 AND l.organisation_id = $2`,
          [id, organisationId],
        )
      : { rows: [] }
    return rows[0] ?? raise(noSuchLink('GET /api/v1/connect-links lists them.'))
  }

  /** Nobody goes on with it; what is ended stays ended as it was. */
  async revoke(organisationId: OrganisationId, id: string, actor: string): Promise<void> {
    const row = await this.#row(organisationId, id)
    await this.#parts.store.transaction(async (tx) => {
      if ((await this.#close(tx, row.id)) === null) return
      const { rowCount } = await tx.query(
        'UPDATE connect_link SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND cancelled_at IS NULL',
        [row.id, this.#parts.clock.now()],
      )
      if (rowCount) await this.#note(tx, row, actor, 'connect-link.revoked', {})
    })
  }

  /** Locks a link and takes its open consent away. Null when a consent has come back already: the link is used. */
  async #close(tx: pg.ClientBase, id: ConnectLinkId): Promise<'closed' | null> {
    const { rows } = await tx.query<{ before: PreauthenticationId | null }>(
      'SELECT preauthentication_id AS before FROM connect_link WHERE id = $1 FOR UPDATE',
      [id],
    )
    const before = rows[0]?.before ?? null
    if (before === null) return 'closed'
    await tx.query(
      `UPDATE preauthentication SET state = 'expired', sealed_secrets = NULL WHERE id = $1 AND state = 'waiting'`,
      [before],
    )
    const { rows: left } = await tx.query<{ state: string }>(
      'SELECT state FROM preauthentication WHERE id = $1',
      [before],
    )
    return left[0]?.state === 'expired' ? 'closed' : null
  }

  /** Who asks for what, before anything happens; also why nothing will. */
  async look(secret: string, browser: PlainSecret | null): Promise<ConnectPage> {
    const { clients, settings, platforms, clock } = this.#parts
    const row = await this.#bySecret(secret)
    const [brand, stored] = await Promise.all([
      settings.brandOf(row.organisation_id),
      clients.get(row.organisation_id, row.stored_client).catch(() => null),
    ])
    const platform = platforms.get(row.platform)
    const region = platform?.regions.get(row.region)
    const refusal = this.#refusalOf(row, browser, clock.now())
    return {
      brand,
      language: row.language,
      platform: row.platform,
      platformLabel: platform?.label ?? row.platform,
      region: {
        id: row.region,
        label: region?.label ?? row.region,
        isOperators: region?.isOperators ?? false,
      },
      clientLabel: stored?.label ?? null,
      scopes: row.scopes,
      isRenewal: row.renews !== null,
      returnHost: new URL(row.return_address).host,
      refusal,
      returnUrl: refusal === null || refusal === 'other-browser' ? null : await this.#wayBack(row, refusal),
    }
  }

  async #bySecret(secret: string): Promise<ConnectLinkRow> {
    const { rows } = await this.#parts.store.pool.query<ConnectLinkRow>(
      `${linkSql} WHERE l.secret_hash = $1`,
      [hash(secret)],
    )
    return rows[0] ?? raise(noSuchLink('Open the whole link, or ask for a new one.'))
  }

  /** Whose link it is comes first: another browser learns nothing of how it went. */
  #refusalOf(row: ConnectLinkRow, browser: PlainSecret | null, now: number): ConnectRefusal | null {
    if (!isOwn(row, browser)) return 'other-browser'
    const state = linkStateOf(row, now)
    // Who went on in time and came back to this page may go on once more.
    if (state === 'open' || state === 'started') return row.consent_state === 'exchanging' ? 'used' : null
    return state === 'expired' || state === 'revoked' ? state : 'used'
  }

  /** Binds the link to the browser that goes on first and begins its consent; gives the platform's page. */
  async start(secret: string, browser: PlainSecret): Promise<{ readonly authorizeUrl: string }> {
    const { preauthentications, clock } = this.#parts
    const row = await this.#bySecret(secret)
    refuseFor(this.#refusalOf(row, browser, clock.now()))
    const { authorizeUrl } = await preauthentications.begin(
      row.organisation_id,
      {
        platform: row.platform,
        region: row.region,
        client: { stored: row.stored_client, redirectUri: row.redirect_uri },
        output: 'grant',
        ...(row.scopes === null ? {} : { scopes: row.scopes }),
        ...(row.label === null ? {} : { label: row.label }),
        ...(row.external_id === null ? {} : { externalId: row.external_id }),
      },
      row.actor,
      row.redirect_uri,
      {
        link: row.id,
        renews: row.renews,
        browser,
        take: (tx, consent) => this.#take(tx, row, browser, consent),
      },
    )
    return { authorizeUrl }
  }

  /** In the consent's own transaction: of two that go on at once one is later, and the earlier one's consent is over. */
  async #take(
    tx: pg.ClientBase,
    { id }: ConnectLinkRow,
    browser: PlainSecret,
    consent: PreauthenticationId,
  ): Promise<void> {
    if ((await this.#close(tx, id)) === null) refuseFor('used')
    const own = hash(browser.reveal())
    const { rowCount } = await tx.query(
      `UPDATE connect_link SET browser_hash = $2, preauthentication_id = $3
       WHERE id = $1 AND revoked_at IS NULL AND cancelled_at IS NULL AND (browser_hash IS NULL OR browser_hash = $2)`,
      [id, own, consent],
    )
    if (rowCount === 1) return
    const { rows } = await tx.query<ConnectLinkRow>(`${linkSql} WHERE l.id = $1`, [id])
    const [now] = rows
    refuseFor(now && !isOwn(now, browser) ? 'other-browser' : now?.revoked_at ? 'revoked' : 'used')
  }

  /** The customer does not want to; the partner is told. */
  async cancel(secret: string, browser: PlainSecret): Promise<ConnectEnd> {
    const { store, clock } = this.#parts
    const row = await this.#bySecret(secret)
    refuseFor(this.#refusalOf(row, browser, clock.now()))
    await store.transaction(async (tx) => {
      if ((await this.#close(tx, row.id)) === null) refuseFor('used')
      const { rowCount } = await tx.query(
        `UPDATE connect_link SET cancelled_at = $2, browser_hash = $3
         WHERE id = $1 AND revoked_at IS NULL AND cancelled_at IS NULL AND (browser_hash IS NULL OR browser_hash = $3)`,
        [row.id, clock.now(), hash(browser.reveal())],
      )
      if (rowCount !== 1) refuseFor('used')
      await this.#note(tx, row, row.actor, 'connect-link.cancelled', {})
    })
    return this.#end({ ...row, cancelled_at: clock.now() })
  }

  /**
   * The browser came back from the platform. Where a link began it, also a refusal is an end that the partner is told
   * of, and coming back once more tells the same end; null for a consent that no link began.
   */
  async returned(address: string, browser: PlainSecret | null): Promise<ConnectEnd | null> {
    const { store, preauthentications, clock } = this.#parts
    const { rows: known } = await store.pool.query<
      Pick<PreauthenticationRow, 'id' | 'organisation_id' | 'connect_link_id' | 'browser_hash'>
    >(
      'SELECT id, organisation_id, connect_link_id, browser_hash FROM preauthentication WHERE state_hash = $1',
      [hash(parseReturn(address).searchParams.get('state') ?? '')],
    )
    const [consent] = known
    if (consent?.connect_link_id == null || !isOwn(consent, browser)) return null
    const link = await this.#row(consent.organisation_id, consent.connect_link_id)
    const hasEnded = (row: ConnectLinkRow) =>
      row.preauthentication_id === consent.id && outcomeOf(row, clock.now()) !== null
    if (hasEnded(link)) return this.#end(link)
    const failure = await preauthentications.returned(address, browser).then(
      () => null,
      (error: unknown) => error,
    )
    const after = await this.#row(consent.organisation_id, consent.connect_link_id)
    // What could not be read, or belongs to an earlier try, ends nothing: the link may still go on.
    if (failure !== null && !(isSluisError(failure) && hasEnded(after))) throw failure
    return this.#end(after)
  }

  async #end(row: ConnectLinkRow): Promise<ConnectEnd> {
    const { settings, clock } = this.#parts
    const outcome = outcomeOf(row, clock.now()) ?? ({ kind: 'refused', reason: 'failed' } as const)
    return {
      outcome: outcome.kind,
      reason: outcome.kind === 'refused' ? outcome.reason : null,
      brand: await settings.brandOf(row.organisation_id),
      language: row.language,
      returnUrl: await this.#wayBack(row, outcome),
    }
  }

  /** Only ever to an address that is on the list now. */
  async #wayBack(row: ConnectLinkRow, ended: ConnectOutcome | ConnectRefusal): Promise<string | null> {
    const { returnAddresses } = await this.#parts.settings.get(row.organisation_id)
    if (!returnAddresses.includes(row.return_address)) return null
    const known = outcomeOf(row, this.#parts.clock.now())
    const outcome = typeof ended === 'string' ? (known ?? { kind: 'refused' as const, reason: ended }) : ended
    return returnTo(row.return_address, outcome, { link: row.id, state: row.state })
  }

  #note(
    tx: pg.ClientBase,
    row: Pick<ConnectLinkRow, 'id' | 'organisation_id'>,
    actor: string,
    action: string,
    facts: object,
  ): Promise<unknown> {
    return tx.query(
      'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
      [row.organisation_id, this.#parts.clock.now(), actor, action, row.id, JSON.stringify(facts)],
    )
  }
}

/** Nobody's yet, or this browser's. */
const isOwn = (
  { browser_hash: own }: { readonly browser_hash: Buffer | null },
  browser: PlainSecret | null,
) => own === null || (browser !== null && hash(browser.reveal()).equals(own))

const refusals: Readonly<Record<ConnectRefusal, string>> = {
  expired: 'This link has expired.',
  used: 'This link has been used.',
  revoked: 'This link was taken back.',
  'other-browser': 'This link was opened in another browser first.',
  'other-person': 'This is the consent of another person.',
  failed: 'The connection could not be made.',
}

function refuseFor(reason: ConnectRefusal | null): void {
  if (reason === null) return
  throw new SluisError('CONSENT_REFUSED', refusals[reason], {
    hint: 'Ask for a new link where you got this one.',
    details: { reason },
  })
}

const noSuchLink = (hint: string) => new SluisError('NOT_FOUND', 'There is no such link.', { hint })

function required(field: string): never {
  throw new SluisError('INVALID_REQUEST', `${field} is missing.`, {
    hint: 'Give platform and region, or the grant that is to be renewed.',
    details: { field },
  })
}

function raise(error: Error): never {
  throw error
}
