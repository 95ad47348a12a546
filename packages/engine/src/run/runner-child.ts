import type { DuckDBConnection } from '@duckdb/node-api'
import type { ResultColumn } from '../plan/statement-plan.ts'
import { openLockedInstance } from './locked-instance.ts'
import { copyStatement } from './result-format.ts'
import type { RunJob, RunnerReply, RunnerRequest } from './runner-messages.ts'

// A runner: one statement at a time, each in an instance of its own. Started with an environment that is empty but
// for the thread pool's size; it ends when its parent's channel closes.
const reply = (message: RunnerReply) => process.send?.(message)
let running: { id: number; connection: DuckDBConnection } | null = null

async function run(job: RunJob): Promise<void> {
  const { connection, close } = await openLockedInstance(job.folder, job.limits, job.timeZone)
  running = { id: job.id, connection }
  try {
    for (const view of job.views) await connection.run(view)
    const values =
      job.output.kind === 'values' ? await distinctValues(job, connection) : await copy(job, connection)
    const { maxRSS } = process.resourceUsage()
    reply({
      kind: 'done',
      id: job.id,
      values,
      rssBytes: process.memoryUsage.rss(),
      peakRssBytes: maxRSS * 1024,
    })
  } finally {
    running = null
    close()
  }
}

async function distinctValues(job: RunJob, connection: DuckDBConnection): Promise<(string | null)[] | null> {
  const most = job.output.kind === 'values' ? job.output.most : 0
  const reader = await connection.runAndReadUntil(`${job.sql}\nLIMIT ${most + 1}`, most + 1)
  const rows = reader.getRows()
  return rows.length > most ? null : rows.map(([value]) => (value === null ? null : String(value)))
}

async function copy(job: RunJob, connection: DuckDBConnection): Promise<null> {
  if (job.output.kind !== 'copy') return null
  const { format, target, maxRows } = job.output
  const text = await oneStatement(job.sql, connection)
  const columns = await columnsOf(text, connection)
  let sql = text
  let isTruncated = false
  if (maxRows !== null) {
    // One row more than asked tells whether something was cut off, before the first byte leaves.
    const names = columns.map((_, index) => `c${index}`).join(', ')
    await connection.run(
      `CREATE TEMP TABLE result AS SELECT * FROM (${text}\n) AS r(${names}) LIMIT ${maxRows + 1}`,
    )
    const counted = await connection.runAndReadAll('SELECT count(*)::INTEGER FROM result')
    isTruncated = Number(counted.getRows()[0]?.[0] ?? 0) > maxRows
    sql = `SELECT * FROM result LIMIT ${maxRows}`
  }
  reply({ kind: 'columns', id: job.id, columns, isTruncated })
  await connection.run(copyStatement(sql, columns, format, target))
  return null
}

/** A PIVOT whose columns come from the data is several statements to DuckDB: only its result is one. */
async function oneStatement(sql: string, connection: DuckDBConnection): Promise<string> {
  const { count } = await connection.extractStatements(sql)
  if (count === 1) return sql
  await connection.run(`CREATE TEMP TABLE pivoted AS ${sql}`)
  return 'SELECT * FROM pivoted'
}

async function columnsOf(sql: string, connection: DuckDBConnection): Promise<ResultColumn[]> {
  const prepared = await connection.prepare(sql)
  try {
    return Array.from({ length: prepared.columnCount }, (_, index) => ({
      name: prepared.columnName(index),
      type: String(prepared.columnType(index)),
    }))
  } finally {
    prepared.destroySync()
  }
}

process.on('message', (request: RunnerRequest) => {
  if (request.kind === 'cancel') {
    if (running?.id === request.id) running.connection.interrupt()
    return
  }
  const { job } = request
  run(job).catch((error: Error) => reply({ kind: 'failed', id: job.id, message: error.message }))
})
process.on('disconnect', () => process.exit(0))
