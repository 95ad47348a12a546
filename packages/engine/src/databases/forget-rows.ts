import type { GrantId, OrganisationId, StatementId } from '@sluis/shared'
import { deleteWherever, type Store } from '@sluis/store'

/** Deletes databases, statements and all that was remembered of an organisation's grants. Gives the statements' ids. */
export function forgetRows(
  store: Store,
  organisationId: OrganisationId,
  grants: readonly GrantId[],
): Promise<readonly StatementId[]> {
  return store.transaction(async (tx) => {
    await tx.query('DELETE FROM sql_database WHERE organisation_id = $1', [organisationId])
    const { rows } = await tx.query<{ id: StatementId }>(
      'DELETE FROM statement WHERE organisation_id = $1 RETURNING id',
      [organisationId],
    )
    await deleteWherever(tx, 'grant_id', grants)
    return rows.map(({ id }) => id)
  })
}
