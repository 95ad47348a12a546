import {
  type ClientId,
  type Clock,
  type GrantId,
  isSluisError,
  type OrganisationId,
  PlainSecret,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { Envelopes } from '../envelopes.ts'
import type { TakenOut } from '../grant-removal.ts'
import { findIssuer } from '../handover-check.ts'
import type { HandOverOptions } from '../handovers.ts'
import type { KeyRing } from '../key-ring.ts'
import type { OAuthPlatform } from '../oauth-platform.ts'
import { otherPerson } from '../settle-grant.ts'
import { pointerTo } from '../stored-client.ts'
import type { GrantView, Handover, HandoverOutcome } from '../vault.ts'
import { consentRules } from './authorize-request.ts'
import {
  consentOf,
  exchangeRoute,
  gone,
  hashOf,
  noteConsent,
  openSecrets,
  otherBrowser,
  refusal,
  type Sealed,
  unusable,
} from './consent-store.ts'
import {
  type PreauthenticationRow,
  type PreauthenticationView,
  sealContext,
  toPreauthenticationView,
} from './preauthentication-row.ts'
import { parseReturn, readReturn } from './return-address.ts'

export interface ConsentEndsParts {
  readonly store: Store
  readonly keys: KeyRing
  readonly envelopes: Envelopes
  readonly platforms: ReadonlyMap<string, OAuthPlatform>
  readonly clock: Clock
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

/** How long a result is kept for who began. */
const resultMs = 10 * 60_000

/** What a browser comes back with: kept as a grant or made for use elsewhere, shown once, and erased. */
export class ConsentEnds {
  readonly #parts: ConsentEndsParts

  constructor(parts: ConsentEndsParts) {
    this.#parts = parts
  }

  /** The browser came back to our address: it must be the one that began. */
  async returned(address: string, browser: PlainSecret | null): Promise<PreauthenticationView> {
    const url = parseReturn(address)
    const { store } = this.#parts
    const { rows } = await store.pool.query<PreauthenticationRow>(
      'SELECT * FROM preauthentication WHERE state_hash = $1',
      [hashOf(url.searchParams.get('state') ?? '')],
    )
    const row = rows[0] ?? unusable()
    if (row.returns_by !== 'redirect' || row.browser_hash === null) otherBrowser()
    if (browser === null || !hashOf(browser.reveal()).equals(row.browser_hash)) otherBrowser()
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
    if (!hashOf(url.searchParams.get('state') ?? '').equals(row.state_hash)) {
      throw new SluisError('CONSENT_REFUSED', 'This address belongs to another consent (state).', {
        hint: 'Paste the address of the consent that was begun here, or begin again.',
      })
    }
    return this.#finish(row, url)
  }

  async #own(organisationId: OrganisationId, id: string, actor: string): Promise<PreauthenticationRow> {
    const row = await consentOf(this.#parts.store.pool, organisationId, id)
    if (row.actor === actor) return row
    throw new SluisError('FORBIDDEN', 'Somebody else began this consent.', {
      hint: 'Who began it ends it. Begin one of your own.',
    })
  }

  async #finish(row: PreauthenticationRow, url: URL): Promise<PreauthenticationView> {
    const { store, platforms, clock } = this.#parts
    const { platform, region } = findIssuer(platforms, row)
    const returned = readReturn(url, row.redirect_uri, consentRules(platform), region)
    const secrets = await openSecrets(this.#parts.keys, row)
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
      { actor: row.actor, idempotency: { key: row.id, route: exchangeRoute, body: row.id } },
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
    await noteConsent(tx, row, this.#parts.clock.now(), row.actor, `preauthentication.${state}`, facts)
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
    await noteConsent(
      this.#parts.store.pool,
      row,
      this.#parts.clock.now(),
      actor,
      'preauthentication.shown',
      { output: row.output },
    )
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
}
