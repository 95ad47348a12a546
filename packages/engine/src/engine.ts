import type { Readable } from 'node:stream'
import type { GrantId, OrganisationId, StatementId } from '@sluis/shared'
import type { ClientBase } from 'pg'
import type { CallEstimate, Judgement } from './catalog/connector.ts'
import type { Partition, PlatformTable } from './catalog/table.ts'
import type { FreshnessWish } from './keep/freshness.ts'
import type { CacheUse } from './keep/statement-pages.ts'
import type { ResultColumn } from './plan/statement-plan.ts'
import type { StatementUsage } from './statements/statement-usage.ts'

/** What the engine needs of a grant: an access token now, and somebody to tell when the platform refused it. */
export interface SourceSession {
  readonly platform: string
  readonly region: string
  readonly baseUrl: string
  /** How the grant stands, for the data dictionary. */
  readonly state: string
  /** OAuth client ID: rate limits are kept per client and partition. */
  readonly clientId: string
  /** True: another organisation's, lent for some partitions; nothing that tells of others may be read through it. */
  readonly isLent?: boolean
  /** Counts the consents of the grant's user: what was forbidden to one is asked again with the next. */
  readonly consent?: number
  /** The grant's id; the engine adds it. */
  readonly grant?: string
  lease(): Promise<{ readonly accessToken: { reveal(): string }; readonly generation: number }>
  refused(generation: number): Promise<void>
}

/** Of these grants those that are lent to the organisation, with the only partitions that its databases may read. */
export type LimitsOf = (
  organisationId: OrganisationId,
  grants: readonly GrantId[],
) => Promise<ReadonlyMap<GrantId, readonly string[]>>

/** Gives the session of a grant; throws the vault's own errors (`GRANT_NEEDS_CONSENT`, …). */
export type OpenSession = (organisationId: OrganisationId, grantId: GrantId) => Promise<SourceSession>

export interface DatabaseSource {
  readonly alias: string
  readonly grant: GrantId
  readonly platform: string
  /** `all`, or the ids of the partitions that this database may read. */
  readonly partitions: 'all' | readonly string[]
  /** Of the partitions that were chosen those that are not lent any more. */
  readonly withheld?: readonly string[]
}

export interface Database {
  readonly name: string
  readonly title: string | null
  readonly sources: readonly DatabaseSource[]
  /** True: a partition that may not be read ends a statement, also where none is named. */
  readonly strict: boolean
  /** Answers may be made of pages of at most this age; null: nothing is kept. */
  readonly maxAgeSeconds: number | null
  readonly createdAt: string
}

/** What a database does where a statement does not say. */
export interface DatabaseSettings {
  readonly strict?: boolean
  readonly maxAgeSeconds?: number | null
}

export type ResultFormat = 'json' | 'ndjson' | 'csv' | 'parquet'

export interface QueryRequest {
  readonly organisationId: OrganisationId
  readonly database: string
  readonly sql: string
  /** An array for `$1`, an object for `$name`. */
  readonly parameters?: readonly unknown[] | Readonly<Record<string, unknown>>
  readonly maxRows?: number
  readonly timeoutMs?: number
  readonly format: ResultFormat
  /** Who asks: the key's id, shown in the statement's record. */
  readonly actor: string
  /** False unless the caller may write. */
  readonly mayWrite: boolean
  /** Overrides the database's setting. */
  readonly strict?: boolean
  /** How old pages may be; what is not said here the database's setting says. */
  readonly freshness?: FreshnessWish
  readonly signal?: AbortSignal
}

export interface ScanStats {
  readonly table: string
  readonly endpoint: string
  readonly partitions: readonly string[]
  readonly filter: string
  readonly columns: readonly string[]
  readonly calls: number
  readonly rows: number
  /** Pages that were kept, and the age of the oldest; absent where there was none. */
  readonly cached?: { readonly pages: number; readonly oldestAgeSeconds: number }
}

export interface QueryStats {
  readonly apiCalls: number
  readonly rowsFetched: number
  readonly bytesFetched: number
  readonly planMs: number
  readonly elapsedMs: number
  readonly truncated?: boolean
  /** Absent where nothing is kept for the statement. */
  readonly cache?: CacheUse
  readonly warnings: readonly string[]
  readonly scans: readonly ScanStats[]
}

/** A statement that runs. `body` is the whole answer in the asked format, late errors told as the format allows. */
export interface StatementRun {
  readonly id: StatementId
  readonly columns: readonly ResultColumn[]
  readonly format: ResultFormat
  readonly body: Readable
  /** Known before the first row: what was left out of the answer, and why. */
  readonly warnings: readonly string[]
  /** Age of the oldest kept page in the answer; absent where there is none. */
  readonly ageSeconds?: number
  readonly stats: Promise<QueryStats>
}

export interface Explanation {
  readonly class: string
  readonly calls: CallEstimate
  readonly scans: readonly {
    readonly table: string
    readonly endpoint: string
    readonly partitions: readonly string[]
    readonly filter: string
    readonly columns: readonly string[]
    readonly pushed: readonly { readonly term: string; readonly judgement: string }[]
    readonly keysFrom: readonly string[]
    /** The first requests that would go out, without the token. */
    readonly requests: readonly string[]
    readonly calls: CallEstimate
    readonly reason: string
  }[]
  /** For a write: what would be sent after the reads. */
  readonly write?: {
    readonly verb: string
    readonly table: string
    /** Null where the rows must be read first. */
    readonly rows: number | null
    /** The first ones; with `…` for what only the reads can tell. */
    readonly requests: readonly string[]
    readonly calls: CallEstimate
  }
  readonly warnings: readonly string[]
}

/** What became of one row of a write. */
export interface WrittenRow {
  /** Its place in the statement's rows, from 1. */
  readonly row: number
  readonly outcome: 'inserted' | 'updated' | 'unchanged' | 'deleted' | 'failed' | 'unknown' | 'not attempted'
  readonly partition: string | null
  readonly key: string | null
  readonly error: string | null
  /** Values before, of an update or a deletion; values after, of an insert or an update. */
  readonly old: Readonly<Record<string, unknown>> | null
  readonly new: Readonly<Record<string, unknown>> | null
}

/** A write as its statement's record keeps it. */
export interface WrittenStatement {
  readonly verb: string
  readonly table: string
  readonly rows: readonly WrittenRow[]
  /** Statements that put back what was written, each by itself, the last write first. */
  readonly revert: readonly string[]
}

export interface StatementRecord {
  readonly id: StatementId
  readonly database: string
  readonly sql: string
  readonly actor: string
  readonly state: 'planning' | 'fetching' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly startedAt: string
  readonly endedAt: string | null
  readonly progress: {
    readonly callsMade: number
    readonly callsExpected: number
    readonly rowsFetched: number
    /** Partitions that its scans have read to the end, of all that they read. */
    readonly partitionsDone: number
    readonly partitionsTotal: number
    /** Until when its next call waits for a window of the platform's limits; null when none waits. */
    readonly waitingUntil: string | null
  }
  readonly error: { readonly code: string; readonly detail: string; readonly hint?: string } | null
  readonly stats: QueryStats | null
  readonly write?: WrittenStatement
  readonly nativeCalls: readonly {
    readonly method: string
    readonly route: string
    readonly status: number | null
    readonly rows: number | null
    readonly bytes: number
    readonly ms: number
  }[]
}

export interface StatementPage {
  /** Only what this one ran. */
  readonly actor?: string
  readonly limit: number
  readonly after?: StatementId
}

export interface SourceBudget {
  readonly source: string
  readonly clientId: string | null
  readonly partition: string
  /** `minute` and `day` count calls, `hour` counts the errors of one endpoint. */
  readonly window: string
  readonly endpoint: string | null
  readonly limit: number
  readonly remaining: number
  readonly resetsAt: string
}

export interface CatalogueTable {
  readonly schema: string
  readonly source: string
  readonly table: PlatformTable
}

/** SQL over platforms: what the surfaces call. */
export interface Engine {
  createDatabase(
    organisationId: OrganisationId,
    database: { name: string; title?: string; sources: readonly DatabaseSource[] } & DatabaseSettings,
  ): Promise<Database>
  getDatabase(organisationId: OrganisationId, name: string): Promise<Database>
  listDatabases(organisationId: OrganisationId): Promise<readonly Database[]>
  updateDatabase(
    organisationId: OrganisationId,
    name: string,
    change: { name?: string; title?: string | null; sources?: readonly DatabaseSource[] } & DatabaseSettings,
  ): Promise<Database>
  deleteDatabase(organisationId: OrganisationId, name: string): Promise<void>
  listTables(
    organisationId: OrganisationId,
    name: string,
    search?: string,
  ): Promise<readonly CatalogueTable[]>
  getTable(
    organisationId: OrganisationId,
    name: string,
    schema: string,
    table: string,
  ): Promise<CatalogueTable & { filterOf(column: number): Judgement }>
  listPartitions(
    organisationId: OrganisationId,
    name: string,
  ): Promise<readonly (Partition & { source: string })[]>
  /**
   * Asks the platform again which partitions a grant reaches; needed once after each consent. `PLATFORM_UNAVAILABLE`
   * after five seconds: then the first statement asks.
   */
  readPartitions(organisationId: OrganisationId, grantId: GrantId): Promise<readonly Partition[]>
  /** The alias of a platform's source where the user gives none, e.g. `eol`. */
  defaultAlias(platform: string): string
  /** Whether databases can read from this platform. */
  hasTables(platform: string): boolean
  /** Refuses a name that cannot be had, before anything is spent on it. */
  assertNameFree(organisationId: OrganisationId, name: string): Promise<void>
  /** As `createDatabase`, inside somebody else's transaction. */
  reserveDatabase(
    tx: ClientBase,
    organisationId: OrganisationId,
    database: { name: string; title?: string; sources: readonly DatabaseSource[] } & DatabaseSettings,
  ): Promise<void>
  /** Two grants became one: databases of `from` read through `to`. */
  moveSources(tx: ClientBase, from: GrantId, to: GrantId): Promise<void>
  /** A grant is deleted: what was kept of its answers goes. */
  forgetGrant(tx: ClientBase, grant: GrantId): Promise<void>
  /** What was reserved for a grant that came to nothing goes. */
  dropDatabasesOf(tx: ClientBase, grant: GrantId): Promise<void>
  /** Statements that run now. */
  readonly running: number
  databasesOf(grants: readonly GrantId[]): Promise<Map<GrantId, string[]>>
  query(request: QueryRequest): Promise<StatementRun>
  /** Runs without a listener; the result is kept for `getResult`. */
  start(request: QueryRequest): Promise<StatementRecord>
  explain(request: Omit<QueryRequest, 'format'>): Promise<Explanation>
  /** The newest first; `after` is the id of the last one of the page before. */
  listStatements(
    organisationId: OrganisationId,
    name: string,
    page: StatementPage,
  ): Promise<readonly StatementRecord[]>
  getStatement(organisationId: OrganisationId, name: string, id: StatementId): Promise<StatementRecord>
  /** The rows of a statement that was started; what was started as Parquet is told in any `format`, without a call. */
  getResult(
    organisationId: OrganisationId,
    name: string,
    id: StatementId,
    format?: ResultFormat,
  ): Promise<StatementRun>
  /** What statements cost in the days that records are kept, and those that run in this process now. */
  usage(
    organisationId: OrganisationId,
    only: { readonly actor?: string; readonly databases?: readonly string[] },
  ): Promise<StatementUsage & { readonly running: readonly StatementRecord[] }>
  /** Calls that are left for what a database reads, as counted here. */
  listBudgets(organisationId: OrganisationId, name: string): Promise<readonly SourceBudget[]>
  /** For when an organisation is deleted: its statements end, and nothing of it or its grants is kept. May be repeated. */
  forgetOrganisation(organisationId: OrganisationId, grants: readonly GrantId[]): Promise<void>
  /** Goes on with what servers of this data folder left when they ended. */
  resume(): Promise<void>
  cancelStatement(organisationId: OrganisationId, name: string, id: StatementId): Promise<void>
  stop(): Promise<void>
}
