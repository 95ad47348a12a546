import type { Predicate, ReadOffer, ReadWish } from '@sluis/engine'
import type { Endpoint } from './endpoint.ts'
import { type RenderedTerm, renderTerm } from './filter.ts'
import { type FilterBatch, type FilterBatches, toFilterBatches } from './filter-batches.ts'
import { functionOffer } from './functions.ts'
import {
  countRequest,
  maxUrlLength,
  type ReadQuery,
  readRequest,
  skipTokenLength,
  urlLength,
} from './read-request.ts'
import { syncOffer } from './sync-offer.ts'
import { type ServedTable, servedTables } from './tables.ts'

/**
 * The ways to read a table of Exact Online: by each endpoint that has the columns asked for, once with a long list of
 * values cut into several requests and once without that list, and by `/$count` where only a number is wanted.
 *
 * A row by its key is asked for as `$filter=ID eq guid'…'&$top=1`, not as `Set(guid'…')`: it costs the same call, can
 * carry other conditions, and a row that is not there is an empty list instead of a 404, of which ten in an hour
 * block the endpoint.
 * @see Exact support, "API limits: error velocity" (read November 2026)
 */
export function negotiateRead(wish: ReadWish, baseUrl: string): readonly ReadOffer[] {
  if (wish.table.parameters !== undefined) return [functionOffer(wish, baseUrl)]
  const served = serveTable(wish)
  const able = served.endpoints.filter((endpoint) => hasColumns(endpoint, wish))
  // Nobody says that bulk endpoints expand collections; the regular one does.
  const expanding = able.filter(
    ({ kind, fields }) =>
      kind === 'plain' || !wish.columns.some((name) => fields.get(name)?.kind === 'lines'),
  )
  const offers = (expanding.length > 0 ? expanding : able).flatMap((endpoint) =>
    endpoint.kind === 'sync' ? [syncOffer(wish, endpoint, baseUrl)] : offersOf(wish, endpoint, baseUrl),
  )
  const note = onlyOneHas(served.endpoints, able, wish)
  return note === null ? offers : offers.map((offer) => (offer.isCount ? offer : { ...offer, note }))
}

/** Why no other endpoint of the entity was weighed: columns that they lack. */
function onlyOneHas(
  all: readonly Endpoint[],
  able: readonly Endpoint[],
  { columns }: ReadWish,
): string | null {
  const [only, ...others] = able
  const lacking = all.filter((endpoint) => !able.includes(endpoint))
  if (only === undefined || others.length > 0 || lacking.length === 0) return null
  const missed = columns.filter(
    (name) => name !== 'Division' && lacking.some(({ fields }) => !fields.has(name)),
  )
  return `only ${only.name} has ${missed.join(', ')}`
}

const byName = new Map<string, ServedTable>()

function serveTable({ table }: ReadWish): ServedTable {
  if (byName.size === 0) {
    for (const served of servedTables()) byName.set(`${served.table.schema}.${served.table.name}`, served)
  }
  const served = byName.get(`${table.schema}.${table.name}`)
  if (served === undefined) throw new TypeError(`${table.schema}.${table.name} is no table of Exact Online`)
  return served
}

/** The bulk twin of an entity may lack some of its columns. */
function hasColumns(endpoint: Endpoint, { columns }: ReadWish): boolean {
  return columns.every((name) => name === 'Division' || endpoint.fields.has(name))
}

function offersOf(wish: ReadWish, endpoint: Endpoint, baseUrl: string): readonly ReadOffer[] {
  const partitionColumn = wish.table.isPartitionFromUrl ? wish.table.partitionColumn : null
  const terms = wish.where.map((term) => renderTerm(term, endpoint, partitionColumn))
  const shape = shapeOf(wish, endpoint)
  const frame = { ...shape, orderBy: longestOrder(wish), top: 999_999_999 }
  const room = (isPaged: boolean) => maxUrlLength - urlLength(baseUrl, endpoint, frame, isPaged)
  const whole = toFilterBatches(terms, endpoint, room)
  const offers = [offerOf(wish, endpoint, baseUrl, shape, whole)]
  const { cutTerm } = whole
  if (whole.batches.length > 1 && cutTerm !== null) {
    const without = terms.map((term, at) => (at === cutTerm ? notSent(term) : term))
    offers.push(offerOf(wish, endpoint, baseUrl, shape, toFilterBatches(without, endpoint, room)))
    const wide = wideKeyOffer(wish, endpoint, baseUrl, shape, terms, room)
    if (wide !== null) offers.push(wide)
    const packed = packedOffer(wish, endpoint, baseUrl, shape, terms, room, whole.batches.length)
    if (packed !== null) offers.push(packed)
  }
  const count = countOffer(wish, endpoint, baseUrl, whole)
  return count === null ? offers : [count, ...offers]
}

/**
 * A long list of keys in as few requests as addresses hold. Over several companies each has only some of the rows, so
 * that a page may hold them although the keys are more. Where a page comes full, its keys are asked for a page of them
 * at a time instead.
 */
function wideKeyOffer(
  wish: ReadWish,
  endpoint: Endpoint,
  baseUrl: string,
  shape: Shape,
  terms: readonly RenderedTerm[],
  room: (isPaged: boolean) => number,
): ReadOffer | null {
  const { batches, judgements, cutTerm } = toFilterBatches(terms, endpoint, room, Number.POSITIVE_INFINITY)
  const isWide = batches.some(({ keys }) => keys !== null && keys > endpoint.pageRows)
  if (!isWide || wish.limit !== null || cutTerm === null) return null
  const pieces = batches.map(({ parts = [] }) => {
    const some = toFilterBatches(withParts(terms, cutTerm, parts), endpoint, room)
    return offerOf(wish, endpoint, baseUrl, shape, some)
  })
  const page = ({ keys, ...batch }: FilterBatch) => ({
    ...batch,
    keys: Math.min(keys ?? 0, endpoint.pageRows),
  })
  return {
    ...offerOf(wish, endpoint, baseUrl, shape, { judgements, cutTerm, batches: batches.map(page) }),
    maxRows: batches.reduce((sum, { keys }) => sum + (keys ?? 0), 0),
    ifFull: (partition) => pieces.map((piece) => piece.requests(partition)),
  }
}

/**
 * A long list of values in as few requests as addresses hold. Nobody knows how the service writes the next link: where
 * it escapes what we need not, the link of so long an address is refused. Only where one comes that is too long are its
 * values asked for again with room for that.
 */
function packedOffer(
  wish: ReadWish,
  endpoint: Endpoint,
  baseUrl: string,
  shape: Shape,
  terms: readonly RenderedTerm[],
  room: (isPaged: boolean) => number,
  otherwise: number,
): ReadOffer | null {
  const roomForToken = () => room(false) - skipTokenLength
  const packed = toFilterBatches(terms, endpoint, roomForToken, endpoint.pageRows, true)
  const { batches, cutTerm } = packed
  if (wish.limit !== null || cutTerm === null || batches.length >= otherwise) return null
  // A list of the entity's own keys has no next page.
  if (batches.some(({ keys }) => keys !== null)) return null
  const pieces = batches.map(({ parts = [] }) => {
    const some = toFilterBatches(withParts(terms, cutTerm, parts), endpoint, room)
    return offerOf(wish, endpoint, baseUrl, shape, some)
  })
  return {
    ...offerOf(wish, endpoint, baseUrl, shape, packed),
    ifFull: (partition) => pieces.map((piece) => piece.requests(partition)),
    isCutOff: ({ next }) => next !== null && next.length > maxUrlLength,
  }
}

/** The terms with only some of the values of a list. */
function withParts(
  terms: readonly RenderedTerm[],
  cutTerm: number,
  parts: readonly string[],
): readonly RenderedTerm[] {
  return terms.map((term, at) =>
    at === cutTerm && term.list ? { ...term, text: parts.join(' or '), list: { ...term.list, parts } } : term,
  )
}

const notSent = (term: RenderedTerm): RenderedTerm => ({
  ...term,
  judgement: 'no',
  text: '',
  joint: 'none',
  list: null,
  properties: [],
})

type Shape = Pick<ReadQuery, 'filter' | 'select' | 'expand'>

/** What is fetched of a row. Bulk endpoints and wide ones refuse a request without `$select`; it is always sent. */
function shapeOf(wish: ReadWish, endpoint: Endpoint): Shape {
  const wanted = new Set(wish.columns)
  const isFromUrl = (name: string) => wish.table.isPartitionFromUrl && name === wish.table.partitionColumn
  const fields = [...endpoint.fields.values()].filter(({ name }) => wanted.has(name) && !isFromUrl(name))
  const select = fields.map(({ name }) => name)
  if (select.length === 0) {
    const [shortest] = endpoint.keys.length > 0 ? endpoint.keys : [...endpoint.fields.values()]
    if (shortest !== undefined) select.push(shortest.name)
  }
  return { filter: '', select, expand: fields.filter(({ kind }) => kind === 'lines').map(({ name }) => name) }
}

function offerOf(
  wish: ReadWish,
  endpoint: Endpoint,
  baseUrl: string,
  shape: Shape,
  { judgements, batches }: FilterBatches,
): ReadOffer {
  const isExact = judgements.every((judgement) => judgement === 'exact')
  // The services below /read answer by rules of their own: options that cut rows are not tried on them.
  const canCut = endpoint.kind !== 'read'
  const orderBy =
    canCut && isExact && wish.limit !== null && !wish.isCountOnly ? orderText(wish, endpoint) : null
  const limit = orderBy === null || wish.limit === 0 ? null : wish.limit
  const keys = batches.map((batch) => batch.keys)
  const queries = batches.map(
    (batch): ReadQuery => ({
      ...shape,
      filter: batch.filter,
      orderBy: orderBy ?? '',
      top: smaller(limit, batch.keys),
    }),
  )
  const [first] = batches
  return {
    endpoint: endpoint.name,
    judgements,
    filter: batches.length > 1 ? `${first?.filter} … in ${batches.length} requests` : (first?.filter ?? ''),
    columns: wish.columns,
    pageRows: endpoint.pageRows,
    isLimitPushed: limit !== null,
    isCount: false,
    maxRows: keys.includes(null)
      ? endpoint.mostRows
      : keys.reduce((sum: number, count) => sum + (count ?? 0), 0),
    requests: (partition) => queries.map((query) => readRequest(baseUrl, endpoint, partition, query)),
  }
}

/** `/$count` answers one number for one filter that says everything. */
function countOffer(
  wish: ReadWish,
  endpoint: Endpoint,
  baseUrl: string,
  whole: FilterBatches,
): ReadOffer | null {
  const [batch, ...others] = whole.batches
  const isExact = whole.judgements.every((judgement) => judgement === 'exact')
  if (!wish.isCountOnly || wish.limit !== null || !isExact || batch === undefined || others.length > 0)
    return null
  // Bulk endpoints demand $select, which /$count does not take.
  if (endpoint.kind !== 'plain') return null
  return {
    endpoint: endpoint.name,
    judgements: whole.judgements,
    filter: batch.filter,
    columns: [],
    pageRows: 1,
    isLimitPushed: false,
    isCount: true,
    maxRows: null,
    requests: (partition) => [countRequest(baseUrl, endpoint, partition, batch.filter)],
  }
}

function smaller(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b)
}

const longestOrder = ({ orderBy }: ReadWish) => orderBy.map(({ column }) => `${column} desc`).join(',')

/**
 * The `$orderby` of a wish, empty where any rows will do, null where the source would not choose the rows that DuckDB
 * does: it compares strings and GUIDs otherwise, and sorts NULL lowest.
 */
function orderText(wish: ReadWish, endpoint: Endpoint): string | null {
  const filled = new Set(wish.where.flatMap(filledColumns))
  const parts: string[] = []
  for (const { column, isDescending, areNullsFirst } of wish.orderBy) {
    // Every row of one company has the same code: nothing to sort by.
    if (wish.table.isPartitionFromUrl && column === wish.table.partitionColumn) continue
    const field = endpoint.fields.get(column)
    if (field?.kind !== 'scalar' || field.type === 'VARCHAR' || field.type === 'UUID') return null
    const isNullOrderSame = isDescending ? !areNullsFirst : areNullsFirst
    if (!isNullOrderSame && !field.isKey && !filled.has(column)) return null
    parts.push(isDescending ? `${column} desc` : column)
  }
  return parts.join(',')
}

/** Columns that cannot be NULL in a row that the predicate takes. */
function filledColumns(predicate: Predicate): readonly string[] {
  switch (predicate.kind) {
    case 'compare':
    case 'in':
    case 'is-not-null':
      return [predicate.column]
    case 'and':
      return predicate.terms.flatMap(filledColumns)
    default:
      return []
  }
}
