import type { Judgement, Predicate, ReadOffer, ReadWish } from '@sluis/engine'
import type { Endpoint } from './endpoint.ts'
import { renderTerm } from './filter.ts'
import { wholePart } from './filter-literals.ts'
import { readRequest } from './read-request.ts'

/**
 * The one way to read a sync stream: from a row version on, in its own order. Nothing but `Timestamp gt n` may stand
 * in the filter, and `EntityType` on the stream of deletions.
 * @see Exact support, "Sync API" (read November 2026)
 */
export function syncOffer(wish: ReadWish, endpoint: Endpoint, baseUrl: string): ReadOffer {
  const partitionColumn = wish.table.isPartitionFromUrl ? wish.table.partitionColumn : null
  let after = 0n
  const others: string[] = []
  const judgements = wish.where.map((term): Judgement => {
    const bound = timestampBound(term)
    if (bound !== null) {
      if (bound.after > after) after = bound.after
      return bound.judgement
    }
    const rendered = renderTerm(term, endpoint, partitionColumn)
    if (rendered.text === '') return rendered.judgement
    const isTypeOfDeleted =
      endpoint.entity === 'Deleted' &&
      rendered.properties.every((name) => name === 'EntityType') &&
      rendered.text.length < 1000
    if (!isTypeOfDeleted) return 'no'
    others.push(rendered.joint === 'none' ? rendered.text : `(${rendered.text})`)
    return rendered.judgement
  })
  const filter = [`Timestamp gt ${after}L`, ...others].join(' and ')
  const select = [...endpoint.fields.values()].filter(
    ({ name }) => wish.columns.includes(name) && name !== partitionColumn,
  )
  const query = {
    filter,
    select: select.length > 0 ? select.map(({ name }) => name) : ['Timestamp'],
    expand: select.filter(({ kind }) => kind === 'lines').map(({ name }) => name),
    orderBy: '',
    top: null,
  }
  return {
    endpoint: endpoint.name,
    judgements,
    filter,
    columns: wish.columns,
    pageRows: endpoint.pageRows,
    isLimitPushed: false,
    isCount: false,
    maxRows: null,
    requests: (partition) => [readRequest(baseUrl, endpoint, partition, query)],
  }
}

/** The row version after which all rows of a term on `Timestamp` stand; null for other terms. */
function timestampBound(term: Predicate): { after: bigint; judgement: Judgement } | null {
  if (term.kind === 'in' && term.column === 'Timestamp') {
    const floors = term.values.map(wholePart).filter((value) => value !== null)
    if (floors.length < term.values.length || floors.length === 0) return null
    const least = floors.reduce((best, { floor }) => (floor < best ? floor : best), floors[0]?.floor ?? 0n)
    return { after: least - 1n, judgement: 'superset' }
  }
  if (term.kind !== 'compare' || term.column !== 'Timestamp') return null
  const value = wholePart(term.value)
  if (value === null || value.floor > 2n ** 62n) return null
  const { floor, isWhole } = value
  switch (term.op) {
    case '>':
      return { after: floor, judgement: 'exact' }
    case '>=':
      return { after: isWhole ? floor - 1n : floor, judgement: 'exact' }
    case '=':
      return { after: floor - 1n, judgement: 'superset' }
    default:
      return null
  }
}
