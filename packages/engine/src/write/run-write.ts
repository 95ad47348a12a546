import { isSluisError, must, SluisError, type StatementId } from '@sluis/shared'
import type { Connector } from '../catalog/connector.ts'
import type { PlatformTable } from '../catalog/table.ts'
import type { TableWrite } from '../catalog/table-write.ts'
import type { Explanation, WrittenRow, WrittenStatement } from '../engine.ts'
import type { WritePlan } from '../plan/write-plan.ts'
import type { FetchReadsOptions } from '../statements/fetch-reads.ts'
import type { PreparedStatement } from '../statements/prepare-statement.ts'
import type { SourceContext } from '../statements/source-context.ts'
import { type CheckedRow, checkColumns, checkRows } from './check-rows.ts'
import { mostRows, readRows, rowsSql } from './evaluate-rows.ts'
import { lookerFor } from './look-for-row.ts'
import { performWrites } from './perform-writes.ts'
import { revertSql } from './revert-sql.ts'
import type { WriteJournal } from './write-journal.ts'
import { outcomeAnswer, returningAnswer, type WrittenAnswer } from './written-views.ts'

/** A write whose table is known and whose columns may be written. */
export interface PreparedWrite {
  readonly plan: WritePlan
  readonly table: PlatformTable
  readonly tableWrite: TableWrite
  readonly source: SourceContext
}

/** Evaluates SQL over views to its first column's values; null beyond `most`. */
export type Values = FetchReadsOptions['values']

/** Null for a statement that only reads. @throws SluisError where the platform has no such write */
export function prepareWrite({ plan: { write: plan }, chooser }: PreparedStatement): PreparedWrite | null {
  if (!plan) return null
  const source = chooser.sourceNamed(plan.source)
  const { tables, writes } = source.connector
  const table = must(
    tables.find(({ schema, name }) => schema === plan.schema && name === plan.table),
    plan.table,
  )
  return { plan, table, source, tableWrite: checkColumns(plan, table, writes?.describe(table) ?? null) }
}

/** The rows of a write, each looked at before the first is sent. */
export async function evaluateWrite(
  { plan, table, tableWrite, source }: PreparedWrite,
  views: readonly string[],
  sql: string,
  values: Values,
): Promise<readonly CheckedRow[]> {
  const rows = readRows(await values(views, rowsSql(sql, plan, table), mostRows), plan)
  return checkRows(rows, plan, table, tableWrite, table.partitionColumn === null ? null : source.partitions)
}

/** A write that its server left, as its record tells it. */
export function leftWrite(
  plan: WritePlan,
  rows: readonly WrittenRow[],
  { tables, writes }: Connector,
): WrittenStatement {
  const table = tables.find(({ schema, name }) => schema === plan.schema && name === plan.table)
  const tableWrite = table ? (writes?.describe(table) ?? null) : null
  const revert = table && tableWrite ? revertSql(rows, plan, table, tableWrite) : []
  return { verb: plan.verb, table: nameOf(plan), rows, revert }
}

/** Writes, and says what became of each row. @throws SluisError with `details.outcomes` where the answer cannot say it */
export async function runWrite(
  prepared: PreparedWrite,
  { chooser }: PreparedStatement,
  rows: readonly CheckedRow[],
  reading: Omit<FetchReadsOptions, 'reads' | 'chooser'>,
  onWritten: (written: WrittenStatement) => void,
  journal: { readonly id: StatementId; readonly rows: WriteJournal },
): Promise<WrittenAnswer & { readonly warnings: readonly string[] }> {
  const { plan, table, tableWrite, source } = prepared
  const settled: WrittenRow[] = []
  const note = () =>
    onWritten({
      verb: plan.verb,
      table: nameOf(plan),
      rows: settled,
      revert: revertSql(settled, plan, table, tableWrite),
    })
  const look = lookerFor(plan, table, chooser, reading)
  const { id } = journal
  await journal.rows.begin(
    id,
    rows.map((row, index) => notAttempted(row, index + 1, plan)),
  )
  const onRow = async (row: WrittenRow) => {
    settled.push(row)
    if (row.outcome !== 'not attempted') await journal.rows.settled(id, row)
  }
  const onSending = (row: number) => journal.rows.sending(id, row)
  const performed = await performWrites({ plan, table, tableWrite, source, rows, look, onRow, onSending })
  note()
  const { fault } = performed
  if (fault !== null && (plan.returning || !isRefusal(fault))) throw withOutcomes(fault, performed.rows)
  const answer = plan.returning
    ? await returningAnswer(performed, plan, table, reading.folder)
    : await outcomeAnswer(performed.rows, reading.folder)
  return { ...answer, warnings: isSluisError(fault) ? [`${fault.message} ${countOf(performed.rows)}`] : [] }
}

function notAttempted(
  { evaluated, partition, key }: CheckedRow,
  row: number,
  { verb }: WritePlan,
): WrittenRow {
  return {
    row,
    outcome: 'not attempted',
    partition: partition?.id ?? null,
    key,
    error: null,
    old: verb === 'insert' ? null : Object.fromEntries(evaluated.old),
    new: verb === 'delete' ? null : Object.fromEntries(evaluated.new),
  }
}

/** The rows' own outcomes tell a refusal; everything else ends the statement. */
const isRefusal = (fault: unknown) => isSluisError(fault, 'SQL_FAILED')

/** An error together with what became of each row; one that tells it already stays as it is. */
export function withOutcomes(fault: unknown, rows: readonly WrittenRow[]): unknown {
  if (!isSluisError(fault) || 'outcomes' in fault.details) return fault
  const outcomes = rows.map(({ row, outcome, partition, key, error }) => ({
    row,
    outcome,
    partition,
    key,
    error,
  }))
  return new SluisError(fault.code, `${fault.message} ${countOf(rows)}`, {
    ...(fault.hint ? { hint: fault.hint } : {}),
    details: { ...fault.details, outcomes },
    cause: fault,
  })
}

function countOf(rows: readonly WrittenRow[]): string {
  const done = rows.filter(({ outcome }) => /^(inserted|updated|deleted|unchanged)$/.test(outcome)).length
  return `${done} of ${rows.length} rows are done.`
}

const nameOf = ({ source, schema, table }: WritePlan) => `${source}.${schema}.${table}`
const mostShown = 5

/** What a write would send. Rows that need no read are evaluated and checked; of others the form is told. */
export async function explainWrite(
  prepared: PreparedWrite,
  statement: PreparedStatement,
  values: Values,
): Promise<NonNullable<Explanation['write']>> {
  const { plan, table, source } = prepared
  const { writes } = source.connector
  const shared = { verb: plan.verb, table: nameOf(plan) }
  const { scans, catalogue, runnableSql } = statement.plan
  if (plan.verb === 'insert' && scans.length === 0 && catalogue.length === 0) {
    const rows = await evaluateWrite(prepared, [], runnableSql, values)
    const requests = rows.slice(0, mostShown).flatMap(({ write }) => {
      const request = write && writes?.request(source.baseUrl, write)
      return request ? [`${request.method} ${new URL(request.url).pathname} ${request.body ?? ''}`] : []
    })
    const count = rows.length
    // A lost answer is looked for and perhaps sent again.
    return {
      ...shared,
      rows: count,
      requests,
      // Where an insert would write over a row, each is looked for before.
      calls: {
        min: Math.min(1, count),
        expected: prepared.tableWrite.insertReplaces ? count * 2 : count,
        max: count * (prepared.tableWrite.insertReplaces ? 4 : 3),
      },
    }
  }
  const most = statement.reads.find(({ scan }) => scan.table === table)?.offer.maxRows ?? null
  const method = { insert: 'POST', update: 'PUT', delete: 'DELETE' }[plan.verb]
  const body =
    plan.verb === 'delete' ? '' : ` {${plan.assigned.map((name) => `${JSON.stringify(name)}: …`).join(', ')}}`
  return {
    ...shared,
    rows: null,
    requests: [`${method} ${plan.schema}/${plan.table}${plan.verb === 'insert' ? '' : '(…)'}${body}`],
    calls: { min: 0, expected: most ?? 1, max: most === null ? null : most * 3 },
  }
}
