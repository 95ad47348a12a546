import { createHash } from 'node:crypto'
import { type InvitationId, newId, type OrganisationId, type PersonId, SluisError } from '@sluis/shared'
import type pg from 'pg'
import { assertMayGive, type Caller } from './caller.ts'
import { insertPerson, type Person, type PersonParts } from './log-in.ts'
import type { Role } from './roles.ts'
import { endResetLinks } from './unproven-access.ts'

export interface InvitationView {
  readonly id: InvitationId
  readonly email: string
  readonly role: Role
  readonly invitedBy: string
  readonly createdAt: string
  readonly expiresAt: string
}

/** An invitation as whoever holds its link sees it. */
export interface InvitationPreview {
  readonly organisation: { readonly id: OrganisationId; readonly name: string }
  readonly email: string
  readonly role: Role
  readonly isKnown: boolean
  readonly expiresAt: string
}

interface InvitationRow {
  readonly id: InvitationId
  readonly organisation_id: OrganisationId
  readonly email: string
  readonly role: Role
  readonly invited_by: string
  readonly created_at: number
  readonly expires_at: number
}

const invitationMs = 7 * 86_400_000
/** What stands behind the `#` of a link. */
export const invitationToken = (secret: Uint8Array): string => Buffer.from(secret).toString('base64url')

const hashLink = (token: string) => createHash('sha256').update(token).digest()

/** Ways to become a member: links of which only a hash is kept, that work once, for a week. */
export class Invitations {
  readonly #parts: PersonParts

  constructor(parts: PersonParts) {
    this.#parts = parts
  }

  /** An invitation and, this once, the token of its link. */
  async create(
    caller: Caller,
    organisationId: OrganisationId,
    { email, role }: { readonly email: string; readonly role: Role },
    /** In a transaction that goes on, and of bytes that somebody else can tell again. */
    within: { readonly tx: pg.ClientBase; readonly secret: Uint8Array } | null = null,
  ): Promise<{ readonly view: InvitationView; readonly token: string }> {
    assertMayGive(caller, role)
    const { store, clock, random, audit } = this.#parts
    const token = invitationToken(within?.secret ?? random(32))
    const now = clock.now()
    const row: InvitationRow = {
      id: newId('inv', now, random),
      organisation_id: organisationId,
      email: email.toLowerCase(),
      role,
      invited_by: caller.actor,
      created_at: now,
      expires_at: now + invitationMs,
    }
    const insert = async (tx: pg.ClientBase) => {
      await tx.query(
        `INSERT INTO invitation (id, organisation_id, email, role, hash, invited_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [row.id, organisationId, row.email, role, hashLink(token), row.invited_by, now, row.expires_at],
      )
      await audit.record(tx, organisationId, caller.actor, 'member.invited', row.id, {
        email: row.email,
        role,
      })
    }
    await (within === null ? store.transaction(insert) : insert(within.tx))
    return { view: toView(row), token }
  }

  /** The invitation of a link that still works. */
  async get(token: string): Promise<InvitationView> {
    return toView(await this.#find(this.#parts.store.pool, token))
  }

  /** Invitations that still work. */
  async list(organisationId: OrganisationId): Promise<readonly InvitationView[]> {
    const { rows } = await this.#parts.store.pool.query<InvitationRow>(
      `SELECT * FROM invitation WHERE organisation_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL
         AND expires_at > $2 ORDER BY created_at, id LIMIT 1000`,
      [organisationId, this.#parts.clock.now()],
    )
    return rows.map(toView)
  }

  async revoke(caller: Caller, organisationId: OrganisationId, id: string): Promise<void> {
    const { store, clock, audit } = this.#parts
    await store.transaction(async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE invitation SET revoked_at = $3
         WHERE id = $1 AND organisation_id = $2 AND accepted_at IS NULL AND revoked_at IS NULL`,
        [id, organisationId, clock.now()],
      )
      if (!rowCount) throw new SluisError('NOT_FOUND', 'There is no such open invitation.')
      await audit.record(tx, organisationId, caller.actor, 'invitation.revoked', id)
    })
  }

  /**
   * Makes the bearer of an invitation's link a member: the person who is logged in, if it is theirs, or somebody new
   * with a name and a password. The link works once.
   */
  async accept(
    token: string,
    who: { readonly person: Person } | { readonly name: string; readonly password: string },
  ): Promise<{
    readonly organisationId: OrganisationId
    readonly email: string
    readonly personId: PersonId
  }> {
    const { store, clock, random, audit, logIn } = this.#parts
    const now = clock.now()
    const seen = await this.#find(store.pool, token)
    if ('person' in who && who.person.email.toLowerCase() !== seen.email) {
      throw new SluisError('FORBIDDEN', 'This invitation is for another e-mail address than yours.', {
        hint: 'Log out first, or ask for an invitation to your own address.',
      })
    }
    const passwordHash = 'password' in who ? await logIn.hashPassword(who.password) : ''
    return store.transaction(async (tx) => {
      const row = await this.#find(tx, token, 'FOR UPDATE')
      const personId = 'person' in who ? who.person.id : newId('per', now, random)
      if ('name' in who)
        await insertPerson(tx, { id: personId, name: who.name, email: row.email }, passwordHash)
      await tx.query('UPDATE invitation SET accepted_at = $2 WHERE id = $1', [row.id, now])
      await endResetLinks(tx, personId)
      // Who is a member already keeps the role that they have.
      await tx.query(
        'INSERT INTO member (organisation_id, person_id, role, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
        [row.organisation_id, personId, row.role, now],
      )
      const facts = { role: row.role, invitation: row.id }
      await audit.record(tx, row.organisation_id, personId, 'member.joined', personId, facts)
      return { organisationId: row.organisation_id, email: row.email, personId }
    })
  }

  /** What the bearer of a link is invited to, before they decide; `isKnown`: whether they can log in already. */
  async preview(token: string): Promise<InvitationPreview> {
    const { store } = this.#parts
    const row = await this.#find(store.pool, token)
    const { rows } = await store.pool.query<{ name: string; known: boolean }>(
      `SELECT name, EXISTS (SELECT FROM person WHERE email = $2) AS known FROM organisation WHERE id = $1`,
      [row.organisation_id, row.email],
    )
    const [{ name, known }] = rows as [{ name: string; known: boolean }]
    return {
      organisation: { id: row.organisation_id, name },
      email: row.email,
      role: row.role,
      isKnown: known,
      expiresAt: new Date(row.expires_at).toISOString(),
    }
  }

  async #find(
    db: pg.Pool | pg.ClientBase,
    token: string,
    lock: 'FOR UPDATE' | '' = '',
  ): Promise<InvitationRow> {
    const { rows } = await db.query<InvitationRow>(
      `SELECT * FROM invitation
       WHERE hash = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $2 ${lock}`,
      [hashLink(token), this.#parts.clock.now()],
    )
    if (rows[0]) return rows[0]
    throw new SluisError(
      'NOT_FOUND',
      'This invitation is unknown, was used or revoked, or is over a week old.',
      { hint: 'Ask whoever sent it for a new one.' },
    )
  }
}

const toView = (row: InvitationRow): InvitationView => ({
  id: row.id,
  email: row.email,
  role: row.role,
  invitedBy: row.invited_by,
  createdAt: new Date(row.created_at).toISOString(),
  expiresAt: new Date(row.expires_at).toISOString(),
})
