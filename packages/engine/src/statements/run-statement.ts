import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, isSluisError, type Log, type OrganisationId, SluisError } from '@sluis/shared'
import type { ReadMemory } from '../databases/read-memory.ts'
import type {
  Database,
  Explanation,
  QueryRequest,
  QueryStats,
  ScanStats,
  StatementRecord,
  StatementRun,
} from '../engine.ts'
import type { NativeCall } from '../fetch/api-caller.ts'
import type { CallBudgets } from '../fetch/call-budget.ts'
import type { AnswerCache } from '../keep/answer-cache.ts'
import { freshnessOf } from '../keep/freshness.ts'
import type { PageSealer } from '../keep/page-sealer.ts'
import { StatementPages } from '../keep/statement-pages.ts'
import type { NamedPipes } from '../run/named-pipes.ts'
import { resultStream } from '../run/result-stream.ts'
import type { RunLimits } from '../run/runner-messages.ts'
import type { RunnerPool } from '../run/runner-pool.ts'
import { evaluateWrite, explainWrite, prepareWrite, runWrite, withOutcomes } from '../write/run-write.ts'
import type { WriteJournal } from '../write/write-journal.ts'
import { type CatalogueContent, catalogueView } from './catalogue-rows.ts'
import { refuseScarcity, weighBudgets, weighWrites } from './check-budgets.ts'
import { explainReads, firstGrant, lookUpCalls, rememberStatement, withLookUps } from './explain-reads.ts'
import { fetchReads, viewOf } from './fetch-reads.ts'
import { assertMayWrite } from './may-write.ts'
import { PartitionProgress } from './partition-progress.ts'
import type { PreparedStatement, StatementPreparer } from './prepare-statement.ts'
import type { ReadScan } from './read-scan.ts'
import type { JobRun } from './statement-job.ts'
import type { LiveRecord, StatementLog } from './statement-log.ts'
import { VisibleWaits } from './visible-waits.ts'

export interface StatementRunnerParts {
  readonly preparer: StatementPreparer
  readonly memory: ReadMemory
  readonly budgets: CallBudgets
  readonly cache: AnswerCache
  readonly sealer: PageSealer
  readonly runners: RunnerPool
  readonly pipes: NamedPipes
  readonly statements: StatementLog
  readonly journal: WriteJournal
  readonly clock: Clock
  readonly log: Log
  readonly limits: RunLimits
  /** Below it each statement has a folder of its own while it runs. */
  readonly folder: string
  readonly renderError: (error: unknown) => object
  catalogueOf(organisationId: OrganisationId, database: Database): Promise<CatalogueContent>
}

/** A statement as it is run. */
export interface RunRequest extends QueryRequest {
  /** Nobody listens: it may wait for another day's calls, and outlives its server. */
  readonly job?: JobRun
}

const defaultTimeoutMs = 10 * 60_000
/** Partitions of one scan that are read at the same time. */
const parallelPartitions = 8
const mostNativeCalls = 1000
/** An explanation evaluates the rows of an INSERT: the user's own SQL, which must end. */
const explainTimeoutMs = 30_000

const timedOut = (timeoutMs: number) =>
  new SluisError('QUERY_TIMEOUT', `The statement took longer than ${timeoutMs} ms.`, {
    hint: 'Give it more time with timeoutMs, or run it asynchronously (Prefer: respond-async).',
  })

/** Takes a statement from its text to its rows: plan, fetch, run. Each can be cancelled and leaves nothing behind. */
export class StatementRunner {
  readonly #parts: StatementRunnerParts

  constructor(parts: StatementRunnerParts) {
    this.#parts = parts
  }

  /** What a write would send, without a call; null for a statement that only reads. */
  async explainWrite(
    prepared: PreparedStatement,
    timeoutMs = explainTimeoutMs,
  ): Promise<NonNullable<Explanation['write']> | null> {
    const write = prepareWrite(prepared)
    if (write === null) return null
    const folder = join(this.#parts.folder, `explain-${randomUUID()}`)
    const { runners, limits } = this.#parts
    const stop = new AbortController()
    const timeout = setTimeout(() => stop.abort(timedOut(timeoutMs)), timeoutMs)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    try {
      return await explainWrite(write, prepared, async (views, sql, most) => {
        const { timeZone } = prepared.plan
        const output = { kind: 'values', most } as const
        return (await runners.run({ folder, views, sql, timeZone, limits, output }, stop.signal).done).values
      })
    } finally {
      clearTimeout(timeout)
      await rm(folder, { recursive: true, force: true })
    }
  }

  /** What gives a statement its pages; those that it keeps are drafted in its folder. */
  pagesFor(
    { organisationId, freshness = {} }: Pick<QueryRequest, 'organisationId' | 'freshness'>,
    id: string,
    jobFolder: string | null = null,
    onReplayed: (bytes: number) => void = () => {},
  ): (database: Database) => StatementPages {
    const { cache, sealer, clock, folder } = this.#parts
    return ({ maxAgeSeconds }) =>
      new StatementPages({
        organisationId,
        cache,
        sealer,
        clock,
        freshness: freshnessOf(freshness, maxAgeSeconds),
        folder: join(folder, id),
        jobFolder,
        onReplayed,
      })
  }

  async run(record: LiveRecord, request: RunRequest): Promise<StatementRun> {
    const { clock, log, memory, budgets, limits, runners, renderError } = this.#parts
    const { job = null } = request
    const startedAt = performance.now()
    const stop = new AbortController()
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs
    const timeout = setTimeout(() => {
      stop.abort(timedOut(timeoutMs))
    }, timeoutMs)
    const onAbort = () => stop.abort(request.signal?.reason)
    request.signal?.addEventListener('abort', onAbort, { once: true })
    if (request.signal?.aborted) onAbort()
    const { signal } = stop
    const folder = join(this.#parts.folder, record.id)
    const calls: NativeCall[] = [...record.nativeCalls]
    const count = { calls: 0, bytes: 0 }
    this.#parts.statements.open(record, (reason) => stop.abort(reason))
    const onCall = (call: NativeCall) => {
      count.calls++
      count.bytes += call.bytes
      if (calls.length < mostNativeCalls) calls.push(call)
      record.progress = { ...record.progress, callsMade: count.calls }
    }
    const onReplayed = (bytes: number) => {
      count.calls++
      count.bytes += bytes
      record.progress = { ...record.progress, callsMade: count.calls }
    }
    record.nativeCalls = calls
    let isOver = false
    const finish = async (error: unknown, stats: QueryStats | null) => {
      if (isOver) return
      isOver = true
      clearTimeout(timeout)
      request.signal?.removeEventListener('abort', onAbort)
      await rm(folder, { recursive: true, force: true })
      if (job !== null && error === this.#parts.statements.stopping) {
        // The next server here goes on with it.
        await this.#parts.statements.suspend(record)
        return
      }
      record.endedAt = new Date(clock.now()).toISOString()
      record.stats = stats
      record.state = error === null ? 'done' : isSluisError(error, 'QUERY_CANCELLED') ? 'cancelled' : 'failed'
      record.error = error === null ? null : describeError(error)
      if (job !== null) await rm(job.folder, { recursive: true, force: true })
      await this.#parts.statements
        .close(record)
        .catch((fault: Error) => log.warn({ error: fault.message }, 'a statement could not be written down'))
    }
    try {
      const isPatient = job !== null
      const waits = new VisibleWaits((until) => {
        const waitingUntil = until === null ? null : new Date(until).toISOString()
        record.progress = { ...record.progress, waitingUntil }
      })
      const waiting = { isPatient, onWait: (until: number) => waits.begin(until) }
      const prepared = await this.#parts.preparer.prepare(
        request,
        { onCall, signal, waiting },
        this.pagesFor(request, record.id, job?.folder ?? null, onReplayed),
        job,
      )
      const { plan, reads, isStrict } = prepared
      if (plan.write) assertMayWrite(request)
      const estimate = withLookUps(
        explainReads(plan, reads, [], () => null),
        prepared,
      ).calls
      const { scarce } = await weighBudgets(prepared, budgets)
      const scarcity = refuseScarcity(scarce, estimate, isPatient)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      record.state = 'fetching'
      record.progress = {
        ...record.progress,
        callsExpected:
          reads.reduce((sum, read) => sum + read.calls.expected, 0) +
          lookUpCalls(prepared).reduce((sum, { calls: { expected } }) => sum + expected, 0),
      }
      // Whether the platform has such a write at all is seen before anything is read for it.
      const write = prepareWrite(prepared)
      const reading = {
        memory,
        folder,
        parallel: parallelPartitions,
        diskBytes: limits.diskBytes,
        values: async (views: readonly string[], sql: string, most: number) => {
          const job = {
            folder,
            views,
            sql,
            timeZone: plan.timeZone,
            limits,
            output: { kind: 'values', most },
          } as const
          return (await runners.run(job, signal).done).values
        },
        onRows: (rows: number) => {
          record.progress = { ...record.progress, rowsFetched: record.progress.rowsFetched + rows }
        },
        isStrict,
      }
      const progress = new PartitionProgress(reads, ({ done, total }) => {
        record.progress = { ...record.progress, partitionsDone: done, partitionsTotal: total }
      })
      const scans = await fetchReads({ ...reading, reads, chooser: prepared.chooser, progress })
      await rememberStatement(memory, firstGrant(prepared.database), request, scans)
      record.state = 'running'
      let views = scans.map(({ read, fetched }) => viewOf(read, fetched))
      if (plan.catalogue.length > 0) {
        const content = await this.#parts.catalogueOf(request.organisationId, prepared.database)
        for (const relation of plan.catalogue) views.push(await catalogueView(relation, folder, content))
      }
      const isCounted = scans.some(({ fetched }) => fetched !== null && fetched.countedRows !== null)
      let sql = isCounted && plan.countedSql !== null ? plan.countedSql : plan.runnableSql
      const written: string[] = []
      if (write !== null) {
        const rows = await evaluateWrite(write, views, sql, reading.values)
        const sent = rows.filter(({ write: needed }) => needed !== null).length
        const rare = await weighWrites(write.source, rows, budgets)
        written.push(...refuseScarcity(rare, { min: sent, expected: sent, max: sent * 3 }, isPatient))
        const { cache } = this.#parts
        const { organisationId } = request
        const { platform } = write.source
        const partitions = [...new Set(rows.map(({ partition }) => partition?.id ?? ''))]
        await this.#parts.statements.begin(record, { write: write.plan, platform })
        // What is read while rows are written belongs to neither state.
        await cache.forgetWritten(organisationId, platform, partitions)
        const answer = await runWrite(
          write,
          prepared,
          rows,
          reading,
          (statement) => {
            record.write = statement
          },
          { id: record.id, rows: this.#parts.journal },
        ).finally(() => cache.forgetWritten(organisationId, platform, partitions))
        views = [...answer.views]
        sql = answer.sql
        written.push(...answer.warnings)
      }
      const isFile = request.format === 'parquet'
      const target = join(folder, isFile ? 'result.parquet' : 'result')
      const pipe = isFile ? null : this.#parts.pipes.open(target)
      const output = {
        kind: 'copy',
        format: request.format,
        target,
        maxRows: request.maxRows ?? null,
      } as const
      const run = runners.run({ folder, views, sql, timeZone: plan.timeZone, limits, output }, signal)
      run.done.catch((error: Error) => pipe?.destroy(error))
      // Errors before the first row are answers of their own, not broken ones.
      const { columns, isTruncated } = await run.columns
      if (isFile) await run.done
      const warnings = [
        ...prepared.warnings,
        ...scarcity,
        ...scans.flatMap(({ fetched }) => fetched?.warnings ?? []),
        ...written,
      ]
      const { use } = prepared.pages
      const stats = run.done.then(
        (): QueryStats => ({
          apiCalls: count.calls,
          rowsFetched: scans.reduce((sum, { fetched }) => sum + (fetched?.rows ?? 0), 0),
          bytesFetched: count.bytes,
          planMs: Math.round(plan.planMs * 10) / 10,
          elapsedMs: Math.round(performance.now() - startedAt),
          ...(isTruncated ? { truncated: true } : {}),
          ...(use ? { cache: use } : {}),
          warnings,
          scans: scans.map((scan) => scanStats(scan, prepared.pages.ageOf(scan.read.scan.id))),
        }),
      )
      stats.catch(() => {})
      const body = resultStream({
        format: request.format,
        columns,
        rows: pipe ?? { file: target },
        finished: stats,
        renderError,
        onEnd: (isWhole) => {
          if (isWhole) void stats.then((whole) => finish(null, whole))
          else {
            // The reader went away, or the run failed: either way nothing of it goes on.
            const gone = new SluisError('QUERY_CANCELLED', 'The client went away.')
            stop.abort(gone)
            pipe?.destroy()
            void stats.then(
              () => finish(gone, null),
              (error: unknown) => finish(error, null),
            )
          }
        },
      })
      const age = use?.oldestAgeSeconds ?? null
      return {
        id: record.id,
        columns,
        format: request.format,
        body,
        warnings,
        ...(age === null ? {} : { ageSeconds: age }),
        stats,
      }
    } catch (error) {
      const fault = faultOf(error, signal, record)
      await finish(fault, null)
      throw fault
    }
  }
}

/**
 * Why a statement ended: its own end (time-out, cancelled) where it was told to stop, but never without what a write
 * had done by then, nor instead of a row whose outcome nobody knows.
 */
function faultOf(error: unknown, { aborted, reason }: AbortSignal, { write }: LiveRecord): unknown {
  const fault = aborted && !isSluisError(error, 'WRITE_OUTCOME_UNKNOWN') ? reason : error
  return write ? withOutcomes(fault, write.rows) : fault
}

function scanStats(
  { read: { scan, offer, partitions }, fetched }: ReadScan,
  ageSeconds: number | null,
): ScanStats {
  return {
    table: `${scan.source}.${scan.table.schema}.${scan.table.name}`,
    endpoint: offer.endpoint,
    partitions: (partitions ?? []).map(({ id }) => id),
    filter: offer.filter,
    columns: offer.columns,
    calls: fetched?.calls ?? 0,
    rows: fetched?.rows ?? 0,
    ...(fetched && fetched.keptPages > 0 && ageSeconds !== null
      ? { cached: { pages: fetched.keptPages, oldestAgeSeconds: ageSeconds } }
      : {}),
  }
}

function describeError(error: unknown): NonNullable<StatementRecord['error']> {
  if (isSluisError(error))
    return { code: error.code, detail: error.message, ...(error.hint ? { hint: error.hint } : {}) }
  return { code: 'INTERNAL', detail: 'Sluis made a mistake with this statement.' }
}
