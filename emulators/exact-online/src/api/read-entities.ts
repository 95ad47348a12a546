import type { Dataset } from '../data/dataset.ts'
import type { EntitySet } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'
import { ApiFault } from './api-fault.ts'
import { type Collation, compareForOrder } from './collation.ts'
import { atomEntry, atomFeed } from './entity-atom.ts'
import { jsonWriter } from './entity-json.ts'
import type { EntityView } from './entity-view.ts'
import { candidateRows, compileFilter } from './filter-rows.ts'
import { keyText } from './key-text.ts'
import { contentTypes, type Format } from './media.ts'
import type { QueryOptions } from './query-options.ts'

export interface ReadContext {
  readonly dataset: Dataset
  readonly collation: Collation
  /** Address of the API as the client called it: `http://127.0.0.1:4010/api/v1/2100001`. */
  readonly baseUrl: string
  readonly division: number
  /** Index of the row → the data set's row, where a user sees only some rows (the lists of divisions); else null. */
  readonly visible: readonly number[] | null
  readonly overrides: ReadonlyMap<string, Value>
  readonly format: Format
  readonly now: number
  /** Whether the user may do something with an endpoint, e.g. `GET` with `logistics/items`. */
  readonly hasRight: (endpoint: string, action: string) => boolean
}

export interface Page {
  readonly body: string
  readonly rows: number
  readonly contentType: string
  /** Of OData: answers that a server paged or counted need the second. @see wire.md § 3.3 */
  readonly version: '1.0;' | '2.0;'
}

/** The rows that a filter takes, behind row `after` (-1: from the start). */
export function* matchingRows(
  set: EntitySet,
  options: QueryOptions,
  context: ReadContext,
  after: number,
): Generator<number> {
  const { division, visible, collation } = context
  const test = options.filter ? compileFilter(options.filter, collation) : null
  const rows = visible?.filter((index) => index > after) ?? rowsInOrder(set, options, division, after)
  for (const index of rows) {
    if (set.written.isDeleted(division, index)) continue
    if (test === null || test(division, index) === true) yield index
  }
}

/** Candidates behind row `after` (-1: from the start): in the order of the rows, in sync feeds in that of their versions. */
function* rowsInOrder(
  set: EntitySet,
  { filter }: QueryOptions,
  division: number,
  after: number,
): Generator<number> {
  const touched = set.written.touched(division)
  if (set.entry.kind !== 'sync' || touched.length === 0) {
    const indexes = touched.map(({ index }) => index)
    yield* candidateRows(division, filter, set.rowsIn(division), after + 1, indexes)
    return
  }
  const versions = [...touched].sort((a, b) => a.version - b.version).map(({ index }) => index)
  const at = versions.indexOf(after)
  if (at < 0) {
    for (const index of candidateRows(division, filter, set.rows, after + 1))
      if (!set.written.rowOf(division, index)) yield index
  }
  yield* versions.slice(at + 1)
}

/** The number of rows that the filter takes. */
export function countEntities(set: EntitySet, options: QueryOptions, context: ReadContext): number {
  const { division, visible } = context
  if (options.filter === null && set.written.touched(division).length === 0)
    return visible?.length ?? set.rows
  let count = 0
  for (const _ of matchingRows(set, options, context, -1)) count++
  return count
}

/** The view of an entity set that a request's options make. */
export function viewOf(
  set: EntitySet,
  path: string,
  options: QueryOptions,
  context: ReadContext,
): EntityView {
  return {
    set,
    base: `${context.baseUrl}/${path}`,
    select: options.select,
    expand: options.expand,
    linesBase: (lines) => `${context.baseUrl}/${lines.entry.uri.split('{division}/').at(-1) ?? ''}`,
    overrides: context.overrides,
  }
}

/** One page of a collection in the envelope that the live service uses for these options. */
export function readPage(
  set: EntitySet,
  path: string,
  query: URLSearchParams,
  options: QueryOptions,
  context: ReadContext,
): Page {
  const { division, now } = context
  const view = viewOf(set, path, options, context)
  const { indexes, next } = cutPage(set, view.base, query, options, context)
  const count = options.isCounted ? countEntities(set, options, context) : null
  const rows = indexes.length
  // `$top` of no more than a page is an answer that the server did not page.
  const isBare = options.top !== null && options.top <= (set.entry.pageSize ?? Infinity) && count === null
  const version = isBare ? '1.0;' : '2.0;'
  if (context.format === 'atom') {
    const body = atomFeed(view, division, { indexes, count, next: isBare ? null : next }, now)
    return { body, rows, contentType: contentTypes.feed, version }
  }
  const write = jsonWriter(view)
  const texts = indexes.map((index) => write(division, index)).join(',')
  const contentType = contentTypes.json
  if (isBare) return { body: `{"d":[\r\n${texts}\r\n]}`, rows, contentType, version }
  const counted = count === null ? '' : `"__count":"${count}",`
  const more = next === null ? '' : `,"__next":${JSON.stringify(next)}`
  return { body: `{"d":{${counted}"results":[\r\n${texts}\r\n]${more}}}`, rows, contentType, version }
}

/** The rows of a page, and the address of the one behind it. */
function cutPage(
  set: EntitySet,
  base: string,
  query: URLSearchParams,
  options: QueryOptions,
  context: ReadContext,
): { readonly indexes: readonly number[]; readonly next: string | null } {
  const { division } = context
  const wanted = Math.min(set.entry.pageSize ?? Infinity, options.top ?? Infinity)
  const indexes: number[] = []
  let token: string | null = null
  if (options.orderBy.length === 0) {
    const after = options.skipToken === null ? -1 : rowOfToken(options.skipToken, set, division)
    let skipped = 0
    for (const index of matchingRows(set, options, context, after)) {
      if (skipped < options.skip) {
        skipped++
        continue
      }
      if (indexes.length >= wanted) {
        token = skipTokenOf(set, division, indexes.at(-1) ?? -1)
        break
      }
      indexes.push(index)
    }
  } else {
    const start = options.skipToken === null ? options.skip : Number(options.skipToken)
    const sorted = sortRows(set, options, context)
    indexes.push(...sorted.slice(start, start + wanted))
    const end = start + indexes.length
    if (end < sorted.length) token = String(end)
  }
  const rest = options.top === null ? null : options.top - indexes.length
  if (token === null || rest === 0) return { indexes, next: null }
  const next = new Map(
    [...query].filter(([name]) => name !== '$skiptoken' && name !== '$skip' && name !== '$top'),
  )
  if (rest !== null) next.set('$top', String(rest))
  next.set('$skiptoken', token)
  const parts = [...next].map(
    ([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%2C', ',').replaceAll('%27', "'")}`,
  )
  return { indexes, next: `${base}?${parts.join('&')}` }
}

function sortRows(set: EntitySet, options: QueryOptions, context: ReadContext): number[] {
  const { division, collation } = context
  const rows = [...matchingRows(set, options, context, -1)]
  const keys = options.orderBy.map(({ property, isDescending }) => ({
    type: property.type,
    sign: isDescending ? -1 : 1,
    values: new Map(rows.map((index) => [index, property.value(division, index)])),
  }))
  return rows.sort((a, b) => {
    for (const { type, sign, values } of keys) {
      const order = compareForOrder(values.get(a) ?? null, values.get(b) ?? null, type, collation)
      if (order !== 0) return order * sign
    }
    return a - b
  })
}

/** One entity by its key, e.g. `guid'…'` or `5`. */
export function readEntity(
  set: EntitySet,
  path: string,
  key: string,
  options: QueryOptions,
  context: ReadContext,
): Page {
  const index = rowOfKey(set, key, context)
  return writeOne(viewOf(set, path, options, context), index, context)
}

/** One row as an answer of its own. */
export function writeOne(view: EntityView, index: number, { division, format, now }: ReadContext): Page {
  const isAtom = format === 'atom'
  return {
    body: isAtom ? atomEntry(view, division, index, now) : `{"d":${jsonWriter(view)(division, index)}}`,
    rows: 1,
    contentType: isAtom ? contentTypes.entry : contentTypes.json,
    version: '1.0;',
  }
}

/** The row that a key in the path names; 404 where there is none. */
export function rowOfKey(set: EntitySet, key: string, context: ReadContext): number {
  const index = findRow(set, key, context)
  if (index === null) throw new ApiFault(404, `Resource not found for the segment '${set.entry.entity}'.`)
  return index
}

function findRow(set: EntitySet, text: string, { division, visible }: ReadContext): number | null {
  const [key] = set.keys
  const isSeen = (index: number) =>
    index < set.rowsIn(division) &&
    !set.written.isDeleted(division, index) &&
    (visible === null || visible.includes(index))
  const guid = /^(?:(\w+)=)?guid'([0-9a-f-]{36})'$/i.exec(text)
  if (guid) {
    if (key?.type !== 'Edm.Guid') throw new ApiFault(400, 'Bad Request - Error in query syntax.')
    const found = key.rowsWith?.(division, (guid[2] ?? '').toLowerCase())
    return found?.count === 1 && isSeen(found.first) ? found.first : null
  }
  if (!/^(\w+=)?(-?\d+L?|'.*')(,\w+=(-?\d+L?|'.*'))*$/.test(text) || key?.type === 'Edm.Guid') {
    throw new ApiFault(400, 'Bad Request - Error in query syntax.')
  }
  const number = /^(?:\w+=)?(-?\d+)L?$/.exec(text)?.[1]
  if (set.keys.length === 1 && key?.rowsWith && number !== undefined) {
    const found = key.rowsWith(division, Number(number))
    return found.count === 1 && isSeen(found.first) ? found.first : null
  }
  const bare = text.includes('=') ? text : `${key?.name}=${text}`
  const own = (index: number) =>
    set.keys.length > 1 ? keyText(set, division, index) : `${key?.name}=${keyText(set, division, index)}`
  const rows = visible ?? Array.from({ length: Math.min(set.rowsIn(division), 100_000) }, (_, index) => index)
  return rows.find((index) => own(index) === bare) ?? null
}

/** Paging goes on after the last key of the page before. */
function skipTokenOf(set: EntitySet, division: number, index: number): string {
  const [key] = set.keys
  return set.keys.length === 1 && key?.rowsWith ? keyText(set, division, index) : String(index)
}

/** The row that a page ended with. */
function rowOfToken(token: string, set: EntitySet, division: number): number {
  const [key] = set.keys
  const value = /^guid'(.+)'$/i.exec(token)?.[1]?.toLowerCase() ?? Number(token.replace(/L$/, ''))
  if (set.keys.length === 1 && key?.rowsWith) {
    const found = key.rowsWith(division, value)
    if (found.count !== 1) throw new ApiFault(400, 'Bad Request - Error in query syntax.')
    return found.first
  }
  if (!Number.isInteger(value)) throw new ApiFault(400, 'Bad Request - Error in query syntax.')
  return Number(value)
}
