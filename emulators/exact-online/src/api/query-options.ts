import type { EntitySet, Property } from '../data/entity-set.ts'
import { ApiFault } from './api-fault.ts'
import { type FilterNode, filteredProperties, parseFilter } from './filter-parser.ts'

export interface QueryOptions {
  /** Properties to show, in the order of the entity; null: all. */
  readonly select: ReadonlySet<string> | null
  readonly expand: ReadonlyMap<string, ReadonlySet<string> | null>
  readonly filter: FilterNode | null
  readonly orderBy: readonly { readonly property: Property; readonly isDescending: boolean }[]
  readonly top: number | null
  readonly skip: number
  readonly skipToken: string | null
  readonly isCounted: boolean
}

/** Reads the system query options, names with or without an encoded `$`. @see Exact support: query string options */
export function parseQueryOptions(
  parameters: URLSearchParams,
  set: EntitySet,
  enforceMandatoryFilter: boolean,
): QueryOptions {
  const filterText = parameters.get('$filter')
  const filter = filterText ? parseFilter(filterText, set) : null
  const { filterFields } = set.entry
  if (set.entry.kind === 'sync' && filter !== null) checkSyncFilter(filter, set)
  if (enforceMandatoryFilter && filterFields?.length && set.entry.kind !== 'function') {
    const used = new Set(filter ? filteredProperties(filter) : [])
    if (!filterFields.some((field) => used.has(field))) {
      throw new ApiFault(
        400,
        `This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter with one of the following fields in the url:${filterFields.join(',')}`,
      )
    }
  }
  const expand = new Map<string, ReadonlySet<string> | null>()
  for (const name of listOf(parameters.get('$expand'))) {
    if (!set.collections.some((collection) => collection.name === name)) throw unknownProperty(name, set)
    expand.set(name, null)
  }
  const top = integerOf(parameters.get('$top'))
  const select = readSelect(parameters.get('$select'), set, expand)
  const needsSelect = set.entry.kind === 'bulk' || set.path === 'generaljournalentry/generaljournalentries'
  if (needsSelect && select === null && top !== 1) {
    throw new ApiFault(400, 'Please add a $select or a $top=1 statement to the query string.')
  }
  if (set.entry.kind === 'sync' && parameters.get('$select') === '*') {
    throw new ApiFault(400, 'Bad Request - Error in query syntax.')
  }
  return {
    select,
    expand,
    filter,
    orderBy: listOf(parameters.get('$orderby')).map((item) => {
      const [name = '', direction = 'asc', ...rest] = item.split(/ +/)
      const property = set.properties.get(name)
      if (!property) throw unknownProperty(name, set)
      if (rest.length > 0 || !/^(asc|desc)$/.test(direction))
        throw new ApiFault(400, 'Bad Request - Error in query syntax.')
      return { property, isDescending: direction === 'desc' }
    }),
    top,
    skip: integerOf(parameters.get('$skip')) ?? 0,
    skipToken: parameters.get('$skiptoken'),
    isCounted: parameters.get('$inlinecount') === 'allpages',
  }
}

/** A stream is read by its row version; few other properties may stand in the filter. @see wire.md § 4.1 */
function checkSyncFilter(filter: FilterNode, { path }: EntitySet): void {
  const allowed = path === 'sync/deleted' ? ['Timestamp', 'EntityType'] : ['Timestamp', 'Modified']
  if (filteredProperties(filter).some((name) => !allowed.includes(name)))
    throw new ApiFault(400, 'Bad Request - Error in query syntax.')
}

function readSelect(
  text: string | null,
  set: EntitySet,
  expand: Map<string, ReadonlySet<string> | null>,
): ReadonlySet<string> | null {
  if (text === null || text.trim() === '' || text === '*') return null
  const select = new Set<string>()
  const whole = new Set<string>()
  for (const item of listOf(text)) {
    const [name = '', inner, ...deeper] = item.split('/')
    if (deeper.length > 0) throw new ApiFault(400, 'Bad Request - Error in query syntax.')
    if (name === '*') {
      for (const known of set.properties.keys()) select.add(known)
      continue
    }
    const collection = set.collections.find((known) => known.name === name)
    if (!collection && !set.properties.has(name)) throw unknownProperty(name, set)
    if (inner === undefined || inner === '*') whole.add(name)
    if (inner === undefined) {
      select.add(name)
      continue
    }
    if (!collection || !expand.has(name)) throw new ApiFault(400, 'Bad Request - Error in query syntax.')
    if (inner !== '*' && collection.lines && !collection.lines.properties.has(inner))
      throw unknownProperty(inner, collection.lines)
    select.add(name)
    expand.set(name, new Set([...(expand.get(name) ?? []), inner]))
  }
  // `Lines` or `Lines/*` beside `Lines/AmountFC` is all of the lines.
  for (const name of whole) if (expand.has(name)) expand.set(name, null)
  return select
}

const listOf = (text: string | null) =>
  (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

function integerOf(text: string | null): number | null {
  if (text === null) return null
  if (!/^\d{1,9}$/.test(text)) throw new ApiFault(400, 'Bad Request - Error in query syntax.')
  return Number(text)
}

const unknownProperty = (name: string, set: EntitySet) =>
  new ApiFault(400, `Could not find a property named '${name}' on type '${set.typeName}'.`)
