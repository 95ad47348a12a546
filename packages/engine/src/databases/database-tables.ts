import { SluisError } from '@sluis/shared'
import type { QueryablePlatforms } from '../catalog/queryable-platforms.ts'
import type { CatalogueTable, Database } from '../engine.ts'
import { nearestNames } from '../plan/nearest-names.ts'
import { schemaName } from '../statements/catalogue-rows.ts'

/** The tables of a database whose names hold all words of `search`, in the order of its sources. */
export function tablesOf(
  { sources }: Database,
  platforms: QueryablePlatforms,
  search = '',
): readonly CatalogueTable[] {
  const words = search.toLowerCase().split(/\s+/)
  return sources.flatMap(({ alias, platform }, index) =>
    platforms
      .get(platform)
      .connector.tables.map((table) => ({
        schema: schemaName(alias, index === 0, table.schema),
        source: alias,
        table,
      }))
      .filter(({ schema, table }) =>
        words.every((word) => `${schema}.${table.name}`.toLowerCase().includes(word)),
      ),
  )
}

/** One table, found without case. @throws SluisError NOT_FOUND with the nearest names */
export function tableOf(
  database: Database,
  platforms: QueryablePlatforms,
  schema: string,
  name: string,
): CatalogueTable {
  const tables = tablesOf(database, platforms)
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
  const found = tables.find(
    ({ table, source, schema: shown }) =>
      same(table.name, name) && (same(shown, schema) || same(`${source}.${table.schema}`, schema)),
  )
  if (found) return found
  const near = nearestNames(
    `${schema}.${name}`,
    tables.map((known) => `${known.schema}.${known.table.name}`),
  )
  throw new SluisError(
    'NOT_FOUND',
    `There is no table ${schema}.${name}.`,
    near.length > 0 ? { hint: `Did you mean ${near.join(', ')}?` } : {},
  )
}
