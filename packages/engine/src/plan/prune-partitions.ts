import type { Comparison, Predicate, SqlValue } from '../catalog/predicate.ts'
import type { Partition, PlatformTable } from '../catalog/table.ts'
import { predicateColumns } from './scan-occurrence.ts'

/** Which partitions a scan has to read, and which of its terms say more than that. */
export interface PrunedPartitions {
  /** Null where the table has no partitions. */
  readonly partitions: readonly Partition[] | null
  /** The terms that the choice of partitions does not settle. */
  readonly rest: readonly Predicate[]
}

/**
 * Leaves out the partitions whose rows a conjunction certainly refuses. Terms on other columns are taken for unknown,
 * so `Division = 1 OR Division = 2 AND Status = 'C'` leaves two.
 */
export function prunePartitions(
  table: PlatformTable,
  where: readonly Predicate[],
  partitions: readonly Partition[] | null,
): PrunedPartitions {
  const column = table.columns.find(({ name }) => name === table.partitionColumn)
  if (column === undefined || partitions === null) return { partitions, rest: where }
  const idOf = (partition: Partition) => partitionValue(partition.id, column.type)
  const left = partitions.filter((partition) => {
    const value = idOf(partition)
    return value === null || where.every((term) => evaluate(term, column.name, value) !== false)
  })
  const isSettled = (term: Predicate) => {
    const columns = predicateColumns(term)
    return (
      columns.size === 1 &&
      columns.has(column.name) &&
      left.every((partition) => {
        const value = idOf(partition)
        return value !== null && evaluate(term, column.name, value) === true
      })
    )
  }
  return { partitions: left, rest: where.filter((term) => !isSettled(term)) }
}

type Known = bigint | string

function partitionValue(id: string, type: unknown): Known | null {
  if (type === 'VARCHAR') return id
  if (type === 'SMALLINT' || type === 'INTEGER' || type === 'BIGINT')
    return /^-?\d+$/.test(id) ? BigInt(id) : null
  return null
}

/** SQL's three values for a row of the partition, null for "cannot tell" as well as for unknown. */
function evaluate(term: Predicate, column: string, value: Known): boolean | null {
  switch (term.kind) {
    case 'and': {
      const results = term.terms.map((inner) => evaluate(inner, column, value))
      return results.includes(false) ? false : results.includes(null) ? null : true
    }
    case 'or': {
      const results = term.terms.map((inner) => evaluate(inner, column, value))
      return results.includes(true) ? true : results.includes(null) ? null : false
    }
    case 'not': {
      const result = evaluate(term.term, column, value)
      return result === null ? null : !result
    }
    case 'compare':
      return term.column === column ? compare(value, term.op, term.value) : null
    case 'in': {
      if (term.column !== column) return null
      const results = term.values.map((item) => compare(value, '=', item))
      return results.includes(true) ? true : results.includes(null) ? null : false
    }
    case 'is-null':
      return term.column === column ? false : null
    case 'is-not-null':
      return term.column === column ? true : null
    case 'starts-with':
    case 'ends-with':
    case 'contains':
    case 'opaque':
      return null
    default:
      return term satisfies never
  }
}

function compare(value: Known, op: Comparison, { value: other }: SqlValue): boolean | null {
  const right = typeof other === 'number' && Number.isInteger(other) ? BigInt(other) : other
  if (typeof right !== typeof value || (typeof right !== 'bigint' && typeof right !== 'string')) return null
  // DuckDB orders text by its bytes in UTF-8; JavaScript by UTF-16 units, which differs beyond the first plane.
  const order =
    typeof value === 'string' && typeof right === 'string'
      ? Buffer.compare(Buffer.from(value), Buffer.from(right))
      : value < right
        ? -1
        : value > right
          ? 1
          : 0
  switch (op) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    default:
      return op satisfies never
  }
}
