import type { ChosenRead } from '../catalog/connector.ts'
import type { FetchedScan } from '../fetch/fetch-scan.ts'
import type { ReadScan } from './read-scan.ts'

/** A scan that was read in parts, each in partitions of its own, as one: what came and how it was asked for. */
export function mergeReads(full: ChosenRead, parts: readonly ReadScan[]): ReadScan {
  const [only, ...others] = parts
  if (only === undefined) return { read: full, fetched: null }
  if (others.length === 0) return only
  const fetched = parts.flatMap((part) => part.fetched ?? [])
  const filters = new Set(parts.map(({ read }) => read.offer.filter))
  const offer = {
    ...only.read.offer,
    endpoint: [...new Set(parts.map(({ read }) => read.offer.endpoint))].join(' and '),
    filter:
      filters.size > 1
        ? `${only.read.offer.filter} … by ${full.scan.table.partitionColumn}`
        : only.read.offer.filter,
  }
  const read: ChosenRead = {
    ...full,
    offer,
    partitions: parts.flatMap(({ read: { partitions } }) => partitions ?? []),
  }
  return { read, fetched: fetched.length === 0 ? null : mergeFetched(fetched) }
}

function mergeFetched(parts: readonly FetchedScan[]): FetchedScan {
  const sum = (of: (part: FetchedScan) => number) => parts.reduce((total, part) => total + of(part), 0)
  return {
    files: parts.flatMap(({ files }) => files),
    countedRows: null,
    rows: sum(({ rows }) => rows),
    calls: sum(({ calls }) => calls),
    bytes: sum(({ bytes }) => bytes),
    largestPageBytes: Math.max(...parts.map(({ largestPageBytes }) => largestPageBytes)),
    perPartition: parts.flatMap(({ perPartition }) => perPartition),
    warnings: parts.flatMap(({ warnings }) => warnings),
    isComplete: parts.every(({ isComplete }) => isComplete),
    keptPages: sum(({ keptPages }) => keptPages),
  }
}
