import type { ChosenRead } from '../catalog/connector.ts'
import type { Predicate } from '../catalog/predicate.ts'
import type { Scan } from '../catalog/scan.ts'
import type { LineCollection } from '../catalog/table.ts'
import { canBeCheaper } from './order-scans.ts'
import { predicateColumns, predicateKey } from './scan-occurrence.ts'

export interface LineExpansion {
  /** The cheapest read of a scan with this list column as well. */
  readonly chooseWith: (scan: Scan, column: string) => Promise<ChosenRead>
  /** Calls that a scan of this statement took when it was read on its own; null when it never was. */
  readonly remembered: () => Promise<(scanId: number) => number | null>
}

/**
 * A statement that joins headers with their lines need not read both: where a header's page can carry its lines, the
 * lines that the join can meet come with the headers. It is done where that takes fewer calls for certain: because the
 * headers fit the pages that they take anyway, or because both were read apart before and took more.
 *
 * Lines are taken to stand in the partition of their header, so both scans must read the same ones.
 */
export async function expandLines(
  reads: readonly ChosenRead[],
  { chooseWith, remembered }: LineExpansion,
): Promise<readonly ChosenRead[]> {
  const expanded = [...reads]
  for (const [at, header] of reads.entries()) {
    for (const collection of header.scan.table.lines ?? []) {
      const linesAt = expanded.findIndex((lines) => areLines(lines, header, collection))
      const lines = expanded[linesAt]
      if (lines === undefined || expanded[at] !== header || !standsAlone(header, reads)) continue
      if (!standsAlone(lines, reads)) continue
      const wide = await chooseWith(header.scan, collection.column)
      const receives = header.scan.keysFrom.some(({ fromScan }) => fromScan !== lines.scan.id)
      if (receives && canBeCheaper(wide)) continue
      const apart = await callsApart(header, lines, remembered)
      const isCertain =
        apart === null
          ? wide.calls.max !== null && wide.calls.max <= header.calls.expected
          : wide.isKnown === true && wide.calls.expected < apart
      if (!isCertain) continue
      const { column } = collection
      expanded[at] = {
        ...wide,
        reason:
          apart === null
            ? `its ${column} come with it, which saves reading them`
            : `its ${column} come with it: ${wide.calls.expected} calls expected, where reading them apart took ${apart}`,
      }
      expanded[linesAt] = {
        ...lines,
        offer: wide.offer,
        calls: { min: 0, expected: 0, max: 0 },
        reason: `its rows stand in the ${column} that are read with scan ${header.scan.id + 1}`,
        sharedWith: header.scan.id,
        nestedIn: { table: header.scan.table, column },
      }
    }
  }
  return expanded
}

/** Whether all that the statement needs of `lines` are lines of the headers that it reads. */
function areLines(lines: ChosenRead, header: ChosenRead, collection: LineCollection): boolean {
  const { scan } = lines
  const list = header.scan.table.columns.find(({ name }) => name === collection.column)?.type
  if (list === undefined || typeof list === 'string') return false
  const held = new Set(list.list.map(({ name }) => name))
  const isPartition = (name: string) => scan.table.isPartitionFromUrl && name === scan.table.partitionColumn
  return (
    scan.source === header.scan.source &&
    scan.table.schema === collection.table.schema &&
    scan.table.name === collection.table.name &&
    scan.limit === null &&
    !lines.offer.isCount &&
    scan.columns.every((name) => held.has(name) || isPartition(name)) &&
    partitionIds(lines) === partitionIds(header) &&
    (isKeyed(scan, header.scan, collection) || isSameKey(scan, header.scan, collection))
  )
}

/** Only lines of headers that are read can match. */
const isKeyed = (lines: Scan, header: Scan, { lineKey, headerKey }: LineCollection) =>
  lines.keysFrom.some(
    ({ column, fromScan, fromColumn }) =>
      column === lineKey && fromScan === header.id && fromColumn === headerKey,
  )

/** Both are held to the same header by name, and nothing of it is left out: a join on it needs no keys then. */
const isSameKey = (lines: Scan, header: Scan, { lineKey, headerKey }: LineCollection) => {
  const [only, ...others] = header.where.filter((term) => !isOnPartition(term, header))
  return (
    only?.kind === 'compare' &&
    only.op === '=' &&
    only.column === headerKey &&
    others.length === 0 &&
    lines.where.some((term) => predicateKey(term) === predicateKey({ ...only, column: lineKey }))
  )
}

const isOnPartition = (term: Predicate, { table }: Scan) => {
  const columns = predicateColumns(term)
  return columns.size === 1 && table.partitionColumn !== null && columns.has(table.partitionColumn)
}

const partitionIds = ({ partitions }: ChosenRead) => partitions?.map(({ id }) => id).join() ?? null

/** Neither lends its pages nor borrows some, and reads rows at all. */
function standsAlone(
  { scan, offer, calls, sharedWith, isKept }: ChosenRead,
  reads: readonly ChosenRead[],
): boolean {
  return (
    sharedWith === undefined &&
    !reads.some((read) => read.sharedWith === scan.id) &&
    !offer.isCount &&
    (calls.max !== 0 || isKept === true)
  )
}

async function callsApart(
  header: ChosenRead,
  lines: ChosenRead,
  remembered: LineExpansion['remembered'],
): Promise<number | null> {
  const callsOf = await remembered()
  const [ofHeader, ofLines] = [callsOf(header.scan.id), callsOf(lines.scan.id)]
  return ofHeader === null || ofLines === null ? null : ofHeader + ofLines
}
