import type { Clock, GrantId, OrganisationId } from '@sluis/shared'
import type { DatabaseMemory } from './database-memory.ts'
import { Gather } from './gather.ts'
import { noSuchGrant } from './grant-failure.ts'
import { type GrantRow, toGrantView } from './grant-row.ts'
import type { PgGrantStore } from './pg-grant-store.ts'
import type { GrantView } from './vault.ts'

export interface GrantEventView {
  readonly id: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly facts: Readonly<Record<string, unknown>>
}

export interface GrantEventPage {
  readonly limit: number
  readonly after?: string
  readonly isNewest?: boolean
}

export interface GrantViewsParts {
  readonly store: PgGrantStore
  readonly memory: DatabaseMemory
  readonly clock: Clock
  databasesOf(grants: readonly GrantId[]): Promise<Map<GrantId, string[]>>
}

/** Grants as their owners see them. What is asked of the database for one row, it is asked for many at once. */
export class GrantViews {
  readonly #parts: GrantViewsParts
  readonly #gathered: Gather<GrantRow, GrantView>

  constructor(parts: GrantViewsParts) {
    this.#parts = parts
    this.#gathered = new Gather((rows) => this.#all(rows))
  }

  of(row: GrantRow): Promise<GrantView> {
    return this.#gathered.ask(row)
  }

  /** The row that an organisation owns; `NOT_FOUND` otherwise. */
  async row(organisationId: OrganisationId, id: GrantId): Promise<GrantRow> {
    const row = await this.#parts.store.get(id, organisationId)
    if (!row) throw noSuchGrant()
    return row
  }

  async get(organisationId: OrganisationId, id: GrantId): Promise<GrantView> {
    return this.of(await this.row(organisationId, id))
  }

  /** In the order of their ids, which is that of their age; `after` is the last id of the page before. */
  async list(
    organisationId: OrganisationId,
    { limit, after }: { readonly limit: number; readonly after?: string },
  ): Promise<readonly GrantView[]> {
    return this.#all(await this.#parts.store.list(organisationId, limit, after ?? null))
  }

  /** What happened to a grant, oldest first; `after` is the last event's id of the page before. `isNewest`: the last ones. */
  async events(
    organisationId: OrganisationId,
    id: GrantId,
    { limit, after, isNewest = false }: GrantEventPage,
  ): Promise<readonly GrantEventView[]> {
    await this.row(organisationId, id)
    const { rows } = await this.#parts.store.pool.query<Omit<GrantEventView, 'at'> & { at: number }>(
      `SELECT id, at, actor, action, facts FROM audit_event
       WHERE subject = $1 AND organisation_id = $2 AND id > $3 ORDER BY id ${isNewest ? 'DESC' : 'ASC'} LIMIT $4`,
      [id, organisationId, Number(after ?? 0) || 0, limit],
    )
    if (isNewest) rows.reverse()
    return rows.map((event) => ({ ...event, at: new Date(event.at).toISOString() }))
  }

  async #all(rows: readonly GrantRow[]): Promise<GrantView[]> {
    const { databasesOf, memory, clock } = this.#parts
    const [names, seen] = await Promise.all([databasesOf(rows.map(({ id }) => id)), memory.seen(rows)])
    return seen.map((row) => toGrantView(row, names.get(row.id) ?? [], clock.now()))
  }
}
