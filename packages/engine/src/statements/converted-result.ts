import { randomUUID } from 'node:crypto'
import { link, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { QueryStats, ResultFormat, StatementRun } from '../engine.ts'
import type { ResultColumn } from '../plan/statement-plan.ts'
import type { NamedPipes } from '../run/named-pipes.ts'
import { resultStream } from '../run/result-stream.ts'
import type { RunLimits } from '../run/runner-messages.ts'
import type { RunnerPool } from '../run/runner-pool.ts'
import { literal } from '../run/scan-view.ts'
import type { KeptResult } from './stored-results.ts'

export interface ConverterParts {
  readonly runners: RunnerPool
  readonly pipes: NamedPipes
  readonly limits: RunLimits
  /** Each conversion has a folder of its own below it. */
  readonly folder: string
  readonly timeZone: string
  readonly renderError: (error: unknown) => object
}

/**
 * The rows of a finished statement in another format, made from the Parquet file that was kept: no call, no second run
 * of the statement, and the same rows. Parquet is the one format that keeps every type.
 */
export async function convertedResult(
  { runners, pipes, limits, folder, timeZone, renderError }: ConverterParts,
  kept: KeptResult,
  format: Exclude<ResultFormat, 'parquet'>,
): Promise<StatementRun> {
  const own = join(folder, `convert-${randomUUID()}`)
  await mkdir(own, { recursive: true, mode: 0o700 })
  const stop = new AbortController()
  const clean = () => rm(own, { recursive: true, force: true })
  try {
    const source = join(own, 'kept.parquet')
    await link(kept.file, source)
    const target = join(own, 'result')
    const pipe = pipes.open(target)
    const sql = selectAll(source, kept.columns)
    const output = { kind: 'copy', format, target, maxRows: null } as const
    const run = runners.run({ folder: own, views: [], sql, timeZone, limits, output }, stop.signal)
    run.done.catch((error: Error) => pipe.destroy(error))
    await run.columns
    const stats = run.done.then((): QueryStats => kept.stats)
    stats.catch(() => {})
    const body = resultStream({
      format,
      columns: kept.columns,
      rows: pipe,
      finished: stats,
      renderError,
      onEnd: (isWhole) => {
        if (!isWhole) {
          stop.abort(new Error('nobody reads the result any more'))
          pipe.destroy()
        }
        void run.done.catch(() => {}).then(clean)
      },
    })
    const { id, columns, warnings } = kept
    return { id, columns, format, body, warnings, stats }
  } catch (error) {
    stop.abort(error)
    await clean()
    throw error
  }
}

/** Parquet has no integers of 128 bits; they stand in it as decimals. */
function selectAll(file: string, columns: readonly ResultColumn[]): string {
  const names = columns.map((_, index) => `c${index}`)
  const values = columns.map(({ name, type }, index) => {
    const value = /^U?HUGEINT$/.test(type) ? `${names[index]}::${type}` : names[index]
    return `${value} AS "${name.replaceAll('"', '""')}"`
  })
  return `SELECT ${values.join(', ')} FROM read_parquet(${literal(file)}) AS kept(${names.join(', ')})`
}
