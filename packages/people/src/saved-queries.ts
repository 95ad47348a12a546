import {
  type Clock,
  must,
  newId,
  type OrganisationId,
  type RandomBytes,
  type SavedQueryId,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { AuditTrail } from './audit-trail.ts'
import type { Caller } from './caller.ts'

/** A statement that is kept by name, as one caller sees it. */
export interface SavedQueryView {
  readonly id: SavedQueryId
  readonly name: string
  readonly sql: string
  /** Whether whoever may query in the organisation sees it. */
  readonly isShared: boolean
  readonly isOwn: boolean
  /** Whether this caller may change and delete it. */
  readonly mayChange: boolean
  /** What whoever made it is called now; null: they are gone. */
  readonly author: string | null
  readonly createdAt: string
  readonly changedAt: string
}

export interface NewSavedQuery {
  readonly name: string
  readonly sql: string
  readonly isShared: boolean
}

interface Row {
  readonly id: SavedQueryId
  readonly owner: string
  readonly name: string
  readonly sql: string
  readonly is_shared: boolean
  readonly author: string | null
  readonly created_at: number
  readonly changed_at: number
}

/** So that the list is read whole: a library of queries is made by hand. */
export const mostOwnQueries = 500
export const mostSharedQueries = 1000

const noQuery = () =>
  new SluisError('NOT_FOUND', 'There is no such saved query.', { hint: 'GET /api/v1/queries lists them.' })

const select = `SELECT q.id, q.owner, q.name, q.sql, q.is_shared, q.created_at, q.changed_at,
  coalesce(p.name, k.name) AS author
  FROM saved_query q LEFT JOIN person p ON p.id = q.owner LEFT JOIN api_key k ON k.id = q.owner`

/**
 * Queries that an organisation's people and keys keep: each its own ones, and what others share. Who made one changes it;
 * a shared one also whoever looks after the organisation (`admin`), because people leave.
 */
export class SavedQueries {
  readonly #parts: {
    readonly store: Store
    readonly clock: Clock
    readonly random: RandomBytes
    readonly audit: AuditTrail
  }

  constructor(parts: { store: Store; clock: Clock; random: RandomBytes; audit: AuditTrail }) {
    this.#parts = parts
  }

  /** The caller's own, and those that are shared, by name. */
  async list(caller: Caller, organisationId: OrganisationId): Promise<readonly SavedQueryView[]> {
    const { rows } = await this.#parts.store.pool.query<Row>(
      `${select} WHERE q.organisation_id = $1 AND (q.owner = $2 OR q.is_shared) ORDER BY lower(q.name), q.id`,
      [organisationId, caller.actor],
    )
    return rows.map((row) => toView(caller, row))
  }

  async get(caller: Caller, organisationId: OrganisationId, id: string): Promise<SavedQueryView> {
    return toView(caller, await this.#find(this.#parts.store.pool, caller, organisationId, id))
  }

  /** Keeps a query; in the caller's transaction where there is one. */
  async create(
    caller: Caller,
    organisationId: OrganisationId,
    query: NewSavedQuery,
    tx?: pg.ClientBase,
  ): Promise<SavedQueryId> {
    const { store, clock, random, audit } = this.#parts
    const work = async (tx: pg.ClientBase) => {
      const [id, now] = [newId('qry', clock.now(), random), clock.now()]
      await tx.query(
        `INSERT INTO saved_query (id, organisation_id, owner, name, sql, is_shared, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`,
        [id, organisationId, caller.actor, query.name, query.sql, query.isShared, now],
      )
      await this.#assertRoom(tx, organisationId, caller.actor)
      await audit.record(tx, organisationId, caller.actor, 'query.saved', id, { shared: query.isShared })
      return id
    }
    return tx === undefined ? store.transaction(work) : work(tx)
  }

  async change(
    caller: Caller,
    organisationId: OrganisationId,
    id: string,
    change: { readonly [Name in keyof NewSavedQuery]?: NewSavedQuery[Name] | undefined },
  ): Promise<SavedQueryView> {
    const { store, clock, audit } = this.#parts
    return store.transaction(async (tx) => {
      const { owner } = await this.#mustChange(tx, caller, organisationId, id)
      const { rows } = await tx.query<{ is_shared: boolean }>(
        `UPDATE saved_query SET name = coalesce($2, name), sql = coalesce($3, sql),
           is_shared = coalesce($4, is_shared), changed_at = $5 WHERE id = $1 RETURNING is_shared`,
        [id, change.name ?? null, change.sql ?? null, change.isShared ?? null, clock.now()],
      )
      await this.#assertRoom(tx, organisationId, owner)
      const facts = { changed: Object.keys(change), shared: rows[0]?.is_shared }
      await audit.record(tx, organisationId, caller.actor, 'query.changed', id, facts)
      // Also one that the caller has just put out of their own sight.
      const { rows: changed } = await tx.query<Row>(`${select} WHERE q.id = $1`, [id])
      return toView(caller, must(changed[0]))
    })
  }

  async delete(caller: Caller, organisationId: OrganisationId, id: string): Promise<void> {
    const { store, audit } = this.#parts
    await store.transaction(async (tx) => {
      const { is_shared } = await this.#mustChange(tx, caller, organisationId, id)
      await tx.query('DELETE FROM saved_query WHERE id = $1', [id])
      await audit.record(tx, organisationId, caller.actor, 'query.deleted', id, { shared: is_shared })
    })
  }

  /** What the caller does not see is as if it were not there. */
  async #find(
    place: pg.ClientBase | pg.Pool,
    caller: Caller,
    organisationId: OrganisationId,
    id: string,
  ): Promise<Row> {
    const { rows } = await place.query<Row>(
      `${select} WHERE q.id = $1 AND q.organisation_id = $2 AND (q.owner = $3 OR q.is_shared)`,
      [id, organisationId, caller.actor],
    )
    const [row] = rows
    if (!row) throw noQuery()
    return row
  }

  async #mustChange(
    tx: pg.ClientBase,
    caller: Caller,
    organisationId: OrganisationId,
    id: string,
  ): Promise<Row> {
    // One change of an organisation's queries at a time, so that two never share the last place.
    await tx.query('SELECT FROM organisation WHERE id = $1 FOR NO KEY UPDATE', [organisationId])
    const row = await this.#find(tx, caller, organisationId, id)
    if (mayChange(caller, row)) return row
    throw new SluisError('FORBIDDEN', 'This query is shared by somebody else.', {
      hint: 'Save a copy under a name of your own, or ask its author or an owner of the organisation.',
      details: { missing: ['admin'] },
    })
  }

  /** Counted after the row is there, in its transaction. */
  async #assertRoom(tx: pg.ClientBase, organisationId: OrganisationId, owner: string): Promise<void> {
    await tx.query('SELECT FROM organisation WHERE id = $1 FOR NO KEY UPDATE', [organisationId])
    const { rows } = await tx.query<{ own: number; shared: number }>(
      `SELECT count(*) FILTER (WHERE owner = $2)::int AS own, count(*) FILTER (WHERE is_shared)::int AS shared
       FROM saved_query WHERE organisation_id = $1 AND (owner = $2 OR is_shared)`,
      [organisationId, owner],
    )
    const { own = 0, shared = 0 } = rows[0] ?? {}
    if (own <= mostOwnQueries && shared <= mostSharedQueries) return
    throw new SluisError(
      'INVALID_REQUEST',
      own > mostOwnQueries
        ? `Nobody keeps more than ${mostOwnQueries} queries in an organisation.`
        : `An organisation shares at most ${mostSharedQueries} queries.`,
      { hint: 'Delete one that nobody needs any more.' },
    )
  }
}

const mayChange = (caller: Caller, { owner, is_shared }: Row): boolean =>
  owner === caller.actor || (is_shared && caller.scopes.has('admin'))

function toView(caller: Caller, row: Row): SavedQueryView {
  return {
    id: row.id,
    name: row.name,
    sql: row.sql,
    isShared: row.is_shared,
    isOwn: row.owner === caller.actor,
    mayChange: mayChange(caller, row),
    author: row.author,
    createdAt: new Date(row.created_at).toISOString(),
    changedAt: new Date(row.changed_at).toISOString(),
  }
}
