import {
  type Clock,
  type ContactId,
  newId,
  type OrganisationId,
  type RandomBytes,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { AuditTrail } from '../audit-trail.ts'
import type { Caller } from '../caller.ts'
import type { Language } from './letter-texts.ts'

export interface Contact {
  readonly id: ContactId
  readonly email: string
  readonly language: Language
}

/** An organisation is no mailing list. */
const most = 20

/** Who is written to when a grant of the organisation needs attention; they need no account. */
export class Contacts {
  readonly #parts: {
    readonly store: Store
    readonly clock: Clock
    readonly random: RandomBytes
    readonly audit: AuditTrail
  }

  constructor(parts: { store: Store; clock: Clock; random: RandomBytes; audit: AuditTrail }) {
    this.#parts = parts
  }

  async list(organisationId: OrganisationId): Promise<readonly Contact[]> {
    const { rows } = await this.#parts.store.pool.query<Contact>(
      'SELECT id, email, language FROM contact WHERE organisation_id = $1 ORDER BY id',
      [organisationId],
    )
    return rows
  }

  /** One who is there already gets the language that is given now. */
  async add(
    caller: Caller,
    organisationId: OrganisationId,
    contact: { readonly email: string; readonly language: Language },
  ): Promise<Contact> {
    const { store, clock, random, audit } = this.#parts
    return store.transaction(async (tx) => {
      await tx.query('SELECT FROM organisation WHERE id = $1 FOR NO KEY UPDATE', [organisationId])
      const { rows } = await tx.query<Contact>(
        `INSERT INTO contact (id, organisation_id, email, language, created_at)
         SELECT $1, $2, lower($3), $4, $5
         WHERE (SELECT count(*) FROM contact WHERE organisation_id = $2 AND email <> lower($3)) < $6
         ON CONFLICT (organisation_id, email) DO UPDATE SET language = excluded.language
         RETURNING id, email, language`,
        [
          newId('con', clock.now(), random),
          organisationId,
          contact.email,
          contact.language,
          clock.now(),
          most,
        ],
      )
      const [added] = rows
      if (!added) {
        throw new SluisError('INVALID_REQUEST', `An organisation has at most ${most} contacts.`, {
          hint: 'Remove one, or use an address that several people read.',
        })
      }
      const facts = { email: added.email, language: added.language }
      await audit.record(tx, organisationId, caller.actor, 'contact.added', added.id, facts)
      return added
    })
  }

  async remove(caller: Caller, organisationId: OrganisationId, id: string): Promise<void> {
    const { store, audit } = this.#parts
    await store.transaction(async (tx) => {
      const { rowCount } = await tx.query('DELETE FROM contact WHERE id = $1 AND organisation_id = $2', [
        id,
        organisationId,
      ])
      if (!rowCount) throw new SluisError('NOT_FOUND', 'There is no such contact.')
      await audit.record(tx, organisationId, caller.actor, 'contact.removed', id)
    })
  }
}
