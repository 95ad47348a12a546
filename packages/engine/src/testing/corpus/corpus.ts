import { type CorpusStatement, type CorpusValues, madeUpValues } from './corpus-statement.ts'
import { filterStatements } from './filters.ts'
import { joinStatements } from './joins.ts'
import { resultStatements } from './results.ts'
import { subqueryStatements } from './subqueries.ts'

/**
 * The statements by which the planner is judged and by which an upgrade of DuckDB is: what each must ask of the
 * platform, and, run with pushdown and without, the same rows.
 */
export function corpus(values: CorpusValues = madeUpValues): readonly CorpusStatement[] {
  return [
    ...filterStatements(values),
    ...joinStatements(values),
    ...subqueryStatements(values),
    ...resultStatements(values),
  ]
}
