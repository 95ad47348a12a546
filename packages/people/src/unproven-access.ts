import type { PersonId } from '@sluis/shared'
import type pg from 'pg'
import type { LogInParts } from './log-in-parts.ts'

/**
 * What stands open in the name of an address before its holder has shown that it is theirs. Whoever invites somebody sees
 * the link too, and could have become them with a password of their own; the address alone then leads its true holder,
 * and all that is given to them later, into an account which another can open.
 */
export function unprovenAccess({ store, audit }: Pick<LogInParts, 'store' | 'audit'>) {
  return {
    /**
     * The provider, or a link that was only mailed, has shown whose the address is: ends every way in from before that;
     * after a link that is all but the password which was set with it. The first owner, whom the operator let in, keeps
     * theirs. Nothing happens for somebody who was proven before.
     */
    async end(personId: PersonId, by: 'single-sign-on' | 'mailed-link'): Promise<void> {
      const isFirst = await store.transaction(async (tx) => {
        const { rowCount } = await tx.query(
          `UPDATE person SET email_verified = true, two_factor_enabled = false
           WHERE id = $1 AND NOT email_verified
             AND NOT EXISTS (SELECT FROM audit_event WHERE subject = $1 AND action = 'person.set_up')`,
          [personId],
        )
        if (!rowCount) return false
        if (by === 'single-sign-on')
          await tx.query("DELETE FROM person_login WHERE person_id = $1 AND provider_id = 'credential'", [
            personId,
          ])
        for (const table of ['person_passkey', 'person_two_factor', 'person_session'])
          await tx.query(`DELETE FROM ${table} WHERE person_id = $1`, [personId])
        await endResetLinks(tx, personId)
        return true
      })
      if (isFirst) await audit.recordOfPerson(personId, 'person.proven', { by })
    },
  }
}

/**
 * Ends the links with which a person could set a new password. Whoever made one could give all that the person had at
 * that time: not what they are given now.
 */
export async function endResetLinks(tx: pg.ClientBase, personId: string): Promise<void> {
  await tx.query('DELETE FROM person_verification WHERE value = $1', [personId])
}
