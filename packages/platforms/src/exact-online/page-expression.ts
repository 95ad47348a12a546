import type { TableColumn } from '@sluis/engine'
import type { Field, ScalarField } from './endpoint.ts'

/**
 * How a property stands in a page and the SQL that makes the typed value of it. Everything is read as text and
 * tried: a value that does not fit becomes NULL instead of failing the statement.
 */
export function pageOf(field: Field): NonNullable<TableColumn['page']> {
  const column = quoted(field.name)
  if (field.kind === 'scalar')
    return {
      field: field.name,
      jsonType: 'VARCHAR',
      expression: typed(field, column),
      ...(numbers.has(field.type) ? { directType: field.type } : {}),
    }
  // An expanded collection is {"results":[…]}, and a bare array where $top makes the service answer in version 1.
  // One that were paged itself would have a link to its rest; none was ever seen, and its lines must not be lost.
  const lines = `CASE WHEN json_type(${column}) = 'ARRAY' THEN ${column} WHEN json_exists(${column}, '$.__next') THEN error('The platform cut off the list ${field.name}') ELSE ${column}->'results' END`
  if (field.fields === null) return { field: field.name, jsonType: 'JSON', expression: `(${lines})::VARCHAR` }
  const shape = JSON.stringify([Object.fromEntries(field.fields.map(({ name }) => [name, 'VARCHAR']))])
  const members = field.fields.map(
    (line) => `${literal(line.name)}: ${typed(line, `line_.${quoted(line.name)}`)}`,
  )
  return {
    field: field.name,
    jsonType: 'JSON',
    expression: `list_transform(from_json(${lines}, ${literal(shape)}), lambda line_: {${members.join(', ')}})`,
  }
}

/** Types that stand in JSON as numbers: as text they would be written and read once more. */
const numbers: ReadonlySet<string> = new Set(['SMALLINT', 'INTEGER', 'DOUBLE'])

function typed(field: ScalarField, raw: string): string {
  switch (field.type) {
    case 'VARCHAR':
      return field.padding === null ? raw : `trim(${raw})`
    case 'TIMESTAMP':
      // `/Date(1382667872203)/`: wall-clock time as though it were UTC, so no zone is applied. Cutting is three times
      // as fast as a regular expression; TRY covers what is out of range. Bytes are counted, not characters.
      return `TRY(epoch_ms(TRY_CAST(substr(${raw}, 7, strlen(${raw}) - 8) AS BIGINT)))`
    default:
      return `TRY_CAST(${raw} AS ${field.type})`
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
