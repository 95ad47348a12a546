import { SluisError } from '@sluis/shared'
import type { TableReference } from './combine-occurrences.ts'
import { didYouMean, nearestNames } from './nearest-names.ts'

/** DuckDB's refusal to bind or plan a statement, as an error of ours. */
export function planningError(
  text: string,
  position: number | null,
  references: readonly TableReference[],
): SluisError {
  // What DuckDB suggests and shows in a picture of the text tells of our spliced names.
  const [first = ''] = text.split('\n')
  const message = first
    .replace(/^(?:Error: )?(?:[A-Z][a-z]+ )+Error: /, '')
    .replace(/\bmain\.scan_\d+\b/g, 'the table')
  const details = position === null ? {} : { position }
  const column =
    /^Referenced column "(.+?)" (?:was )?not found/.exec(message)?.[1] ??
    /does not have a column named "(.+?)"/.exec(message)?.[1] ??
    /^Column "?(.+?)"? in .+ (?:list )?not found/.exec(message)?.[1]
  if (column !== undefined) {
    const candidates = references.flatMap(({ table }) => table.columns.map(({ name }) => name))
    const nearest = nearestNames(column, candidates)
    const tables = [...new Set(references.map(({ table }) => `${table.schema}.${table.name}`))]
    const otherwise = `See the columns of ${tables.slice(0, 3).join(', ') || 'the table'}, for instance with DESCRIBE.`
    return new SluisError('SQL_UNKNOWN_COLUMN', message, {
      hint: didYouMean(nearest, otherwise),
      details: { ...details, column, nearest },
    })
  }
  return new SluisError('SQL_FAILED', message, { hint: 'The dialect is that of DuckDB.', details })
}
