import type { Value } from './named-values.ts'
import { hashRow } from './seeded-hash.ts'

/** Ledger accounts by what they are: type, balance sheet or profit and loss, debit or credit. */
const ledgerTypes = [
  [10, 'B', 'D'],
  [12, 'B', 'D'],
  [20, 'B', 'D'],
  [22, 'B', 'C'],
  [24, 'B', 'C'],
  [30, 'B', 'D'],
  [40, 'B', 'D'],
  [50, 'B', 'C'],
  [90, 'B', 'D'],
  [110, 'W', 'C'],
  [110, 'W', 'C'],
  [111, 'W', 'D'],
  [120, 'W', 'D'],
  [121, 'W', 'D'],
  [125, 'W', 'D'],
  [130, 'W', 'D'],
] as const

/** 20 open, 30 selected, 40 processed, 50 matched. */
const cashStatus: readonly Value[] = [20, 20, 30, 40, 50, 50]

const lists: Readonly<Record<string, readonly Value[]>> = {
  'cashflow/receivables.Status': cashStatus,
  'cashflow/payments.Status': cashStatus,
  'vat/vatcodes.Type': ['B', 'E', 'I', 'N'],
  'financial/glaccounts.Type': ledgerTypes.map(([type]) => type),
  'financial/glaccounts.BalanceType': ledgerTypes.map(([, balance]) => balance),
  'financial/glaccounts.BalanceSide': ledgerTypes.map(([, , side]) => side),
}

/**
 * The value of a property that has few values with a meaning, by `service/entity.Property`; null for all others. The
 * lists of one entity go together: which member a row has depends on the row alone.
 * @see the entities' pages in https://start.exactonline.nl/docs/HlpRestAPIResources.aspx (read November 2026)
 */
export function enumerated(
  path: string,
  name: string,
  saltOf: (division: number) => number,
): ((division: number, index: number) => Value) | null {
  const list = lists[`${path}.${name}`]
  if (list === undefined) return null
  return (division, index) => list[hashRow(saltOf(division), index) % list.length] ?? null
}

/** What is owed always falls due some time after its invoice. */
export const withDueDate = /^(cashflow\/(receivables|payments)|read\/financial\/(receivables|payables)list)$/

const day = 86_400_000

/** The day on which an invoice of a date must be paid. */
export function dueDate(invoiceDate: Value, salt: number, index: number): Value {
  if (typeof invoiceDate !== 'number') return null
  return invoiceDate + ([14, 30, 30, 60][hashRow(salt, index) % 4] ?? 30) * day
}
