import { SluisError } from '@sluis/shared'
import type { ChosenRead, ReadOffer } from '../catalog/connector.ts'
import type { Scan } from '../catalog/scan.ts'
import type { Partition } from '../catalog/table.ts'
import { estimateRead, type KnownOfReads, type ReadEstimate } from './estimate-calls.ts'
import { prunePartitions } from './prune-partitions.ts'

/** What is known when a read is chosen. */
export interface ReadContext extends KnownOfReads {
  /** All partitions that the database may read of this source; null where the platform has none. */
  readonly partitions: readonly Partition[] | null
  /** Offers for the same rows with other columns: what they cost tells how many rows there are. */
  readonly twins?: readonly ReadOffer[]
}

/**
 * The offer that answers a scan with the fewest expected calls; at equal calls the one that filters at the source,
 * then the one with fewer rows and columns, then the one whose cost is more certain.
 *
 * @param scan with `where` as it stood in the wish that the offers answer
 */
export function chooseRead(scan: Scan, offers: readonly ReadOffer[], context: ReadContext): ChosenRead {
  const { partitions } = prunePartitions(
    scan.table,
    scan.where,
    scan.table.partitionColumn ? context.partitions : null,
  )
  const known = context.twins === undefined ? offers : [...offers, ...context.twins]
  const weighed = offers.map((offer) => ({
    offer,
    estimate: estimateRead(scan, scan.where, offer, known, partitions, context),
  }))
  weighed.sort((a, b) => compareReads(a, b))
  const [best, ...others] = weighed
  if (best === undefined) {
    const name = `${scan.table.schema}.${scan.table.name}`
    throw new SluisError('SQL_NOT_ALLOWED', `${name} cannot be read as the statement asks.`, {
      hint: 'The platform only answers this table with a condition on certain columns.',
      details: { table: name },
    })
  }
  return {
    scan,
    offer: best.offer,
    partitions,
    calls: best.estimate.calls,
    isKnown: best.estimate.isKnown,
    places: best.estimate.places,
    ...(best.estimate.isKept ? { isKept: true } : {}),
    reason: reasonOf(best, others[0]),
  }
}

interface Weighed {
  readonly offer: ReadOffer
  readonly estimate: ReadEstimate
}

function compareReads(a: Weighed, b: Weighed): number {
  return (
    a.estimate.calls.expected - b.estimate.calls.expected ||
    Number(b.offer.filter !== '') - Number(a.offer.filter !== '') ||
    volume(a) - volume(b) ||
    pushedTerms(b) - pushedTerms(a) ||
    a.estimate.calls.min - b.estimate.calls.min ||
    spread(a) - spread(b) ||
    (a.offer.endpoint < b.offer.endpoint ? -1 : 1)
  )
}

const pushedTerms = ({ offer }: Weighed) => offer.judgements.filter((judgement) => judgement !== 'no').length

function volume({ offer, estimate }: Weighed): number {
  return estimate.rows * Math.max(1, offer.columns.length)
}

/** How far the cost may be off; unbounded counts as far. */
function spread({ estimate: { calls } }: Weighed): number {
  return (calls.max ?? Number.MAX_SAFE_INTEGER) - calls.min
}

function reasonOf(best: Weighed, next: Weighed | undefined): string {
  if (best.estimate.isKept) return 'its pages are kept and fresh enough'
  if (best.estimate.calls.max === 0) return 'no rows are needed'
  if (best.offer.note !== undefined) return best.offer.note
  if (best.offer.isCount) return 'the platform counts the rows itself'
  if (next === undefined) return 'the only way to read this table'
  const [mine, theirs] = [best.estimate.calls.expected, next.estimate.calls.expected]
  const other = next.offer.endpoint
  if (mine < theirs) return `${calls(mine)} expected, where ${other} takes ${theirs}`
  if (best.offer.filter !== '' && next.offer.filter === '')
    return `as many calls as ${other}, and filters at the source`
  if (volume(best) < volume(next)) return `as many calls as ${other}, for less data`
  return `as good as ${other}`
}

function calls(count: number): string {
  return count === 1 ? '1 call' : `${count} calls`
}
