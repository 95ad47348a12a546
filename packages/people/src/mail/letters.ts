import type { Log, OrganisationId, PersonId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { AuditTrail } from '../audit-trail.ts'
import type { LogIn } from '../log-in.ts'
import type { Role } from '../roles.ts'
import { invitationLetter, type Language, resetLetter } from './letter-texts.ts'
import type { Letter, Mailer } from './mailer.ts'

export interface LettersParts {
  readonly store: Store
  readonly audit: AuditTrail
  readonly logIn: LogIn
  readonly log: Log
  readonly mailer: Mailer | null
  /** Where people reach this server, from its options and never from a request, whose sender could name another. */
  readonly address: () => string
}

/** Letters that are sent at once and never kept: their links log somebody in. */
export class Letters {
  readonly #parts: LettersParts

  constructor(parts: LettersParts) {
    this.#parts = parts
  }

  /** Whether there is a mail server at all. */
  get areSent(): boolean {
    return this.#parts.mailer !== null
  }

  /** Says whether the mail server took it; else the link is passed on by hand. */
  async sendInvitation(
    organisationId: OrganisationId,
    to: { readonly email: string; readonly role: Role; readonly language: Language; readonly token: string },
  ): Promise<boolean> {
    const { store, address } = this.#parts
    if (!this.areSent) return false
    const { rows } = await store.pool.query<{ name: string }>('SELECT name FROM organisation WHERE id = $1', [
      organisationId,
    ])
    return this.#send(
      invitationLetter(to.email, to.language, {
        organisation: rows[0]?.name ?? '',
        role: to.role,
        link: `${address()}/app/invitation#token=${to.token}`,
      }),
    )
  }

  /** Sends a link for a new password to the person with this address; once in five minutes, and nothing to nobody. */
  async sendReset(email: string, language: Language): Promise<void> {
    const { store, audit, logIn, address } = this.#parts
    if (!this.areSent) return
    const { rows } = await store.pool.query<{ id: PersonId; email: string }>(
      `SELECT id, email FROM person p WHERE email = lower($1) AND NOT EXISTS (
         SELECT FROM person_verification v WHERE v.value = p.id AND v.created_at > now() - interval '5 minutes')`,
      [email.trim()],
    )
    const [person] = rows
    if (!person) return
    const token = await logIn.createResetToken(person.id, { isMailed: true })
    await audit.recordOfPerson(person.id, 'person.reset_link_mailed')
    await this.#send(resetLetter(person.email, language, `${address()}/app/reset#token=${token}`))
  }

  async #send(letter: Letter): Promise<boolean> {
    try {
      await this.#parts.mailer?.send(letter)
      return true
    } catch (error) {
      // The message of a mail server can hold addresses; its code says enough.
      this.#parts.log.warn({ code: (error as { code?: string }).code ?? 'unknown' }, 'a letter was not sent')
      return false
    }
  }
}
