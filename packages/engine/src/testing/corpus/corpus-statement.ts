import type { Predicate, SqlValue } from '../../catalog/predicate.ts'
import type { Scan } from '../../catalog/scan.ts'

/** A statement of the corpus with what it must ask of the platform. */
export interface CorpusStatement {
  /** Says what is special about it; unique. */
  readonly name: string
  readonly sql: string
  readonly parameters?: readonly unknown[]
  /** One line for each reference to a table, as `describeScan` writes it, for the made-up values. */
  readonly scans: readonly string[]
  /**
   * How two right answers compare: `rows` the same rows, in any order (the default), `count` as many rows, where the
   * statement leaves open which.
   */
  readonly compare?: 'rows' | 'count'
  /** The plan alone says how many calls there will be: `explain` tells the same number as `min` and as `max`. */
  readonly isCostFixed?: true
}

/** Values of a data set that the statements name, so that they find rows in it. */
export interface CorpusValues {
  readonly division: number
  readonly otherDivision: number
  /** At least 1,000 values of `crm.Accounts.ID`; made-up ones among them do no harm. */
  readonly accountIds: readonly string[]
  /** At least two values of `salesinvoice.SalesInvoices.InvoiceID`. */
  readonly invoiceIds: readonly string[]
  /** The lowest of the invoice numbers. */
  readonly firstInvoiceNumber: number
}

/** Values of the right shape that fit no data set in particular, for planning. */
export const madeUpValues: CorpusValues = {
  division: 2198801,
  otherDivision: 2198814,
  accountIds: Array.from(
    { length: 1000 },
    (_, i) => `a0000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
  ),
  invoiceIds: ['b0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000002'],
  firstInvoiceNumber: 20000001,
}

/**
 * A scan on one line: `crm.Accounts(ID, Name) where Status = 'C' and ID in <7 values> keys ID from 1.InvoiceTo limit 5
 * by Created desc nulls last`; `count` in the place of the columns when only rows are counted.
 */
export function describeScan(scan: Scan): string {
  const { table, columns } = scan
  const all = columns.length === table.columns.length
  const list = all ? '*' : columns.join(', ')
  const parts = [
    `${table.schema}.${table.name}(${scan.isCountOnly ? ['count', list].filter(Boolean).join(': ') : list})`,
  ]
  if (scan.where.length > 0) parts.push(`where ${scan.where.map(describePredicate).sort().join(' and ')}`)
  const keys = scan.keysFrom.map(
    ({ column, fromScan, fromColumn, isWithinPartition }) =>
      `${column}${isWithinPartition ? ` within ${table.partitionColumn}` : ''} from ${fromScan}.${fromColumn}`,
  )
  if (keys.length > 0) parts.push(`keys ${keys.sort().join(', ')}`)
  if (scan.limit !== null) parts.push(`limit ${scan.limit}`)
  const order = scan.orderBy.map(
    ({ column, isDescending, areNullsFirst }) =>
      `${column}${isDescending ? ' desc' : ''} nulls ${areNullsFirst ? 'first' : 'last'}`,
  )
  if (order.length > 0) parts.push(`by ${order.join(', ')}`)
  return parts.join(' ')
}

function describePredicate(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'compare':
      return `${predicate.column} ${predicate.op} ${describeValue(predicate.value)}`
    case 'in':
      return predicate.values.length > 4
        ? `${predicate.column} in <${predicate.values.length} values>`
        : `${predicate.column} in (${predicate.values.map(describeValue).join(', ')})`
    case 'is-null':
      return `${predicate.column} is null`
    case 'is-not-null':
      return `${predicate.column} is not null`
    case 'starts-with':
    case 'ends-with':
    case 'contains':
      return `${predicate.column} ${predicate.kind} '${predicate.text}'`
    case 'and':
    case 'or':
      return `(${predicate.terms.map(describePredicate).join(` ${predicate.kind} `)})`
    case 'not':
      return `not ${describePredicate(predicate.term)}`
    case 'opaque':
      return `<${predicate.text}>`
    default:
      return predicate satisfies never
  }
}

function describeValue({ type, value }: SqlValue): string {
  if (type === 'TIMESTAMP' && typeof value === 'bigint') {
    return new Date(Number(value / 1000n)).toISOString().replace('T00:00:00.000Z', '').replace('.000Z', '')
  }
  return type === 'VARCHAR' ? `'${value}'` : String(value)
}
