import type { Clock, OrganisationId, PersonId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'

export interface AuditEvent {
  readonly id: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly facts: Readonly<Record<string, unknown>>
}

type Facts = Readonly<Record<string, unknown>>
type EventRow = Omit<AuditEvent, 'at'> & { readonly at: number }

const toEvent = (row: EventRow): AuditEvent => ({ ...row, at: new Date(row.at).toISOString() })

/** Who did what to what, append-only: the database itself refuses changes. */
export class AuditTrail {
  readonly #store: Store
  readonly #clock: Clock

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Writes one event, in the caller's transaction where there is one. */
  async record(
    tx: pg.ClientBase | pg.Pool | null,
    organisationId: OrganisationId,
    actor: string,
    action: string,
    subject: string,
    facts: Facts = {},
  ): Promise<void> {
    await (tx ?? this.#store.pool).query(
      'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
      [organisationId, this.#clock.now(), actor, action, subject, JSON.stringify(facts)],
    )
  }

  /** What a person did as themselves stands in the trail of every organisation that has them as a member. */
  async recordOfPerson(personId: PersonId, action: string, facts: Facts = {}): Promise<void> {
    await this.#store.pool.query(
      `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
       SELECT organisation_id, $2, $1, $3, $1, $4 FROM member WHERE person_id = $1`,
      [personId, this.#clock.now(), action, JSON.stringify(facts)],
    )
  }

  /** What somebody unknown tried in the name of the person with this address; nothing when there is none. */
  async recordOfEmail(email: string, action: string): Promise<void> {
    await this.#store.pool.query(
      `INSERT INTO audit_event (organisation_id, at, actor, action, subject)
       SELECT m.organisation_id, $2, 'somebody', $3, p.id FROM person p JOIN member m ON m.person_id = p.id
       WHERE p.email = lower($1)`,
      [email, this.#clock.now(), action],
    )
  }

  /** The newest events first; `before` is an event's id. */
  async list(
    organisationId: OrganisationId,
    limit: number,
    before: number | null,
  ): Promise<readonly AuditEvent[]> {
    const { rows } = await this.#store.pool.query<EventRow>(
      `SELECT id, at, actor, action, subject, facts FROM audit_event
       WHERE organisation_id = $1 AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $2`,
      [organisationId, limit, before],
    )
    return rows.map(toEvent)
  }

  /** All events, oldest first, a page at a time: however many there are, few are in memory. */
  async *all(organisationId: OrganisationId, { from = 0, until = Number.MAX_SAFE_INTEGER } = {}) {
    for (let after = 0; ; ) {
      const { rows } = await this.#store.pool.query<EventRow>(
        `SELECT id, at, actor, action, subject, facts FROM audit_event
         WHERE organisation_id = $1 AND id > $2 AND at >= $3 AND at < $4 ORDER BY id LIMIT 1000`,
        [organisationId, after, from, until],
      )
      for (const row of rows) yield toEvent(row)
      const last = rows.at(-1)
      if (last === undefined || rows.length < 1000) return
      after = last.id
    }
  }
}
