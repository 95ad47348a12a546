import { SluisError } from '@sluis/shared'
import type { PlatformTable, TableColumn } from '../catalog/table.ts'
import type { WriteValue } from '../catalog/table-write.ts'
import type { WritePlan } from '../plan/write-plan.ts'

/** A row that a write's query gave: what stood there, and what shall stand there. */
export interface EvaluatedRow {
  readonly old: ReadonlyMap<string, WriteValue>
  readonly new: ReadonlyMap<string, WriteValue>
}

/** A write does at most so many rows: each is a call. */
export const mostRows = 5000

/** The query that gives each row of a write's plan as one JSON array of values in the types of their columns. */
export function rowsSql(sql: string, plan: WritePlan, table: PlatformTable): string {
  const columns = [...plan.read, ...plan.assigned]
  const values = columns.map((name, index) => jsonValue(`c${index}`, typeOf(table, name)))
  return `SELECT json_array(${values.join(', ')})::VARCHAR FROM (${sql}\n) AS r(${columns.map((_, index) => `c${index}`).join(', ')})`
}

/** What does not fit its column comes as `{"unfit": type}`, so that the error can name row and column. */
function jsonValue(column: string, type: TableColumn['type']): string {
  if (typeof type !== 'string') return `to_json(${column})`
  const cast = `TRY_CAST(${column} AS ${type})`
  const isText = /^(BIGINT|DECIMAL|UUID|TIMESTAMP|VARCHAR)/.test(type)
  const value = `to_json(${isText ? `CAST(${cast} AS VARCHAR)` : cast})`
  const isUnfit = `${column} IS NOT NULL AND ${type === 'DOUBLE' ? `(${cast} IS NULL OR NOT isfinite(${cast}))` : `${cast} IS NULL`}`
  return `CASE WHEN ${isUnfit} THEN json_object('unfit', '${type}') ELSE ${value} END`
}

/** @throws SluisError QUERY_TOO_LARGE, INVALID_REQUEST with row and column of a value that does not fit */
export function readRows(
  values: readonly (string | null)[] | null,
  plan: WritePlan,
): readonly EvaluatedRow[] {
  if (values === null) {
    throw new SluisError('QUERY_TOO_LARGE', `The statement writes more than ${mostRows} rows.`, {
      hint: 'Each row is a call at the platform: write in parts.',
    })
  }
  return values.map((text, index) => {
    const row = JSON.parse(text ?? '[]') as WriteValue[]
    const valueAt = (name: string, at: number): [string, WriteValue] => {
      const value = row[at] ?? null
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [name, value]
      const { unfit } = value as unknown as { unfit: string }
      throw new SluisError('INVALID_REQUEST', `The value for ${name} in row ${index + 1} is no ${unfit}.`, {
        hint: 'Nothing was written. Cast the value, or leave the row out.',
        details: { field: name, row: index + 1 },
      })
    }
    return {
      old: new Map(plan.read.map((name, at) => valueAt(name, at))),
      new: new Map(plan.assigned.map((name, at) => valueAt(name, plan.read.length + at))),
    }
  })
}

export function typeOf(table: PlatformTable, name: string): TableColumn['type'] {
  return table.columns.find((column) => column.name === name)?.type ?? 'VARCHAR'
}
