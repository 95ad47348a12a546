import type { ScalarType, TableColumn } from '@sluis/engine'

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** A column of a page's field. All values stand in pages as texts. */
export function column(name: string, field: string, type: ScalarType, isKey = false): TableColumn {
  const raw = quoted(field)
  const expression =
    type === 'VARCHAR'
      ? raw
      : type === 'TIMESTAMP'
        ? // YYYYMMDD, or YYYYMMDDHHmmss in UTC.
          `coalesce(try_strptime(${raw}, '%Y%m%d%H%M%S'), try_strptime(${raw}, '%Y%m%d'))`
        : `TRY_CAST(${raw} AS ${type})`
  return { name, type, isNullable: true, isKey, page: { field, jsonType: 'VARCHAR', expression } }
}

/** The office that a row was read from. Its code is text: 001 is not 1. */
export const office: TableColumn = { name: 'Office', type: 'VARCHAR', isNullable: false, isKey: true }

/** Every table is read by office. */
export const divided = { partitionColumn: 'Office', isPartitionFromUrl: true }
