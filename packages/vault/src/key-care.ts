import type { Clock, GrantId, OrganisationId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import { type GrantRow, type GrantSeals, sealedColumns } from './grant-row.ts'
import { grantChannel } from './grant-store.ts'
import { type KeyRing, lockKeysOf } from './key-ring.ts'
import type { StoredClients } from './stored-clients.ts'
import type { Webhooks } from './webhooks/webhooks.ts'

export interface KeyCareParts {
  readonly store: Store
  readonly keys: KeyRing
  readonly seals: GrantSeals
  readonly webhooks: Webhooks
  readonly clients: StoredClients
  readonly clock: Clock
}

/** A key that was replaced goes when nothing is sealed with it, and no spool (kept 7 days) can hold such a thing. */
const retiredKeptMs = 8 * 86_400_000
const page = 200

/** Moves what is sealed to new keys while everything goes on, and destroys keys. */
export class KeyCare {
  readonly #parts: KeyCareParts

  constructor(parts: KeyCareParts) {
    this.#parts = parts
  }

  /** A new data key for an organisation, and all that it holds sealed anew. Says how many values moved. */
  async rotateDataKey(organisationId: OrganisationId, actor: string): Promise<number> {
    await this.#parts.keys.rotate(organisationId, 'data')
    const moved = await this.reseal(organisationId)
    await this.#note(organisationId, actor, 'key.rotated', { key: 'data', moved })
    return moved
  }

  /** Seals anew what is not under the current key. A row that changed meanwhile is met again at the next look. */
  async reseal(organisationId: OrganisationId): Promise<number> {
    const { store, keys, seals, webhooks, clients } = this.#parts
    const { id: current } = await keys.keyFor(organisationId, 'data')
    let moved = 0
    let after = ''
    for (;;) {
      const { rows } = await store.pool.query<GrantRow>(
        `SELECT * FROM token_grant WHERE organisation_id = $1 AND id > $2 AND deleted_at IS NULL
           AND (${sealedColumns.map((column) => `substring(${column} FROM 2 FOR 16) <> $3`).join(' OR ')})
         ORDER BY id LIMIT ${page}`,
        [organisationId, after, Buffer.from(current, 'latin1')],
      )
      for (const row of rows) {
        const fresh = await seals.reseal(row)
        const { rowCount } = await store.pool.query(
          `UPDATE token_grant SET sealed_secret = $2, sealed_tokens = $3, sealed_alternates = $4
           WHERE id = $1 AND sealed_secret = $5 AND sealed_tokens IS NOT DISTINCT FROM $6
             AND sealed_alternates IS NOT DISTINCT FROM $7`,
          [
            row.id,
            ...sealedColumns.map((column) => fresh[column]),
            ...sealedColumns.map((column) => row[column]),
          ],
        )
        moved += rowCount ?? 0
      }
      const last = rows.at(-1)
      if (!last || rows.length < page) break
      after = last.id
    }
    moved += await webhooks.reseal(organisationId, current)
    return moved + (await clients.reseal(organisationId, current))
  }

  /** Goes on with rotations that left something behind, and drops keys that are of no use any more. */
  async attend(): Promise<void> {
    const { store, keys, clock } = this.#parts
    // A key that was made while the key-encryption key changed may be under the earlier one.
    await keys.rewrap()
    const { rows } = await store.pool.query<{
      id: string
      organisation_id: OrganisationId
      retired_at: number
    }>(
      `SELECT id, organisation_id, retired_at FROM vault_key WHERE retired_at IS NOT NULL AND purpose = 'data' LIMIT 1000`,
    )
    for (const organisationId of new Set(rows.map((row) => row.organisation_id)))
      await this.reseal(organisationId)
    for (const { id, retired_at: at } of rows) {
      if (at > clock.now() - retiredKeptMs) continue
      await store.pool.query(
        `DELETE FROM vault_key k WHERE id = $1 AND NOT is_current AND NOT EXISTS (
           SELECT FROM token_grant g WHERE g.organisation_id = k.organisation_id AND g.deleted_at IS NULL
             AND (${sealedColumns.map((column) => `substring(g.${column} FROM 2 FOR 16) = $2`).join(' OR ')}))
         AND NOT EXISTS (
           SELECT FROM webhook w WHERE w.organisation_id = k.organisation_id AND w.deleted_at IS NULL
             AND (substring(w.sealed_secret FROM 2 FOR 16) = $2 OR substring(w.sealed_previous_secret FROM 2 FOR 16) = $2))
         AND NOT EXISTS (
           SELECT FROM oauth_client c WHERE c.organisation_id = k.organisation_id AND c.deleted_at IS NULL
             AND (substring(c.sealed_secret FROM 2 FOR 16) = $2 OR substring(c.sealed_new_secret FROM 2 FOR 16) = $2))`,
        [id, Buffer.from(id, 'latin1')],
      )
    }
  }

  /**
   * Destroys an organisation's keys, for when it is deleted: whatever of it stands in the database or in a spool stays
   * sealed for ever. Its grants, clients and webhooks end; of a grant remains that it was there, so that no spool brings
   * it back. Revoke grants first where the platform shall know. May be repeated; no way back. Gives the grants' ids.
   */
  async shred(organisationId: OrganisationId, actor: string): Promise<readonly GrantId[]> {
    const { store, keys, clock } = this.#parts
    const now = clock.now()
    const grants = await store.transaction(async (tx) => {
      await tx.query(lockKeysOf, [organisationId])
      const { rowCount: isFirst } = await tx.query(
        'INSERT INTO vault_shredded (organisation_id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING',
        [organisationId, now],
      )
      await tx.query(
        `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         SELECT $1, $2, $3, 'grant.deleted', id, '{"because":"organisation deleted"}' FROM token_grant
         WHERE organisation_id = $1 AND deleted_at IS NULL`,
        [organisationId, now, actor],
      )
      const { rows } = await tx.query<{ id: GrantId }>(
        `UPDATE token_grant SET deleted_at = coalesce(deleted_at, $2), state = 'revoked', sealed_secret = '',
           sealed_tokens = NULL, sealed_alternates = NULL, has_access = false, has_refresh = false, due_at = NULL,
           warn_at = NULL, spend_id = NULL, platform_user = NULL, platform_user_id = NULL, label = NULL,
           external_id = NULL, client_id = '', redirect_uri = '', problem = NULL
         WHERE organisation_id = $1 RETURNING id`,
        [organisationId, now],
      )
      await tx.query(
        'DELETE FROM webhook_delivery WHERE webhook_id IN (SELECT id FROM webhook WHERE organisation_id = $1)',
        [organisationId],
      )
      for (const table of [
        'webhook',
        'oauth_client',
        'preauthentication',
        'connect_link',
        'connect_settings',
        'token_fingerprint',
        'idempotency_key',
        'vault_key',
      ]) {
        await tx.query(`DELETE FROM ${table} WHERE organisation_id = $1`, [organisationId])
      }
      if (isFirst) {
        await tx.query(
          `INSERT INTO audit_event (organisation_id, at, actor, action, subject) VALUES ($1, $2, $3, 'organisation.shredded', $1)`,
          [organisationId, now, actor],
        )
      }
      await tx.query('SELECT pg_notify($1, $2)', [grantChannel, organisationId])
      return rows.map(({ id }) => id)
    })
    keys.forget(organisationId)
    return grants
  }

  async #note(organisationId: OrganisationId, actor: string, action: string, facts: object): Promise<void> {
    await this.#parts.store.pool.query(
      'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $1, $5)',
      [organisationId, this.#parts.clock.now(), actor, action, JSON.stringify(facts)],
    )
  }
}
