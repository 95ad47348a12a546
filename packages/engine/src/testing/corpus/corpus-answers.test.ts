import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { must } from '@sluis/shared'
import type { Predicate, SqlValue } from '../../catalog/predicate.ts'
import type { Scan } from '../../catalog/scan.ts'
import { planStatement, type UntimedPlan } from '../../plan/plan-statement.ts'
import { PlanningInstance } from '../../plan/planning-instance.ts'
import { TableNames } from '../../plan/table-names.ts'
import { corpus } from './corpus.ts'
import { corpusData } from './corpus-data.ts'
import { type CorpusStatement, madeUpValues } from './corpus-statement.ts'
import { corpusTables } from './corpus-tables.ts'

// What a plan asks for must suffice: DuckDB itself plays the platform, which answers every term, key list, limit and
// order of a scan exactly and gives no column that was not asked for. The answers must equal those from whole tables.

const timeZone = 'Europe/Amsterdam'
const names = new TableNames([{ alias: 'eol', tables: corpusTables() }])
let planning: PlanningInstance
let instance: DuckDBInstance
let connection: DuckDBConnection

before(async () => {
  planning = await PlanningInstance.open(timeZone)
  instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  connection = await instance.connect()
  await connection.run(`SET TimeZone = '${timeZone}'`)
})
after(() => {
  planning.close()
  connection.closeSync()
  instance.closeSync()
})

for (const seed of [1, 2, 3]) {
  test(`the corpus answers the same from what its scans ask for as from whole tables, data ${seed}`, async () => {
    await makeData(seed)
    let found = 0
    for (const statement of corpus()) {
      const plan = await planOf(statement, true)
      const whole = await answer(await planOf(statement, false), [])
      found += whole.length > 0 ? 1 : 0
      const ids = plan.scans.map(({ id }) => id)
      // Keys flow from scans that were fetched before: every order of two directions must do.
      for (const order of [ids, [...ids].reverse()]) {
        const pushed = await answer(plan, order)
        if (statement.compare === 'count') assert.equal(pushed.length, whole.length, statement.name)
        else assert.deepEqual(pushed, whole, statement.name)
      }
    }
    assert.ok(found > 120, `only ${found} statements found rows: the data proves little`)
  })
}

function planOf({ sql, parameters = [] }: CorpusStatement, pushdown: boolean): Promise<UntimedPlan> {
  const frozenAt = 1_772_447_400_123_456n
  return planStatement(planning, names, { sql, parameters, frozenAt, timeZone, pushdown })
}

async function makeData(seed: number): Promise<void> {
  const used = new Map<string, Scan['table']>()
  for (const statement of corpus()) {
    for (const { table } of (await planOf(statement, false)).scans) used.set(dataName(table), table)
  }
  for (const [name, table] of used) {
    await connection.run(`CREATE OR REPLACE TABLE ${name} AS ${corpusData(table, 60, seed, madeUpValues)}`)
  }
}

function dataName(table: Scan['table']): string {
  return `main."${table.schema}_${table.name}"`
}

/** The rows of a plan as sorted text, its scans fetched in an order; without one, whole. */
async function answer(plan: UntimedPlan, order: readonly number[]): Promise<string[]> {
  const created: string[] = []
  const fetched = new Set<number>()
  const create = async (id: number, select: string) => {
    await connection.run(`CREATE OR REPLACE VIEW main.scan_${id} AS ${select}`)
    created.push(`main.scan_${id}`)
  }
  if (order.length === 0) for (const { id, table } of plan.scans) await create(id, `FROM ${dataName(table)}`)
  for (const id of order) {
    await create(id, fetch(must(plan.scans[id], 'a scan'), fetched))
    fetched.add(id)
  }
  const sql = order.length > 0 && plan.countedSql !== null ? plan.countedSql : plan.runnableSql
  try {
    const reader = await connection.runAndReadAll(sql)
    return reader
      .getRowsJson()
      .map((row) => JSON.stringify(row))
      .sort()
  } finally {
    for (const name of created.reverse()) await connection.run(`DROP VIEW ${name}`)
  }
}

function fetch(scan: Scan, fetched: ReadonlySet<number>): string {
  const { table } = scan
  const given = new Set(scan.isCountOnly ? [] : scan.columns)
  // Types survive in a column that is always NULL only when it is read from somewhere.
  const typed = table.columns.map(({ name }) =>
    given.has(name) ? `"${name}"` : `nullif("${name}", "${name}") AS "${name}"`,
  )
  const isExact = !scan.where.some((term) => term.kind === 'opaque')
  const conditions = scan.where.map(toSql)
  for (const { column, fromScan, fromColumn, isWithinPartition } of scan.keysFrom) {
    if (!fetched.has(fromScan)) continue
    const [key, giver] = isWithinPartition
      ? [`("${column}", "${table.partitionColumn}")`, `("${fromColumn}", "${table.partitionColumn}")`]
      : [`"${column}"`, `"${fromColumn}"`]
    conditions.push(`${key} IN (SELECT ${giver} FROM main.scan_${fromScan})`)
  }
  const sort = scan.orderBy.map(
    ({ column, isDescending, areNullsFirst }) =>
      `"${column}" ${isDescending ? 'DESC' : 'ASC'} NULLS ${areNullsFirst ? 'FIRST' : 'LAST'}`,
  )
  const limited = isExact && scan.limit !== null
  return [
    `SELECT ${typed.join(', ')} FROM (SELECT * FROM ${dataName(table)}`,
    conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '',
    limited && sort.length > 0 ? `ORDER BY ${sort.join(', ')}` : '',
    limited || scan.limit === 0 ? `LIMIT ${scan.limit}` : '',
    ')',
  ].join(' ')
}

function toSql(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'compare':
      return `"${predicate.column}" ${predicate.op} ${literal(predicate.value)}`
    case 'in':
      return `"${predicate.column}" IN (${predicate.values.map(literal).join(', ')})`
    case 'is-null':
      return `"${predicate.column}" IS NULL`
    case 'is-not-null':
      return `"${predicate.column}" IS NOT NULL`
    case 'starts-with':
      return `starts_with("${predicate.column}", '${predicate.text}')`
    case 'ends-with':
      return `ends_with("${predicate.column}", '${predicate.text}')`
    case 'contains':
      return `contains("${predicate.column}", '${predicate.text}')`
    case 'and':
    case 'or':
      return `(${predicate.terms.map(toSql).join(` ${predicate.kind.toUpperCase()} `)})`
    case 'not':
      return `(NOT ${toSql(predicate.term)})`
    case 'opaque':
      return 'true'
    default:
      return predicate satisfies never
  }
}

function literal({ type, value }: SqlValue): string {
  const text = String(value).replaceAll("'", "''")
  return type === 'TIMESTAMP' ? `make_timestamp(${text})` : `CAST('${text}' AS ${type})`
}
