import type { Predicate } from '../catalog/predicate.ts'
import type { KeyTransfer } from '../catalog/scan.ts'
import type { PlatformTable } from '../catalog/table.ts'
import { columnAt } from './plan-columns.ts'
import { type JsonNode, nodeOf, nodesOf, textOf, typeNameOf } from './plan-json.ts'
import {
  type PlanColumn,
  predicateColumns,
  predicateKey,
  refusesNull,
  renameColumn,
  type ScanColumn,
  type ScanOccurrence,
} from './scan-occurrence.ts'

/**
 * Into which side of a join the distinct keys of the other may go. A side may receive keys when its rows without a
 * partner cannot show in the result: both sides of inner and semi joins, the side that an outer join fills with
 * NULL, the inner side of NOT EXISTS. A FULL join shows all rows; a mark join (IN and NOT IN as a value) tells apart
 * "no partner" and "no partner, but a NULL", which only columns without NULL make the same.
 */
const receivingSides: Readonly<Record<string, { readonly left: boolean; readonly right: boolean }>> = {
  INNER: { left: true, right: true },
  SEMI: { left: true, right: true },
  RIGHT_SEMI: { left: true, right: true },
  LEFT: { left: false, right: true },
  SINGLE: { left: false, right: true },
  ANTI: { left: false, right: true },
  RIGHT: { left: true, right: false },
  RIGHT_ANTI: { left: true, right: false },
  MARK: { left: false, right: true },
}

/** Notes for each equality of a join whose keys may restrict which reading, by the rules above. */
export function transferKeys(
  join: JsonNode,
  left: readonly PlanColumn[],
  right: readonly PlanColumn[],
): void {
  const type = textOf(join, 'join_type')
  const sides = receivingSides[type]
  if (sides === undefined) return
  const edges = nodesOf(join, 'conditions').map((condition) => readEdge(condition, left, right))
  if (
    type === 'MARK' &&
    !edges.every((edge) => edge !== null && cannotBeNull(edge.left) && cannotBeNull(edge.right))
  ) {
    return
  }
  for (const edge of edges) {
    if (edge === null) continue
    if (edge.isNullEqual && !cannotBeNull(edge.left) && !cannotBeNull(edge.right)) continue
    if (sides.right) give(edge.left, edge.right, isHeldToPartition(edges, 'left', edge))
    if (sides.left) give(edge.right, edge.left, isHeldToPartition(edges, 'right', edge))
  }
}

/** Whether the same join also holds the two rows to one partition. */
function isHeldToPartition(
  edges: readonly (Edge | null)[],
  from: 'left' | 'right',
  { [from]: key, [from === 'left' ? 'right' : 'left']: match }: Edge,
): boolean {
  const giver = key.source?.scan
  const receiver = match.receiver?.scan
  if (giver === undefined || receiver === undefined || giver.isSeenTwice) return false
  // The partition itself is no key within it.
  if (match.receiver !== null && isPartition(receiver.table, match.receiver.column.name)) return false
  return edges.some((edge) => {
    const [own, other] = from === 'left' ? [edge?.left, edge?.right] : [edge?.right, edge?.left]
    return (
      own?.source?.scan === giver &&
      isPartition(giver.table, own.source.column.name) &&
      other?.receiver?.scan === receiver &&
      isPartition(receiver.table, other.receiver.column.name)
    )
  })
}

const isPartition = ({ partitionColumn, isPartitionFromUrl }: PlatformTable, column: string) =>
  isPartitionFromUrl && column === partitionColumn

/** Lines are taken to stand in the partition of their header, as where they are read with it. */
const areHeaderAndLines = (header: ScanColumn, lines: ScanColumn) =>
  lines.scan.table.isPartitionFromUrl &&
  header.scan.table.isPartitionFromUrl &&
  (header.scan.table.lines ?? []).some(
    ({ table: { schema, name }, headerKey, lineKey }) =>
      schema === lines.scan.table.schema &&
      name === lines.scan.table.name &&
      headerKey === header.column.name &&
      lineKey === lines.column.name,
  )

interface Edge {
  readonly left: PlanColumn
  readonly right: PlanColumn
  /** `IS NOT DISTINCT FROM`, which also pairs NULL with NULL. */
  readonly isNullEqual: boolean
}

function readEdge(
  condition: JsonNode,
  left: readonly PlanColumn[],
  right: readonly PlanColumn[],
): Edge | null {
  const comparison = textOf(condition, 'comparison')
  if (comparison !== 'COMPARE_EQUAL' && comparison !== 'COMPARE_NOT_DISTINCT_FROM') return null
  const a = nodeOf(condition, 'left')
  const b = nodeOf(condition, 'right')
  // A cast on either side compares other values than the ones that would be sent.
  if (a?.type !== 'BOUND_REF' || b?.type !== 'BOUND_REF') return null
  if (typeNameOf(nodeOf(a, 'return_type')) !== typeNameOf(nodeOf(b, 'return_type'))) return null
  return {
    left: columnAt(left, a),
    right: columnAt(right, b),
    isNullEqual: comparison === 'COMPARE_NOT_DISTINCT_FROM',
  }
}

function cannotBeNull(column: PlanColumn): boolean {
  const place = column.receiver
  if (place === null) return false
  return !place.column.isNullable || place.scan.where.some((term) => refusesNull(term, place.column.name))
}

function give(from: PlanColumn, to: PlanColumn, isHeld: boolean): void {
  const { source } = from
  const { receiver } = to
  if (source === null || receiver === null || source.scan === receiver.scan) return
  const isWithin = isHeld || areHeaderAndLines(source, receiver) || areHeaderAndLines(receiver, source)
  addTransfer(receiver.scan, {
    column: receiver.column.name,
    fromScan: source.scan.scanId,
    fromColumn: source.column.name,
    ...(isWithin ? { isWithinPartition: true } : {}),
  })
}

/** True when it is news. One value is as few keys as there can be: a column held to one receives none. */
function addTransfer(scan: ScanOccurrence, transfer: KeyTransfer): boolean {
  if (isImplied({ kind: 'is-not-null', column: transfer.column }, scan.where)) return false
  const at = scan.keysFrom.findIndex(
    (known) =>
      known.column === transfer.column &&
      known.fromScan === transfer.fromScan &&
      known.fromColumn === transfer.fromColumn,
  )
  if (at < 0) {
    scan.keysFrom.push(transfer)
    return true
  }
  // Both hold, so the narrower one is used.
  if (!transfer.isWithinPartition || scan.keysFrom[at]?.isWithinPartition) return false
  scan.keysFrom[at] = transfer
  return true
}

/** Read twice with different filters, a scan's fetched keys are those of both readings: `isOnce` tells. */
function occurrencesById(
  scans: readonly ScanOccurrence[],
): readonly [ReadonlyMap<number, ScanOccurrence>, (id: number) => boolean] {
  const byId = new Map(scans.map((scan) => [scan.scanId, scan]))
  return [byId, (id) => scans.filter(({ scanId }) => scanId === id).length === 1]
}

/**
 * Adds the transfers that follow from two others: what only matches keys that themselves only match keys of a third
 * scan only matches keys of that. DuckDB writes `a = b AND b = c` with either pair of conditions.
 */
export function closeTransfers(scans: readonly ScanOccurrence[]): void {
  const [byId, isOnce] = occurrencesById(scans)
  let isChanged = true
  while (isChanged) {
    isChanged = false
    for (const scan of scans) {
      for (const { column, fromScan, fromColumn, isWithinPartition } of [...scan.keysFrom]) {
        const source = byId.get(fromScan)
        if (source === undefined || !isOnce(fromScan)) continue
        for (const next of source.keysFrom) {
          if (next.column !== fromColumn || next.fromScan === scan.scanId) continue
          const isWithin = isWithinPartition === true && next.isWithinPartition === true
          const { fromScan, fromColumn: first } = next
          const transfer = { column, fromScan, fromColumn: first }
          if (addTransfer(scan, isWithin ? { ...transfer, isWithinPartition: true } : transfer))
            isChanged = true
        }
      }
    }
  }
}

/**
 * Copies predicates along the edges on which keys may travel: what holds for every key holds for every row that can
 * match one. DuckDB does this for equalities and ranges over inner joins; IN lists, ORs and semi joins it leaves.
 */
export function carryPredicates(scans: readonly ScanOccurrence[]): void {
  const [byId, isOnce] = occurrencesById(scans)
  const known = new Map(scans.map((scan) => [scan, new Set(scan.where.map(predicateKey))]))
  let isChanged = true
  while (isChanged) {
    isChanged = false
    for (const scan of scans) {
      for (const { column, fromScan, fromColumn } of scan.keysFrom) {
        const source = byId.get(fromScan)
        if (source === undefined || !isOnce(fromScan)) continue
        for (const term of source.where.filter((candidate) => isAboutKeys(candidate, fromColumn))) {
          const carried = renameColumn(term, column)
          const key = predicateKey(carried)
          const keys = known.get(scan)
          if (keys === undefined || keys.has(key) || isImplied(carried, scan.where)) continue
          keys.add(key)
          scan.where.push(carried)
          isChanged = true
        }
      }
    }
  }
}

function isAboutKeys(term: Predicate, column: string): boolean {
  if (term.kind === 'opaque' || term.kind === 'is-null' || term.kind === 'is-not-null') return false
  const columns = predicateColumns(term)
  return columns.size === 1 && columns.has(column) && !hasOpaque(term)
}

function hasOpaque(term: Predicate): boolean {
  switch (term.kind) {
    case 'opaque':
      return true
    case 'and':
    case 'or':
      return term.terms.some(hasOpaque)
    case 'not':
      return hasOpaque(term.term)
    default:
      return false
  }
}

/** An equality says all there is to say of a column: what else holds for it needs no sending. */
function isImplied(term: Predicate, where: readonly Predicate[]): boolean {
  const [column] = predicateColumns(term)
  return where.some((known) => known.kind === 'compare' && known.op === '=' && known.column === column)
}
