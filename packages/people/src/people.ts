import {
  type Clock,
  isId,
  type KeyId,
  newId,
  type OrganisationId,
  type RandomBytes,
  SluisError,
} from '@sluis/shared'
import { deleteWherever, type Store } from '@sluis/store'
import type pg from 'pg'
import {
  assertAddress,
  assertMayCreate,
  copyOf,
  type KeyRow,
  type KeyView,
  type NewKey,
  toView,
} from './api-key.ts'
import { AuditTrail } from './audit-trail.ts'
import type { Caller } from './caller.ts'
import { bootstrapKeyForm, hashKey, keyTextOf, newKeyText } from './key-text.ts'
import { scopes } from './scopes.ts'

export interface Organisation {
  readonly id: OrganisationId
  readonly parentId: OrganisationId | null
  readonly name: string
  readonly slug: string
}

/** A revoked key may live this long in another process's memory. */
const cachedMs = 5000
const mostCached = 10_000
const lastUsedMs = 60_000

/** Whose a key is, and until when that may be believed. */
interface KnownKey {
  readonly caller: Caller
  readonly expiresAt: number
  readonly readAt: number
}

const unauthenticated = () =>
  new SluisError(
    'UNAUTHENTICATED',
    'This needs an API key, and the one given is unknown, expired or revoked.',
    {
      hint: 'Send "Authorization: Bearer <key>". "sluis key create" makes one.',
    },
  )

/** Organisations, API keys and the audit trail. */
export class People {
  readonly #store: Store
  readonly #clock: Clock
  readonly #random: RandomBytes
  readonly audit: AuditTrail
  readonly #cache = new Map<string, KnownKey>()
  /** Keys that are being looked up: all who come with one meanwhile share the look. */
  readonly #looking = new Map<string, Promise<KnownKey>>()

  constructor({ store, clock, random }: { store: Store; clock: Clock; random: RandomBytes }) {
    this.#store = store
    this.#clock = clock
    this.#random = random
    this.audit = new AuditTrail(store, clock)
  }

  /** Whether anybody could log in: false on a fresh database. */
  async hasKeys(): Promise<boolean> {
    const { rows } = await this.#store.pool.query<{ has: boolean }>(
      'SELECT EXISTS (SELECT FROM api_key) AS has',
    )
    return rows[0]?.has === true
  }

  /**
   * Makes sure that organisation `default` exists with this key, all scopes. A key that is there already changes
   * nothing; several processes may do this at once.
   */
  async bootstrap(keyText: string): Promise<OrganisationId> {
    if (!bootstrapKeyForm.test(keyText)) {
      throw new SluisError('OPTIONS_INVALID', 'SLUIS_BOOTSTRAP_API_KEY is not a usable key.', {
        hint: 'It has 32 to 128 characters of A–Z, a–z, 0–9, _ and -.',
      })
    }
    const now = this.#clock.now()
    return this.#store.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO organisation (id, parent_id, name, slug, created_at) VALUES ($1, NULL, 'Default', 'default', $2)
         ON CONFLICT (slug) DO NOTHING`,
        [newId('org', now, this.#random), now],
      )
      const { rows } = await tx.query<{ id: OrganisationId }>(
        "SELECT id FROM organisation WHERE slug = 'default'",
      )
      const [organisation] = rows
      if (!organisation) throw new TypeError('the default organisation is missing')
      const { rowCount } = await tx.query(
        `INSERT INTO api_key (id, organisation_id, name, hash, scopes, descendants, created_at)
         VALUES ($1, $2, 'bootstrap', $3, $4, true, $5) ON CONFLICT (hash) DO NOTHING`,
        [newId('key', now, this.#random), organisation.id, hashKey(keyText), scopes, now],
      )
      if (rowCount) await this.audit.record(tx, organisation.id, 'system', 'key.created', 'bootstrap', {})
      return organisation.id
    })
  }

  /**
   * The caller behind an `Authorization` header; `UNAUTHENTICATED` otherwise, and `FORBIDDEN` when the key may not be
   * used from `address`.
   */
  async authenticate(authorization: string | undefined, address: string): Promise<Caller> {
    const text = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    if (!text) throw unauthenticated()
    const hash = hashKey(text)
    const name = hash.toString('base64')
    const now = this.#clock.now()
    const cached = this.#cache.get(name)
    if (cached && now - cached.readAt < cachedMs && now >= cached.readAt && now < cached.expiresAt) {
      assertAddress(cached.caller, address)
      return cached.caller
    }
    const { caller } = await (this.#looking.get(name) ?? this.#lookUp(hash, name, now))
    assertAddress(caller, address)
    return caller
  }

  /** Reads a key and remembers whose it is, unless keys were changed meanwhile. */
  #lookUp(hash: Buffer, name: string, now: number): Promise<KnownKey> {
    const isCurrent = () => this.#looking.get(name) === looking
    const looking: Promise<KnownKey> = this.#read(hash, now).then(
      (known) => {
        if (!isCurrent()) return known
        this.#looking.delete(name)
        if (this.#cache.size >= mostCached) this.#cache.clear()
        this.#cache.set(name, known)
        return known
      },
      (error) => {
        if (isCurrent()) this.#looking.delete(name)
        this.#cache.delete(name)
        throw error
      },
    )
    this.#looking.set(name, looking)
    return looking
  }

  /** A change to keys is seen by whoever comes after it. */
  #forgetKeys(): void {
    this.#cache.clear()
    this.#looking.clear()
  }

  /** Reads a key and notes that it was used; `UNAUTHENTICATED` when there is no such key. */
  async #read(hash: Buffer, now: number): Promise<KnownKey> {
    const { rows } = await this.#store.pool.query<KeyRow>(
      'SELECT * FROM api_key WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)',
      [hash, now],
    )
    const [row] = rows
    if (!row) throw unauthenticated()
    // To the minute is enough to know whether a key is still in use, and spares a write per request.
    if (row.last_used_at === null || Math.abs(now - row.last_used_at) >= lastUsedMs) {
      await this.#store.pool.query('UPDATE api_key SET last_used_at = $2 WHERE id = $1', [row.id, now])
    }
    const caller: Caller = {
      kind: 'key',
      actor: row.id,
      organisationId: row.organisation_id,
      scopes: new Set(row.scopes),
      mayDescend: row.descendants,
      databases: row.databases,
      addresses: row.addresses,
    }
    return { caller, expiresAt: row.expires_at ?? Number.POSITIVE_INFINITY, readAt: now }
  }

  /** The organisation that a request acts in: the key's own, or the named one below it; else `NOT_FOUND`. */
  async resolveOrganisation(caller: Caller, named: string | undefined): Promise<OrganisationId> {
    if (named === undefined || named === caller.organisationId) return caller.organisationId
    const missing = new SluisError('NOT_FOUND', 'There is no such organisation below the one of this key.', {
      hint: 'Leave out Sluis-Organisation to act in the key’s own organisation.',
    })
    if (!caller.mayDescend || !isId('org', named)) throw missing
    const { rowCount } = await this.#store.pool.query(
      `WITH RECURSIVE above AS (
         SELECT id, parent_id FROM organisation WHERE id = $1
         UNION ALL SELECT o.id, o.parent_id FROM organisation o JOIN above ON o.id = above.parent_id)
       SELECT FROM above WHERE id = $2`,
      [named, caller.organisationId],
    )
    if (!rowCount) throw missing
    return named
  }

  async listOrganisations(organisationId: OrganisationId): Promise<readonly Organisation[]> {
    const { rows } = await this.#store.pool.query<{
      id: OrganisationId
      parent_id: OrganisationId | null
      name: string
      slug: string
    }>(
      `WITH RECURSIVE below AS (
         SELECT * FROM organisation WHERE id = $1
         UNION ALL SELECT o.* FROM organisation o JOIN below ON o.parent_id = below.id)
       SELECT id, parent_id, name, slug FROM below ORDER BY id <> $1, created_at, id LIMIT 1000`,
      [organisationId],
    )
    return rows.map(({ parent_id, ...row }) => ({ ...row, parentId: parent_id }))
  }

  /** A new organisation below this one. */
  async createOrganisation(
    caller: Caller,
    parentId: OrganisationId,
    { name, slug }: { readonly name: string; readonly slug?: string },
    outer: pg.ClientBase | null = null,
  ): Promise<Organisation> {
    if (!caller.mayDescend || caller.databases !== null) {
      throw new SluisError('FORBIDDEN', 'The caller does not reach organisations below this one.', {
        hint: 'Use a role or a key with "descendants": true.',
      })
    }
    const now = this.#clock.now()
    const id = newId('org', now, this.#random)
    const organisation: Organisation = { id, parentId, name, slug: slug ?? id.replace('_', '-') }
    const insert = async (tx: pg.ClientBase) => {
      const { rowCount } = await tx.query(
        'INSERT INTO organisation (id, parent_id, name, slug, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (slug) DO NOTHING',
        [id, parentId, name, organisation.slug, now],
      )
      if (!rowCount) {
        throw new SluisError('INVALID_REQUEST', 'This slug is taken.', {
          hint: 'Choose another one, or leave it out.',
          details: { field: 'slug' },
        })
      }
      // In both trails: the one that it was made in and its own.
      for (const trail of [parentId, id]) {
        await this.audit.record(tx, trail, caller.actor, 'organisation.created', id, { name })
      }
    }
    await (outer === null ? this.#store.transaction(insert) : insert(outer))
    return organisation
  }

  async renameOrganisation(caller: Caller, id: OrganisationId, name: string): Promise<Organisation> {
    await this.#store.transaction(async (tx) => {
      await tx.query('UPDATE organisation SET name = $2 WHERE id = $1', [id, name])
      await this.audit.record(tx, id, caller.actor, 'organisation.renamed', id, { name })
    })
    return this.getOrganisation(id)
  }

  /**
   * Deletes an organisation with everything in it. `name` is its name, as whoever asks has it before their eyes; while
   * there are organisations below it nothing is deleted. `destroy` ends what other parts have of it and may be repeated:
   * when anything fails after it, the organisation is still there to be deleted again. The audit trail stays.
   */
  async deleteOrganisation(
    caller: Caller,
    id: OrganisationId,
    name: string,
    destroy: () => Promise<void>,
  ): Promise<void> {
    await this.#store.transaction(async (tx) => {
      // Nothing can be put below it, or subscribe in it, until this is over.
      const { rows } = await tx.query<{ name: string; parent_id: OrganisationId | null; below: number }>(
        `SELECT name, parent_id, (SELECT count(*) FROM organisation b WHERE b.parent_id = o.id) AS below
         FROM organisation o WHERE id = $1 FOR UPDATE`,
        [id],
      )
      const [organisation] = rows
      if (!organisation) throw new SluisError('NOT_FOUND', 'There is no such organisation.')
      if (organisation.name !== name) {
        throw new SluisError(
          'INVALID_REQUEST',
          'This is not the name of the organisation; nothing was deleted.',
          {
            hint: 'Give its name as GET /api/v1/organisations/{id} shows it. Deleting cannot be undone.',
            details: { field: 'name' },
          },
        )
      }
      if (organisation.below > 0) {
        throw new SluisError(
          'INVALID_REQUEST',
          `There are ${organisation.below} organisations below this one.`,
          {
            hint: 'Delete those first.',
            details: { below: organisation.below },
          },
        )
      }
      await destroy()
      // Grants leave a mark, so that no spool brings them back; that the keys are destroyed stays known.
      await deleteWherever(tx, 'organisation_id', [id], {
        except: ['audit_event', 'token_grant', 'vault_shredded'],
      })
      await tx.query('DELETE FROM organisation WHERE id = $1', [id])
      for (const trail of organisation.parent_id === null ? [id] : [organisation.parent_id, id]) {
        await this.audit.record(tx, trail, caller.actor, 'organisation.deleted', id, { name })
      }
    })
    this.#forgetKeys()
  }

  async getOrganisation(id: OrganisationId): Promise<Organisation> {
    const [organisation] = await this.listOrganisations(id)
    if (!organisation) throw new TypeError('an organisation that was resolved is missing')
    return organisation
  }

  /** A new key and, this once, its text. Nobody gives more than they have. */
  async createKey(
    caller: Caller,
    organisationId: OrganisationId,
    key: NewKey,
    /** In a transaction that goes on, and of bytes that somebody else can tell again. */
    within: { readonly tx: pg.ClientBase; readonly secret: Uint8Array } | null = null,
  ): Promise<{ view: KeyView; text: string }> {
    assertMayCreate(caller, key)
    const now = this.#clock.now()
    const text = within === null ? newKeyText(this.#random) : keyTextOf(within.secret)
    const row: KeyRow = {
      id: newId('key', now, this.#random),
      organisation_id: organisationId,
      name: key.name,
      scopes: [...key.scopes],
      descendants: key.descendants ?? false,
      // What binds the maker binds what is made.
      databases: copyOf(key.databases ?? caller.databases),
      addresses: copyOf(key.addresses ?? caller.addresses),
      created_at: now,
      expires_at: key.expiresAt ?? null,
      revoked_at: null,
      last_used_at: null,
    }
    const insert = async (tx: pg.ClientBase) => {
      await tx.query(
        `INSERT INTO api_key (id, organisation_id, name, hash, scopes, descendants, databases, created_at, expires_at, addresses)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          row.id,
          organisationId,
          row.name,
          hashKey(text),
          row.scopes,
          row.descendants,
          row.databases,
          now,
          row.expires_at,
          row.addresses,
        ],
      )
      await this.audit.record(tx, organisationId, caller.actor, 'key.created', row.id, {
        name: row.name,
        scopes: row.scopes,
      })
    }
    await (within === null ? this.#store.transaction(insert) : insert(within.tx))
    return { view: toView(row), text }
  }

  /** A key of the organisation, living or not. */
  async getKey(organisationId: OrganisationId, id: KeyId): Promise<KeyView> {
    const { rows } = await this.#store.pool.query<KeyRow>(
      'SELECT * FROM api_key WHERE id = $1 AND organisation_id = $2',
      [id, organisationId],
    )
    if (rows[0]) return toView(rows[0])
    throw new SluisError('NOT_FOUND', `There is no key ${id}.`)
  }

  async listKeys(organisationId: OrganisationId): Promise<readonly KeyView[]> {
    const { rows } = await this.#store.pool.query<KeyRow>(
      'SELECT * FROM api_key WHERE organisation_id = $1 ORDER BY created_at, id LIMIT 1000',
      [organisationId],
    )
    return rows.map(toView)
  }

  /** The living keys for one database and nothing else. */
  async listKeysOf(organisationId: OrganisationId, database: string): Promise<readonly KeyView[]> {
    const { rows } = await this.#store.pool.query<KeyRow>(
      `SELECT * FROM api_key WHERE organisation_id = $1 AND databases = ARRAY[$2] AND revoked_at IS NULL
       ORDER BY created_at, id LIMIT 1000`,
      [organisationId, database],
    )
    return rows.map(toView)
  }

  /**
   * Lets keys that are bound to a database follow its new name. Null: it goes, and with it what the keys may do there;
   * those that were for nothing else end.
   */
  async moveKeys(organisationId: OrganisationId, from: string, to: string | null): Promise<void> {
    await this.#store.pool.query(
      `UPDATE api_key SET
         databases = CASE WHEN $3::text IS NULL AND databases <> ARRAY[$2] THEN array_remove(databases, $2)
           WHEN $3 IS NULL THEN databases ELSE array_replace(databases, $2, $3) END,
         revoked_at = CASE WHEN $3 IS NULL AND databases = ARRAY[$2] THEN coalesce(revoked_at, $4) ELSE revoked_at END
       WHERE organisation_id = $1 AND $2 = ANY (databases)`,
      [organisationId, from, to, this.#clock.now()],
    )
    this.#forgetKeys()
  }

  /** Ends a key at once; with `database`, only one that is for that and nothing else. */
  async revokeKey(
    caller: Caller,
    organisationId: OrganisationId,
    id: string,
    database: string | null = null,
  ): Promise<void> {
    await this.#store.transaction(async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE api_key SET revoked_at = $3 WHERE id = $1 AND organisation_id = $2 AND revoked_at IS NULL
           AND ($4::text IS NULL OR databases = ARRAY[$4])`,
        [id, organisationId, this.#clock.now(), database],
      )
      if (!rowCount) throw new SluisError('NOT_FOUND', `There is no living key ${id.slice(0, 40)}.`)
      await this.audit.record(tx, organisationId, caller.actor, 'key.revoked', id, {})
    })
    this.#forgetKeys()
  }
}
