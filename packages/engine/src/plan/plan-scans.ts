import type { Predicate } from '../catalog/predicate.ts'
import type { PlatformTable, TableColumn } from '../catalog/table.ts'
import { carryPredicates, closeTransfers, transferKeys } from './join-edges.ts'
import { columnAt, expressionReferences, UnreadablePlan } from './plan-columns.ts'
import { integerOf, integersOf, type JsonNode, nodeOf, nodesOf, textOf } from './plan-json.ts'
import { describeExpression, readPredicate } from './plan-predicate.ts'
import { pushLimits } from './push-limits.ts'
import type { PlanColumn, ScanColumn, ScanOccurrence } from './scan-occurrence.ts'

/** What a walk of a plan needs to know besides the plan. */
export interface PlanContext {
  /** The table behind the scan of an id. */
  readonly tableOf: (scanId: number) => PlatformTable
  readonly timeZone: string
}

/** The operators of a plan with what each yields. */
export interface Walked {
  readonly node: JsonNode
  readonly children: readonly Walked[]
  readonly columns: readonly PlanColumn[]
  /** Set on a reading of a table. */
  readonly scan: ScanOccurrence | null
  /** Of a filter: true when each of its terms restricts the one reading below it, as a predicate or as opaque. */
  readonly isScanFilter: boolean
}

/**
 * Every reading of a table in DuckDB's optimised plan, with what may be asked of the platform instead of everything.
 *
 * The plan is walked from the leaves. Each column is followed from its reading upwards for as long as its values are
 * a subset of the reading's (`source`) and for as long as a condition on it may be asked below (`receiver`).
 */
export function readOccurrences(plan: JsonNode, context: PlanContext): ScanOccurrence[] {
  const walk = new PlanWalk(context, countCteReferences(plan))
  const root = walk.visit(plan)
  for (const column of root.columns) markUsed(column)
  closeTransfers(walk.scans)
  carryPredicates(walk.scans)
  pushLimits(root)
  return walk.scans
}

const derived: PlanColumn = { source: null, receiver: null, uses: [] }

class PlanWalk {
  readonly scans: ScanOccurrence[] = []
  readonly #context: PlanContext
  readonly #cteReferences: ReadonlyMap<number, number>
  readonly #cteColumns = new Map<number, readonly PlanColumn[]>()
  /** The columns that the innermost delim join hands to its other side, once each. */
  #delimColumns: readonly PlanColumn[] = []
  /** A window whose numbers show nowhere. */
  #transparent: JsonNode | null = null

  constructor(context: PlanContext, cteReferences: ReadonlyMap<number, number>) {
    this.#context = context
    this.#cteReferences = cteReferences
  }

  visit(node: JsonNode): Walked {
    const type = textOf(node, 'type')
    switch (type) {
      case 'LOGICAL_GET':
        return this.#get(node)
      case 'LOGICAL_PROJECTION':
        return this.#projection(node)
      case 'LOGICAL_FILTER':
        return this.#filter(node)
      case 'LOGICAL_COMPARISON_JOIN':
      case 'LOGICAL_DELIM_JOIN':
      case 'LOGICAL_ASOF_JOIN':
        return this.#join(node)
      case 'LOGICAL_ANY_JOIN':
      case 'LOGICAL_CROSS_PRODUCT':
        return this.#looseJoin(node)
      case 'LOGICAL_POSITIONAL_JOIN':
        return this.#positionalJoin(node)
      case 'LOGICAL_AGGREGATE_AND_GROUP_BY':
        return this.#aggregate(node)
      case 'LOGICAL_WINDOW':
        return this.#window(node)
      case 'LOGICAL_UNNEST':
        return this.#widening(node)
      case 'LOGICAL_LIMIT':
      case 'LOGICAL_TOP_N':
      case 'LOGICAL_SAMPLE':
        return this.#subset(node)
      case 'LOGICAL_ORDER_BY':
        return this.#orderBy(node)
      case 'LOGICAL_DISTINCT':
        return this.#distinct(node)
      case 'LOGICAL_UNION':
      case 'LOGICAL_EXCEPT':
      case 'LOGICAL_INTERSECT':
      case 'LOGICAL_RECURSIVE_CTE':
        return this.#setOperation(node)
      case 'LOGICAL_MATERIALIZED_CTE':
        return this.#materializedCte(node)
      case 'LOGICAL_CTE_REF':
        return leaf(node, this.#cteColumns.get(integerOf(node, 'cte_index') ?? -1) ?? unknownColumns(node))
      case 'LOGICAL_DELIM_GET': {
        const count = nodesOf(node, 'chunk_types').length
        // A delim get of another join than the innermost one has another shape; then nothing is said of it.
        return leaf(node, count === this.#delimColumns.length ? this.#delimColumns : unknownColumns(node))
      }
      case 'LOGICAL_CHUNK_GET':
        return leaf(node, unknownColumns(node))
      case 'LOGICAL_EXPRESSION_GET':
        return this.#expressionGet(node)
      case 'LOGICAL_EMPTY_RESULT':
        return leaf(node, repeat(nodesOf(node, 'return_types').length))
      case 'LOGICAL_DUMMY_SCAN':
        return leaf(node, [derived])
      default:
        throw new UnreadablePlan(`the plan has the operator ${type}`)
    }
  }

  #get(node: JsonNode): Walked {
    const parameter = nodesOf(node, 'parameters')[0]
    const scanId = parameter === undefined ? null : integerOf(parameter, 'value')
    if (textOf(node, 'name') !== 'scan' || scanId === null) return this.#tableFunction(node)
    const table = this.#context.tableOf(scanId)
    const names = Array.isArray(node.names) ? (node.names as readonly unknown[]) : []
    const byName = new Map(table.columns.map((column) => [column.name, column]))
    const projected: TableColumn[] = []
    for (const entry of nodesOf(node, 'column_indexes')) {
      const column = byName.get(String(names[integerOf(entry, 'index') ?? -1]))
      // Never seen: a plan whose columns cannot be named is not used at all.
      if (column === undefined)
        throw new TypeError(`the plan reads a column that ${table.name} does not have`)
      projected.push(column)
    }
    const scan: ScanOccurrence = {
      scanId,
      table,
      projected,
      used: new Set(),
      usedAbove: new Set(),
      where: [],
      keysFrom: [],
      limit: null,
      orderBy: [],
    }
    this.scans.push(scan)
    const columns = projected.map((column): PlanColumn => {
      const place: ScanColumn = { scan, column }
      return { source: place, receiver: place, uses: [place] }
    })
    const kept = integersOf(node, 'projection_ids')
    return {
      node,
      children: [],
      columns: kept.length === 0 ? columns : pick(columns, kept),
      scan,
      isScanFilter: false,
    }
  }

  /** A function of DuckDB's own, alone or fed by another operator's rows, whose columns follow its own. */
  #tableFunction(node: JsonNode): Walked {
    const children = nodesOf(node, 'children').map((child) => this.visit(child))
    for (const child of children) for (const column of child.columns) markUsed(column)
    const kept = integersOf(node, 'projection_ids').length
    const own = kept === 0 ? nodesOf(node, 'column_indexes').length : kept
    const columns = repeat(own + integersOf(node, 'projected_input').length)
    return { node, children, columns, scan: null, isScanFilter: false }
  }

  #projection(node: JsonNode): Walked {
    const child = this.#onlyChild(node)
    const columns = nodesOf(node, 'expressions').map((expression) => {
      if (expression.type === 'BOUND_REF') return columnAt(child.columns, expression)
      const references = expressionReferences(expression)
      // References by table, not by place, are left where DuckDB does not resolve them: all may be meant.
      const uses = references === null ? child.columns : references.map((ref) => columnAt(child.columns, ref))
      return { ...derived, uses: uses.flatMap((column) => column.uses) }
    })
    return { node, children: [child], columns, scan: null, isScanFilter: false }
  }

  #filter(node: JsonNode): Walked {
    const child = this.#onlyChild(node)
    const terms = nodesOf(node, 'expressions').flatMap(conjuncts)
    const pushed = terms.map((term) => this.#pushTerm(term, child.columns))
    const kept = integersOf(node, 'projection_map')
    return {
      node,
      children: [child],
      columns: kept.length === 0 ? child.columns : pick(child.columns, kept),
      scan: null,
      isScanFilter: terms.length > 0 && pushed.every(Boolean),
    }
  }

  /** Gives a term of a filter to the one reading that it looks at; false when there is not exactly one. */
  #pushTerm(term: JsonNode, columns: readonly PlanColumn[]): boolean {
    const references = expressionReferences(term)
    if (references === null) {
      for (const column of columns) markUsed(column)
      return false
    }
    const looked = references.map((reference) => columnAt(columns, reference))
    const scan = looked[0]?.receiver?.scan
    if (scan === undefined || looked.some(({ receiver }) => receiver?.scan !== scan)) {
      for (const column of looked) markUsed(column)
      return false
    }
    for (const { receiver } of looked) if (receiver !== null) scan.used.add(receiver.column)
    const columnOf = (index: number) => columns[index]?.receiver?.column ?? null
    const read = readPredicate(term, columnOf, this.#context.timeZone)
    if (read !== null) addTerms(scan, read.predicate)
    if (!read?.isExact) {
      const text = describeExpression(term, (index) => columnOf(index)?.name ?? '?')
      scan.where.push({ kind: 'opaque', text })
    }
    return true
  }

  #join(node: JsonNode): Walked {
    const type = textOf(node, 'join_type')
    const [left, right] = this.#joinSides(node)
    for (const condition of nodesOf(node, 'conditions')) {
      markReferenced(condition.left, left.columns)
      markReferenced(condition.right, right.columns)
    }
    markReferenced(node.predicate, [...left.columns, ...right.columns])
    if (textOf(node, 'type') !== 'LOGICAL_ASOF_JOIN') {
      transferKeys(node, left.columns, right.columns)
      return joined(node, type, left, right)
    }
    // The nearest partner is found before a condition above looks at it: fewer candidates give another partner.
    return joined(node, type, left, { ...right, columns: right.columns.map(withoutReceiver) })
  }

  #joinSides(node: JsonNode): readonly [Walked, Walked] {
    const [leftNode, rightNode] = this.#twoChildren(node)
    if (textOf(node, 'type') !== 'LOGICAL_DELIM_JOIN') return [this.visit(leftNode), this.visit(rightNode)]
    const isFlipped = node.delim_flipped === true
    const outerFrom = this.scans.length
    const outer = this.#visitNumbered(isFlipped ? rightNode : leftNode)
    for (const scan of this.scans.slice(outerFrom)) scan.isSeenTwice = true
    const before = this.#delimColumns
    this.#delimColumns = nodesOf(node, 'duplicate_eliminated_columns').map((expression) => {
      if (expression.type !== 'BOUND_REF') throw new UnreadablePlan('a correlated column is an expression')
      const column = columnAt(outer.columns, expression)
      markUsed(column)
      // Conditions inside a correlated subquery say nothing of the rows outside.
      return { ...column, receiver: null }
    })
    const inner = this.visit(isFlipped ? leftNode : rightNode)
    this.#delimColumns = before
    return isFlipped ? [inner, outer] : [outer, inner]
  }

  /**
   * The outer side of a correlated join. DuckDB numbers its rows where it has no other way to tell them apart; the
   * numbers show nowhere, so unlike at a window of the user's a condition may go below.
   */
  #visitNumbered(node: JsonNode): Walked {
    const [expression, ...others] = nodesOf(node, 'expressions')
    if (textOf(node, 'type') === 'LOGICAL_FILTER') {
      const [child] = nodesOf(node, 'children')
      if (child?.type === 'LOGICAL_WINDOW') this.#transparent = child
    }
    if (textOf(node, 'type') === 'LOGICAL_WINDOW' && expression !== undefined && others.length === 0) {
      this.#transparent = node
    }
    return this.visit(node)
  }

  #looseJoin(node: JsonNode): Walked {
    const [left, right] = this.#twoChildren(node).map((child) => this.visit(child)) as [Walked, Walked]
    const columns = [...left.columns, ...right.columns]
    const isProduct = textOf(node, 'type') === 'LOGICAL_CROSS_PRODUCT'
    const type = isProduct ? 'INNER' : textOf(node, 'join_type')
    const condition = nodeOf(node, 'condition')
    if (condition !== null && type === 'INNER') {
      for (const term of conjuncts(condition)) this.#pushTerm(term, columns)
    } else markReferenced(node.condition, columns)
    return joined(node, type, left, right)
  }

  #positionalJoin(node: JsonNode): Walked {
    const children = this.#twoChildren(node).map((child) => this.visit(child))
    // Rows are paired by their number: one row less on a side moves all partners behind it.
    const columns = children.flatMap((child) => child.columns.map(withoutReceiver))
    return { node, children, columns, scan: null, isScanFilter: false }
  }

  #aggregate(node: JsonNode): Walked {
    const child = this.#onlyChild(node)
    // A condition on what all rows of a group share leaves groups out whole. Of several grouping sets the rows of one do
    // not share what another groups by.
    const sets = Array.isArray(node.grouping_sets) ? node.grouping_sets.length : null
    const groups = nodesOf(node, 'groups').map((group): PlanColumn => {
      if (group.type !== 'BOUND_REF') return derived
      const column = columnAt(child.columns, group)
      return sets === 1 ? column : withoutReceiver(column)
    })
    markReferenced(node.groups, child.columns)
    markReferenced(node.expressions, child.columns)
    const functions = Array.isArray(node.grouping_functions) ? node.grouping_functions.length : 0
    const columns = [...groups, ...repeat(nodesOf(node, 'expressions').length + functions)]
    return { node, children: [child], columns, scan: null, isScanFilter: false }
  }

  #window(node: JsonNode): Walked {
    const walked = this.#widening(node)
    return this.#transparent === node ? walked : { ...walked, columns: walked.columns.map(withoutReceiver) }
  }

  /** Operators that hand on their child's columns and add some. */
  #widening(node: JsonNode): Walked {
    const child = this.#onlyChild(node)
    markReferenced(node.expressions, child.columns)
    const columns = [...child.columns, ...repeat(nodesOf(node, 'expressions').length)]
    return { node, children: [child], columns, scan: null, isScanFilter: false }
  }

  #subset(node: JsonNode): Walked {
    const child = this.#onlyChild(node)
    for (const part of [node.orders, node.limit_val, node.offset_val]) markReferenced(part, child.columns)
    return {
      node,
      children: [child],
      columns: child.columns.map(withoutReceiver),
      scan: null,
      isScanFilter: false,
    }
  }

  #orderBy(node: JsonNode): Walked {
    const child = this.#onlyChild(node)
    markReferenced(node.orders, child.columns)
    const kept = integersOf(node, 'projection_map')
    const columns = kept.length === 0 ? child.columns : pick(child.columns, kept)
    return { node, children: [child], columns, scan: null, isScanFilter: false }
  }

  #distinct(node: JsonNode): Walked {
    const child = this.#onlyChild(node)
    for (const column of child.columns) markUsed(column)
    const isPlain = textOf(node, 'distinct_type') === 'DISTINCT'
    const columns = isPlain ? child.columns : child.columns.map(withoutReceiver)
    return { node, children: [child], columns, scan: null, isScanFilter: false }
  }

  /** Unions and their like compare or mix whole rows: all that their children yield is needed. */
  #setOperation(node: JsonNode): Walked {
    const children = nodesOf(node, 'children').map((child) => this.visit(child))
    for (const child of children) for (const column of child.columns) markUsed(column)
    const columns = repeat(children[0]?.columns.length ?? 0)
    return { node, children, columns, scan: null, isScanFilter: false }
  }

  #expressionGet(node: JsonNode): Walked {
    const children = nodesOf(node, 'children').map((child) => this.visit(child))
    for (const child of children) for (const column of child.columns) markUsed(column)
    return {
      node,
      children,
      columns: repeat(nodesOf(node, 'expr_types').length),
      scan: null,
      isScanFilter: false,
    }
  }

  #materializedCte(node: JsonNode): Walked {
    const [bodyNode, useNode] = this.#twoChildren(node)
    const index = integerOf(node, 'table_index') ?? -1
    const before = this.scans.length
    const body = this.visit(bodyNode)
    // Conditions go into the body only where one reference is all there is.
    const isSingle = this.#cteReferences.get(index) === 1
    if (!isSingle) for (const scan of this.scans.slice(before)) scan.isSeenTwice = true
    this.#cteColumns.set(index, isSingle ? body.columns : body.columns.map(withoutReceiver))
    const use = this.visit(useNode)
    return { node, children: [body, use], columns: use.columns, scan: null, isScanFilter: false }
  }

  #onlyChild(node: JsonNode): Walked {
    const [child, ...others] = nodesOf(node, 'children')
    if (child === undefined || others.length > 0) throw new UnreadablePlan(`${node.type} has another shape`)
    return this.visit(child)
  }

  #twoChildren(node: JsonNode): readonly [JsonNode, JsonNode] {
    const [left, right, ...others] = nodesOf(node, 'children')
    if (left === undefined || right === undefined || others.length > 0) {
      throw new UnreadablePlan(`${node.type} has another shape`)
    }
    return [left, right]
  }
}

function leaf(node: JsonNode, columns: readonly PlanColumn[]): Walked {
  return { node, children: [], columns, scan: null, isScanFilter: false }
}

function withoutReceiver(column: PlanColumn): PlanColumn {
  return column.receiver === null ? column : { ...column, receiver: null }
}

function pick(columns: readonly PlanColumn[], indexes: readonly number[]): PlanColumn[] {
  return indexes.map((index) => {
    const column = columns[index]
    if (column === undefined) throw new UnreadablePlan('a map points beyond the columns')
    return column
  })
}

function repeat(count: number): PlanColumn[] {
  return Array.from({ length: count }, () => derived)
}

function unknownColumns(node: JsonNode): PlanColumn[] {
  return repeat(nodesOf(node, 'chunk_types').length)
}

/** What a join yields: which sides' columns, and into which side a condition above it may still go. */
function joined(node: JsonNode, type: string, left: Walked, right: Walked): Walked {
  const leftMap = integersOf(node, 'left_projection_map')
  const rightMap = integersOf(node, 'right_projection_map')
  const lefts = leftMap.length === 0 ? left.columns : pick(left.columns, leftMap)
  const rights = rightMap.length === 0 ? right.columns : pick(right.columns, rightMap)
  const keepsLeft = ['INNER', 'LEFT', 'SEMI', 'ANTI', 'MARK', 'SINGLE'].includes(type)
  const keepsRight = ['INNER', 'RIGHT', 'RIGHT_SEMI', 'RIGHT_ANTI'].includes(type)
  const leftOut = keepsLeft ? lefts : lefts.map(withoutReceiver)
  const rightOut = keepsRight ? rights : rights.map(withoutReceiver)
  const columns =
    type === 'SEMI' || type === 'ANTI'
      ? leftOut
      : type === 'RIGHT_SEMI' || type === 'RIGHT_ANTI'
        ? rightOut
        : type === 'MARK'
          ? [...leftOut, derived]
          : [...leftOut, ...rightOut]
  return { node, children: [left, right], columns, scan: null, isScanFilter: false }
}

function addTerms(scan: ScanOccurrence, predicate: Predicate): void {
  if (predicate.kind === 'and') for (const term of predicate.terms) addTerms(scan, term)
  else scan.where.push(predicate)
}

function conjuncts(expression: JsonNode): readonly JsonNode[] {
  return expression.type === 'CONJUNCTION_AND'
    ? nodesOf(expression, 'children').flatMap(conjuncts)
    : [expression]
}

function markUsed(column: PlanColumn): void {
  for (const { scan, column: used } of column.uses) {
    scan.used.add(used)
    scan.usedAbove.add(used)
  }
}

function markReferenced(expressions: unknown, columns: readonly PlanColumn[]): void {
  const references = expressionReferences(expressions)
  if (references === null) for (const column of columns) markUsed(column)
  else for (const reference of references) markUsed(columnAt(columns, reference))
}

function countCteReferences(plan: JsonNode, counts = new Map<number, number>()): Map<number, number> {
  if (plan.type === 'LOGICAL_CTE_REF') {
    const index = integerOf(plan, 'cte_index') ?? -1
    counts.set(index, (counts.get(index) ?? 0) + 1)
  }
  for (const child of nodesOf(plan, 'children')) countCteReferences(child, counts)
  return counts
}
