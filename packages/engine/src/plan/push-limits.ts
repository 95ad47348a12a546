import type { SortKey } from '../catalog/scan.ts'
import { integerOf, integersOf, type JsonNode, nodeOf, nodesOf, textOf } from './plan-json.ts'
import type { Walked } from './plan-scans.ts'

/** Rows that an operator's parent needs of it: `count` of them, the first by `orders` when there are any. */
interface Need {
  readonly count: number
  /** Column indexes of the operator's output. */
  readonly orders: readonly {
    readonly index: number
    readonly isDescending: boolean
    readonly areNullsFirst: boolean
  }[]
}

/**
 * Sets limits on readings whose rows are all that a LIMIT or top-N above them needs: through projections, the
 * reading's own filters, UNION ALL, and into the side that a left join keeps (each of its rows yields at least one).
 */
export function pushLimits(root: Walked): void {
  descend(root, null)
}

function descend(walked: Walked, need: Need | null): void {
  const { node, children } = walked
  const type = textOf(node, 'type')
  if (type === 'LOGICAL_COMPARISON_JOIN') throughJoin(walked, need)
  else if (type !== 'LOGICAL_GET') each(children, needOfChildren(type, walked, need))
  else if (need !== null) setLimit(walked, need)
}

function needOfChildren(type: string, walked: Walked, need: Need | null): Need | null {
  const { node } = walked
  switch (type) {
    case 'LOGICAL_LIMIT':
      return combine(need, constantLimit(node))
    case 'LOGICAL_TOP_N':
      return topN(node)
    case 'LOGICAL_PROJECTION':
      return need && throughProjection(node, need)
    case 'LOGICAL_FILTER':
      return need && isFilterOfReading(walked) ? throughMap(node, 'projection_map', need) : null
    case 'LOGICAL_UNION':
      return need !== null && node.setop_all === true && need.orders.length === 0 ? need : null
    default:
      return null
  }
}

function each(children: readonly Walked[], need: Need | null): void {
  for (const child of children) descend(child, need)
}

function setLimit(walked: Walked, need: Need): void {
  const { scan } = walked
  if (scan === null) return
  const orderBy: SortKey[] = []
  for (const { index, isDescending, areNullsFirst } of need.orders) {
    const column = walked.columns[index]?.source?.column
    if (column === undefined) return
    orderBy.push({ column: column.name, isDescending, areNullsFirst })
  }
  scan.limit = need.count
  scan.orderBy = orderBy
}

/** An outer limit on a limited answer: the smaller one, any rows, when no order stands between them. */
function combine(outer: Need | null, inner: Need | null): Need | null {
  if (outer === null || inner === null || outer.orders.length > 0) return inner
  return { ...inner, count: Math.min(outer.count, inner.count) }
}

function constantLimit(node: JsonNode): Need | null {
  const limit = nodeOf(node, 'limit_val')
  const offset = nodeOf(node, 'offset_val')
  if (limit === null || textOf(limit, 'type') !== 'CONSTANT_VALUE') return null
  const count = integerOf(limit, 'constant_integer')
  const isOffset = offset !== null && textOf(offset, 'type') !== 'UNSET'
  const skipped = !isOffset
    ? 0
    : textOf(offset, 'type') === 'CONSTANT_VALUE'
      ? integerOf(offset, 'constant_integer')
      : null
  return sum(count, skipped, [])
}

function topN(node: JsonNode): Need | null {
  const orders: Need['orders'][number][] = []
  for (const order of nodesOf(node, 'orders')) {
    const expression = nodeOf(order, 'expression')
    const index = expression?.type === 'BOUND_REF' ? integerOf(expression, 'index') : null
    if (index === null) return null
    orders.push({
      index,
      isDescending: textOf(order, 'type') === 'DESCENDING',
      areNullsFirst: textOf(order, 'null_order') === 'NULLS FIRST',
    })
  }
  return sum(integerOf(node, 'limit'), integerOf(node, 'offset'), orders)
}

function sum(limit: number | null, offset: number | null, orders: Need['orders']): Need | null {
  if (limit === null || offset === null || limit < 0 || offset < 0) return null
  return { count: limit + offset, orders }
}

function throughProjection(node: JsonNode, need: Need): Need | null {
  const expressions = nodesOf(node, 'expressions')
  const orders: Need['orders'][number][] = []
  for (const order of need.orders) {
    const expression = expressions[order.index]
    const index = expression?.type === 'BOUND_REF' ? integerOf(expression, 'index') : null
    if (index === null) return null
    orders.push({ ...order, index })
  }
  return { ...need, orders }
}

function throughMap(node: JsonNode, key: string, need: Need): Need {
  const map = integersOf(node, key)
  if (map.length === 0) return need
  return { ...need, orders: need.orders.map((order) => ({ ...order, index: map[order.index] ?? -1 })) }
}

/** Only filters over one reading count in its `where`; above anything else rows fall away that a limit must not count. */
function isFilterOfReading(walked: Walked): boolean {
  if (!walked.isScanFilter) return false
  let below: Walked | undefined = walked.children[0]
  while (
    below !== undefined &&
    ['LOGICAL_PROJECTION', 'LOGICAL_FILTER'].includes(textOf(below.node, 'type'))
  ) {
    below = below.children[0]
  }
  return below?.scan !== null && below?.scan !== undefined
}

function throughJoin(walked: Walked, need: Need | null): void {
  const { node, children } = walked
  const [left, right] = children
  const type = textOf(node, 'join_type')
  if (left === undefined || right === undefined) return
  const leftMap = integersOf(node, 'left_projection_map')
  const rightMap = integersOf(node, 'right_projection_map')
  const leftWidth = leftMap.length === 0 ? left.columns.length : leftMap.length
  if (need !== null && (type === 'LEFT' || type === 'MARK' || type === 'SINGLE')) {
    const isLeft = need.orders.every((order) => order.index < leftWidth)
    descend(left, isLeft ? throughMap(node, 'left_projection_map', need) : null)
    descend(right, null)
    return
  }
  if (need !== null && type === 'RIGHT') {
    const isRight = need.orders.every((order) => order.index >= leftWidth)
    const orders = need.orders.map((order) => {
      const index = order.index - leftWidth
      return { ...order, index: rightMap.length === 0 ? index : (rightMap[index] ?? -1) }
    })
    descend(left, null)
    descend(right, isRight ? { ...need, orders } : null)
    return
  }
  each(children, null)
}
