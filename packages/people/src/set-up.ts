import { createHash } from 'node:crypto'
import { newId, type OrganisationId, type PersonId, SluisError } from '@sluis/shared'
import { insertPerson, type PersonParts } from './log-in.ts'

const linkMs = 86_400_000
const hashLink = (token: string) => createHash('sha256').update(token).digest()

const unusable = () =>
  new SluisError('NOT_FOUND', 'This set-up link is unknown, was used, or is older than a day.', {
    hint: 'Log in if there is an owner already; else start the server again, which prints a new link.',
  })

/** The way in for the first owner: a link that works once, for a day, and only while nobody owns the installation. */
export class SetUp {
  readonly #parts: PersonParts

  constructor(parts: PersonParts) {
    this.#parts = parts
  }

  async hasOwner(): Promise<boolean> {
    const { rows } = await this.#parts.store.pool.query<{ has: boolean }>(
      "SELECT EXISTS (SELECT FROM member WHERE role = 'owner') AS has",
    )
    return rows[0]?.has === true
  }

  /** The token of a new link, of which only a hash is kept; null once there is an owner. */
  async createLink(): Promise<string | null> {
    if (await this.hasOwner()) return null
    const { store, clock, random } = this.#parts
    const token = Buffer.from(random(32)).toString('base64url')
    const now = clock.now()
    await store.pool.query('INSERT INTO setup_link (hash, created_at, expires_at) VALUES ($1, $2, $3)', [
      hashLink(token),
      now,
      now + linkMs,
    ])
    return token
  }

  /** Makes the first owner, of organisation `default`. Of two who use links at once, one becomes it. */
  async redeem(
    token: string,
    person: { readonly name: string; readonly email: string; readonly password: string },
  ): Promise<{ readonly personId: PersonId; readonly organisationId: OrganisationId }> {
    const { store, clock, random, audit, logIn } = this.#parts
    const now = clock.now()
    // Who has no good link is told so before a password is hashed, which costs a tenth of a second.
    const { rowCount } = await store.pool.query(
      'SELECT FROM setup_link WHERE hash = $1 AND used_at IS NULL AND expires_at > $2',
      [hashLink(token), now],
    )
    if (!rowCount) throw unusable()
    const passwordHash = await logIn.hashPassword(person.password)
    const personId = newId('per', now, random)
    return store.transaction(async (tx) => {
      // One at a time, whichever link they hold.
      const { rows } = await tx.query<{ id: OrganisationId }>(
        "SELECT id FROM organisation WHERE slug = 'default' FOR UPDATE",
      )
      const organisationId = rows[0]?.id
      if (organisationId === undefined) throw new TypeError('the default organisation is missing')
      const { rowCount: claimed } = await tx.query(
        `UPDATE setup_link SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2
           AND NOT EXISTS (SELECT FROM member WHERE role = 'owner')`,
        [hashLink(token), now],
      )
      if (!claimed) throw unusable()
      await insertPerson(tx, { id: personId, name: person.name, email: person.email }, passwordHash)
      await tx.query("INSERT INTO member VALUES ($1, $2, 'owner', $3)", [organisationId, personId, now])
      await audit.record(tx, organisationId, personId, 'person.set_up', personId, { role: 'owner' })
      return { personId, organisationId }
    })
  }
}
