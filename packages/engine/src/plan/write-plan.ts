import { SluisError } from '@sluis/shared'
import type { PlatformTable, TableColumn } from '../catalog/table.ts'
import type { WriteVerb } from '../catalog/table-write.ts'
import type { PositionOf } from './classify.ts'
import { didYouMean, nearestNames } from './nearest-names.ts'
import type { ResultColumn } from './statement-plan.ts'
import type { TableNames } from './table-names.ts'
import { composeText, type EditedText } from './text-edits.ts'
import type { WriteStatement } from './write-statement.ts'

/**
 * What a write does with the rows of its plan. An INSERT's rows are the new values, in the order of `assigned`; an
 * UPDATE's and a DELETE's are the old values of `read`, then the new ones of `assigned`. Plain data.
 */
export interface WritePlan {
  readonly verb: WriteVerb
  readonly source: string
  readonly schema: string
  readonly table: string
  readonly keyColumn: string
  readonly read: readonly string[]
  readonly assigned: readonly string[]
  /** The text that gives the answer once the view `scan_0` holds the written rows; null without RETURNING. */
  readonly returning: { readonly sql: string; readonly columns: readonly ResultColumn[] } | null
}

/** A write as the queries that say which rows it writes and what it answers. */
export interface ComposedWrite {
  readonly plan: Omit<WritePlan, 'returning'>
  readonly rows: EditedText
  readonly returning: EditedText | null
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/**
 * Turns a write into queries over its own text.
 * @throws SluisError SQL_UNKNOWN_TABLE, SQL_UNKNOWN_COLUMN, SQL_NOT_ALLOWED
 */
export function composeWrite(
  text: string,
  statement: WriteStatement,
  names: TableNames,
  positionOf: PositionOf,
): ComposedWrite {
  const { verb, target, targetRange, alias, where, returning } = statement
  const at = positionOf(targetRange.start)
  const parts = target.map((part) => part.text)
  const [name = '', schema = '', catalog = ''] = [...parts].reverse()
  const resolved = names.resolve(catalog, schema, name, at)
  if (resolved.kind !== 'table') {
    throw new SluisError('SQL_NOT_ALLOWED', `${parts.join('.')} cannot be written.`, {
      hint: 'Name a table of the platform.',
      details: { position: at },
    })
  }
  const { table, source } = resolved
  const [key, ...otherKeys] = table.columns.filter(
    ({ name: column, isKey }) => isKey && column !== table.partitionColumn,
  )
  if (key === undefined || otherKeys.length > 0) {
    throw new SluisError(
      'SQL_NOT_ALLOWED',
      `${table.schema}.${table.name} cannot be written: its rows have no key.`,
      {
        details: { position: at },
      },
    )
  }
  const assigned = statement.columns.map(
    (token) => columnNamed(table, token.text, positionOf(token.start)).name,
  )
  const twice = assigned.find((column, index) => assigned.indexOf(column) !== index)
  if (twice !== undefined) {
    throw new SluisError('SQL_NOT_ALLOWED', `The column ${twice} is given two values.`, {
      details: { column: twice, position: at },
    })
  }
  const read =
    verb === 'insert' ? [] : oldColumns(table, key, assigned, verb === 'delete' || returning !== null)
  const shared = {
    verb,
    source,
    schema: table.schema,
    table: table.name,
    keyColumn: key.name,
    read,
    assigned,
  }
  const qualifier = alias ?? quoted(name)
  const from = ['FROM ', targetRange, ...(alias === null ? [] : [` AS ${alias}`])] as const
  const rows =
    statement.source === null
      ? composeText(text, [
          `SELECT ${read.map((column) => `${qualifier}.${quoted(column)}`).join(', ')}`,
          ...statement.expressions.flatMap((expression) => [', (', expression, '\n)']),
          ' ',
          ...from,
          ' WHERE ',
          ...(where === null ? ['true'] : [where]),
        ])
      : composeText(text, ['SELECT * FROM (', statement.source, '\n) AS new_rows'])
  return {
    plan: shared,
    rows,
    returning: returning === null ? null : composeText(text, ['SELECT ', returning, '\n', ...from]),
  }
}

/** What is remembered of a row before it changes: its key, its partition, and what a way back needs. */
function oldColumns(
  table: PlatformTable,
  key: TableColumn,
  assigned: readonly string[],
  isWhole: boolean,
): readonly string[] {
  const { partitionColumn } = table
  const isReadable = ({ name, page, type }: TableColumn) =>
    page !== undefined && name !== partitionColumn && (typeof type !== 'string' || page.jsonType !== 'JSON')
  const others = isWhole
    ? table.columns.filter(isReadable).map(({ name }) => name)
    : [...assigned, ...(table.neededByWrites ?? [])]
  return [...new Set([key.name, ...(partitionColumn === null ? [] : [partitionColumn]), ...others])]
}

function columnNamed(table: PlatformTable, name: string, position: number): TableColumn {
  const found = table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
  if (found) return found
  const nearest = nearestNames(
    name,
    table.columns.map((column) => column.name),
  )
  throw new SluisError('SQL_UNKNOWN_COLUMN', `${table.schema}.${table.name} has no column ${name}.`, {
    hint: didYouMean(nearest, 'See information_schema.columns.'),
    details: { position, column: name, nearest },
  })
}
