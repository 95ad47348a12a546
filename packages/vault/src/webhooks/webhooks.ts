import {
  type Clock,
  newId,
  type OrganisationId,
  PlainSecret,
  type RandomBytes,
  SluisError,
  type WebhookId,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { KeyRing } from '../key-ring.ts'
import type { SealContext } from '../seal.ts'
import { checkWebhookUrl, type WebhookTargets } from './guarded-post.ts'
import { newWebhookSecret } from './sign-webhook.ts'
import type { WebhookEvent } from './webhook-events.ts'

/** A subscription as callers see it; its secret is shown once, when it is made. */
export interface WebhookView {
  readonly id: WebhookId
  readonly url: string
  readonly description: string | null
  /** Null: all. */
  readonly events: readonly WebhookEvent[] | null
  readonly descendants: boolean
  readonly previousSecretUntil: string | null
  readonly createdAt: string
}

export interface DeliveryView {
  readonly id: string
  /** What the receiver sees as `webhook-id`; the same for every attempt. */
  readonly eventId: string
  readonly type: WebhookEvent
  readonly grant: string
  readonly state: 'pending' | 'delivered' | 'dead'
  readonly attempts: number
  readonly nextAttemptAt: string | null
  readonly lastStatus: number | null
  readonly lastError: string | null
  readonly createdAt: string
  readonly endedAt: string | null
}

export interface NewWebhook {
  readonly url: string
  readonly description?: string
  readonly events?: readonly WebhookEvent[]
  readonly descendants?: boolean
}

export interface WebhookRow {
  readonly id: WebhookId
  readonly organisation_id: OrganisationId
  readonly url: string
  readonly description: string | null
  readonly events: WebhookEvent[] | null
  readonly descendants: boolean
  readonly sealed_secret: Buffer
  readonly sealed_previous_secret: Buffer | null
  readonly previous_secret_until: number | null
  readonly created_at: number
}

export interface WebhooksParts {
  readonly store: Store
  readonly keys: KeyRing
  readonly clock: Clock
  readonly random: RandomBytes
  readonly targets: WebhookTargets
}

/** For so long both secrets sign after a rotation, unless told. */
const overlapMs = 24 * 3_600_000
/** An organisation's subscriptions; every event is matched against each. */
const most = 50

const context = (row: Pick<WebhookRow, 'organisation_id' | 'id'>): SealContext => ({
  organisation: row.organisation_id,
  grant: row.id,
  field: 'webhook-secret',
  chain: 0,
  generation: 0,
})

/** Subscriptions of organisations to what happens to their grants. */
export class Webhooks {
  readonly #parts: WebhooksParts

  constructor(parts: WebhooksParts) {
    this.#parts = parts
  }

  /** The secret is given here and by `rotateSecret` only. */
  async create(
    organisationId: OrganisationId,
    webhook: NewWebhook,
    actor: string,
    outer: pg.PoolClient | null = null,
  ): Promise<{ readonly webhook: WebhookView; readonly secret: PlainSecret }> {
    const { store, keys, clock, random, targets } = this.#parts
    const { href } = checkWebhookUrl(webhook.url, targets)
    const now = clock.now()
    const id = newId('whk', now, random)
    const secret = newWebhookSecret(random)
    const sealed = await keys.seal(secret.reveal(), context({ organisation_id: organisationId, id }))
    const insert = async (tx: pg.ClientBase) => {
      // Two that are made at once count each other.
      await tx.query('SELECT FROM organisation WHERE id = $1 FOR UPDATE', [organisationId])
      const { rows } = await tx.query<WebhookRow>(
        `INSERT INTO webhook (id, organisation_id, url, description, events, descendants, sealed_secret, created_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8
         WHERE (SELECT count(*) FROM webhook WHERE organisation_id = $2 AND deleted_at IS NULL) < $9 RETURNING *`,
        [
          id,
          organisationId,
          href,
          webhook.description ?? null,
          webhook.events ?? null,
          webhook.descendants ?? false,
          sealed,
          now,
          most,
        ],
      )
      const [created] = rows
      if (!created) {
        throw new SluisError('INVALID_REQUEST', `An organisation has at most ${most} webhooks.`, {
          hint: 'Delete one that is not used any more.',
        })
      }
      await note(tx, created, now, actor, 'webhook.created', { events: created.events })
      return created
    }
    const row = await (outer === null ? store.transaction(insert) : insert(outer))
    return { webhook: toView(row, now), secret }
  }

  /** The webhook with the secret that signs now, for who is told again what was told once. */
  async withSecret(
    organisationId: OrganisationId,
    id: string,
  ): Promise<{ readonly webhook: WebhookView; readonly secret: PlainSecret }> {
    const row = await this.#row(organisationId, id)
    const [secret = fail()] = await this.openSecrets(row)
    return { webhook: toView(row, this.#parts.clock.now()), secret }
  }

  async list(organisationId: OrganisationId): Promise<readonly WebhookView[]> {
    const { rows } = await this.#parts.store.pool.query<WebhookRow>(
      'SELECT * FROM webhook WHERE organisation_id = $1 AND deleted_at IS NULL ORDER BY id',
      [organisationId],
    )
    return rows.map((row) => toView(row, this.#parts.clock.now()))
  }

  async get(organisationId: OrganisationId, id: string): Promise<WebhookView> {
    return toView(await this.#row(organisationId, id), this.#parts.clock.now())
  }

  async #row(organisationId: OrganisationId, id: string): Promise<WebhookRow> {
    const { rows } = await this.#parts.store.pool.query<WebhookRow>(
      'SELECT * FROM webhook WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL',
      [id, organisationId],
    )
    return rows[0] ?? fail()
  }

  /** What is waiting for it is not sent any more. */
  async delete(organisationId: OrganisationId, id: string, actor: string): Promise<void> {
    const { store, clock } = this.#parts
    const now = clock.now()
    await store.transaction(async (tx) => {
      const { rows } = await tx.query<WebhookRow>(
        'UPDATE webhook SET deleted_at = $3 WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL RETURNING *',
        [id, organisationId, now],
      )
      const row = rows[0] ?? fail()
      await tx.query(
        `UPDATE webhook_delivery SET state = 'dead', ended_at = $2, last_error = 'the webhook was deleted'
         WHERE webhook_id = $1 AND state = 'pending'`,
        [id, now],
      )
      await note(tx, row, now, actor, 'webhook.deleted', {})
    })
  }

  /** A new secret; the one before signs beside it for `overlapSeconds`, a day unless told. */
  async rotateSecret(
    organisationId: OrganisationId,
    id: string,
    actor: string,
    overlapSeconds = overlapMs / 1000,
  ): Promise<{ readonly webhook: WebhookView; readonly secret: PlainSecret }> {
    const { store, keys, clock, random } = this.#parts
    const now = clock.now()
    const row = await this.#row(organisationId, id)
    const secret = newWebhookSecret(random)
    const sealed = await keys.seal(secret.reveal(), context(row))
    return store.transaction(async (tx) => {
      const { rows } = await tx.query<WebhookRow>(
        `UPDATE webhook SET sealed_previous_secret = sealed_secret, previous_secret_until = $3, sealed_secret = $2
         WHERE id = $1 AND deleted_at IS NULL RETURNING *`,
        [id, sealed, now + overlapSeconds * 1000],
      )
      const rotated = rows[0] ?? fail()
      await note(tx, rotated, now, actor, 'webhook.secret-rotated', {})
      return { webhook: toView(rotated, now), secret }
    })
  }

  /** The secrets that sign now, newest first. */
  async openSecrets(row: WebhookRow): Promise<readonly PlainSecret[]> {
    const { keys, clock } = this.#parts
    const blobs = [row.sealed_secret]
    if (row.sealed_previous_secret && (row.previous_secret_until ?? 0) > clock.now()) {
      blobs.push(row.sealed_previous_secret)
    }
    return Promise.all(
      blobs.map(async (blob) => new PlainSecret((await keys.unseal(blob, context(row))).toString())),
    )
  }

  /** Seals secrets anew that are not under the data key `current`. Says how many. */
  async reseal(organisationId: OrganisationId, current: string): Promise<number> {
    const { store, keys } = this.#parts
    const { rows } = await store.pool.query<WebhookRow>(
      `SELECT * FROM webhook WHERE organisation_id = $1 AND deleted_at IS NULL
         AND (substring(sealed_secret FROM 2 FOR 16) <> $2 OR substring(sealed_previous_secret FROM 2 FOR 16) <> $2)`,
      [organisationId, Buffer.from(current, 'latin1')],
    )
    const move = async (row: WebhookRow, blob: Buffer) =>
      keys.seal(await keys.unseal(blob, context(row)), context(row))
    let moved = 0
    for (const row of rows) {
      const previous = row.sealed_previous_secret
      const { rowCount } = await store.pool.query(
        `UPDATE webhook SET sealed_secret = $2, sealed_previous_secret = $3
         WHERE id = $1 AND sealed_secret = $4 AND sealed_previous_secret IS NOT DISTINCT FROM $5`,
        [
          row.id,
          await move(row, row.sealed_secret),
          previous && (await move(row, previous)),
          row.sealed_secret,
          previous,
        ],
      )
      moved += rowCount ?? 0
    }
    return moved
  }

  /** Newest first; `before` is the last id of the page before. */
  async deliveries(
    organisationId: OrganisationId,
    id: string,
    page: { limit: number; before?: string; state?: DeliveryView['state'] },
  ): Promise<readonly DeliveryView[]> {
    await this.#row(organisationId, id)
    const { rows } = await this.#parts.store.pool.query<DeliveryRow>(
      `SELECT * FROM webhook_delivery WHERE webhook_id = $1 AND ($2::bigint IS NULL OR id < $2)
       AND ($3::text IS NULL OR state = $3) ORDER BY id DESC LIMIT $4`,
      [id, page.before === undefined ? null : numberOf(page.before), page.state ?? null, page.limit],
    )
    return rows.map(toDelivery)
  }

  /** Sends deliveries again that ended: one by its id, or all that are dead. Says how many. */
  async replay(organisationId: OrganisationId, id: string, delivery: string | 'dead'): Promise<number> {
    const { store, clock } = this.#parts
    await this.#row(organisationId, id)
    const only = delivery === 'dead' ? null : numberOf(delivery)
    return store.transaction(async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE webhook_delivery SET state = 'pending', attempts = 0, due_at = $2, ended_at = NULL, lease = NULL
         WHERE webhook_id = $1 AND (($3::bigint IS NULL AND state = 'dead') OR (id = $3 AND state <> 'pending'))`,
        [id, clock.now(), only],
      )
      await tx.query('UPDATE webhook SET failures = 0, not_before = 0 WHERE id = $1', [id])
      return rowCount ?? 0
    })
  }
}

interface DeliveryRow {
  readonly id: number
  readonly event_id: number
  readonly type: WebhookEvent
  readonly subject: string
  readonly state: DeliveryView['state']
  readonly attempts: number
  readonly due_at: number
  readonly last_status: number | null
  readonly last_error: string | null
  readonly created_at: number
  readonly ended_at: number | null
}

/** An event's id as receivers see it. */
export const eventIdOf = (id: number) => `evt_${id}`

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString())

function toDelivery(row: DeliveryRow): DeliveryView {
  return {
    id: String(row.id),
    eventId: eventIdOf(row.event_id),
    type: row.type,
    grant: row.subject,
    state: row.state,
    attempts: row.attempts,
    nextAttemptAt: row.state === 'pending' ? iso(row.due_at) : null,
    lastStatus: row.last_status,
    lastError: row.last_error,
    createdAt: iso(row.created_at) ?? '',
    endedAt: iso(row.ended_at),
  }
}

function toView(row: WebhookRow, now: number): WebhookView {
  const until = row.previous_secret_until
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    events: row.events,
    descendants: row.descendants,
    previousSecretUntil: until !== null && until > now ? iso(until) : null,
    createdAt: iso(row.created_at) ?? '',
  }
}

function numberOf(text: string): number {
  const number = Number(text)
  return /^\d{1,15}$/.test(text) ? number : fail('There is no such delivery.')
}

function fail(message = 'There is no such webhook.'): never {
  throw new SluisError('NOT_FOUND', message, { hint: 'GET /api/v1/webhooks lists them.' })
}

function note(
  tx: { query(text: string, values: unknown[]): Promise<unknown> },
  row: WebhookRow,
  at: number,
  actor: string,
  action: string,
  facts: object,
): Promise<unknown> {
  return tx.query(
    'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
    [row.organisation_id, at, actor, action, row.id, JSON.stringify(facts)],
  )
}
