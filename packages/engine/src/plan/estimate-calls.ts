import type { CallEstimate, PlaceCalls, ReadOffer } from '../catalog/connector.ts'
import type { Predicate } from '../catalog/predicate.ts'
import type { Scan } from '../catalog/scan.ts'
import type { Partition } from '../catalog/table.ts'
import { type LookUpRead, requestKey } from '../databases/read-memory.ts'

/** What an offer is thought to cost over all its partitions. */
export interface ReadEstimate {
  readonly calls: CallEstimate
  readonly rows: number
  /** The same for each partition by itself: limits are kept per partition. */
  readonly places: readonly PlaceCalls[]
  /** All of it is kept from earlier. */
  readonly isKept: boolean
  /** Every partition was asked for these rows before. */
  readonly isKnown: boolean
}

/** Rows of a partition of which nothing is known: more than a plain page, fewer than a bulk page. */
const guessedRows = 500

/** Keys are not spread evenly: a page is counted on to hold them only where they need not fill it. */
const usualFill = 0.9

/** What earlier reads and other scans tell of a table. */
export interface KnownOfReads {
  readonly lookUp: LookUpRead
  readonly isKept?: (offer: ReadOffer, partition: Partition | null) => boolean
  /** Rows that a partition's table is thought to hold where it was never read; the guess is as good as its giver. */
  readonly likelyRows?: (partition: Partition | null) => number
  /** Rows that this very read has in a partition at least, as some of them were read before by themselves. */
  readonly leastRows?: (partition: Partition | null) => number
}

/**
 * Calls and rows of one offer. Bounds come from what is certain (counts, keys, limits); what is likely comes from the
 * same read made before, else from the size of the table as last read, else from a guess.
 *
 * @param where the terms that the offer's judgements answer, in their order
 * @param offers all offers for the scan: they read the same rows, so each tells the size of the table
 */
export function estimateRead(
  scan: Scan,
  where: readonly Predicate[],
  offer: ReadOffer,
  offers: readonly ReadOffer[],
  partitions: readonly Partition[] | null,
  known: KnownOfReads,
): ReadEstimate {
  const { isKept = () => false } = known
  const places: readonly (Partition | null)[] = partitions ?? [null]
  if (scan.limit === 0 || places.length === 0)
    return { calls: { min: 0, expected: 0, max: 0 }, rows: 0, places: [], isKept: false, isKnown: true }
  const each = places.map((place) => {
    const one = estimatePlace(scan, where, offer, offers, place, places.length, known)
    return isKept(offer, place) ? { ...one, min: 0, expected: 0, max: 0, isRemembered: true } : one
  })
  const isAllKept = places.every((place) => isKept(offer, place))
  const sum = (pick: (estimate: PlaceEstimate) => number) => each.reduce((total, one) => total + pick(one), 0)
  const max = each.some((one) => one.max === null) ? null : sum((one) => one.max ?? 0)
  const all = { min: sum((one) => one.min), expected: sum((one) => one.expected), max }
  if (scan.limit === null || scan.orderBy.length > 0 || offer.isCount) {
    const eachPlace = each.map(({ min, expected, rows }, at) => ({
      partition: places[at] ?? null,
      min,
      expected,
      rows,
    }))
    return {
      calls: all,
      rows: sum((one) => one.rows),
      places: eachPlace,
      isKept: isAllKept,
      isKnown: each.every((one) => one.isRemembered),
    }
  }
  // Without an order any rows do: partitions are read one after the other until there are enough.
  const isExact = offer.judgements.every((judgement) => judgement === 'exact')
  const pages = Number.isFinite(offer.pageRows) ? Math.ceil(scan.limit / offer.pageRows) : 1
  const enough = isExact ? places.length - 1 + pages : null
  let expected = 0
  let rows = 0
  // Where the same read was made before, the partitions that it did not come to are not needed.
  const isKnown = each.some((one) => one.isRemembered)
  for (const one of each) {
    if (isKnown && !one.isRemembered) continue
    expected += one.isRemembered
      ? one.expected
      : Math.min(one.expected, pagesOf(scan.limit - rows, offer.pageRows))
    rows += one.rows
    if (isExact && rows >= scan.limit) break
  }
  const bound = least(all.max, enough)
  const min = Math.min(all.min, each[0]?.min ?? 0)
  return {
    calls: { min, expected: bound === null ? expected : Math.min(expected, bound), max: bound },
    rows: isExact ? Math.min(rows, scan.limit) : rows,
    // Where reading ends is not known; that it begins with the first one is.
    places: [{ partition: places[0] ?? null, min, expected: min, rows: each[0]?.rows ?? 0 }],
    isKept: isAllKept,
    isKnown,
  }
}

interface PlaceEstimate {
  readonly min: number
  readonly expected: number
  readonly max: number | null
  readonly rows: number
  readonly isRemembered: boolean
}

function estimatePlace(
  scan: Scan,
  where: readonly Predicate[],
  offer: ReadOffer,
  offers: readonly ReadOffer[],
  place: Partition | null,
  places: number,
  { lookUp, likelyRows, leastRows }: KnownOfReads,
): PlaceEstimate {
  if (offer.isCount) return { min: 1, expected: 1, max: 1, rows: 1, isRemembered: true }
  const requests = offer.requests(place).length
  const id = place?.id ?? ''
  const remembered = lookUp(offer.endpoint, id, requestKey(offer, scan.limit, orderText(scan)))
  const mostRows = least(offer.maxRows, offer.isLimitPushed ? scan.limit : null)
  const instead = offer.ifFull?.(place).reduce((sum, pieces) => sum + pieces.length, 0)
  const max =
    instead === undefined || mostRows === null
      ? mostCalls(requests, offer, mostRows, scan.limit)
      : requests + instead
  if (remembered !== null) {
    const expected = Math.max(requests, max === null ? remembered.calls : Math.min(remembered.calls, max))
    return { min: requests, expected, max, rows: remembered.rows, isRemembered: true }
  }
  const same = rowsOfSameRead(scan, offer, offers, place, lookUp)
  if (same !== null) {
    const calls = Math.max(requests, pagesOf(Math.min(same, mostRows ?? same), offer.pageRows))
    const expected = max === null ? calls : Math.min(calls, max)
    return { min: requests, expected, max, rows: same, isRemembered: true }
  }
  const known = offers.map((other) => lookUp(other.endpoint, id, '')?.rows ?? -1)
  const tableRows = Math.max(...known)
  const all = tableRows < 0 ? Math.max(guessedRows, likelyRows?.(place) ?? 0) : tableRows
  const pushed = where.filter((_, index) => offer.judgements[index] !== 'no')
  const guessed = pushed.reduce((rows, term) => rows * shareOf(term, rows, all), all)
  const wanted = Math.max(guessed, leastRows?.(place) ?? 0)
  if (instead !== undefined && mostRows !== null) {
    // A key stands in one partition as a rule; where only one is asked, it is this one.
    const spread = places === 1 ? mostRows : Math.min(wanted, mostRows / places)
    const isTight = spread / requests > offer.pageRows * usualFill
    return {
      min: requests,
      expected: requests + (isTight ? instead : 0),
      max,
      rows: spread,
      isRemembered: false,
    }
  }
  const rows = Math.min(wanted, mostRows ?? Number.POSITIVE_INFINITY)
  const calls = Math.max(requests, pagesOf(rows, offer.pageRows))
  return {
    min: requests,
    expected: max === null ? calls : Math.min(calls, max),
    max,
    rows,
    isRemembered: false,
  }
}

/** The rows that another endpoint gave for the same conditions; null when none of them was asked. */
function rowsOfSameRead(
  scan: Scan,
  offer: ReadOffer,
  offers: readonly ReadOffer[],
  place: Partition | null,
  lookUp: LookUpRead,
): number | null {
  const sent = (other: ReadOffer) => other.judgements.map((judgement) => judgement !== 'no').join()
  const twins = offers.filter(
    (other) =>
      other !== offer &&
      !other.isCount &&
      other.isLimitPushed === offer.isLimitPushed &&
      sent(other) === sent(offer),
  )
  const order = orderText(scan)
  const known = twins.map(
    (twin) => lookUp(twin.endpoint, place?.id ?? '', requestKey(twin, scan.limit, order))?.rows ?? -1,
  )
  const rows = Math.max(-1, ...known)
  return rows < 0 ? null : rows
}

/** The order of a top-N read as text, one of the things that tell reads apart. */
export function orderText(scan: Scan): string {
  return scan.orderBy
    .map(({ column, isDescending, areNullsFirst }) => `${column} ${isDescending} ${areNullsFirst}`)
    .join(',')
}

function mostCalls(
  requests: number,
  offer: ReadOffer,
  mostRows: number | null,
  limit: number | null,
): number | null {
  if (!Number.isFinite(offer.pageRows)) return requests
  if (mostRows === null) return null
  if (offer.isLimitPushed && mostRows === limit) return Math.max(requests, pagesOf(mostRows, offer.pageRows))
  // A last page that is exactly full may carry a link to an empty one. Several requests each have a last page.
  return requests === 1
    ? Math.floor(mostRows / offer.pageRows) + 1
    : requests + Math.floor(mostRows / offer.pageRows)
}

function pagesOf(rows: number, pageRows: number): number {
  return Number.isFinite(pageRows) ? Math.max(1, Math.ceil(rows / pageRows)) : 1
}

function least(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}

/** How many rows a table is thought to hold of which `rows` met these conditions. */
export function rowsBefore(where: readonly Predicate[], rows: number): number {
  return rows / where.reduce((share, term) => share * shareOf(term, rows, rows), 1)
}

/** The share of rows that a term is guessed to let pass. The numbers are the usual ones of textbooks. */
function shareOf(term: Predicate, rows: number, all: number): number {
  const one = 1 / Math.max(1, all)
  switch (term.kind) {
    case 'compare':
      return term.op === '=' ? 0.1 : term.op === '<>' ? 0.9 : 0.33
    case 'in':
      return Math.min(1, Math.max(one, 0.02) * term.values.length)
    case 'is-null':
      return 0.1
    case 'is-not-null':
      return 0.9
    case 'starts-with':
    case 'ends-with':
    case 'contains':
      return 0.1
    case 'and':
      return term.terms.reduce((share, inner) => share * shareOf(inner, rows, all), 1)
    case 'or':
      return Math.min(
        1,
        term.terms.reduce((share, inner) => share + shareOf(inner, rows, all), 0),
      )
    case 'not':
      return Math.max(0, 1 - shareOf(term.term, rows, all))
    case 'opaque':
      return 1
    default:
      return term satisfies never
  }
}
