import type { ResultFormat } from '../engine.ts'
import type { ResultColumn } from '../plan/statement-plan.ts'
import { literal } from './scan-view.ts'

/**
 * The value of column `c` as JSON-ready SQL: BIGINT, HUGEINT and DECIMAL as text so that no digit is lost, times as
 * ISO 8601 without zone, numbers that JSON cannot hold as NULL.
 */
function jsonValue(column: string, type: string): string {
  if (
    /^(U?BIGINT|U?HUGEINT|DECIMAL|UUID|DATE|TIME\b|INTERVAL|BIT|ENUM)/.test(type) &&
    !/\[|\(.*\)\[/.test(type)
  )
    return `${column}::VARCHAR`
  if (/^TIMESTAMP/.test(type) && !type.endsWith(']'))
    return `replace(${column}::TIMESTAMP::VARCHAR, ' ', 'T')`
  if (type === 'DOUBLE' || type === 'FLOAT') return `CASE WHEN isfinite(${column}) THEN ${column} END`
  if (type === 'BLOB') return `base64(${column})`
  return column
}

/** For CSV: as above, but text columns stay and nested ones become JSON. */
function csvValue(column: string, type: string): string {
  if (/^TIMESTAMP/.test(type) && !type.endsWith(']'))
    return `replace(${column}::TIMESTAMP::VARCHAR, ' ', 'T')`
  if (/\[\]$|^STRUCT|^MAP/.test(type)) return `to_json(${column})::VARCHAR`
  return column
}

/** Text that contains none of its own control characters, as JSON does, needs no quoting in a CSV writer. */
const bareLines = "(FORMAT csv, HEADER false, DELIMITER '\x1f', QUOTE '\x1e', ESCAPE '\x1e')"

/**
 * The statement that writes a query's rows to `target`. JSON and NDJSON are lines of DuckDB's own making: one row a
 * line, JSON rows with a comma before each.
 */
export function copyStatement(
  sql: string,
  columns: readonly ResultColumn[],
  format: ResultFormat,
  target: string,
): string {
  const names = columns.map((_, index) => `c${index}`)
  const source = `(${sql}\n) AS r(${names.join(', ')})`
  const to = `TO ${literal(target)}`
  switch (format) {
    case 'json': {
      const values = columns.map(({ type }, index) => jsonValue(names[index] ?? '', type))
      return `COPY (SELECT ',' || json_array(${values.join(', ')}) FROM ${source}) ${to} ${bareLines}`
    }
    case 'ndjson': {
      const values = columns.map(
        ({ name, type }, index) => `${literal(name)}, ${jsonValue(names[index] ?? '', type)}`,
      )
      return `COPY (SELECT json_object(${values.join(', ')}) FROM ${source}) ${to} ${bareLines}`
    }
    case 'csv': {
      const values = columns.map(
        ({ name, type }, index) =>
          `${csvValue(names[index] ?? '', type)} AS "${uniqueName(columns, index, name)}"`,
      )
      return `COPY (SELECT ${values.join(', ')} FROM ${source}) ${to} (FORMAT csv, HEADER true)`
    }
    case 'parquet': {
      const values = columns.map(
        // Parquet would round integers of 128 bits, which every sum of integers is, to floating point.
        ({ name, type }, index) =>
          `${names[index]}${/^U?HUGEINT$/.test(type) ? '::DECIMAL(38, 0)' : ''} AS "${uniqueName(columns, index, name)}"`,
      )
      return `COPY (SELECT ${values.join(', ')} FROM ${source}) ${to} (FORMAT parquet)`
    }
  }
}

/** Two columns may bear one name in SQL but not in a file. */
function uniqueName(columns: readonly ResultColumn[], index: number, name: string): string {
  const earlier = columns
    .slice(0, index)
    .filter((other) => other.name.toLowerCase() === name.toLowerCase()).length
  return (earlier === 0 ? name : `${name}_${earlier}`).replaceAll('"', '""')
}
