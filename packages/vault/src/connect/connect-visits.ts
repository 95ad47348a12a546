import {
  type Clock,
  isSluisError,
  must,
  type PlainSecret,
  type PreauthenticationId,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { OAuthPlatform } from '../oauth-platform.ts'
import type { ConsentEnds } from '../preauthentication/consent-ends.ts'
import type { PreauthenticationRow } from '../preauthentication/preauthentication-row.ts'
import type { Preauthentications } from '../preauthentication/preauthentications.ts'
import { parseReturn } from '../preauthentication/return-address.ts'
import type { StoredClients } from '../stored-clients.ts'
import {
  type ConnectLanguage,
  type ConnectLinkRow,
  linkSql,
  linkStateOf,
  outcomeOf,
} from './connect-link-row.ts'
import { closeLink, hashOf, linkBySecret, linkOf, noteLink } from './connect-link-store.ts'
import type { Brand, ConnectSettings } from './connect-settings.ts'
import { type ConnectOutcome, type ConnectRefusal, returnTo } from './return-address.ts'

export interface ConnectVisitsParts {
  readonly store: Store
  readonly clients: StoredClients
  readonly settings: ConnectSettings
  readonly preauthentications: Preauthentications
  readonly consentEnds: ConsentEnds
  readonly platforms: ReadonlyMap<string, OAuthPlatform>
  readonly clock: Clock
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

/** What a customer does with a link: looks who asks, goes on or not, and comes back. */
export class ConnectVisits {
  readonly #parts: ConnectVisitsParts

  constructor(parts: ConnectVisitsParts) {
    this.#parts = parts
  }

  /** Who asks for what, before anything happens; also why nothing will. */
  async look(secret: string, browser: PlainSecret | null): Promise<ConnectPage> {
    const { clients, settings, platforms, clock } = this.#parts
    const row = await linkBySecret(this.#parts.store.pool, secret)
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
    const row = await linkBySecret(this.#parts.store.pool, secret)
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
        from: {
          link: row.id,
          renews: row.renews,
          browser,
          take: (tx, consent) => this.#take(tx, row, browser, consent),
        },
      },
    )
    return { authorizeUrl: must(authorizeUrl, 'a consent that was begun a moment ago waits') }
  }

  /** In the consent's own transaction: of two that go on at once one is later, and the earlier one's consent is over. */
  async #take(
    tx: pg.ClientBase,
    { id }: ConnectLinkRow,
    browser: PlainSecret,
    consent: PreauthenticationId,
  ): Promise<void> {
    if ((await closeLink(tx, id)) === null) refuseFor('used')
    const own = hashOf(browser.reveal())
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
    const row = await linkBySecret(this.#parts.store.pool, secret)
    refuseFor(this.#refusalOf(row, browser, clock.now()))
    await store.transaction(async (tx) => {
      if ((await closeLink(tx, row.id)) === null) refuseFor('used')
      const { rowCount } = await tx.query(
        `UPDATE connect_link SET cancelled_at = $2, browser_hash = $3
         WHERE id = $1 AND revoked_at IS NULL AND cancelled_at IS NULL AND (browser_hash IS NULL OR browser_hash = $3)`,
        [row.id, clock.now(), hashOf(browser.reveal())],
      )
      if (rowCount !== 1) refuseFor('used')
      await noteLink(tx, row, clock.now(), row.actor, 'connect-link.cancelled', {})
    })
    return this.#end({ ...row, cancelled_at: clock.now() })
  }

  /**
   * The browser came back from the platform. Where a link began it, also a refusal is an end that the partner is told
   * of, and coming back once more tells the same end; null for a consent that no link began.
   */
  async returned(address: string, browser: PlainSecret | null): Promise<ConnectEnd | null> {
    const { store, consentEnds, clock } = this.#parts
    const { rows: known } = await store.pool.query<
      Pick<PreauthenticationRow, 'id' | 'organisation_id' | 'connect_link_id' | 'browser_hash'>
    >(
      'SELECT id, organisation_id, connect_link_id, browser_hash FROM preauthentication WHERE state_hash = $1',
      [hashOf(parseReturn(address).searchParams.get('state') ?? '')],
    )
    const [consent] = known
    if (consent?.connect_link_id == null || !isOwn(consent, browser)) return null
    const link = await linkOf(store.pool, consent.organisation_id, consent.connect_link_id)
    const hasEnded = (row: ConnectLinkRow) =>
      row.preauthentication_id === consent.id && outcomeOf(row, clock.now()) !== null
    if (hasEnded(link)) return this.#end(link)
    const failure = await consentEnds.returned(address, browser).then(
      () => null,
      (error: unknown) => error,
    )
    const after = await linkOf(store.pool, consent.organisation_id, consent.connect_link_id)
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
}

/** Nobody's yet, or this browser's. */
const isOwn = (
  { browser_hash: own }: { readonly browser_hash: Buffer | null },
  browser: PlainSecret | null,
) => own === null || (browser !== null && hashOf(browser.reveal()).equals(own))

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
