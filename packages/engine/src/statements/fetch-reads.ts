import type { ChosenRead } from '../catalog/connector.ts'
import type { Predicate, SqlValue } from '../catalog/predicate.ts'
import type { Scan } from '../catalog/scan.ts'
import type { ScalarType } from '../catalog/table.ts'
import { type ReadMemory, requestKey } from '../databases/read-memory.ts'
import { type FetchedScan, fetchScan } from '../fetch/fetch-scan.ts'
import { orderText } from '../plan/estimate-calls.ts'
import { mostUsefulKeys, type OrderedScan, orderScans, shouldTransferKeys } from '../plan/order-scans.ts'
import { isWhole, predicateSql } from '../run/predicate-sql.ts'
import { createView } from '../run/scan-view.ts'
import type { ReadChooser } from './choose-reads.ts'
import type { PartitionProgress } from './partition-progress.ts'

/** A scan with how it was read and what came. */
export interface ReadScan {
  readonly read: ChosenRead
  /** Null where no rows were needed: nothing was asked. */
  readonly fetched: FetchedScan | null
}

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
  const { chooser } = options
  if (full.sharedWith !== undefined) return borrowed(full, await running.get(full.sharedWith))
  let read = full
  const keys: Predicate[] = []
  for (const { column, fromScan, fromColumn } of keysFrom) {
    const source = await running.get(fromScan)
    if (!source) continue
    const values = await distinctKeys(source, fromColumn, mostUsefulKeys(full.calls), options)
    if (values === null) continue
    // No key, no row: the other side of the join is empty, so this one is not asked for at all.
    if (values.length === 0) {
      options.progress?.end(full.scan.id)
      return { read, fetched: null }
    }
    const type = full.scan.table.columns.find(({ name }) => name === column)?.type
    if (typeof type !== 'string') continue
    const values_ = values.map((text) => toValue(text, type))
    const candidate: Predicate = { kind: 'in', column, values: values_ }
    const keyed = await chooser.choose(full.scan, [...keys, candidate])
    if (!shouldTransferKeys(read.calls, keyed.calls)) continue
    keys.push(candidate)
    read = keyed
  }
  return fetchOne(read, options)
}

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
  const view = viewOf(read, fetched)
  const name = `"${column.replaceAll('"', '""')}"`
  const where = [...read.scan.where.map(predicateSql), `${name} IS NOT NULL`].join(' AND ')
  const values = await options.values(
    [view],
    `SELECT DISTINCT ${name}::VARCHAR FROM scan_${read.scan.id} WHERE ${where}`,
    most,
  )
  return values === null ? null : values.flatMap((value) => (value === null ? [] : [value])).sort()
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

async function fetchOne(read: ChosenRead, options: FetchReadsOptions): Promise<ReadScan> {
  const { scan, offer, partitions } = read
  if (scan.limit === 0 || partitions?.length === 0 || (read.calls.max === 0 && !read.isKept))
    return { read, fetched: null }
  const { chooser, memory } = options
  const source = chooser.sourceOf(scan)
  const all = source.partitions?.length ?? 0
  options.progress?.plan(scan.id, partitions?.length ?? 1)
  const fetched = await fetchScan({
    read,
    connector: source.connector,
    openChain: (partition, first) => chooser.open(read, partition, first),
    baseUrl: source.baseUrl,
    folder: options.folder,
    parallel: options.parallel,
    diskBytes: options.diskBytes,
    isPartitionNamed: options.isStrict || (partitions !== null && partitions.length < all),
    countMatches: scan.where.every(isWhole)
      ? (files, bytes) => countMatches(scan, files, bytes, options)
      : null,
    onRows: options.onRows,
    onPartition: () => options.progress?.done(scan.id),
  })
  options.progress?.end(scan.id)
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

export function toValue(text: string, type: ScalarType): SqlValue {
  switch (type) {
    case 'BOOLEAN':
      return { type, value: text === 'true' }
    case 'SMALLINT':
    case 'INTEGER':
    case 'DOUBLE':
      return { type, value: Number(text) }
    case 'BIGINT':
      return { type, value: BigInt(text) }
    case 'TIMESTAMP':
      return { type, value: timestampMicros(text) }
    default:
      return { type, value: text }
  }
}

/** `2024-02-29 12:00:00.123456` as microseconds since 1970. */
function timestampMicros(text: string): bigint {
  const [, whole = '', fraction = ''] = /^([^.]+)(?:\.(\d+))?$/.exec(text) ?? []
  return (
    BigInt(Date.parse(`${whole.replace(' ', 'T')}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6))
  )
}
