import type { ChosenRead } from '../catalog/connector.ts'
import type { Scan } from '../catalog/scan.ts'
import { type ReadMemory, requestKey } from '../databases/read-memory.ts'
import { type FetchedScan, fetchScan, inParallel } from '../fetch/fetch-scan.ts'
import { orderText } from '../plan/estimate-calls.ts'
import { mostUsefulKeys, type OrderedScan, orderScans } from '../plan/order-scans.ts'
import { isWhole, predicateSql } from '../run/predicate-sql.ts'
import { createView } from '../run/scan-view.ts'
import type { ChoosingHints, ReadChooser } from './choose-reads.ts'
import { type HandedKeys, likelyRows, type ReadPart, withKeys } from './keyed-reads.ts'
import { mergeReads } from './merge-reads.ts'
import type { PartitionProgress } from './partition-progress.ts'
import type { ReadScan } from './read-scan.ts'

export interface FetchReadsOptions {
  readonly reads: readonly ChosenRead[]
  readonly chooser: ReadChooser
  readonly memory: ReadMemory
  readonly folder: string
  readonly parallel: number
  readonly diskBytes: number
  /** Runs SQL over views and gives the first column; null when there are more than `most` values. */
  readonly values: (
    views: readonly string[],
    sql: string,
    most: number,
  ) => Promise<readonly (string | null)[] | null>
  readonly onRows: (rows: number) => void
  /** A partition that may not be read ends the statement, also where none is named. */
  readonly isStrict: boolean
  readonly progress?: PartitionProgress
}

/** Reads all scans of a statement: at the same time where they can, after another where its keys make them cheaper. */
export async function fetchReads(options: FetchReadsOptions): Promise<readonly ReadScan[]> {
  const { reads } = options
  const byId = new Map(reads.map((read) => [read.scan.id, read]))
  const running = new Map<number, Promise<ReadScan>>()
  for (const ordered of orderScans(reads)) {
    const read = byId.get(ordered.scanId)
    if (!read) continue
    // Only scans earlier in the order are waited for, and those are in the map already.
    running.set(ordered.scanId, fetchOrdered(read, ordered, running, options))
  }
  const results = await Promise.allSettled(reads.map((read) => running.get(read.scan.id)))
  const fault = results.find((result) => result.status === 'rejected')
  if (fault) throw fault.reason
  return results.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []))
}

async function fetchOrdered(
  full: ChosenRead,
  { keysFrom }: OrderedScan,
  running: ReadonlyMap<number, Promise<ReadScan>>,
  options: FetchReadsOptions,
): Promise<ReadScan> {
  const { chooser, progress } = options
  const { scan } = full
  if (full.sharedWith !== undefined) return borrowed(full, await running.get(full.sharedWith))
  let parts: readonly ReadPart[] = [{ read: full, keys: [] }]
  let hints: ChoosingHints = {}
  for (const transfer of keysFrom) {
    const source = await running.get(transfer.fromScan)
    const type = scan.table.columns.find(({ name }) => name === transfer.column)?.type
    if (!source || typeof type !== 'string') continue
    const likely = full.isKnown || scan.limit !== null ? null : likelyRows(full, transfer, source)
    if (likely) {
      hints = { likelyRows: likely }
      parts = await Promise.all(
        parts.map(async ({ read, keys }) => {
          const some = read.partitions === null ? hints : { ...hints, partitions: read.partitions }
          return { read: await chooser.choose(scan, keys, some), keys }
        }),
      )
    }
    const most = mostUsefulKeys({ expected: parts.reduce((sum, { read }) => sum + read.calls.expected, 0) })
    const isWithin = transfer.isWithinPartition && scan.limit === null && full.partitions !== null
    const keys = isWithin
      ? await keysByPartition(source, transfer.fromColumn, most, options)
      : await distinctKeys(source, transfer.fromColumn, most, options)
    if (keys === null) continue
    // No key, no row: the other side of the join is empty, so this one is not asked for at all.
    parts = isEmpty(keys) ? [] : await withKeys(parts, transfer, type, keys, chooser, hints)
    if (parts.length === 0) {
      progress?.end(scan.id)
      return { read: full, fetched: null }
    }
  }
  progress?.plan(
    scan.id,
    parts.reduce((sum, { read }) => sum + (read.partitions?.length ?? 1), 0),
  )
  const all = chooser.sourceOf(scan).partitions?.length ?? 0
  const isPartitionNamed = options.isStrict || (full.partitions !== null && full.partitions.length < all)
  const read: ReadScan[] = []
  await inParallel([...parts.entries()], options.parallel, async ([at, part]) => {
    read[at] = await fetchOne(part.read, isPartitionNamed, options)
  })
  progress?.end(scan.id)
  return mergeReads(full, read)
}

const isEmpty = (keys: HandedKeys) =>
  (keys instanceof Map ? keys.size : (keys as readonly string[]).length) === 0

/** The pages of another scan, whose calls and rows are counted there. */
function borrowed(read: ChosenRead, host: ReadScan | undefined): ReadScan {
  if (!host?.fetched) return { read, fetched: null }
  return {
    read,
    fetched: { ...host.fetched, keptPages: 0, calls: 0, rows: 0, bytes: 0, perPartition: [], warnings: [] },
  }
}

async function distinctKeys(
  { read, fetched }: ReadScan,
  column: string,
  most: number,
  options: FetchReadsOptions,
): Promise<readonly string[] | null> {
  if (fetched === null) return []
  if (fetched.countedRows !== null) return null
  const name = quoted(column)
  const values = await distinct({ read, fetched }, `${name}::VARCHAR`, name, most, options)
  return values === null ? null : values.flatMap((value) => (value === null ? [] : [value])).sort()
}

/** The distinct keys of each partition. */
async function keysByPartition(
  source: ReadScan,
  column: string,
  most: number,
  options: FetchReadsOptions,
): Promise<ReadonlyMap<string, readonly string[]> | null> {
  const { scan } = source.read
  const { partitionColumn } = scan.table
  if (source.fetched === null) return new Map()
  if (source.fetched.countedRows !== null || partitionColumn === null) return null
  const [name, partition] = [quoted(column), quoted(partitionColumn)]
  const pair = `json_array(${partition}::VARCHAR, ${name}::VARCHAR)::VARCHAR`
  // Files stand by partition: it is known of every row, also where the statement does not look at it.
  const columns = [...new Set([...scan.columns, partitionColumn])]
  const placed = { ...source, read: { ...source.read, scan: { ...scan, columns } } }
  const values = await distinct(placed, pair, name, most, options)
  if (values === null) return null
  const keys = new Map<string, string[]>()
  for (const text of values.flatMap((value) => (value === null ? [] : [value])).sort()) {
    const [place, key] = JSON.parse(text) as [string, string]
    const known = keys.get(place)
    if (known === undefined) keys.set(place, [key])
    else known.push(key)
  }
  return keys
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Distinct values over the rows of a scan in which a column is not empty; null when there are more than `most`. */
function distinct(
  { read, fetched }: ReadScan,
  expression: string,
  column: string,
  most: number,
  options: FetchReadsOptions,
): Promise<readonly (string | null)[] | null> {
  const where = [...read.scan.where.map(predicateSql), `${column} IS NOT NULL`].join(' AND ')
  const sql = `SELECT DISTINCT ${expression} FROM scan_${read.scan.id} WHERE ${where}`
  return options.values([viewOf(read, fetched)], sql, most)
}

/** The view of a scan for the runner. */
export function viewOf({ scan, nestedIn }: ChosenRead, fetched: FetchedScan | null): string {
  return createView({
    ...(nestedIn === undefined || fetched === null ? {} : { nestedIn }),
    view: `scan_${scan.id}`,
    table: scan.table,
    columns: fetched === null ? [] : scan.columns,
    files: fetched?.files ?? [],
    countedRows: fetched?.countedRows ?? null,
    largestPageBytes: fetched?.largestPageBytes ?? 0,
  })
}

async function fetchOne(
  read: ChosenRead,
  isPartitionNamed: boolean,
  options: FetchReadsOptions,
): Promise<ReadScan> {
  const { scan, offer, partitions } = read
  if (scan.limit === 0 || partitions?.length === 0 || (read.calls.max === 0 && !read.isKept))
    return { read, fetched: null }
  const { chooser, memory } = options
  const source = chooser.sourceOf(scan)
  const fetched = await fetchScan({
    read,
    connector: source.connector,
    openChain: (partition, first) => chooser.open(read, partition, first),
    baseUrl: source.baseUrl,
    folder: options.folder,
    parallel: options.parallel,
    diskBytes: options.diskBytes,
    isPartitionNamed,
    countMatches: scan.where.every(isWhole)
      ? (files, bytes) => countMatches(scan, files, bytes, options)
      : null,
    onRows: options.onRows,
    onPartition: () => options.progress?.done(scan.id),
  })
  if (fetched.warnings.length === 0) {
    await memory.remember(
      source.grant,
      offer.endpoint,
      requestKey(offer, scan.limit, orderText(scan)),
      fetched.perPartition,
    )
    const isFull =
      fetched.isComplete &&
      !offer.isCount &&
      !offer.isLimitPushed &&
      offer.judgements.every((judgement) => judgement === 'no')
    if (isFull) await memory.remember(source.grant, offer.endpoint, '', fetched.perPartition)
  }
  return { read, fetched }
}

async function countMatches(
  scan: Scan,
  files: readonly string[],
  largestPageBytes: number,
  options: FetchReadsOptions,
): Promise<number> {
  const { id, table, columns } = scan
  const view = createView({ view: `scan_${id}`, table, columns, files, largestPageBytes })
  const where = scan.where.map(predicateSql).join(' AND ') || 'true'
  const [count] =
    (await options.values([view], `SELECT count(*) FROM scan_${scan.id} WHERE ${where}`, 1)) ?? []
  return Number(count ?? 0)
}
