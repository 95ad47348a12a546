import {
  type ClientId,
  type Clock,
  isId,
  type Log,
  newId,
  type OrganisationId,
  PlainSecret,
  type RandomBytes,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { GrantRow, GrantSeals } from './grant-row.ts'
import { findIssuer } from './handover-check.ts'
import type { KeyRing } from './key-ring.ts'
import type { OAuthClient, OAuthPlatform, TokenAnswer } from './oauth-platform.ts'
import type { SealContext } from './seal.ts'
import { type NewStoredClient, pointedClient, pointerTo, type StoredClientView } from './stored-client.ts'

export interface StoredClientsParts {
  readonly store: Store
  readonly keys: KeyRing
  readonly seals: Pick<GrantSeals, 'openSecret'>
  readonly platforms: ReadonlyMap<string, OAuthPlatform>
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
}

/** A client that a handover names in place of ID and secret. */
export interface NamedClient {
  readonly stored: ClientId
  /** One of the registered addresses; the first unless told. */
  readonly redirectUri?: string
}

export interface StoredClientChange {
  readonly label?: string | null
  readonly redirectUris?: readonly string[]
  readonly servesDescendants?: boolean
  readonly clientSecret?: PlainSecret
}

/** A secret for one request, and who hears what the platform said of it. */
export interface SecretInUse {
  readonly secret: PlainSecret
  heard(answer: TokenAnswer['kind']): Promise<void>
}

interface ClientRow {
  readonly id: ClientId
  readonly organisation_id: OrganisationId
  readonly platform: string
  readonly region: string
  readonly client_id: string
  readonly label: string | null
  readonly redirect_uris: string[]
  readonly serves_descendants: boolean
  readonly sealed_secret: Buffer
  readonly sealed_new_secret: Buffer | null
  readonly use_new: boolean
  readonly new_secret_at: number | null
  readonly new_secret_refused_at: number | null
  readonly created_at: number
  /** Of the organisation that asks; above it the client is inherited. */
  readonly depth: number
  readonly grants: number
}

const context = ({ organisation_id, id }: Pick<ClientRow, 'organisation_id' | 'id'>): SealContext => ({
  organisation: organisation_id,
  grant: id,
  field: 'stored-client-secret',
  chain: 0,
  generation: 0,
})

/** An organisation's registrations: a list that people choose from. */
const most = 500

/** By name: a prepared statement whose result gains a column of a newer server would fail. */
const columns = [
  'id',
  'organisation_id',
  'platform',
  'region',
  'client_id',
  'label',
  'redirect_uris',
  'serves_descendants',
  'sealed_secret',
  'sealed_new_secret',
  'use_new',
  'new_secret_at',
  'new_secret_refused_at',
  'created_at',
] as const satisfies readonly (keyof ClientRow)[]
/** The clients that organisation $1 may use: its own, and those above that serve the ones below. */
const usable = `WITH RECURSIVE above (id, parent_id, depth) AS (
    SELECT $1::text, (SELECT parent_id FROM organisation WHERE id = $1), 0
    UNION ALL SELECT o.id, o.parent_id, above.depth + 1 FROM organisation o JOIN above ON o.id = above.parent_id
      WHERE above.depth < 64),
  usable AS (
    SELECT ${columns.map((column) => `c.${column}`).join(', ')}, above.depth FROM oauth_client c JOIN above ON above.id = c.organisation_id
    WHERE c.deleted_at IS NULL AND (above.depth = 0 OR c.serves_descendants))`
/** The organisation $1 and, if $2, all below it. */
const served = `WITH RECURSIVE served (id, depth) AS (
    SELECT $1::text, 0
    UNION ALL SELECT o.id, served.depth + 1 FROM organisation o JOIN served ON o.parent_id = served.id
      WHERE $2 AND served.depth < 64)`

/**
 * App registrations that organisations keep, so that a handover names one in place of client ID and secret. Secrets are
 * sealed under the owner's key; a new one replaces the old when it has worked.
 */
export class StoredClients {
  readonly #parts: StoredClientsParts

  constructor(parts: StoredClientsParts) {
    this.#parts = parts
  }

  /** In the caller's transaction where there is one; audited. */
  async create(
    organisationId: OrganisationId,
    client: NewStoredClient & { readonly clientSecret: PlainSecret },
    actor: string,
    tx: pg.ClientBase | pg.Pool = this.#parts.store.pool,
  ): Promise<StoredClientView> {
    const { keys, clock, random, platforms } = this.#parts
    findIssuer(platforms, client)
    const now = clock.now()
    const id = newId('cli', now, random)
    const sealed = await keys.seal(
      client.clientSecret.reveal().trim(),
      context({ organisation_id: organisationId, id }),
    )
    const { rowCount } = await tx.query(
      `INSERT INTO oauth_client (id, organisation_id, platform, region, client_id, label, redirect_uris,
         serves_descendants, sealed_secret, created_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
       WHERE (SELECT count(*) FROM oauth_client WHERE organisation_id = $2 AND deleted_at IS NULL) < ${most}
       ON CONFLICT (organisation_id, platform, region, client_id) WHERE deleted_at IS NULL DO NOTHING`,
      [
        id,
        organisationId,
        client.platform,
        client.region,
        client.clientId,
        client.label ?? null,
        client.redirectUris,
        client.servesDescendants ?? false,
        sealed,
        now,
      ],
    )
    if (rowCount !== 1) {
      throw new SluisError(
        'INVALID_REQUEST',
        `This client ID is stored already for ${client.platform}, or there are ${most} clients.`,
        {
          hint: 'Give the stored one the new secret: PATCH /api/v1/clients/{id} {"clientSecret":"…"}.',
          details: { field: 'clientId' },
        },
      )
    }
    await this.#note(tx, organisationId, id, actor, 'client.created', { platform: client.platform })
    return toView(await this.#usable(organisationId, id, tx))
  }

  /** Those that the organisation may use: its own first. */
  async list(organisationId: OrganisationId): Promise<readonly StoredClientView[]> {
    const { rows } = await this.#parts.store.pool.query<ClientRow>(
      `${usable} SELECT usable.*, 0 AS grants FROM usable ORDER BY depth, id LIMIT 1000`,
      [organisationId],
    )
    return Promise.all(rows.map(async (row) => toView(await this.#counted(organisationId, row))))
  }

  async get(organisationId: OrganisationId, id: string): Promise<StoredClientView> {
    return toView(await this.#usable(organisationId, id))
  }

  async #usable(
    organisationId: OrganisationId,
    id: string,
    db: pg.ClientBase | pg.Pool = this.#parts.store.pool,
  ): Promise<ClientRow> {
    const { rows } = isId('cli', id)
      ? await db.query<ClientRow>(`${usable} SELECT usable.*, 0 AS grants FROM usable WHERE id = $2`, [
          organisationId,
          id,
        ])
      : { rows: [] }
    return this.#counted(organisationId, rows[0] ?? noSuchClient(), db)
  }

  /** Grants are counted as far as the asking organisation may look. */
  async #counted(
    organisationId: OrganisationId,
    row: ClientRow,
    db: pg.ClientBase | pg.Pool = this.#parts.store.pool,
  ): Promise<ClientRow> {
    const { rows } = await db.query<{ n: number }>(
      `${served} SELECT count(*)::int AS n FROM token_grant g JOIN served ON served.id = g.organisation_id
       WHERE g.platform = $3 AND g.region = $4 AND g.client_id = $5 AND g.deleted_at IS NULL`,
      [organisationId, row.serves_descendants, row.platform, row.region, row.client_id],
    )
    return { ...row, grants: rows[0]?.n ?? 0 }
  }

  /** One of the organisation's own; those of above are changed where they belong. */
  async #own(organisationId: OrganisationId, id: string): Promise<ClientRow> {
    const row = await this.#usable(organisationId, id)
    if (row.depth === 0) return row
    throw new SluisError('FORBIDDEN', 'This client belongs to an organisation above.', {
      hint: 'It can be used here, and is changed there.',
    })
  }

  /**
   * Changes what is given. A new secret is tried by the next spend of a grant on this client and replaces the old one
   * when it has worked; without any grant there is nothing to try it with and it replaces the old one at once. Grants
   * that wait because the old secret was refused go on.
   */
  async update(
    organisationId: OrganisationId,
    id: string,
    { clientSecret, ...change }: StoredClientChange,
    actor: string,
  ): Promise<StoredClientView> {
    const { store, keys, clock } = this.#parts
    const row = await this.#own(organisationId, id)
    if (change.servesDescendants === false && row.serves_descendants) {
      const below = (await this.#users(row, true)).filter((user) => user.organisation !== organisationId)
      if (below.length > 0) {
        throw new SluisError('INVALID_REQUEST', 'Organisations below have grants on this client.', {
          hint: 'Delete those grants first, or go on serving them.',
          details: { field: 'servesDescendants' },
        })
      }
    }
    const now = clock.now()
    await store.transaction(async (tx) => {
      await tx.query(
        `UPDATE oauth_client SET label = $2, redirect_uris = $3, serves_descendants = $4
         WHERE id = $1 AND deleted_at IS NULL`,
        [
          row.id,
          change.label === undefined ? row.label : change.label,
          change.redirectUris ?? row.redirect_uris,
          change.servesDescendants ?? row.serves_descendants,
        ],
      )
      if (Object.keys(change).length > 0) {
        await this.#note(tx, organisationId, row.id, actor, 'client.changed', {
          changed: Object.keys(change),
        })
      }
      if (clientSecret === undefined) return
      const sealed = await keys.seal(clientSecret.reveal().trim(), context(row))
      await tx.query(
        row.grants === 0
          ? `UPDATE oauth_client SET sealed_secret = $2, sealed_new_secret = NULL, use_new = false,
               new_secret_at = NULL, new_secret_refused_at = NULL WHERE id = $1 AND $3::bigint IS NOT NULL`
          : `UPDATE oauth_client SET sealed_new_secret = $2, use_new = true, new_secret_at = $3,
               new_secret_refused_at = NULL WHERE id = $1`,
        [row.id, sealed, now],
      )
      await tx.query(
        `${served} UPDATE token_grant SET due_at = $6 WHERE organisation_id IN (SELECT id FROM served)
           AND platform = $3 AND region = $4 AND client_id = $5 AND state = 'misconfigured' AND has_refresh
           AND deleted_at IS NULL`,
        [organisationId, row.serves_descendants, row.platform, row.region, row.client_id, now],
      )
      await this.#note(tx, organisationId, row.id, actor, 'client.secret-replaced', {})
    })
    return this.get(organisationId, row.id)
  }

  /** Refused while grants use it. */
  async delete(organisationId: OrganisationId, id: string, actor: string): Promise<void> {
    const row = await this.#own(organisationId, id)
    const users = await this.#users(row)
    if (users.length > 0) {
      const own = users.filter((user) => user.organisation === organisationId).map((user) => user.grant)
      throw new SluisError('INVALID_REQUEST', 'Grants use this client.', {
        hint: 'Delete them first. A new secret is given with PATCH and touches no grant.',
        details: { grants: own.slice(0, 20), below: users.length > own.length },
      })
    }
    await this.#parts.store.transaction(async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE oauth_client SET deleted_at = $2, sealed_secret = '', sealed_new_secret = NULL
         WHERE id = $1 AND deleted_at IS NULL`,
        [row.id, this.#parts.clock.now()],
      )
      if (rowCount) await this.#note(tx, organisationId, row.id, actor, 'client.deleted', {})
    })
  }

  /** Grants that hold no secret of their own but this client's id: which, only their own seals say. */
  async #users(row: ClientRow, all = false): Promise<{ grant: string; organisation: OrganisationId }[]> {
    const { store, seals } = this.#parts
    const users: { grant: string; organisation: OrganisationId }[] = []
    for (let after = ''; ; ) {
      const { rows } = await store.pool.query<GrantRow>(
        `${served} SELECT g.* FROM token_grant g JOIN served ON served.id = g.organisation_id
         WHERE g.platform = $3 AND g.region = $4 AND g.client_id = $5 AND g.deleted_at IS NULL AND g.id > $6
         ORDER BY g.id LIMIT 200`,
        [row.organisation_id, row.serves_descendants, row.platform, row.region, row.client_id, after],
      )
      for (const grant of rows) {
        if (pointedClient(await seals.openSecret(grant)) !== row.id) continue
        users.push({ grant: grant.id, organisation: grant.organisation_id })
      }
      const last = rows.at(-1)
      if (!last || rows.length < 200 || (!all && users.length >= 20)) return users
      after = last.id
    }
  }

  /** The client of a handover that names a stored one: its secret stays where it is. */
  async named(
    organisationId: OrganisationId,
    { stored, redirectUri }: NamedClient,
    handover: { readonly platform: string; readonly region: string },
  ): Promise<OAuthClient> {
    const row = await this.#usable(organisationId, stored).catch((error) => {
      throw new SluisError('INVALID_REQUEST', (error as Error).message, {
        hint: 'GET /api/v1/clients lists those that can be used here.',
        details: { field: 'client' },
      })
    })
    if (row.platform !== handover.platform || row.region !== handover.region) {
      throw new SluisError(
        'INVALID_REQUEST',
        `This client is registered at ${row.platform}, region "${row.region}".`,
        { hint: 'An app of one country site is unknown on the others.', details: { field: 'client' } },
      )
    }
    if (redirectUri !== undefined && !row.redirect_uris.includes(redirectUri)) {
      throw new SluisError('INVALID_REQUEST', 'This address is not registered with the client.', {
        hint: `Registered: ${row.redirect_uris.join(', ')}. PATCH /api/v1/clients/{id} changes them.`,
        details: { field: 'client.redirectUri' },
      })
    }
    return {
      clientId: row.client_id,
      clientSecret: new PlainSecret(pointerTo(row.id)),
      redirectUri: redirectUri ?? row.redirect_uris[0] ?? '',
    }
  }

  /** The secret to be sent for a grant that uses this client: to the client's own platform and no other. */
  async secretFor(
    grant: Pick<GrantRow, 'organisation_id' | 'platform' | 'region' | 'client_id'>,
    id: ClientId,
  ): Promise<SecretInUse> {
    const { store, keys } = this.#parts
    const { rows } = await store.pool.query<ClientRow>({
      name: 'stored-client',
      text: `${usable} SELECT * FROM usable WHERE id = $2 AND platform = $3 AND region = $4 AND client_id = $5`,
      values: [grant.organisation_id, id, grant.platform, grant.region, grant.client_id],
    })
    const [row] = rows
    if (!row) {
      throw new SluisError('GRANT_MISCONFIGURED', 'The stored client of this grant is gone.', {
        hint: 'Hand the credentials over again, with a client that is there.',
      })
    }
    const candidate = row.sealed_new_secret
    const isNew = candidate !== null && row.use_new
    const secret = await keys.unseal(isNew ? candidate : row.sealed_secret, context(row))
    return {
      secret: new PlainSecret(secret.toString()),
      heard: async (answer) => {
        if (candidate !== null) await this.#learn(row, candidate, isNew, answer)
      },
    }
  }

  /** The new secret worked: it takes the place of the old. Refused, whichever was sent: the other is tried next. */
  async #learn(
    row: ClientRow,
    candidate: Buffer,
    wasNew: boolean,
    answer: TokenAnswer['kind'],
  ): Promise<void> {
    const { store, clock } = this.#parts
    if (answer === 'tokens' && wasNew) {
      await store.transaction(async (tx) => {
        const { rowCount } = await tx.query(
          `UPDATE oauth_client SET sealed_secret = sealed_new_secret, sealed_new_secret = NULL, use_new = false,
             new_secret_at = NULL, new_secret_refused_at = NULL WHERE id = $1 AND sealed_new_secret = $2`,
          [row.id, candidate],
        )
        if (rowCount) await this.#note(tx, row.organisation_id, row.id, 'vault', 'client.secret-proven', {})
      })
    } else if (answer === 'configuration') {
      await store.pool.query(
        `UPDATE oauth_client SET use_new = $3,
           new_secret_refused_at = CASE WHEN $3 THEN new_secret_refused_at ELSE $4 END
         WHERE id = $1 AND sealed_new_secret = $2 AND use_new <> $3`,
        [row.id, candidate, !wasNew, clock.now()],
      )
    }
  }

  /** Seals secrets anew that are not under the data key `current`. Says how many. */
  async reseal(organisationId: OrganisationId, current: string): Promise<number> {
    const { store, keys } = this.#parts
    const { rows } = await store.pool.query<ClientRow>(
      `SELECT * FROM oauth_client WHERE organisation_id = $1 AND deleted_at IS NULL
         AND (substring(sealed_secret FROM 2 FOR 16) <> $2 OR substring(sealed_new_secret FROM 2 FOR 16) <> $2)`,
      [organisationId, Buffer.from(current, 'latin1')],
    )
    const move = async (row: ClientRow, blob: Buffer) =>
      keys.seal(await keys.unseal(blob, context(row)), context(row))
    let moved = 0
    for (const row of rows) {
      const { sealed_new_secret: candidate } = row
      const { rowCount } = await store.pool.query(
        `UPDATE oauth_client SET sealed_secret = $2, sealed_new_secret = $3
         WHERE id = $1 AND sealed_secret = $4 AND sealed_new_secret IS NOT DISTINCT FROM $5`,
        [
          row.id,
          await move(row, row.sealed_secret),
          candidate && (await move(row, candidate)),
          row.sealed_secret,
          candidate,
        ],
      )
      moved += rowCount ?? 0
    }
    return moved
  }

  #note(
    tx: pg.ClientBase | pg.Pool,
    organisationId: OrganisationId,
    id: ClientId,
    actor: string,
    action: string,
    facts: object,
  ): Promise<unknown> {
    return tx.query(
      'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
      [organisationId, this.#parts.clock.now(), actor, action, id, JSON.stringify(facts)],
    )
  }
}

const iso = (at: number) => new Date(at).toISOString()

function toView(row: ClientRow): StoredClientView {
  const { new_secret_at: since, new_secret_refused_at: refusedAt } = row
  return {
    id: row.id,
    platform: row.platform,
    region: row.region,
    clientId: row.client_id,
    label: row.label,
    redirectUris: row.redirect_uris,
    servesDescendants: row.serves_descendants,
    isInherited: row.depth > 0,
    grants: row.grants,
    newSecret:
      row.sealed_new_secret === null || since === null
        ? null
        : { since: iso(since), refusedAt: refusedAt === null ? null : iso(refusedAt) },
    createdAt: iso(row.created_at),
  }
}

function noSuchClient(): never {
  throw new SluisError('NOT_FOUND', 'There is no such client.', { hint: 'GET /api/v1/clients lists them.' })
}
