import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PlatformTable } from '../catalog/table.ts'
import type { WrittenRow } from '../engine.ts'
import type { WritePlan } from '../plan/write-plan.ts'
import { createView, literal, typeText } from '../run/scan-view.ts'
import { typeOf } from './evaluate-rows.ts'
import type { Performed } from './perform-writes.ts'

/** The views and the query over them that give a write's answer. */
export interface WrittenAnswer {
  readonly views: readonly string[]
  readonly sql: string
}

const outcomeColumns = {
  row: 'INTEGER',
  outcome: 'VARCHAR',
  partition: 'VARCHAR',
  key: 'VARCHAR',
  error: 'VARCHAR',
} as const

/** Without RETURNING: one row for each row of the statement, with what became of it. */
export async function outcomeAnswer(rows: readonly WrittenRow[], folder: string): Promise<WrittenAnswer> {
  const names = Object.keys(outcomeColumns) as (keyof typeof outcomeColumns)[]
  const values = rows.map((row) => names.map((name) => row[name]))
  const view = await arrayView('outcomes', names, (name) => outcomeColumns[name as 'row'], values, folder)
  return {
    views: [view],
    sql: `SELECT ${names.map((name) => `"${name}"`).join(', ')} FROM outcomes ORDER BY "row"`,
  }
}

/** With RETURNING: the statement's own expressions over the written rows. */
export async function returningAnswer(
  { rows, inserted }: Performed,
  plan: WritePlan,
  table: PlatformTable,
  folder: string,
): Promise<WrittenAnswer> {
  const sql = plan.returning?.sql ?? ''
  if (plan.verb === 'insert') return { views: [await insertedView(rows, inserted, table, folder)], sql }
  const names = table.columns.map(({ name }) => name)
  const values = rows.map((row) => names.map((name) => row.new?.[name] ?? row.old?.[name] ?? null))
  // A value that was set to NULL is NULL now, whatever stood there.
  for (const [index, row] of rows.entries())
    for (const name of plan.assigned) {
      const value = values[index]
      if (value) value[names.indexOf(name)] = row.new?.[name] ?? null
    }
  return {
    views: [await arrayView('scan_0', names, (name) => typeText(typeOf(table, name)), values, folder)],
    sql,
  }
}

/** Rows of values as a view with typed columns: each row stands as one JSON array in a line. */
async function arrayView(
  view: string,
  names: readonly string[],
  typeOfColumn: (name: string) => string,
  rows: readonly (readonly unknown[])[],
  folder: string,
): Promise<string> {
  const isJson = (name: string) => /\[\]$/.test(typeOfColumn(name))
  const columns = names.map((name, index) => {
    const value = `v->${index}`
    const text = isJson(name) ? `(${value})` : `(v->>${index})`
    return `CASE WHEN json_type(${value}) = 'NULL' THEN NULL ELSE ${text} END::${typeOfColumn(name)} AS "${name}"`
  })
  const file = join(folder, `${view}.ndjson`)
  const lines = rows.map((row) => `${JSON.stringify({ v: row })}\n`)
  if (lines.length === 0) {
    const empty = names.map((name) => `NULL::${typeOfColumn(name)} AS "${name}"`)
    return `CREATE VIEW ${view} AS SELECT ${empty.join(', ')} WHERE false`
  }
  await writeFile(file, lines.join(''), { mode: 0o600 })
  return `CREATE VIEW ${view} AS SELECT ${columns.join(', ')} FROM read_json([${literal(file)}], format='newline_delimited', columns={'v': 'JSON'}, maximum_object_size=67108864)`
}

async function insertedView(
  rows: readonly WrittenRow[],
  inserted: readonly (string | null)[],
  table: PlatformTable,
  folder: string,
): Promise<string> {
  const byPartition = new Map<string, string[]>()
  for (const [index, row] of rows.entries()) {
    const body = inserted[index]
    if (body === null || body === undefined) continue
    const id = row.partition ?? ''
    const bodies = byPartition.get(id) ?? []
    bodies.push(body)
    byPartition.set(id, bodies)
  }
  const files: string[] = []
  let largestPageBytes = 0
  for (const [id, bodies] of byPartition) {
    // The reader of pages takes the partition from the folder's name.
    const place = join(folder, 'written', `p${id}`)
    await mkdir(place, { recursive: true, mode: 0o700 })
    const file = join(place, 'rows.ndjson')
    await writeFile(file, `${bodies.join('\n')}\n`, { mode: 0o600 })
    largestPageBytes = Math.max(largestPageBytes, ...bodies.map((body) => Buffer.byteLength(body) + 1))
    files.push(file)
  }
  const columns = table.columns.filter(({ type }) => typeof type === 'string').map(({ name }) => name)
  return createView({ view: 'scan_0', table, columns, files, largestPageBytes })
}
