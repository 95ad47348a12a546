/**
 * A relation that Sluis answers itself, without the platform. The plan names those that a statement reads; the
 * runner fills a table `runnableName` with the caller's own rows before it runs the statement.
 */
export interface CatalogueRelation {
  readonly schema: 'information_schema' | 'sluis'
  readonly name: string
  readonly runnableName: string
  readonly columns: readonly {
    readonly name: string
    readonly type: 'VARCHAR' | 'BIGINT' | 'BOOLEAN' | 'TIMESTAMP'
  }[]
}

const definitions = `
information_schema.schemata  catalog_name schema_name schema_owner
information_schema.tables    table_catalog table_schema table_name table_type is_insertable_into
information_schema.columns   table_catalog table_schema table_name column_name ordinal_position:BIGINT is_nullable data_type is_key:BOOLEAN is_partition:BOOLEAN
sluis.partitions             source id name is_readable:BOOLEAN
sluis.statements             id database sql actor state started_at:TIMESTAMP ended_at:TIMESTAMP calls_made:BIGINT calls_expected:BIGINT rows_fetched:BIGINT partitions_done:BIGINT partitions_total:BIGINT waiting_until:TIMESTAMP bytes_fetched:BIGINT error_code error_detail
sluis.native_calls           statement_id method route status:BIGINT rows:BIGINT bytes:BIGINT ms:BIGINT
sluis.budgets                source partition window call_limit:BIGINT remaining:BIGINT resets_at:TIMESTAMP endpoint
sluis.grants                 id source platform region client_id state
`

/** The data dictionary: what `information_schema` and `sluis` hold. */
export const catalogueRelations: readonly CatalogueRelation[] = definitions
  .trim()
  .split('\n')
  .map((line) => {
    const [path = '', ...columns] = line.trim().split(/\s+/)
    const [schema = '', name = ''] = path.split('.')
    if (schema !== 'information_schema' && schema !== 'sluis')
      throw new TypeError(`${schema} is no catalogue schema`)
    return {
      schema,
      name,
      runnableName: `${schema}_${name}`,
      columns: columns.map((column) => {
        const [columnName = '', type = 'VARCHAR'] = column.split(':')
        if (type !== 'VARCHAR' && type !== 'BIGINT' && type !== 'BOOLEAN' && type !== 'TIMESTAMP') {
          throw new TypeError(`${type} is no type of a catalogue column`)
        }
        return { name: columnName, type }
      }),
    }
  })

/** The relation of a name, without case; null for others. */
export function findCatalogueRelation(schema: string, name: string): CatalogueRelation | null {
  const path = `${schema}.${name}`.toLowerCase()
  return catalogueRelations.find((relation) => `${relation.schema}.${relation.name}` === path) ?? null
}
