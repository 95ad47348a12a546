import type pg from 'pg'

/**
 * Deletes from every table that has this column the rows in which it holds one of `values`: for what must leave nothing
 * behind, also in a table that somebody adds later. `except` names tables that keep theirs. Says how many rows went.
 */
export async function deleteWherever(
  tx: pg.ClientBase,
  column: string,
  values: readonly string[],
  { except = [] }: { readonly except?: readonly string[] } = {},
): Promise<number> {
  const { rows } = await tx.query<{ statement: string }>(
    `SELECT format('DELETE FROM %I.%I WHERE %I = ANY($1)', c.table_schema, c.table_name, c.column_name) AS statement
     FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.column_name = $1 AND c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
       AND c.table_name <> ALL ($2) ORDER BY c.table_name`,
    [column, except],
  )
  let deleted = 0
  for (const { statement } of rows) deleted += (await tx.query(statement, [values])).rowCount ?? 0
  return deleted
}
