import type { PlatformTable, TableColumn } from '../catalog/table.ts'
import type { TableWrite } from '../catalog/table-write.ts'
import type { WrittenRow } from '../engine.ts'
import type { WritePlan } from '../plan/write-plan.ts'
import { literal, typeText } from '../run/scan-view.ts'
import { typeOf } from './evaluate-rows.ts'

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/**
 * The statements that put back what was written, the last write first. A deleted row comes back under a new key; what
 * only the platform sets (numbers, stamps) is not in them. Empty where the platform has no opposite of the write.
 */
export function revertSql(
  rows: readonly WrittenRow[],
  plan: WritePlan,
  table: PlatformTable,
  write: TableWrite,
): readonly string[] {
  const name = [plan.source, plan.schema, plan.table].map(quoted).join('.')
  const done = rows.filter(({ outcome }) => /^(inserted|updated|deleted)$/.test(outcome)).reverse()
  const at = ({ partition, key }: WrittenRow) => {
    const inPartition =
      partition === null || table.partitionColumn === null
        ? ''
        : `${quoted(table.partitionColumn)} = ${valueSql(partition, typeOf(table, table.partitionColumn))} AND `
    return `${inPartition}${quoted(plan.keyColumn)} = ${valueSql(key, typeOf(table, plan.keyColumn))}`
  }
  switch (plan.verb) {
    case 'insert':
      return write.canDelete ? done.map((row) => `DELETE FROM ${name} WHERE ${at(row)}`) : []
    case 'update':
      return done.map((row) => {
        const changes = plan.assigned
          .filter((column) => JSON.stringify(row.old?.[column]) !== JSON.stringify(row.new?.[column]))
          .map((column) => `${quoted(column)} = ${valueSql(row.old?.[column], typeOf(table, column))}`)
        return `UPDATE ${name} SET ${changes.join(', ')} WHERE ${at(row)}`
      })
    case 'delete':
      return write.canInsert ? done.map((row) => insertSql(name, row, table, write)) : []
    default:
      throw plan.verb satisfies never
  }
}

function insertSql(name: string, row: WrittenRow, table: PlatformTable, write: TableWrite): string {
  const columns: string[] = []
  const values: string[] = []
  if (table.partitionColumn !== null && row.partition !== null) {
    columns.push(table.partitionColumn)
    values.push(valueSql(row.partition, typeOf(table, table.partitionColumn)))
  }
  for (const [column, { isInsertable, lines }] of write.columns) {
    const value = row.old?.[column] ?? null
    if (!isInsertable || value === null) continue
    columns.push(column)
    const type = typeOf(table, column)
    if (lines === undefined || typeof type === 'string') values.push(valueSql(value, type))
    else {
      const members = type.list.filter((member) => lines.get(member.name)?.isInsertable)
      values.push(linesSql(value as readonly Readonly<Record<string, unknown>>[], members))
    }
  }
  return `INSERT INTO ${name} (${columns.map(quoted).join(', ')}) VALUES (${values.join(', ')})`
}

/** All lines have the same members, as a list in SQL wants it. */
function linesSql(
  lines: readonly Readonly<Record<string, unknown>>[],
  members: readonly TableColumn[],
): string {
  const used = members.filter(({ name }) => lines.some((line) => (line[name] ?? null) !== null))
  const texts = lines.map(
    (line) =>
      `{${used.map(({ name, type }) => `${literal(name)}: ${valueSql(line[name], type)}`).join(', ')}}`,
  )
  return `[${texts.join(', ')}]`
}

function valueSql(value: unknown, type: TableColumn['type']): string {
  if (value === null || value === undefined) return 'NULL'
  if (type === 'VARCHAR') return literal(String(value))
  if (typeof value === 'object') return `${literal(JSON.stringify(value))}::JSON::${typeText(type)}`
  if (typeof value === 'boolean' || /^(SMALLINT|INTEGER)$/.test(typeText(type))) return String(value)
  return `${literal(String(value))}::${typeText(type)}`
}
