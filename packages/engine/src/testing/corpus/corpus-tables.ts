import { exactOnlineCatalogue } from '@sluis/facts'
import type { PlatformTable, ScalarType, TableColumn } from '../../catalog/table.ts'

const scalarTypes: Readonly<Record<string, ScalarType>> = {
  'Edm.Boolean': 'BOOLEAN',
  'Edm.Byte': 'SMALLINT',
  'Edm.Int16': 'SMALLINT',
  'Edm.Int32': 'INTEGER',
  'Edm.Int64': 'BIGINT',
  'Edm.Decimal': 'DECIMAL(38,10)',
  'Edm.Double': 'DOUBLE',
  'Edm.Guid': 'UUID',
  'Edm.DateTime': 'TIMESTAMP',
}
let tables: readonly PlatformTable[] | undefined

/**
 * All endpoints of Exact Online's reference as tables, for planning without the connector: the types that the
 * connector gives them, `Division` as partition, keys without NULL. Pages are not described.
 */
export function corpusTables(): readonly PlatformTable[] {
  tables ??= exactOnlineCatalogue()
    .filter((entry) => entry.methods.includes('GET'))
    .map((entry) => {
      const columns = entry.properties
        .filter(({ name }) => name !== 'Division')
        .map(
          (property): TableColumn => ({
            name: property.name,
            type: scalarTypes[property.type] ?? 'VARCHAR',
            isNullable: property.key !== true,
            isKey: property.key === true,
          }),
        )
      const division: TableColumn = { name: 'Division', type: 'INTEGER', isNullable: false, isKey: false }
      return {
        schema: schemaOf(entry.uri),
        name: entry.entity,
        columns: [...columns, division],
        partitionColumn: 'Division',
        isPartitionFromUrl: !entry.properties.some(({ name }) => name === 'Division'),
      }
    })
  return tables
}

/** `/api/v1/{division}/bulk/CRM/Accounts` stands in the schema `bulk_crm`. */
function schemaOf(uri: string): string {
  const path = uri.split('/').slice(3, -1)
  return path
    .filter((part) => part !== '{division}')
    .join('_')
    .toLowerCase()
}
