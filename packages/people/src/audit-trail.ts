import type { AuditAction, AuditKind, Clock, OrganisationId, PersonId } from '@sluis/shared'
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

/** Which events: all of these that are given. */
export interface AuditFilter {
  readonly actor?: string
  /** An act, or how several begin. */
  readonly action?: string
  /** What it is about: the first part of its action. */
  readonly kind?: AuditKind
  readonly subject?: string
  /** Milliseconds since the epoch; `until` is not included. */
  readonly from?: number
  readonly until?: number
}

type Facts = Readonly<Record<string, unknown>>
type EventRow = Omit<AuditEvent, 'at'> & { readonly at: number }

const filtered = `($3::text IS NULL OR e.actor = $3) AND ($4::text IS NULL OR starts_with(e.action, $4))
  AND ($5::text IS NULL OR e.subject = $5) AND ($6::bigint IS NULL OR e.at >= $6) AND ($7::bigint IS NULL OR e.at < $7)
  AND ($8::text IS NULL OR starts_with(e.action, $8 || '.'))`
const valuesOf = ({ actor, action, kind, subject, from, until }: AuditFilter) => [
  actor ?? null,
  action ?? null,
  subject ?? null,
  from ?? null,
  until ?? null,
  kind ?? null,
]

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
    action: AuditAction,
    subject: string,
    facts: Facts = {},
  ): Promise<void> {
    await (tx ?? this.#store.pool).query(
      'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
      [organisationId, this.#clock.now(), actor, action, subject, JSON.stringify(facts)],
    )
  }

  /** What a person did as themselves stands in the trail of every organisation that has them as a member. */
  async recordOfPerson(personId: PersonId, action: AuditAction, facts: Facts = {}): Promise<void> {
    await this.#store.pool.query(
      `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
       SELECT organisation_id, $2, $1, $3, $1, $4 FROM member WHERE person_id = $1`,
      [personId, this.#clock.now(), action, JSON.stringify(facts)],
    )
  }

  /** What somebody unknown tried in the name of the person with this address; nothing when there is none. */
  async recordOfEmail(email: string, action: AuditAction): Promise<void> {
    await this.#store.pool.query(
      `INSERT INTO audit_event (organisation_id, at, actor, action, subject)
       SELECT m.organisation_id, $2, 'somebody', $3, p.id FROM person p JOIN member m ON m.person_id = p.id
       WHERE p.email = lower($1)`,
      [email, this.#clock.now(), action],
    )
  }

  /** The newest events first, with the names that persons and keys have now; `before` is an event's id. */
  async list(
    organisationId: OrganisationId,
    limit: number,
    before: number | null,
    filter: AuditFilter = {},
  ): Promise<readonly (AuditEvent & { readonly actorName: string | null })[]> {
    const { rows } = await this.#store.pool.query<EventRow & { readonly actorName: string | null }>(
      `SELECT e.id, e.at, e.actor, e.action, e.subject, e.facts, coalesce(p.name, k.name) AS "actorName"
       FROM audit_event e LEFT JOIN person p ON p.id = e.actor LEFT JOIN api_key k ON k.id = e.actor
       WHERE e.organisation_id = $1 AND ($2::bigint IS NULL OR e.id < $2) AND ${filtered}
       ORDER BY e.id DESC LIMIT $9`,
      [organisationId, before, ...valuesOf(filter), limit],
    )
    return rows.map((row) => ({ ...toEvent(row), actorName: row.actorName }))
  }

  /** The names that persons and keys have now, by their ids; of many in one question. */
  async namesOf(actors: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { rows } = await this.#store.pool.query<{ readonly id: string; readonly name: string }>(
      `SELECT id, name FROM person WHERE id = ANY($1) UNION ALL SELECT id, name FROM api_key WHERE id = ANY($1)`,
      [[...new Set(actors)]],
    )
    return new Map(rows.map(({ id, name }) => [id, name]))
  }

  /** All events, oldest first, a page at a time: however many there are, few are in memory. */
  async *all(organisationId: OrganisationId, filter: AuditFilter = {}) {
    for (let after = 0; ; ) {
      const { rows } = await this.#store.pool.query<EventRow>(
        `SELECT id, at, actor, action, subject, facts FROM audit_event e
         WHERE organisation_id = $1 AND id > $2 AND ${filtered} ORDER BY id LIMIT 1000`,
        [organisationId, after, ...valuesOf(filter)],
      )
      for (const row of rows) yield toEvent(row)
      const last = rows.at(-1)
      if (last === undefined || rows.length < 1000) return
      after = last.id
    }
  }
}
