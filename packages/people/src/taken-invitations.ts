import type { OrganisationId, PersonId } from '@sluis/shared'
import type { LogInParts } from './log-in-parts.ts'

/**
 * Who may become a person by log-in at the provider: whoever has an open invitation to an address that the provider has
 * verified. All of them are taken at once.
 */
export function invitedOnly({ store, clock, audit }: LogInParts) {
  const openOnes = 'email = lower($1) AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $2'
  return {
    async isInvited(email: string): Promise<boolean> {
      const { rowCount } = await store.pool.query(`SELECT FROM invitation WHERE ${openOnes} LIMIT 1`, [
        email,
        clock.now(),
      ])
      return rowCount === 1
    },

    async join(personId: PersonId, email: string): Promise<void> {
      const now = clock.now()
      await store.transaction(async (tx) => {
        const { rows } = await tx.query<{ id: string; organisation_id: OrganisationId; role: string }>(
          `SELECT id, organisation_id, role FROM invitation WHERE ${openOnes}
           ORDER BY created_at DESC, id DESC FOR UPDATE`,
          [email, now],
        )
        for (const { id, organisation_id, role } of rows) {
          await tx.query('UPDATE invitation SET accepted_at = $2 WHERE id = $1', [id, now])
          // Of several to one organisation the newest counts.
          const { rowCount } = await tx.query(
            'INSERT INTO member (organisation_id, person_id, role, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
            [organisation_id, personId, role, now],
          )
          const facts = { role, invitation: id, by: 'single-sign-on' }
          if (rowCount) await audit.record(tx, organisation_id, personId, 'member.joined', personId, facts)
        }
      })
    },
  }
}
