import { type PersonId, SluisError } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { AuditTrail } from './audit-trail.ts'
import type { Person } from './log-in.ts'

export interface SessionView {
  readonly id: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly address: string | null
  readonly userAgent: string | null
  /** Whether it is the one that asks. */
  readonly isCurrent: boolean
}

/** Where a person is logged in, and an end to it. */
export class Sessions {
  readonly #store: Store
  readonly #audit: AuditTrail

  constructor(store: Store, audit: AuditTrail) {
    this.#store = store
    this.#audit = audit
  }

  async list(person: Person): Promise<readonly SessionView[]> {
    const { rows } = await this.#store.pool.query<{
      id: string
      created_at: Date
      expires_at: Date
      ip_address: string | null
      user_agent: string | null
    }>(
      `SELECT id, created_at, expires_at, ip_address, user_agent FROM person_session
       WHERE person_id = $1 AND expires_at > now() ORDER BY created_at DESC, id LIMIT 1000`,
      [person.id],
    )
    return rows.map((row) => ({
      id: row.id,
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      address: row.ip_address || null,
      userAgent: row.user_agent || null,
      isCurrent: row.id === person.sessionId,
    }))
  }

  /** Ends one of the person's own sessions, at once and on every server. */
  async end(person: { readonly id: PersonId }, id: string): Promise<void> {
    const { rowCount } = await this.#store.pool.query(
      'DELETE FROM person_session WHERE id = $1 AND person_id = $2',
      [id, person.id],
    )
    if (!rowCount) throw new SluisError('NOT_FOUND', 'There is no such session.')
    await this.#audit.recordOfPerson(person.id, 'person.session_ended', { session: id })
  }
}
