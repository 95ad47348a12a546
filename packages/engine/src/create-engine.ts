import { createWriteStream, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import {
  type Clock,
  type GrantId,
  type Log,
  newId,
  type OrganisationId,
  type RandomBytes,
  type SendRequest,
  SluisError,
  type StatementId,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { Connector, Judgement } from './catalog/connector.ts'
import { type QueryablePlatform, QueryablePlatforms } from './catalog/queryable-platforms.ts'
import { sourceFilter } from './catalog/source-filter.ts'
import type { Partition } from './catalog/table.ts'
import { checkDatabaseName, DatabaseStore } from './databases/database-store.ts'
import { tableOf, tablesOf } from './databases/database-tables.ts'
import { forgetRows } from './databases/forget-rows.ts'
import { GrantHosts } from './databases/grant-hosts.ts'
import { PartitionReader } from './databases/partition-reader.ts'
import { PartitionStore } from './databases/partition-store.ts'
import { ReadMemory } from './databases/read-memory.ts'
import type {
  CatalogueTable,
  Database,
  DatabaseSettings,
  DatabaseSource,
  Engine,
  Explanation,
  LimitsOf,
  OpenSession,
  QueryRequest,
  ResultFormat,
  SourceBudget,
  StatementPage,
  StatementRecord,
  StatementRun,
} from './engine.ts'
import { CallBudgets } from './fetch/call-budget.ts'
import { callersWith } from './fetch/caller-for.ts'
import { ErrorMemory } from './fetch/error-memory.ts'
import { AnswerCache } from './keep/answer-cache.ts'
import type { PageSealer } from './keep/page-sealer.ts'
import { createPlanner, type Planner } from './plan/planner.ts'
import { NamedPipes } from './run/named-pipes.ts'
import { lockDeadSlots, ownFolder } from './run/own-folder.ts'
import type { RunLimits } from './run/runner-messages.ts'
import { RunnerPool } from './run/runner-pool.ts'
import type { CatalogueContent } from './statements/catalogue-rows.ts'
import { describeScarcity, weighBudgets } from './statements/check-budgets.ts'
import { type ConverterParts, convertedResult } from './statements/converted-result.ts'
import { explainReads, firstGrant, statementKey, withLookUps, withWrite } from './statements/explain-reads.ts'
import { refuseWrites } from './statements/may-write.ts'
import { StatementPreparer } from './statements/prepare-statement.ts'
import { StatementRunner } from './statements/run-statement.ts'
import { openJob, type StatementJob } from './statements/statement-job.ts'
import { type LeftStatement, type LiveRecord, StatementLog } from './statements/statement-log.ts'
import { readUsage, type StatementUsage } from './statements/statement-usage.ts'
import { StoredResults } from './statements/stored-results.ts'
import { leftWrite } from './write/run-write.ts'
import { WriteJournal } from './write/write-journal.ts'

export interface EngineOptions {
  readonly store: Store
  readonly platforms: ReadonlyMap<string, QueryablePlatform>
  readonly openSession: OpenSession
  /** Grants that are lent are read within these limits; without it none are. */
  readonly limitsOf?: LimitsOf
  readonly send: SendRequest
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  /** For spooled pages and results. */
  readonly folder: string
  /** Query processes at most; 2 unless told. */
  readonly workers?: number
  readonly timeZone?: string
  /** Seals pages that are kept. */
  readonly sealer: PageSealer
  /** Most that kept answers take on the disk; 0 keeps none. */
  readonly cacheBytes?: number
  /** False: every scan is read whole. For tests that compare the two. */
  readonly pushdown?: boolean
  readonly limits?: Partial<RunLimits>
  /** How an error looks inside an answer that has begun. */
  readonly renderError: (error: unknown) => object
}

/** A statement without a listener may wait for another day's calls. */
const detachedTimeoutMs = 3 * 86_400_000

const sweepMs = 3_600_000

const defaultLimits: RunLimits = { memoryBytes: 300_000_000, diskBytes: 4_000_000_000, threads: 2 }

/** The engine with its child processes; `stop` ends them. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  return new PlanFetchRun(options)
}

/** Puts the parts together; each does its share of a statement's way. */
class PlanFetchRun implements Engine {
  readonly #options: EngineOptions
  readonly #platforms: QueryablePlatforms
  readonly #databases: DatabaseStore
  readonly #partitions: PartitionReader
  readonly #memory: ReadMemory
  readonly #budgets: CallBudgets
  readonly #errors: ErrorMemory
  readonly #cache: AnswerCache
  readonly #planner: Planner
  readonly #runners: RunnerPool
  readonly #preparer: StatementPreparer
  readonly #runner: StatementRunner
  readonly #log: StatementLog
  readonly #journal: WriteJournal
  readonly #own: { readonly folder: string; release(): void }
  readonly #results: StoredResults
  readonly #converter: ConverterParts
  readonly #sweepingEnds = new AbortController()
  readonly #sweeping: Promise<void>
  readonly #background = new Set<Promise<unknown>>()

  constructor(options: EngineOptions) {
    const { store, clock, log, send, workers = 2, renderError } = options
    const openSession: OpenSession = async (organisationId, grant) => ({
      ...(await options.openSession(organisationId, grant)),
      grant,
    })
    this.#options = options
    this.#platforms = new QueryablePlatforms(options.platforms)
    this.#databases = new DatabaseStore(store, clock, options.random, options.limitsOf)
    this.#memory = new ReadMemory(store, clock)
    this.#budgets = new CallBudgets(store, clock, this.#platforms.defaultLimits())
    this.#cache = new AnswerCache({
      store,
      clock,
      folder: join(options.folder, 'kept'),
      maxBytes: options.cacheBytes ?? 0,
    })
    this.#planner = createPlanner({ clock, processes: Math.max(1, Math.min(2, workers)) })
    this.#runners = new RunnerPool({ workers, longestQueue: 1000 })
    this.#own = ownFolder(options.folder)
    const { folder } = this.#own
    this.#log = new StatementLog(store, clock, this.#slot(basename(folder)))
    this.#journal = new WriteJournal(store)
    this.#results = new StoredResults({
      folder: join(folder, 'results'),
      store,
      clock,
      sealer: options.sealer,
    })
    this.#errors = new ErrorMemory(store, clock)
    const hosts = new GrantHosts(store, clock)
    const callerFor = callersWith({ send, clock, budgets: this.#budgets, errors: this.#errors, hosts })
    this.#partitions = new PartitionReader({
      platforms: this.#platforms,
      store: new PartitionStore(store, clock),
      openSession,
      callerFor,
      clock,
    })
    this.#preparer = new StatementPreparer({
      databases: this.#databases,
      partitions: this.#partitions,
      platforms: this.#platforms,
      memory: this.#memory,
      planner: this.#planner,
      openSession,
      callerFor,
      hosts,
      clock,
      timeZone: options.timeZone ?? 'Europe/Amsterdam',
      pushdown: options.pushdown ?? true,
    })
    const timeZone = options.timeZone ?? 'Europe/Amsterdam'
    const pipes = new NamedPipes(folder)
    const limits = { ...defaultLimits, ...options.limits }
    this.#converter = { runners: this.#runners, pipes, limits, folder, timeZone, renderError }
    this.#runner = new StatementRunner({
      preparer: this.#preparer,
      memory: this.#memory,
      budgets: this.#budgets,
      cache: this.#cache,
      sealer: options.sealer,
      runners: this.#runners,
      pipes,
      statements: this.#log,
      journal: this.#journal,
      clock,
      log,
      limits,
      folder,
      renderError,
      catalogueOf: (organisationId, database) => this.#catalogueOf(organisationId, database),
    })
    this.#runners.warm()
    this.#sweeping = this.#sweep()
  }

  /** Kept answers that nobody can use any more go, at start and every hour. */
  async #sweep(): Promise<void> {
    const { clock, log } = this.#options
    while (!this.#sweepingEnds.signal.aborted) {
      await this.#cache
        .sweep()
        .catch((error: Error) => log.warn({ error: error.message }, 'kept answers could not be swept'))
      await clock.sleep(sweepMs, this.#sweepingEnds.signal).catch(() => {})
    }
  }

  // ── databases ─────────────────────────────────────────────────────────────────────────────────────────────────

  async createDatabase(
    organisationId: OrganisationId,
    database: { name: string; title?: string; sources: readonly DatabaseSource[] } & DatabaseSettings,
  ): Promise<Database> {
    await this.#options.store.transaction((tx) => this.#databases.insert(tx, organisationId, database))
    // Usable at once: what must be asked of the platform is asked now and not in the first statement.
    for (const { grant } of database.sources) {
      if ((await this.#partitions.known(grant)) === null)
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
    change: { name?: string; title?: string | null; sources?: readonly DatabaseSource[] } & DatabaseSettings,
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
    database: { name: string; title?: string; sources: readonly DatabaseSource[] } & DatabaseSettings,
  ): Promise<void> {
    return this.#databases.insert(tx, organisationId, database)
  }

  moveSources(tx: pg.ClientBase, from: GrantId, to: GrantId): Promise<void> {
    return this.#databases.moveSources(tx, from, to)
  }

  forgetGrant(tx: pg.ClientBase, grant: GrantId): Promise<void> {
    return this.#cache.forgetGrant(tx, grant)
  }

  dropDatabasesOf(tx: pg.ClientBase, grant: GrantId): Promise<void> {
    return this.#databases.dropDatabasesOf(tx, grant)
  }

  databasesOf(grants: readonly GrantId[]): Promise<Map<GrantId, string[]>> {
    return this.#databases.namesByGrant(grants)
  }

  defaultAlias(platform: string): string {
    return this.#platforms.get(platform).alias
  }

  hasTables(platform: string): boolean {
    return this.#platforms.has(platform)
  }

  async listTables(
    organisationId: OrganisationId,
    name: string,
    search?: string,
  ): Promise<readonly CatalogueTable[]> {
    return tablesOf(await this.#databases.get(organisationId, name), this.#platforms, search)
  }

  async getTable(
    organisationId: OrganisationId,
    name: string,
    schema: string,
    table: string,
  ): Promise<CatalogueTable & { filterOf(column: number): Judgement }> {
    const database = await this.#databases.get(organisationId, name)
    const found = tableOf(database, this.#platforms, schema, table)
    const platform = database.sources.find(({ alias }) => alias === found.source)?.platform ?? ''
    const { connector } = this.#platforms.get(platform)
    return {
      ...found,
      filterOf: (index) => {
        const column = found.table.columns[index]
        return column === undefined ? 'no' : sourceFilter(connector, found.table, column)
      },
    }
  }

  async listPartitions(
    organisationId: OrganisationId,
    name: string,
  ): Promise<readonly (Partition & { source: string })[]> {
    return this.#partitions.listOf(organisationId, await this.#databases.get(organisationId, name))
  }

  readPartitions(organisationId: OrganisationId, grant: GrantId): Promise<readonly Partition[]> {
    return this.#partitions.readSoon(organisationId, grant)
  }

  // ── statements ────────────────────────────────────────────────────────────────────────────────────────────────

  async explain(request: Omit<QueryRequest, 'format'>): Promise<Explanation> {
    const prepared = await this.#preparer.prepare(request, null, this.#runner.pagesFor(request, 'none'))
    const { plan, reads, warnings, database, arePartitionsKnown } = prepared
    const remembered = await this.#memory.load(firstGrant(database), [statementKey(request)])
    const explanation = explainReads(
      plan,
      reads,
      warnings,
      (scan) => remembered(statementKey(request), String(scan), '')?.calls ?? null,
    )
    const write = await this.#runner.explainWrite(prepared, request.timeoutMs)
    const { scarce } = await weighBudgets(prepared, this.#budgets)
    const warned = { ...explanation, warnings: [...explanation.warnings, ...scarce.map(describeScarcity)] }
    const written = write === null ? warned : withWrite(warned, write)
    const whole = withLookUps(written, prepared)
    return arePartitionsKnown ? whole : { ...whole, calls: { ...whole.calls, max: null } }
  }

  async query(request: QueryRequest): Promise<StatementRun> {
    refuseWrites(request)
    return this.#runner.run(this.#newRecord(request), request)
  }

  async start(request: QueryRequest): Promise<StatementRecord> {
    const { organisationId } = request
    const record = this.#newRecord(request)
    await this.#databases.get(organisationId, request.database)
    refuseWrites(request)
    const { organisationId: _, database: __, sql: ___, actor: ____, signal: _____, ...kept } = request
    const job: StatementJob = { request: kept, frozenAt: this.#options.clock.now() }
    await this.#log.begin(record, job)
    this.#launch(record, job)
    return this.#log.get(organisationId, request.database, record.id)
  }

  /** Runs a statement without a listener, from where it was. */
  #launch(record: LiveRecord, job: StatementJob): void {
    const { organisationId, database, sql, actor } = record
    const request = { timeoutMs: detachedTimeoutMs, ...job.request, organisationId, database, sql, actor }
    const run_ = openJob(join(this.#options.folder, 'jobs', record.id), job, this.#memory)
    const work = this.#results.keep(record, async (file) => {
      const run = await this.#runner.run(record, { ...request, job: run_ })
      await pipeline(run.body, createWriteStream(file, { mode: 0o600 }))
      const stats = await run.stats
      return { ...run, stats }
    })
    const settled = work.catch(() => {}).finally(() => this.#background.delete(settled))
    this.#background.add(settled)
  }

  /** Goes on with what servers of this data folder left when they ended; what cannot be gone on with says so. */
  async resume(): Promise<void> {
    const dead = lockDeadSlots(this.#options.folder)
    const own = basename(this.#own.folder)
    try {
      const left = await this.#log.adopt([...dead.names, own].map((name) => this.#slot(name)))
      for (const statement of left) await this.#goOn(statement)
    } finally {
      dead.release()
    }
  }

  async #goOn({ record, job, isCancelled }: LeftStatement): Promise<void> {
    const { request, frozenAt, write, platform } = job
    const rows = await this.#journal.left(record.id)
    if (!isCancelled && rows.length === 0 && request !== undefined && frozenAt !== undefined) {
      record.state = 'planning'
      await this.#log.begin(record, { request, frozenAt })
      this.#launch(record, { request, frozenAt })
      return
    }
    record.endedAt = new Date(this.#options.clock.now()).toISOString()
    record.state = isCancelled ? 'cancelled' : 'failed'
    record.progress = { ...record.progress, waitingUntil: null }
    const unknown = rows.find(({ outcome }) => outcome === 'unknown')
    record.error = {
      code: unknown ? 'WRITE_OUTCOME_UNKNOWN' : 'QUERY_CANCELLED',
      detail: unknown
        ? `The server ended while row ${unknown.row} of ${rows.length} was on its way: nobody knows whether it was written.`
        : 'The server ended before the statement did.',
      hint: rows.length > 0 ? 'The record tells what became of each row.' : 'Run it again.',
    }
    if (write !== undefined && platform !== undefined && rows.length > 0) {
      record.write = leftWrite(write, rows, this.#platforms.get(platform).connector)
      const partitions = [...new Set(rows.map(({ partition }) => partition ?? ''))]
      await this.#cache.forgetWritten(record.organisationId, platform, partitions)
    }
    await this.#log.close(record)
    rmSync(join(this.#options.folder, 'jobs', record.id), { recursive: true, force: true })
  }

  /** Names a process's place so that whoever takes it over knows what was left there. */
  #slot(name: string): string {
    return `${this.#cache.folderId}/${name}`
  }

  async getResult(
    organisationId: OrganisationId,
    name: string,
    id: StatementId,
    format?: ResultFormat,
  ): Promise<StatementRun> {
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
    const kept = await this.#results.get(organisationId, id, record.endedAt)
    if (kept.format !== 'parquet' || format === undefined || format === 'parquet')
      return StoredResults.open(kept)
    return convertedResult(this.#converter, kept, format)
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
      progress: {
        callsMade: 0,
        callsExpected: 0,
        rowsFetched: 0,
        partitionsDone: 0,
        partitionsTotal: 0,
        waitingUntil: null,
      },
      error: null,
      stats: null,
      nativeCalls: [],
    }
  }

  async #catalogueOf(organisationId: OrganisationId, database: Database): Promise<CatalogueContent> {
    const { openSession } = this.#options
    return {
      database: database.name,
      statements: await this.#log.list(organisationId, database.name, { limit: 100 }),
      sources: await Promise.all(
        database.sources.map(async ({ alias, grant, platform, partitions }) => {
          const { connector } = this.#platforms.get(platform)
          const { clientId, region, state, isLent } = await openSession(organisationId, grant)
          const all = (await this.#partitions.known(grant)) ?? []
          const own = all.filter(({ id }) => partitions === 'all' || partitions.includes(id))
          return {
            alias,
            grant,
            platform,
            region,
            // Whose client it is, is the lender's business.
            clientId: isLent ? null : clientId,
            state,
            tables: connector.tables,
            partitions: own,
            budgets: await this.#budgetsOf(
              connector,
              grant,
              clientId,
              own.map(({ id }) => id),
            ),
          }
        }),
      ),
    }
  }

  /** Calls that are left by window, and the errors that may still be made where some were. */
  async #budgetsOf(connector: Connector, grant: GrantId, clientId: string, ids: readonly string[]) {
    const calls = await this.#budgets.list(connector.platform, clientId, ids)
    const { perHour } = connector.errorLimit ?? {}
    const errors = perHour === undefined ? [] : await this.#errors.list(grant, clientId, ids)
    return [
      ...calls.map((budget) => ({ ...budget, endpoint: null })),
      ...errors.map(({ partition, endpoint, made, oldestEndsAt }) => ({
        partition,
        window: 'hour',
        endpoint,
        limit: perHour ?? 0,
        remaining: Math.max(0, (perHour ?? 0) - made),
        resetsAt: new Date(oldestEndsAt).toISOString(),
      })),
    ]
  }

  listStatements(
    organisationId: OrganisationId,
    name: string,
    page: StatementPage,
  ): Promise<readonly StatementRecord[]> {
    return this.#log.list(organisationId, name, page)
  }

  getStatement(organisationId: OrganisationId, name: string, id: StatementId): Promise<StatementRecord> {
    return this.#log.get(organisationId, name, id)
  }

  async usage(
    organisationId: OrganisationId,
    only: { readonly actor?: string; readonly databases?: readonly string[] },
  ): Promise<StatementUsage & { readonly running: readonly StatementRecord[] }> {
    const now = this.#options.clock.now()
    const usage = await readUsage(this.#options.store, { organisationId, now, ...only })
    const { actor, databases } = only
    const running = this.#log
      .live(organisationId)
      .filter((record) => actor === undefined || record.actor === actor)
      .filter(({ database }) => databases === undefined || databases.includes(database))
    return { ...usage, running }
  }

  async listBudgets(organisationId: OrganisationId, name: string): Promise<readonly SourceBudget[]> {
    const { sources } = await this.#catalogueOf(
      organisationId,
      await this.#databases.get(organisationId, name),
    )
    return sources.flatMap(({ alias, clientId, budgets }) =>
      budgets.map((budget) => ({ source: alias, clientId, ...budget })),
    )
  }

  async forgetOrganisation(organisationId: OrganisationId, grants: readonly GrantId[]): Promise<void> {
    this.#log.cancelAll(new SluisError('QUERY_CANCELLED', 'The organisation was deleted.'), organisationId)
    const statements = await forgetRows(this.#options.store, organisationId, grants)
    await this.#results.forget(statements)
  }

  async cancelStatement(organisationId: OrganisationId, name: string, id: StatementId): Promise<void> {
    await this.#log.cancel(organisationId, name, id)
  }

  get running(): number {
    return this.#log.running
  }

  async stop(): Promise<void> {
    this.#log.cancelAll()
    this.#sweepingEnds.abort()
    await Promise.all([this.#planner.stop(), this.#runners.stop(), this.#sweeping])
    await Promise.allSettled(this.#background)
    this.#log.stop()
    this.#own.release()
    rmSync(this.#own.folder, { recursive: true, force: true })
  }
}
