import type { IncomingResponse, OutgoingRequest } from '@sluis/shared'
import type { Predicate } from './predicate.ts'
import type { Scan, SortKey } from './scan.ts'
import type { FunctionArgument, Partition, PlatformTable } from './table.ts'
import type { ConnectorWrites } from './table-write.ts'

/** How an endpoint answers one term: the same rows, at least those rows, or not at all. */
export type Judgement = 'exact' | 'superset' | 'no'

/** What a scan asks of a connector. Key lists from other scans stand in `where` as `in` predicates already. */
export interface ReadWish {
  readonly table: PlatformTable
  readonly columns: readonly string[]
  readonly where: readonly Predicate[]
  readonly limit: number | null
  readonly orderBy: readonly SortKey[]
  readonly isCountOnly: boolean
  /** Of a function: what it is called with. */
  readonly arguments?: readonly FunctionArgument[]
}

/**
 * One way to read a table. Several offers may serve one wish (plain, bulk, sync, by key); the planner takes the one
 * with the fewest expected calls. An offer is data plus two pure functions; it never sends.
 */
export interface ReadOffer {
  /** Shown to people: `crm/Accounts`, `bulk/CRM/Accounts`. Also the key under which row counts are remembered. */
  readonly endpoint: string
  /** One judgement for each term of the wish's `where`, in its order. */
  readonly judgements: readonly Judgement[]
  /** The filter that is sent, in the platform's language; empty when none. */
  readonly filter: string
  readonly columns: readonly string[]
  /** Rows a page at most; Infinity where the answer is not paged. */
  readonly pageRows: number
  /** `limit` and `orderBy` are sent; only where every judgement is exact. */
  readonly isLimitPushed: boolean
  /** The answer is a bare count: one call a partition, `readCount` gives it. */
  readonly isCount: boolean
  /** Rows a partition can answer at most when the filter fixes that (key equality: number of keys), else null. */
  readonly maxRows: number | null
  /** What `explain` says of this offer beside its cost. */
  readonly note?: string
  /** Requests that one partition needs at first; more than one when a long key list is cut into batches. */
  requests(partition: Partition | null): readonly OutgoingRequest[]
  /**
   * Set where a request names more keys than its one page holds rows: for each of `requests` the ones that together ask
   * for the same rows, each for a page. They go out where the page comes full, which then is not used. So do those of a
   * request whose next link may turn out too long to be followed.
   */
  ifFull?(partition: Partition | null): readonly (readonly OutgoingRequest[])[]
  /**
   * For a platform that gives up on too much at once: requests that together ask for the rows of one that it gave up on,
   * each row once; none where there are no smaller parts. `at` is the time, for parts by date.
   */
  split?(request: OutgoingRequest, at: number): readonly OutgoingRequest[]
  /** With `ifFull`: whether a page is not all and cannot be gone on from; where absent, whether it is full. */
  isCutOff?(page: PageRows): boolean
}

/** Where the rows stand in a page's bytes. */
export interface PageRows {
  /** Byte range of the JSON array of rows in the body, brackets included. */
  readonly start: number
  readonly end: number
  readonly rows: number | null
  /** Absolute address of the next page, taken verbatim from the answer; null at the end. */
  readonly next: string | null
  /** The rows are separated by line feeds instead of commas, which DuckDB reads a third faster. */
  readonly isLines: boolean
  /** The rows as JSON, where the page itself is no JSON: `start` and `end` are places in here then. */
  readonly bytes?: Buffer
}

/** One window of a rate limit as an answer's headers tell it; times in milliseconds since the epoch. */
export interface LimitReading {
  readonly window: 'minute' | 'day'
  readonly limit: number
  readonly remaining: number
  readonly resetsAt: number
}

/** What an answer means for the fetcher. */
export type ReadAnswer =
  | { readonly kind: 'rows' }
  | { readonly kind: 'token-refused'; readonly text: string }
  /** The user or the app may not read this; asking again changes nothing. */
  | { readonly kind: 'forbidden'; readonly text: string; readonly reason: string | null }
  | { readonly kind: 'rate-limited'; readonly retryAt: number | null }
  /** The grant's data are at another host now: it is looked up again. */
  | { readonly kind: 'moved'; readonly text: string }
  | { readonly kind: 'transient'; readonly text: string }
  /** The platform gave up on so much at once: the same again would fare no better, a part of it may. */
  | { readonly kind: 'too-much'; readonly text: string }
  /** The platform refuses the request itself: our mistake or an endpoint that changed. */
  | { readonly kind: 'refused'; readonly text: string }

/**
 * A queryable platform as the engine sees it: its tables, what it can answer, how its pages look. Nothing here
 * sends, stores or waits.
 */
export interface Connector {
  readonly platform: string
  /** For a platform that tells with the token where a grant's API is. Looked up once, and again when it has moved. */
  readonly host?: {
    request(baseUrl: string, accessToken: string): OutgoingRequest
    judge(response: IncomingResponse): ReadAnswer
    /** @throws SluisError PLATFORM_UNAVAILABLE for an address that no token may go to */
    read(body: Buffer, baseUrl: string): string
  }
  /** Puts the access token on a request, and the host where there is one; a bearer header where this is absent. */
  authorise?(request: OutgoingRequest, accessToken: string, host: string): OutgoingRequest
  readonly tables: readonly PlatformTable[]
  negotiate(wish: ReadWish, baseUrl: string): readonly ReadOffer[]
  /** Judges an answer by status and headers. `receivedAt` dates limits whose headers are relative. */
  judge(response: IncomingResponse, receivedAt: number): ReadAnswer
  readLimits(response: IncomingResponse, receivedAt: number): readonly LimitReading[]
  /**
   * Finds the rows and the next link without parsing the page. With `asLines` the body may be changed in place, so that
   * its rows stand one a line. `request` is what was asked, where a next page is told by no link.
   */
  readPage(
    body: Buffer,
    options?: { readonly asLines: boolean; readonly request?: OutgoingRequest },
  ): PageRows
  readCount(body: Buffer): number
  /** The key of the budget that a request counts against, e.g. the division; null when it is free. */
  budgetKey(request: OutgoingRequest): string | null
  /** For a platform that blocks an app which makes too many errors at one endpoint of a partition. */
  readonly errorLimit?: {
    readonly perHour: number
    /** What a request's errors count against within its partition, e.g. `crm/Accounts`; null when none count. */
    endpoint(request: OutgoingRequest): string | null
    isCounted(status: number): boolean
  }
  /** Calls allowed per window before any answer told otherwise. */
  readonly defaultLimits: readonly { readonly window: 'minute' | 'day'; readonly limit: number }[]
  /**
   * Listing the partitions that a grant reaches, step by step: the next request given the bodies of the answers so
   * far, or null when they tell all. Some platforms need to be asked where the user stands before they list anything.
   */
  nextPartitionsRequest(baseUrl: string, bodies: readonly Buffer[]): OutgoingRequest | null
  readPartitions(bodies: readonly Buffer[]): readonly Partition[]
  /** Absent where a platform is only read. */
  readonly writes?: ConnectorWrites
}

/** A scan together with the way chosen to read it. */
export interface ChosenRead {
  readonly scan: Scan
  readonly offer: ReadOffer
  /** Partitions after pruning; null where the table has none. */
  readonly partitions: readonly Partition[] | null
  readonly calls: CallEstimate
  /** What is asked of each partition, as far as that can be foretold. */
  readonly places: readonly PlaceCalls[]
  /** Why this offer, for `explain`. */
  readonly reason: string
  /** The scan of the same statement whose pages hold these rows too: nothing is asked for again. */
  readonly sharedWith?: number
  /** All its pages are kept from earlier and fresh enough: it costs nothing, and is read all the same. */
  readonly isKept?: true
  /** With `sharedWith`: the rows stand in this list column of that scan's rows. */
  readonly nestedIn?: { readonly table: PlatformTable; readonly column: string }
  /** True where the same rows were read before, so that `calls.expected` is no guess. */
  readonly isKnown?: boolean
}

/** Calls to one partition, or to a table that has none. */
export interface PlaceCalls {
  readonly partition: Partition | null
  readonly min: number
  readonly expected: number
  /** Rows that are likely to come. */
  readonly rows: number
}

/** API calls: at least, likely, at most (null: unbounded by what is known). */
export interface CallEstimate {
  readonly min: number
  readonly expected: number
  readonly max: number | null
}
