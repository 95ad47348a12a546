import {
  type Clock,
  isId,
  type KeyId,
  newId,
  type OrganisationId,
  type RandomBytes,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import { bootstrapKeyForm, hashKey, newKeyText } from './key-text.ts'
import { type Scope, scopes } from './scopes.ts'

/** Who asks: a key, its organisation and what it may do. */
export interface Caller {
  readonly keyId: KeyId
  readonly organisationId: OrganisationId
  readonly scopes: ReadonlySet<Scope>
  /** Whether it may act in organisations below its own. */
  readonly mayDescend: boolean
  /** The only databases it may use; null: all of its organisation. */
  readonly databases: readonly string[] | null
}

/** A key as people see it; never its text. */
export interface KeyView {
  readonly id: KeyId
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly descendants: boolean
  readonly databases: readonly string[] | null
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
}

export interface Organisation {
  readonly id: OrganisationId
  readonly parentId: OrganisationId | null
  readonly name: string
  readonly slug: string
}

export interface NewKey {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly descendants?: boolean
  readonly databases?: readonly string[]
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
}

export interface AuditEvent {
  readonly id: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly facts: Readonly<Record<string, unknown>>
}

interface KeyRow {
  readonly id: KeyId
  readonly organisation_id: OrganisationId
  readonly name: string
  readonly scopes: Scope[]
  readonly descendants: boolean
  readonly databases: string[] | null
  readonly created_at: number
  readonly expires_at: number | null
  readonly revoked_at: number | null
}

/** A revoked key may live this long in another process's memory. */
const cachedMs = 5000
const mostCached = 10_000

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
  readonly #cache = new Map<
    string,
    { readonly caller: Caller; readonly expiresAt: number; readonly readAt: number }
  >()

  constructor({ store, clock, random }: { store: Store; clock: Clock; random: RandomBytes }) {
    this.#store = store
    this.#clock = clock
    this.#random = random
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
      if (rowCount) await this.recordAudit(tx, organisation.id, 'system', 'key.created', 'bootstrap', {})
      return organisation.id
    })
  }

  /** The caller behind an `Authorization` header; `UNAUTHENTICATED` otherwise. */
  async authenticate(authorization: string | undefined): Promise<Caller> {
    const text = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    if (!text) throw unauthenticated()
    const hash = hashKey(text)
    const name = hash.toString('base64')
    const now = this.#clock.now()
    const cached = this.#cache.get(name)
    if (cached && now - cached.readAt < cachedMs && now >= cached.readAt && now < cached.expiresAt)
      return cached.caller
    const { rows } = await this.#store.pool.query<KeyRow>(
      'SELECT * FROM api_key WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)',
      [hash, now],
    )
    const [row] = rows
    if (!row) {
      this.#cache.delete(name)
      throw unauthenticated()
    }
    const caller: Caller = {
      keyId: row.id,
      organisationId: row.organisation_id,
      scopes: new Set(row.scopes),
      mayDescend: row.descendants,
      databases: row.databases,
    }
    if (this.#cache.size >= mostCached) this.#cache.clear()
    this.#cache.set(name, { caller, expiresAt: row.expires_at ?? Number.POSITIVE_INFINITY, readAt: now })
    return caller
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
       SELECT id, parent_id, name, slug FROM below ORDER BY created_at, id LIMIT 1000`,
      [organisationId],
    )
    return rows.map(({ parent_id, ...row }) => ({ ...row, parentId: parent_id }))
  }

  /** A new key and, this once, its text. Nobody gives more than they have. */
  async createKey(
    caller: Caller,
    organisationId: OrganisationId,
    key: NewKey,
  ): Promise<{ view: KeyView; text: string }> {
    const excess = key.scopes.filter((scope) => !caller.scopes.has(scope))
    if (excess.length > 0) {
      throw new SluisError('FORBIDDEN', `This key lacks ${excess.join(', ')} itself and cannot give it.`, {
        hint: 'Ask for fewer scopes, or use a key that has them.',
        details: { field: 'scopes', missing: excess },
      })
    }
    if (key.descendants && !caller.mayDescend) {
      throw new SluisError(
        'FORBIDDEN',
        'This key may not act below its own organisation and cannot allow it.',
      )
    }
    const now = this.#clock.now()
    const text = newKeyText(this.#random)
    const row: KeyRow = {
      id: newId('key', now, this.#random),
      organisation_id: organisationId,
      name: key.name,
      scopes: [...key.scopes],
      descendants: key.descendants ?? false,
      // A key that is bound to databases cannot make one that is not.
      databases: key.databases ? [...key.databases] : caller.databases ? [...caller.databases] : null,
      created_at: now,
      expires_at: key.expiresAt ?? null,
      revoked_at: null,
    }
    await this.#store.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO api_key (id, organisation_id, name, hash, scopes, descendants, databases, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
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
        ],
      )
      await this.recordAudit(tx, organisationId, caller.keyId, 'key.created', row.id, {
        name: row.name,
        scopes: row.scopes,
      })
    })
    return { view: toView(row), text }
  }

  async listKeys(organisationId: OrganisationId): Promise<readonly KeyView[]> {
    const { rows } = await this.#store.pool.query<KeyRow>(
      'SELECT * FROM api_key WHERE organisation_id = $1 ORDER BY created_at, id LIMIT 1000',
      [organisationId],
    )
    return rows.map(toView)
  }

  async revokeKey(caller: Caller, organisationId: OrganisationId, id: string): Promise<void> {
    await this.#store.transaction(async (tx) => {
      const { rowCount } = await tx.query(
        'UPDATE api_key SET revoked_at = $3 WHERE id = $1 AND organisation_id = $2 AND revoked_at IS NULL',
        [id, organisationId, this.#clock.now()],
      )
      if (!rowCount) throw new SluisError('NOT_FOUND', `There is no living key ${id.slice(0, 40)}.`)
      await this.recordAudit(tx, organisationId, caller.keyId, 'key.revoked', id, {})
    })
    this.#cache.clear()
  }

  /** Writes one audit event, in the caller's transaction where there is one. */
  async recordAudit(
    tx: pg.ClientBase | pg.Pool | null,
    organisationId: OrganisationId,
    actor: string,
    action: string,
    subject: string,
    facts: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await (tx ?? this.#store.pool).query(
      'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
      [organisationId, this.#clock.now(), actor, action, subject, JSON.stringify(facts)],
    )
  }

  /** The newest events first; `before` is an event's id. */
  async listAudit(
    organisationId: OrganisationId,
    limit: number,
    before: number | null,
  ): Promise<readonly AuditEvent[]> {
    const { rows } = await this.#store.pool.query<Omit<AuditEvent, 'at'> & { at: number }>(
      `SELECT id, at, actor, action, subject, facts FROM audit_event
       WHERE organisation_id = $1 AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $2`,
      [organisationId, limit, before],
    )
    return rows.map((row) => ({ ...row, at: new Date(row.at).toISOString() }))
  }
}

/** Throws `FORBIDDEN` unless the caller has the scope. */
export function requireScope(caller: Caller, ...needed: readonly Scope[]): void {
  const missing = needed.filter((scope) => !caller.scopes.has(scope))
  if (missing.length === 0) return
  throw new SluisError('FORBIDDEN', `This key lacks the scope ${missing.join(', ')}.`, {
    hint: 'Use another key, or have one created with that scope.',
    details: { missing },
  })
}

function toView(row: KeyRow): KeyView {
  const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString())
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes,
    descendants: row.descendants,
    databases: row.databases,
    createdAt: new Date(row.created_at).toISOString(),
    expiresAt: iso(row.expires_at),
    revokedAt: iso(row.revoked_at),
  }
}
