import type { CallEstimate, ChosenRead } from '../catalog/connector.ts'
import type { KeyTransfer } from '../catalog/scan.ts'

/** A scan in the order of fetching: it waits for the scans that its keys come from, and for no others. */
export interface OrderedScan {
  readonly scanId: number
  /** Transfers worth trying, all from scans earlier in the order; empty when it can start at once. */
  readonly keysFrom: readonly KeyTransfer[]
}

/**
 * The order of fetching: cheapest first, and after it those that its keys may make cheaper. Where keys flow one way only,
 * who gives them comes first, also where it costs more. Scans that keys cannot make cheaper wait for nothing, so they
 * are fetched at the same time as others.
 */
export function orderScans(reads: readonly ChosenRead[]): OrderedScan[] {
  const readOf = new Map(reads.map((read) => [read.scan.id, read]))
  // A scan that uses another's pages has them when that one has them.
  const source = (read: ChosenRead) => readOf.get(read.sharedWith ?? read.scan.id) ?? read
  const byCost = [...reads].sort(
    (a, b) =>
      source(a).calls.expected - source(b).calls.expected ||
      certainty(source(a)) - certainty(source(b)) ||
      source(a).scan.id - source(b).scan.id ||
      Number(a.sharedWith !== undefined) - Number(b.sharedWith !== undefined) ||
      a.scan.id - b.scan.id,
  )
  const done = new Set<number>()
  const ordered: OrderedScan[] = []
  while (byCost.length > 0) {
    const hasHost = (read: ChosenRead) => read.sharedWith === undefined || done.has(read.sharedWith)
    const free = byCost.findIndex(
      (read) =>
        hasHost(read) && oneWayGivers(read, readOf).every((giver) => done.has(giver) || !readOf.has(giver)),
    )
    const [read] = byCost.splice(free < 0 ? byCost.findIndex(hasHost) : free, 1)
    if (read === undefined) break
    ordered.push({
      scanId: read.scan.id,
      keysFrom: transfersOf(read).filter(({ fromScan }) => done.has(fromScan)),
    })
    done.add(read.scan.id)
  }
  return ordered
}

/** The transfers that can make a read cheaper. Held to a partition, keys also tell which partitions need no call. */
function transfersOf(read: ChosenRead): readonly KeyTransfer[] {
  if (canBeCheaper(read)) return read.scan.keysFrom
  if (read.offer.isCount || (read.partitions?.length ?? 0) < 2 || read.calls.max === 0) return []
  return read.scan.limit === null ? read.scan.keysFrom.filter((transfer) => transfer.isWithinPartition) : []
}

/** Scans that may hand keys to this one and take none of it. */
function oneWayGivers(read: ChosenRead, readOf: ReadonlyMap<number, ChosenRead>): readonly number[] {
  if (read.sharedWith !== undefined) return []
  return transfersOf(read)
    .map(({ fromScan }) => fromScan)
    .filter((giver) => {
      if (readOf.get(giver)?.sharedWith === read.scan.id) return false
      const back = readOf.get(giver)?.scan.keysFrom ?? []
      return !back.some(({ fromScan }) => fromScan === read.scan.id)
    })
}

/** A read with a filter on it is likelier to hand on few keys than one without. */
function certainty(read: ChosenRead): number {
  return read.calls.max === null ? (read.scan.where.length > 0 ? 1 : 2) : 0
}

/** One call a partition is the least that any read takes, with or without keys. */
export function canBeCheaper({ calls, partitions, offer }: ChosenRead): boolean {
  if (offer.isCount) return false
  return calls.max === null || calls.max > Math.max(1, partitions?.length ?? 1)
}

/**
 * Whether to read with the keys of another scan instead of without: when that is expected to take fewer calls, or as
 * many and less data. Keys that fill more requests than the whole read takes pages are not worth sending.
 */
export function shouldTransferKeys(full: CallEstimate, keyed: CallEstimate): boolean {
  return keyed.min <= full.expected && keyed.expected <= full.expected
}

/**
 * How many distinct keys are worth collecting for a read of so many calls: more cannot be sent in fewer requests, as
 * an address holds some hundred keys at most.
 */
export function mostUsefulKeys({ expected }: Pick<CallEstimate, 'expected'>): number {
  return Math.min(50_000, Math.ceil(expected) * 250)
}
