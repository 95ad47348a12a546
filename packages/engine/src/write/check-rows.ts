import { SluisError } from '@sluis/shared'
import type { Partition, PlatformTable } from '../catalog/table.ts'
import type { ColumnWrite, RowWrite, TableWrite, WriteValue } from '../catalog/table-write.ts'
import type { WritePlan } from '../plan/write-plan.ts'
import type { EvaluatedRow } from './evaluate-rows.ts'

/** A row with what is sent for it; `write` is null where all values stand there already. */
export interface CheckedRow {
  readonly evaluated: EvaluatedRow
  readonly partition: Partition | null
  readonly write: RowWrite | null
  readonly key: string | null
}

/** What a statement may write at all, seen before anything is read. @throws SluisError INVALID_REQUEST naming the field */
export function checkColumns(plan: WritePlan, table: PlatformTable, write: TableWrite | null): TableWrite {
  const name = nameOf(table)
  const isOffered =
    write && { insert: write.canInsert, update: write.canUpdate, delete: write.canDelete }[plan.verb]
  if (!write || !isOffered) {
    throw new SluisError('SQL_NOT_ALLOWED', `The platform offers no ${plan.verb.toUpperCase()} on ${name}.`, {
      hint: write ? 'Other writes on this table are possible.' : 'This table is only read.',
      details: { table: name },
    })
  }
  for (const column of plan.assigned) {
    if (plan.verb === 'insert' && column === table.partitionColumn) continue
    const known = write.columns.get(column)
    const isSettable = plan.verb === 'insert' ? known?.isInsertable : known?.isUpdatable
    if (isSettable) continue
    const why =
      known?.lines && plan.verb === 'update'
        ? 'lines are written as rows of their own table'
        : `the platform sets it itself${known ? ` after the ${plan.verb === 'insert' ? 'INSERT' : 'row was made'}` : ''}`
    throw invalid(`${name}.${column} cannot be set by ${plan.verb.toUpperCase()}: ${why}.`, column, null)
  }
  if (plan.verb === 'insert') {
    for (const [column, { isMandatory }] of write.columns)
      if (isMandatory && !plan.assigned.includes(column))
        throw invalid(`${name} needs a value for ${column}.`, column, null)
  }
  return write
}

/** Looks at every value of every row, before the first call. @throws SluisError INVALID_REQUEST naming field and row */
export function checkRows(
  rows: readonly EvaluatedRow[],
  plan: WritePlan,
  table: PlatformTable,
  write: TableWrite,
  partitions: readonly Partition[] | null,
): readonly CheckedRow[] {
  return rows.map((evaluated, index) => {
    const row = index + 1
    const { verb } = plan
    const partition = partitionOf(evaluated, plan, table, partitions, row)
    const values = new Map<string, WriteValue>()
    for (const [column, value] of evaluated.new) {
      if (column === table.partitionColumn) continue
      const rules = write.columns.get(column)
      if (rules?.isMandatory && isEmpty(value))
        throw invalid(`${nameOf(table)} needs a value for ${column}; row ${row} has none.`, column, row)
      if (rules?.lines && value !== null) checkLines(value, rules.lines, column, row)
      // A value that stands there already is not sent: Exact, for one, refuses a repeated code as taken.
      const isSame = verb === 'update' && isEqual(value, evaluated.old.get(column) ?? null)
      if (!isSame && !(verb === 'insert' && value === null)) values.set(column, value)
    }
    const old = evaluated.old.get(plan.keyColumn)
    const key = verb === 'insert' || old === undefined || old === null ? null : String(old)
    const isNeeded = verb !== 'update' || values.size > 0
    for (const column of (verb !== 'insert' && table.neededByWrites) || [])
      if (!values.has(column)) values.set(column, evaluated.old.get(column) ?? null)
    return { evaluated, partition, key, write: isNeeded ? { verb, table, partition, key, values } : null }
  })
}

function partitionOf(
  { old, new: values }: EvaluatedRow,
  { verb }: WritePlan,
  { partitionColumn }: PlatformTable,
  partitions: readonly Partition[] | null,
  row: number,
): Partition | null {
  if (partitionColumn === null || partitions === null) return null
  const value = (verb === 'insert' ? values : old).get(partitionColumn) ?? null
  const [only, ...others] = partitions
  if (value === null && only && others.length === 0) return only
  const found = partitions.find(({ id }) => id === String(value))
  if (found) return found
  throw invalid(
    value === null
      ? `Row ${row} does not say in which ${partitionColumn} it belongs.`
      : `The database does not hold the ${partitionColumn} of row ${row}.`,
    partitionColumn,
    row,
  )
}

function checkLines(
  value: WriteValue,
  lines: ReadonlyMap<string, ColumnWrite>,
  column: string,
  row: number,
): void {
  const isLine = (line: unknown) => typeof line === 'object' && line !== null && !Array.isArray(line)
  if (!Array.isArray(value) || !value.every(isLine))
    throw invalid(`${column} in row ${row} is no list of lines.`, column, row)
  for (const [at, line] of (value as Readonly<Record<string, unknown>>[]).entries()) {
    for (const [member, content] of Object.entries(line)) {
      if (content !== null && !lines.get(member)?.isInsertable)
        throw invalid(
          `${column}.${member} cannot be set (row ${row}, line ${at + 1}).`,
          `${column}.${member}`,
          row,
        )
    }
    for (const [member, { isMandatory }] of lines) {
      if (isMandatory && isEmpty((line[member] ?? null) as WriteValue))
        throw invalid(
          `${column} needs a value for ${member} (row ${row}, line ${at + 1}).`,
          `${column}.${member}`,
          row,
        )
    }
  }
}

const isEmpty = (value: WriteValue) =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** Trailing blanks are no difference: platforms that pad drop them. */
export function isEqual(a: WriteValue, b: WriteValue): boolean {
  const plain = (value: WriteValue) => (typeof value === 'string' ? value.trimEnd() : value)
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b))
}

const nameOf = ({ schema, name }: PlatformTable) => `${schema}.${name}`

const invalid = (message: string, field: string, row: number | null) =>
  new SluisError('INVALID_REQUEST', message, {
    hint: 'Nothing was written.',
    details: { field, ...(row === null ? {} : { row }) },
  })
