import { createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import {
  type Clock,
  type GrantId,
  isSluisError,
  type Log,
  newId,
  type OrganisationId,
  type RandomBytes,
  type SendRequest,
  SluisError,
  type StatementId,
} from '@sluis/shared'
import { lockFolder, type Store } from '@sluis/store'
import type pg from 'pg'
import type { ChosenRead, Connector } from './catalog/connector.ts'
import type { Partition } from './catalog/table.ts'
import { checkDatabaseName, DatabaseStore } from './databases/database-store.ts'
import { PartitionStore } from './databases/partition-store.ts'
import { ReadMemory } from './databases/read-memory.ts'
import type {
  CatalogueTable,
  Database,
  DatabaseSource,
  Engine,
  Explanation,
  OpenSession,
  QueryRequest,
  QueryStats,
  ScanStats,
  StatementRecord,
  StatementRun,
} from './engine.ts'
import { ApiCaller, type NativeCall } from './fetch/api-caller.ts'
import { CallBudgets } from './fetch/call-budget.ts'
import { nearestNames } from './plan/nearest-names.ts'
import { createPlanner, type Planner } from './plan/planner.ts'
import type { StatementPlan } from './plan/statement-plan.ts'
import { NamedPipes } from './run/named-pipes.ts'
import { resultStream } from './run/result-stream.ts'
import type { RunLimits } from './run/runner-messages.ts'
import { RunnerPool } from './run/runner-pool.ts'
import { type CatalogueContent, catalogueView, schemaName } from './statements/catalogue-rows.ts'
import { ReadChooser } from './statements/choose-reads.ts'
import { explainReads, rememberStatement, statementKey } from './statements/explain-reads.ts'
import { fetchReads, type ReadScan, viewOf } from './statements/fetch-reads.ts'
import type { SourceContext } from './statements/source-context.ts'
import { type LiveRecord, StatementLog } from './statements/statement-log.ts'
import { StoredResults } from './statements/stored-results.ts'

/** A connector with the alias that its sources get where nobody gives one. */
export interface QueryablePlatform {
  readonly connector: Connector
  readonly alias: string
}

export interface EngineOptions {
  readonly store: Store
  readonly platforms: ReadonlyMap<string, QueryablePlatform>
  readonly openSession: OpenSession
  readonly send: SendRequest
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  /** For spooled pages and results. */
  readonly folder: string
  /** Query processes at most; 2 unless told. */
  readonly workers?: number
  readonly timeZone?: string
  /** False: every scan is read whole. For tests that compare the two. */
  readonly pushdown?: boolean
  readonly limits?: Partial<RunLimits>
  /** How an error looks inside an answer that has begun. */
  readonly renderError: (error: unknown) => object
}

const defaultLimits: RunLimits = { memoryBytes: 300_000_000, diskBytes: 4_000_000_000, threads: 2 }
const defaultTimeoutMs = 10 * 60_000
const apiTimeoutMs = 120_000
/** Partitions of one scan that are read at the same time. */
const parallelPartitions = 8
const mostNativeCalls = 1000

/** The engine with its child processes; `stop` ends them. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  return new PlanFetchRun(options)
}

interface Prepared {
  readonly plan: StatementPlan
  readonly sources: ReadonlyMap<string, SourceContext>
  readonly chooser: ReadChooser
  readonly reads: readonly ChosenRead[]
  readonly warnings: readonly string[]
  readonly database: Database
}

class PlanFetchRun implements Engine {
  readonly #options: EngineOptions
  readonly #databases: DatabaseStore
  readonly #partitions: PartitionStore
  readonly #memory: ReadMemory
  readonly #budgets: CallBudgets
  readonly #planner: Planner
  readonly #runners: RunnerPool
  readonly #log: StatementLog
  readonly #folder: string
  readonly #lock: { release(): void }
  readonly #pipes: NamedPipes
  readonly #results: StoredResults
  readonly #limits: RunLimits
  readonly #background = new Set<Promise<unknown>>()

  constructor(options: EngineOptions) {
    const { store, clock, random, platforms, workers = 2 } = options
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#databases = new DatabaseStore(store, clock, random)
    this.#partitions = new PartitionStore(store, clock)
    this.#memory = new ReadMemory(store, clock)
    const limits = [...platforms].map(([platform, { connector }]) => {
      const of = (window: 'minute' | 'day') =>
        connector.defaultLimits.find((limit) => limit.window === window)?.limit ?? 1_000_000
      return [platform, { minute: of('minute'), day: of('day') }] as const
    })
    this.#budgets = new CallBudgets(store, clock, new Map(limits))
    this.#planner = createPlanner({ clock, processes: Math.max(1, Math.min(2, workers)) })
    this.#runners = new RunnerPool({ workers, longestQueue: 1000 })
    this.#log = new StatementLog(store, clock)
    const own = ownFolder(options.folder)
    this.#folder = own.folder
    this.#lock = own
    this.#pipes = new NamedPipes(this.#folder)
    this.#results = new StoredResults(join(this.#folder, 'results'), clock)
    this.#runners.warm()
  }

  // ── databases ─────────────────────────────────────────────────────────────────────────────────────────────────

  async createDatabase(
    organisationId: OrganisationId,
    database: { name: string; title?: string; sources: readonly DatabaseSource[] },
  ): Promise<Database> {
    await this.#options.store.transaction((tx) => this.#databases.insert(tx, organisationId, database))
    // Usable at once: what must be asked of the platform is asked now and not in the first statement.
    for (const { grant } of database.sources) {
      if ((await this.#partitions.get(grant)) === null)
        await this.readPartitions(organisationId, grant).catch(() => [])
    }
    return this.#databases.get(organisationId, database.name)
  }

  getDatabase(organisationId: OrganisationId, name: string): Promise<Database> {
    return this.#databases.get(organisationId, name)
  }

  listDatabases(organisationId: OrganisationId): Promise<readonly Database[]> {
    return this.#databases.list(organisationId)
  }

  updateDatabase(
    organisationId: OrganisationId,
    name: string,
    change: { name?: string; title?: string | null; sources?: readonly DatabaseSource[] },
  ): Promise<Database> {
    return this.#databases.update(organisationId, name, change)
  }

  deleteDatabase(organisationId: OrganisationId, name: string): Promise<void> {
    return this.#databases.delete(organisationId, name)
  }

  assertNameFree(organisationId: OrganisationId, name: string): Promise<void> {
    return this.#databases.assertFree(organisationId, checkDatabaseName(name))
  }

  reserveDatabase(
    tx: pg.ClientBase,
    organisationId: OrganisationId,
    database: { name: string; title?: string; sources: readonly DatabaseSource[] },
  ): Promise<void> {
    return this.#databases.insert(tx, organisationId, database)
  }

  moveSources(tx: pg.ClientBase, from: GrantId, to: GrantId): Promise<void> {
    return this.#databases.moveSources(tx, from, to)
  }

  dropDatabasesOf(tx: pg.ClientBase, grant: GrantId): Promise<void> {
    return this.#databases.dropDatabasesOf(tx, grant)
  }

  databasesOf(grants: readonly GrantId[]): Promise<Map<GrantId, string[]>> {
    return this.#databases.namesByGrant(grants)
  }

  defaultAlias(platform: string): string {
    const known = this.#options.platforms.get(platform)
    if (known) return known.alias
    throw new SluisError('INVALID_REQUEST', `No tables can be read of platform "${platform.slice(0, 60)}".`, {
      hint: `Databases are possible on ${[...this.#options.platforms.keys()].join(', ')}.`,
      details: { field: 'platform' },
    })
  }

  #platformOf(platform: string): QueryablePlatform {
    this.defaultAlias(platform)
    return this.#options.platforms.get(platform) as QueryablePlatform
  }

  async listTables(
    organisationId: OrganisationId,
    name: string,
    search?: string,
  ): Promise<readonly CatalogueTable[]> {
    const database = await this.#databases.get(organisationId, name)
    const words = (search ?? '').toLowerCase().split(/\s+/)
    return database.sources.flatMap(({ alias, platform }, index) =>
      this.#platformOf(platform)
        .connector.tables.map((table) => ({
          schema: schemaName(alias, index === 0, table.schema),
          source: alias,
          table,
        }))
        .filter(({ schema, table }) =>
          words.every((word) => `${schema}.${table.name}`.toLowerCase().includes(word)),
        ),
    )
  }

  async getTable(
    organisationId: OrganisationId,
    name: string,
    schema: string,
    table: string,
  ): Promise<CatalogueTable> {
    const tables = await this.listTables(organisationId, name)
    const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
    const found = tables.find(
      (known) =>
        same(known.table.name, table) &&
        (same(known.schema, schema) || same(`${known.source}.${known.table.schema}`, schema)),
    )
    if (found) return found
    const near = nearestNames(
      `${schema}.${table}`,
      tables.map((known) => `${known.schema}.${known.table.name}`),
    )
    throw new SluisError(
      'NOT_FOUND',
      `There is no table ${schema}.${table}.`,
      near.length > 0 ? { hint: `Did you mean ${near.join(', ')}?` } : {},
    )
  }

  async listPartitions(
    organisationId: OrganisationId,
    name: string,
  ): Promise<readonly (Partition & { source: string })[]> {
    const database = await this.#databases.get(organisationId, name)
    const lists = await Promise.all(
      database.sources.map(async ({ alias, grant, partitions }) => {
        const all = (await this.#partitions.get(grant)) ?? (await this.readPartitions(organisationId, grant))
        return all
          .filter(({ id }) => partitions === 'all' || partitions.includes(id))
          .map((partition) => ({ ...partition, source: alias }))
      }),
    )
    return lists.flat()
  }

  async readPartitions(organisationId: OrganisationId, grant: GrantId): Promise<readonly Partition[]> {
    const session = await this.#options.openSession(organisationId, grant)
    const { connector } = this.#platformOf(session.platform)
    const caller = this.#caller(connector, session, () => {})
    const bodies: Buffer[] = []
    for (;;) {
      const request = connector.nextPartitionsRequest(session.baseUrl, bodies)
      if (request === null) break
      const outcome = await caller.call(request)
      if (outcome.kind === 'forbidden') {
        throw new SluisError(
          'PLATFORM_FORBIDDEN',
          `The list of partitions may not be read: ${outcome.text}`,
          {
            hint: 'Give the app the right to read it, at the platform.',
          },
        )
      }
      bodies.push(outcome.response.body)
    }
    const partitions = connector.readPartitions(bodies)
    await this.#partitions.put(grant, partitions)
    return partitions
  }

  #caller(
    connector: Connector,
    session: Awaited<ReturnType<OpenSession>>,
    onCall: (call: NativeCall) => void,
    signal?: AbortSignal,
  ): ApiCaller {
    const { send, clock } = this.#options
    return new ApiCaller({
      connector,
      session,
      send,
      budgets: this.#budgets,
      clock,
      timeoutMs: apiTimeoutMs,
      onCall,
      ...(signal ? { signal } : {}),
    })
  }

  // ── statements ────────────────────────────────────────────────────────────────────────────────────────────────

  async #prepare(
    request: Omit<QueryRequest, 'format'>,
    onCall: (call: NativeCall) => void,
    signal?: AbortSignal,
  ): Promise<Prepared> {
    const { organisationId, parameters } = request
    const { openSession, clock, timeZone = 'Europe/Amsterdam', pushdown = true } = this.#options
    const database = await this.#databases.get(organisationId, request.database)
    const warnings: string[] = []
    const contexts = await Promise.all(
      database.sources.map(async ({ alias, grant, platform, partitions: chosen }): Promise<SourceContext> => {
        const { connector } = this.#platformOf(platform)
        const session = await openSession(organisationId, grant)
        const all = (await this.#partitions.get(grant)) ?? (await this.readPartitions(organisationId, grant))
        const own = all.filter(({ id }) => chosen === 'all' || chosen.includes(id))
        for (const { id, name, isReadable } of own) {
          if (!isReadable) warnings.push(`${name} (${id}) is blocked at the platform and left out.`)
        }
        const missing =
          chosen === 'all' ? [] : chosen.filter((id) => !all.some((partition) => partition.id === id))
        if (missing.length > 0) warnings.push(`The consent does not cover ${missing.join(', ')} any more.`)
        return {
          alias,
          grant,
          connector,
          baseUrl: session.baseUrl,
          caller: this.#caller(connector, session, onCall, signal),
          partitions: own.filter(({ isReadable }) => isReadable),
        }
      }),
    )
    const plan = await this.#planner.plan({
      sql: request.sql,
      ...(parameters === undefined ? {} : { parameters }),
      tables: contexts.map(({ alias, connector }) => ({ alias, tables: connector.tables })),
      frozenAt: BigInt(clock.now()) * 1000n,
      timeZone,
      pushdown,
    })
    const sources = new Map(contexts.map((context) => [context.alias, context]))
    const chooser = new ReadChooser(sources, plan, this.#memory)
    const reads = await Promise.all(plan.scans.map((scan) => chooser.choose(scan)))
    return { plan, sources, chooser, reads, warnings, database }
  }

  async explain(request: Omit<QueryRequest, 'format'>): Promise<Explanation> {
    const { plan, reads, warnings, database } = await this.#prepare(request, () => {})
    const remembered = await this.#memory.load(firstGrant(database), [statementKey(request)])
    return explainReads(
      plan,
      reads,
      warnings,
      (scan) => remembered(statementKey(request), String(scan), '')?.calls ?? null,
    )
  }

  query(request: QueryRequest): Promise<StatementRun> {
    return this.#execute(this.#newRecord(request), request)
  }

  async start(request: QueryRequest): Promise<StatementRecord> {
    const { organisationId } = request
    const record = this.#newRecord(request)
    await this.#databases.get(organisationId, request.database)
    const { signal: _, ...detached } = request
    const work = this.#results.keep(record.id, async (file) => {
      const run = await this.#execute(record, { timeoutMs: 3_600_000, ...detached })
      await pipeline(run.body, createWriteStream(file, { mode: 0o600 }))
      const stats = await run.stats
      return { ...run, stats }
    })
    const settled = work.catch(() => {}).finally(() => this.#background.delete(settled))
    this.#background.add(settled)
    return this.#log.get(organisationId, request.database, record.id)
  }

  async getResult(organisationId: OrganisationId, name: string, id: StatementId): Promise<StatementRun> {
    const record = await this.#log.get(organisationId, name, id)
    if (record.error) {
      throw new SluisError(
        record.error.code as SluisError['code'],
        record.error.detail,
        record.error.hint ? { hint: record.error.hint } : {},
      )
    }
    if (record.endedAt === null) {
      throw new SluisError('NOT_FOUND', 'The statement still runs; it has no result yet.', {
        hint: 'Ask for its state until it is done.',
      })
    }
    return this.#results.open(id)
  }

  #newRecord(request: QueryRequest): LiveRecord {
    const { clock, random } = this.#options
    const now = clock.now()
    return {
      id: newId('stm', now, random),
      organisationId: request.organisationId,
      database: request.database,
      sql: request.sql,
      actor: request.actor,
      state: 'planning',
      startedAt: new Date(now).toISOString(),
      endedAt: null,
      progress: { callsMade: 0, callsExpected: 0, rowsFetched: 0 },
      error: null,
      stats: null,
      nativeCalls: [],
    }
  }

  async #execute(record: LiveRecord, request: QueryRequest): Promise<StatementRun> {
    const { clock, log, renderError } = this.#options
    const startedAt = performance.now()
    const stop = new AbortController()
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs
    const timeout = setTimeout(() => {
      stop.abort(
        new SluisError('QUERY_TIMEOUT', `The statement took longer than ${timeoutMs} ms.`, {
          hint: 'Give it more time with timeoutMs, or run it asynchronously (Prefer: respond-async).',
        }),
      )
    }, timeoutMs)
    const onAbort = () => stop.abort(request.signal?.reason)
    request.signal?.addEventListener('abort', onAbort, { once: true })
    if (request.signal?.aborted) onAbort()
    const { signal } = stop
    const folder = join(this.#folder, record.id)
    const calls: NativeCall[] = []
    const count = { calls: 0, bytes: 0 }
    this.#log.open(record, (reason) => stop.abort(reason))
    const onCall = (call: NativeCall) => {
      count.calls++
      count.bytes += call.bytes
      if (calls.length < mostNativeCalls) calls.push(call)
      record.progress = { ...record.progress, callsMade: count.calls }
    }
    record.nativeCalls = calls
    let isOver = false
    const finish = async (error: unknown, stats: QueryStats | null) => {
      if (isOver) return
      isOver = true
      clearTimeout(timeout)
      request.signal?.removeEventListener('abort', onAbort)
      record.endedAt = new Date(clock.now()).toISOString()
      record.stats = stats
      record.state = error === null ? 'done' : isSluisError(error, 'QUERY_CANCELLED') ? 'cancelled' : 'failed'
      record.error = error === null ? null : describeError(error)
      await rm(folder, { recursive: true, force: true })
      await this.#log
        .close(record)
        .catch((fault: Error) => log.warn({ error: fault.message }, 'a statement could not be written down'))
    }
    try {
      const prepared = await this.#prepare(request, onCall, signal)
      const { plan, reads } = prepared
      await mkdir(folder, { recursive: true, mode: 0o700 })
      record.state = 'fetching'
      record.progress = {
        ...record.progress,
        callsExpected: reads.reduce((sum, read) => sum + read.calls.expected, 0),
      }
      const scans = await fetchReads({
        reads,
        chooser: prepared.chooser,
        memory: this.#memory,
        folder,
        parallel: parallelPartitions,
        diskBytes: this.#limits.diskBytes,
        values: async (views, sql, most) => {
          const job = {
            folder,
            views,
            sql,
            timeZone: plan.timeZone,
            limits: this.#limits,
            output: { kind: 'values', most },
          } as const
          return (await this.#runners.run(job, signal).done).values
        },
        onRows: (rows) => {
          record.progress = { ...record.progress, rowsFetched: record.progress.rowsFetched + rows }
        },
      })
      await rememberStatement(this.#memory, firstGrant(prepared.database), request, scans)
      record.state = 'running'
      const views = scans.map(({ read, fetched }) => viewOf(read, fetched))
      if (plan.catalogue.length > 0) {
        const content = await this.#catalogueContent(request, prepared)
        for (const relation of plan.catalogue) views.push(await catalogueView(relation, folder, content))
      }
      const isCounted = scans.some(({ fetched }) => fetched !== null && fetched.countedRows !== null)
      const sql = isCounted && plan.countedSql !== null ? plan.countedSql : plan.runnableSql
      const isFile = request.format === 'parquet'
      const target = join(folder, isFile ? 'result.parquet' : 'result')
      const pipe = isFile ? null : this.#pipes.open(target)
      const output = {
        kind: 'copy',
        format: request.format,
        target,
        maxRows: request.maxRows ?? null,
      } as const
      const run = this.#runners.run(
        { folder, views, sql, timeZone: plan.timeZone, limits: this.#limits, output },
        signal,
      )
      run.done.catch((error: Error) => pipe?.destroy(error))
      // Errors before the first row are answers of their own, not broken ones.
      const { columns, isTruncated } = await run.columns
      if (isFile) await run.done
      const warnings = [...prepared.warnings, ...scans.flatMap(({ fetched }) => fetched?.warnings ?? [])]
      const stats = run.done.then(
        (): QueryStats => ({
          apiCalls: count.calls,
          rowsFetched: scans.reduce((sum, { fetched }) => sum + (fetched?.rows ?? 0), 0),
          bytesFetched: count.bytes,
          planMs: Math.round(plan.planMs * 10) / 10,
          elapsedMs: Math.round(performance.now() - startedAt),
          ...(isTruncated ? { truncated: true } : {}),
          warnings,
          scans: scans.map(scanStats),
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
      return { id: record.id, columns, format: request.format, body, warnings, stats }
    } catch (error) {
      await finish(signal.aborted ? signal.reason : error, null)
      throw signal.aborted ? signal.reason : error
    }
  }

  async #catalogueContent(request: QueryRequest, { database }: Prepared): Promise<CatalogueContent> {
    const { openSession } = this.#options
    return {
      database: database.name,
      statements: await this.#log.list(request.organisationId, database.name),
      sources: await Promise.all(
        database.sources.map(async ({ alias, grant, platform, partitions }) => {
          const { connector } = this.#platformOf(platform)
          const { clientId, region, state } = await openSession(request.organisationId, grant)
          const all = (await this.#partitions.get(grant)) ?? []
          const own = all.filter(({ id }) => partitions === 'all' || partitions.includes(id))
          return {
            alias,
            grant,
            platform,
            region,
            clientId,
            state,
            tables: connector.tables,
            partitions: own,
            budgets: await this.#budgets.list(
              platform,
              clientId,
              own.map(({ id }) => id),
            ),
          }
        }),
      ),
    }
  }

  listStatements(
    organisationId: OrganisationId,
    name: string,
    actor?: string,
  ): Promise<readonly StatementRecord[]> {
    return this.#log.list(organisationId, name, actor)
  }

  getStatement(organisationId: OrganisationId, name: string, id: StatementId): Promise<StatementRecord> {
    return this.#log.get(organisationId, name, id)
  }

  async cancelStatement(organisationId: OrganisationId, name: string, id: StatementId): Promise<void> {
    this.#log.cancel(organisationId, name, id)
  }

  get running(): number {
    return this.#log.running
  }

  async stop(): Promise<void> {
    this.#log.cancelAll(new SluisError('QUERY_CANCELLED', 'The server is stopping.'))
    await Promise.all([this.#planner.stop(), this.#runners.stop()])
    await Promise.allSettled(this.#background)
    this.#lock.release()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function firstGrant({ sources }: Database): GrantId {
  const [first] = sources
  if (!first) throw new TypeError('a database without a source')
  return first.grant
}

function scanStats({ read: { scan, offer, partitions }, fetched }: ReadScan): ScanStats {
  return {
    table: `${scan.source}.${scan.table.schema}.${scan.table.name}`,
    endpoint: offer.endpoint,
    partitions: (partitions ?? []).map(({ id }) => id),
    filter: offer.filter,
    columns: offer.columns,
    calls: fetched?.calls ?? 0,
    rows: fetched?.rows ?? 0,
  }
}

function describeError(error: unknown): NonNullable<StatementRecord['error']> {
  if (isSluisError(error))
    return { code: error.code, detail: error.message, ...(error.hint ? { hint: error.hint } : {}) }
  return { code: 'INTERNAL', detail: 'Sluis made a mistake with this statement.' }
}

/** A folder that no other living process uses; what dead ones left is removed. */
function ownFolder(base: string): { readonly folder: string; release(): void } {
  mkdirSync(base, { recursive: true, mode: 0o700 })
  for (let number = 1; number <= 1000; number++) {
    const folder = join(base, `process-${number}`)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    try {
      const lock = lockFolder(folder, 'The query folder')
      for (const name of readdirSync(folder))
        if (name !== 'owner.lock') rmSync(join(folder, name), { recursive: true, force: true })
      return { folder, release: () => lock.release() }
    } catch (error) {
      if (!isSluisError(error, 'STORE_UNAVAILABLE')) throw error
    }
  }
  throw new SluisError('STORE_UNAVAILABLE', `No query folder is free below ${base}.`)
}
