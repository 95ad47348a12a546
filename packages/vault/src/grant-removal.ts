import { type Clock, type GrantId, type OrganisationId, SluisError } from '@sluis/shared'
import type pg from 'pg'
import { noSuchGrant } from './grant-failure.ts'
import type { GrantRow, GrantSeals, HeldTokens } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import { grantChannel, noSpend, rowToJson } from './grant-store.ts'
import type { LeaseCache } from './lease-cache.ts'
import type { PlatformUser } from './oauth-platform.ts'
import type { PgGrantStore } from './pg-grant-store.ts'
import type { Spool } from './spool.ts'
import type { TokenSender } from './token-sender.ts'

export interface GrantRemovalParts {
  readonly store: PgGrantStore
  readonly seals: GrantSeals
  readonly spool: Spool
  readonly sender: TokenSender
  readonly cache: LeaseCache
  readonly clock: Clock
  /** A grant is deleted: what was read through it goes. */
  onDeleted(tx: pg.ClientBase, grant: GrantId): Promise<void>
  databasesOf(grants: readonly GrantId[]): Promise<Map<GrantId, string[]>>
}

/** What a grant held when it was ended for use elsewhere. */
export interface TakenOut {
  readonly tokens: HeldTokens
  readonly accessExpiresAt: number | null
  readonly user: PlatformUser | null
}

/** Ends grants: a tombstone first, in PostgreSQL and in the spool, so that no replay brings a chain back. */
export class GrantRemoval {
  readonly #parts: GrantRemovalParts

  constructor(parts: GrantRemovalParts) {
    this.#parts = parts
  }

  /** Tombstones the grant, then revokes it at the platform where that can be done. */
  async delete(organisationId: OrganisationId, id: GrantId, actor: string): Promise<void> {
    const { store, seals, sender, clock, databasesOf, onDeleted } = this.#parts
    // First whose it is: the names of another organisation's databases are nobody's here.
    if (!(await store.get(id, organisationId))) throw noSuchGrant()
    const names = (await databasesOf([id])).get(id) ?? []
    if (names.length > 0) {
      throw new SluisError('INVALID_REQUEST', `Databases read through this grant: ${names.join(', ')}.`, {
        hint: 'Delete them first, or give them another grant.',
        details: { databases: names },
      })
    }
    const now = clock.now()
    const { row, gone } = await store.transaction(async (tx) => {
      const { rows } = await tx.query<GrantRow>(
        'SELECT * FROM token_grant WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL FOR UPDATE',
        [id, organisationId],
      )
      const [row] = rows
      if (!row) throw noSuchGrant()
      const gone = tombstone({ ...row, ...noSpend }, now)
      await store.replace(tx, gone)
      // What nobody spent may be handed over again; what was spent stays known.
      await tx.query('DELETE FROM token_fingerprint WHERE grant_id = $1 AND chain = $2 AND generation = $3', [
        id,
        row.chain,
        row.generation,
      ])
      await note(tx, gone, 'grant.deleted', actor, now)
      await onDeleted(tx, id)
      await tx.query('SELECT pg_notify($1, $2)', [grantChannel, id])
      return { row, gone }
    })
    await this.#forget(gone, now)
    if (!(await sender.revoke(row, await seals.openTokens(row), seals))) return
    await note(store.pool, gone, 'grant.revoked', actor, clock.now())
  }

  /**
   * Ends a grant that was made for use elsewhere and gives its tokens: whoever gets them refreshes them from now on.
   * False when somebody has begun to use it.
   */
  async takeOut(
    organisationId: OrganisationId,
    id: GrantId,
    actor: string,
    keep: (tx: pg.ClientBase, taken: TakenOut) => Promise<void>,
  ): Promise<boolean> {
    const { store, seals, clock, databasesOf } = this.#parts
    const now = clock.now()
    const gone = await store.transaction(async (tx) => {
      const { rows } = await tx.query<GrantRow>(
        `SELECT * FROM token_grant WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL
           AND state = 'active' AND spend_id IS NULL FOR UPDATE`,
        [id, organisationId],
      )
      const [row] = rows
      if (!row || ((await databasesOf([id])).get(id) ?? []).length > 0) return null
      const tokens = await seals.openTokens(row)
      const gone = tombstone(row, now)
      await store.replace(tx, gone)
      await tx.query('DELETE FROM token_fingerprint WHERE grant_id = $1', [id])
      await note(tx, gone, 'grant.deleted', actor, now, { because: 'made for use elsewhere' })
      await keep(tx, { tokens, accessExpiresAt: row.access_expires_at, user: row.platform_user })
      return gone
    })
    if (gone === null) return false
    await this.#forget(gone, now)
    return true
  }

  async #forget(gone: GrantRow, now: number): Promise<void> {
    this.#parts.cache.hear(gone.id)
    await this.#parts.spool.append({ kind: 'grant', at: now, row: rowToJson(gone) })
  }
}

const tombstone = (row: GrantRow, now: number): GrantRow => ({
  ...row,
  state: nextState(row.state, 'removed'),
  sealed_tokens: null,
  sealed_alternates: null,
  has_access: false,
  has_refresh: false,
  due_at: null,
  deleted_at: now,
})

function note(
  db: Pick<pg.ClientBase, 'query'>,
  { id, organisation_id }: GrantRow,
  action: string,
  actor: string,
  at: number,
  facts: object = {},
): Promise<unknown> {
  return db.query(
    'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
    [organisation_id, at, actor, action, id, JSON.stringify(facts)],
  )
}
