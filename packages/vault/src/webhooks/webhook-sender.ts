import type { Clock, Log, RandomBytes } from '@sluis/shared'
import type { Store } from '@sluis/store'
import { guardedPost, type WebhookTargets } from './guarded-post.ts'
import { nextPause } from './retry-schedule.ts'
import { webhookHeaders } from './sign-webhook.ts'
import { eventIdOf, type WebhookRow, type Webhooks } from './webhooks.ts'

export interface WebhookSenderParts {
  readonly store: Store
  readonly webhooks: Webhooks
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly targets: WebhookTargets
  /** How long a receiver may take to answer. */
  readonly timeoutMs?: number
}

interface Claimed {
  readonly id: number
  readonly event_id: number
  readonly attempts: number
  readonly body: { readonly type: string; readonly at: number; readonly data: object }
  readonly created_at: number
  readonly webhook: WebhookRow & { readonly failures: number }
}

/** Deliveries under way in one process, in all and to one receiver: a slow one leaves room for the others. */
const atOnce = 32
const atOncePerWebhook = 8
/** Above the receiver's time by so much: a row whose sender died is due again then. */
const leaseMarginMs = 30_000
/** Deliveries that ended are kept for so long, to be looked at and sent again. */
const keptMs = 30 * 86_400_000
const tickMs = 500
const pruneEveryMs = 3_600_000

/**
 * Delivers what the outbox holds, at least once. Any number of processes share the work: each row is claimed by
 * moving its due time, past rows that others are claiming.
 */
export class WebhookSender {
  readonly #parts: WebhookSenderParts
  readonly #timeoutMs: number
  readonly #inFlight = new Set<Promise<void>>()
  /** Attempts under way, by webhook. */
  readonly #underWay = new Map<string, number>()
  readonly #lease: string
  readonly #stop = new AbortController()
  #running: Promise<void> | null = null
  #pruneAt = 0

  constructor(parts: WebhookSenderParts) {
    this.#parts = parts
    this.#timeoutMs = parts.timeoutMs ?? 15_000
    this.#lease = Buffer.from(parts.random(12)).toString('hex')
  }

  /** Delivers until `stop`. */
  run(): void {
    this.#running ??= this.#loop()
  }

  async #loop(): Promise<void> {
    const { clock, log } = this.#parts
    while (!this.#stop.signal.aborted) {
      try {
        while ((await this.deliverDue()) > 0 && !this.#stop.signal.aborted) {
          if (this.#inFlight.size >= atOnce) await Promise.race(this.#inFlight)
        }
        if (clock.now() >= this.#pruneAt) await this.#prune()
      } catch (error) {
        log.warn({ error: (error as Error).message }, 'webhooks could not be delivered; trying again')
      }
      await clock.sleep(tickMs, this.#stop.signal).catch(() => {})
    }
  }

  /** Begins attempts of what is due, as many as there is room for; says how many. `settled` waits for them. */
  async deliverDue(): Promise<number> {
    const claimed = await this.#claim()
    for (const delivery of claimed) this.#start(delivery)
    return claimed.length
  }

  /** Waits for the attempts that are under way. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight)
  }

  #start(delivery: Claimed): void {
    const { id } = delivery.webhook
    const count = (by: number) => this.#underWay.set(id, (this.#underWay.get(id) ?? 0) + by)
    count(1)
    const attempt = this.#attempt(delivery)
      .catch((error: Error) => {
        // Its lease runs out, and it is sent again.
        this.#parts.log.warn({ delivery: delivery.id, error: error.message }, 'a delivery’s end was not kept')
      })
      .finally(() => {
        this.#inFlight.delete(attempt)
        count(-1)
        if (this.#underWay.get(id) === 0) this.#underWay.delete(id)
      })
    this.#inFlight.add(attempt)
  }

  async #claim(): Promise<readonly Claimed[]> {
    const { store, clock } = this.#parts
    const room = atOnce - this.#inFlight.size
    if (room <= 0) return []
    const busy = [...this.#underWay].filter(([, count]) => count >= atOncePerWebhook).map(([id]) => id)
    const { rows } = await store.pool.query<Claimed & { readonly webhook_id: string }>(
      `WITH due AS (
         SELECT d.id, d.webhook_id, row_number() OVER (PARTITION BY d.webhook_id ORDER BY d.due_at, d.id) AS place
         FROM (
           SELECT d.id, d.webhook_id, d.due_at FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id
           WHERE d.state = 'pending' AND d.due_at <= $1 AND w.not_before <= $1 AND w.deleted_at IS NULL AND w.id <> ALL ($7)
           ORDER BY d.due_at LIMIT $2 FOR UPDATE OF d SKIP LOCKED) d),
       claimed AS (
         UPDATE webhook_delivery d SET due_at = $3, lease = $4, attempts = d.attempts + 1
         FROM (SELECT id FROM due WHERE place <= $5 ORDER BY place LIMIT $6) mine WHERE d.id = mine.id
         RETURNING d.*)
       SELECT c.id, c.event_id, c.attempts, c.body, c.created_at, c.webhook_id FROM claimed c ORDER BY c.id`,
      [
        clock.now(),
        atOnce * 4,
        clock.now() + this.#timeoutMs + leaseMarginMs,
        this.#lease,
        atOncePerWebhook,
        room,
        busy,
      ],
    )
    return this.#withWebhooks(rows)
  }

  async #withWebhooks(
    rows: readonly (Omit<Claimed, 'webhook'> & { readonly webhook_id: string })[],
  ): Promise<Claimed[]> {
    const ids = [...new Set(rows.map(({ webhook_id: id }) => id))]
    if (ids.length === 0) return []
    const { rows: found } = await this.#parts.store.pool.query<Claimed['webhook']>(
      'SELECT * FROM webhook WHERE id = ANY($1)',
      [ids],
    )
    const byId = new Map<string, Claimed['webhook']>(found.map((row) => [row.id, row]))
    return rows.flatMap((row) => {
      const webhook = byId.get(row.webhook_id)
      return webhook ? [{ ...row, webhook }] : []
    })
  }

  async #attempt(delivery: Claimed): Promise<void> {
    const { clock, webhooks, targets } = this.#parts
    const { webhook, body } = delivery
    let status: number | null = null
    let error: string | null = null
    try {
      const secrets = await webhooks.openSecrets(webhook)
      const text = JSON.stringify({
        type: body.type,
        timestamp: new Date(body.at).toISOString(),
        data: body.data,
      })
      const message = {
        id: eventIdOf(delivery.event_id),
        timestamp: Math.floor(clock.now() / 1000),
        body: text,
      }
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'sluis-webhooks',
        ...webhookHeaders(message, secrets),
      }
      status = await guardedPost(webhook.url, headers, text, { ...targets, timeoutMs: this.#timeoutMs })
      if (status < 200 || status > 299) error = `the receiver answered ${status}`
    } catch (failure) {
      error = (failure as Error).message.slice(0, 300)
    }
    if (error === null) await this.#keepSuccess(delivery, status)
    else await this.#keepFailure(delivery, status, error)
  }

  async #keepSuccess({ id, webhook }: Claimed, status: number | null): Promise<void> {
    const { store, clock } = this.#parts
    await store.pool.query(
      `UPDATE webhook_delivery SET state = 'delivered', ended_at = $2, last_status = $3, last_error = NULL, lease = NULL
       WHERE id = $1 AND state = 'pending' AND lease = $4`,
      [id, clock.now(), status, this.#lease],
    )
    if (webhook.failures === 0) return
    await store.pool.query('UPDATE webhook SET failures = 0, not_before = 0 WHERE id = $1', [webhook.id])
  }

  async #keepFailure(
    { id, webhook, attempts }: Claimed,
    status: number | null,
    error: string,
  ): Promise<void> {
    const { store, clock, random, log } = this.#parts
    const now = clock.now()
    const pause = nextPause(attempts, random)
    await store.pool.query(
      `UPDATE webhook_delivery SET state = $2, due_at = $3, ended_at = $4, last_status = $5, last_error = $6, lease = NULL
       WHERE id = $1 AND state = 'pending' AND lease = $7`,
      [
        id,
        pause === null ? 'dead' : 'pending',
        now + (pause ?? 0),
        pause === null ? now : null,
        status,
        error,
        this.#lease,
      ],
    )
    // The receiver rests too, an hour at most, so that a queue behind it is not worked off against a closed door.
    const rest = Math.min(3_600_000, 1000 * 2 ** Math.min(12, webhook.failures))
    await store.pool.query(
      'UPDATE webhook SET failures = failures + 1, not_before = $2 WHERE id = $1 AND failures = $3',
      [webhook.id, now + rest, webhook.failures],
    )
    if (pause === null) log.warn({ webhook: webhook.id, delivery: id }, 'a webhook was given up')
  }

  async #prune(): Promise<void> {
    const { store, clock } = this.#parts
    this.#pruneAt = clock.now() + pruneEveryMs
    await store.pool.query('DELETE FROM webhook_delivery WHERE ended_at < $1', [clock.now() - keptMs])
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.settled()
  }
}
