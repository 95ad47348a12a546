import { type CatalogueProperty, exactOnlineCatalogue } from '@sluis/facts'
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
        .map((property) => toColumn(property, entry.service))
      const division: TableColumn = { name: 'Division', type: 'INTEGER', isNullable: false, isKey: false }
      return {
        schema: schemaOf(entry.uri),
        name: entry.entity,
        columns: [...columns, division],
        partitionColumn: 'Division',
        isPartitionFromUrl: true,
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

function toColumn({ name, type, key }: CatalogueProperty, service: string): TableColumn {
  const lines = /^Collection\((.+)\)$/.exec(type)?.[1]
  const of = exactOnlineCatalogue().find((entry) => entry.service === service && entry.entity === lines)
  const fields = of?.properties.filter((property) => !property.type.startsWith('Collection('))
  return {
    name,
    type: fields === undefined ? scalarType(type) : { list: fields.map((field) => toColumn(field, service)) },
    isNullable: key !== true,
    isKey: key === true,
  }
}

function scalarType(type: string): ScalarType {
  return scalarTypes[type] ?? 'VARCHAR'
}
