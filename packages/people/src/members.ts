import { type OrganisationId, type PersonId, SluisError } from '@sluis/shared'
import type pg from 'pg'
import { assertMayGive, type Caller } from './caller.ts'
import type { Person, PersonParts } from './log-in.ts'
import { type Role, rightsOf } from './roles.ts'
import type { Scope } from './scopes.ts'
import { endResetLinks } from './unproven-access.ts'

export interface MemberView {
  readonly id: PersonId
  readonly name: string
  readonly email: string
  readonly role: Role
  readonly hasTwoFactor: boolean
  readonly since: string
}

export interface Membership {
  readonly id: OrganisationId
  readonly name: string
  readonly role: Role
}

const noMember = () =>
  new SluisError('NOT_FOUND', 'There is no such member.', { hint: 'GET /api/v1/members lists them.' })

const above = `WITH RECURSIVE above AS (
  SELECT id, parent_id, 0 AS depth FROM organisation WHERE id = $2
  UNION ALL SELECT o.id, o.parent_id, above.depth + 1 FROM organisation o JOIN above ON o.id = above.parent_id)`

/** Who belongs to an organisation, and in which role. */
export class Members {
  readonly #parts: PersonParts

  constructor(parts: PersonParts) {
    this.#parts = parts
  }

  async organisationsOf(personId: PersonId): Promise<readonly Membership[]> {
    const { rows } = await this.#parts.store.pool.query<Membership>(
      `SELECT o.id, o.name, m.role FROM member m JOIN organisation o ON o.id = m.organisation_id
       WHERE m.person_id = $1 ORDER BY m.created_at, o.id`,
      [personId],
    )
    return rows
  }

  /**
   * The person as a caller in the organisation that they name: with the scopes of their roles there and, where a role
   * reaches down, of their roles above. An organisation that is none of theirs is `NOT_FOUND`.
   */
  async callerOf(person: Person, named: string | undefined): Promise<Caller> {
    const organisationId = named ?? (await this.#onlyOrganisationOf(person))
    const { rows } = await this.#parts.store.pool.query<{ role: Role; depth: number }>(
      `${above} SELECT m.role, above.depth FROM above JOIN member m ON m.organisation_id = above.id
       WHERE m.person_id = $1`,
      [person.id, organisationId],
    )
    const rights = rows
      .filter(({ role, depth }) => depth === 0 || rightsOf(role).descends)
      .map(({ role }) => rightsOf(role))
    if (rights.length === 0) {
      throw new SluisError('NOT_FOUND', 'There is no such organisation for you.', {
        hint: 'GET /api/v1/session lists the organisations that you are a member of.',
      })
    }
    return {
      kind: 'person',
      actor: person.id,
      organisationId: organisationId as OrganisationId,
      scopes: new Set(rights.flatMap(({ scopes }): readonly Scope[] => scopes)),
      mayDescend: rights.some(({ descends }) => descends),
      databases: null,
      addresses: null,
    }
  }

  async #onlyOrganisationOf(person: Person): Promise<OrganisationId> {
    const [first, second] = await this.organisationsOf(person.id)
    if (first === undefined) {
      throw new SluisError('FORBIDDEN', 'You are not a member of any organisation.', {
        hint: 'Ask an owner for an invitation.',
      })
    }
    if (second === undefined) return first.id
    throw new SluisError(
      'INVALID_REQUEST',
      'You are a member of several organisations; say which is meant.',
      {
        hint: 'Send the header Sluis-Organisation.',
        details: { field: 'Sluis-Organisation' },
      },
    )
  }

  async list(organisationId: OrganisationId): Promise<readonly MemberView[]> {
    const { rows } = await this.#parts.store.pool.query<
      Omit<MemberView, 'since' | 'hasTwoFactor'> & { created_at: number; two_factor: boolean }
    >(
      `SELECT p.id, p.name, p.email, m.role, m.created_at, p.two_factor_enabled IS TRUE AS two_factor
       FROM member m JOIN person p ON p.id = m.person_id
       WHERE m.organisation_id = $1 ORDER BY m.created_at, p.id LIMIT 1000`,
      [organisationId],
    )
    return rows.map(({ created_at, two_factor, ...row }) => ({
      ...row,
      hasTwoFactor: two_factor,
      since: new Date(created_at).toISOString(),
    }))
  }

  async changeRole(
    caller: Caller,
    organisationId: OrganisationId,
    id: string,
    role: Role,
  ): Promise<MemberView> {
    assertMayGive(caller, role)
    await this.#parts.store.transaction(async (tx) => {
      const before = await this.#claim(tx, caller, organisationId, id, role)
      await tx.query('UPDATE member SET role = $3 WHERE organisation_id = $1 AND person_id = $2', [
        organisationId,
        id,
        role,
      ])
      const facts = { from: before, to: role }
      await endResetLinks(tx, id)
      await this.#parts.audit.record(tx, organisationId, caller.actor, 'member.role_changed', id, facts)
    })
    const member = (await this.list(organisationId)).find((view) => view.id === id)
    if (!member) throw noMember()
    return member
  }

  async remove(caller: Caller, organisationId: OrganisationId, id: string): Promise<void> {
    await this.#parts.store.transaction(async (tx) => {
      const role = await this.#claim(tx, caller, organisationId, id, null)
      await tx.query('DELETE FROM member WHERE organisation_id = $1 AND person_id = $2', [organisationId, id])
      // What they shared stays with the organisation; nobody would ever see the rest again.
      await tx.query('DELETE FROM saved_query WHERE organisation_id = $1 AND owner = $2 AND NOT is_shared', [
        organisationId,
        id,
      ])
      await this.#parts.audit.record(tx, organisationId, caller.actor, 'member.removed', id, { role })
    })
  }

  /** The member's role, locked for a change that the caller may make and that leaves the organisation an owner. */
  async #claim(
    tx: pg.ClientBase,
    caller: Caller,
    organisationId: OrganisationId,
    id: string,
    next: Role | null,
  ): Promise<Role> {
    const { rows: own } = await tx.query<{ parent_id: string | null }>(
      'SELECT parent_id FROM organisation WHERE id = $1 FOR UPDATE',
      [organisationId],
    )
    const { rows } = await tx.query<{ person_id: string; role: Role }>(
      "SELECT person_id, role FROM member WHERE organisation_id = $1 AND (person_id = $2 OR role = 'owner')",
      [organisationId, id],
    )
    const member = rows.find(({ person_id }) => person_id === id)
    if (!member) throw noMember()
    assertMayGive(caller, member.role)
    const hasOtherOwner = rows.some(({ person_id, role }) => person_id !== id && role === 'owner')
    // Below another organisation, that one's owners remain.
    if (member.role === 'owner' && next !== 'owner' && !hasOtherOwner && own[0]?.parent_id == null) {
      throw new SluisError('FORBIDDEN', 'This is the last owner, and an organisation needs one.', {
        hint: 'Make somebody else an owner first.',
      })
    }
    return member.role
  }

  /**
   * The token of a link with which a member sets a new password. A person may be a member elsewhere too, and a password
   * opens everything: so all their roles must be ones that the caller could give, in organisations that they reach.
   */
  async createResetToken(caller: Caller, organisationId: OrganisationId, id: string): Promise<string> {
    const { store, audit, logIn } = this.#parts
    const { rows } = await store.pool.query<{
      organisation_id: OrganisationId
      role: Role
      reached: boolean
    }>(
      `WITH RECURSIVE below AS (
         SELECT id FROM organisation WHERE id = $2
         UNION ALL SELECT o.id FROM organisation o JOIN below ON o.parent_id = below.id)
       SELECT m.organisation_id, m.role, m.organisation_id = $2 OR ($3 AND m.organisation_id IN (SELECT id FROM below)) AS reached
       FROM member m WHERE m.person_id = $1`,
      [id, organisationId, caller.mayDescend],
    )
    if (!rows.some(({ organisation_id }) => organisation_id === organisationId)) throw noMember()
    for (const { role } of rows) assertMayGive(caller, role)
    if (rows.some(({ reached }) => !reached)) {
      throw new SluisError(
        'FORBIDDEN',
        'This person is also a member of an organisation that you do not reach.',
        {
          hint: 'They change their password themselves, or an owner above both organisations makes the link.',
        },
      )
    }
    const token = await logIn.createResetToken(id as PersonId)
    await audit.record(null, organisationId, caller.actor, 'member.reset_link_made', id)
    return token
  }
}
