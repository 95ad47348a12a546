import type { Chain } from './document-chain.ts'

// Of ten sales entries seven are paid, of twenty purchase entries thirteen: which ones is arithmetic, so that the open
// items are exactly the entries without a payment, and every payment leads to its entry.

const shares: Readonly<Record<Chain, { readonly paid: number; readonly of: number }>> = {
  sales: { paid: 7, of: 10 },
  purchases: { paid: 13, of: 20 },
}

export function isPaid(chain: Chain, entry: number): boolean {
  const { paid, of } = shares[chain]
  return entry % of < paid
}

/** The n-th entry that is not paid. */
export function openEntry(chain: Chain, index: number): number {
  const { paid, of } = shares[chain]
  const open = of - paid
  return Math.floor(index / open) * of + paid + (index % open)
}

/** The n-th entry that is paid. */
export function paidEntry(chain: Chain, index: number): number {
  const { paid, of } = shares[chain]
  return Math.floor(index / paid) * of + (index % paid)
}

/** How many of the first `entries` entries are not paid. */
export function countOpen(chain: Chain, entries: number): number {
  const { paid, of } = shares[chain]
  return Math.floor(entries / of) * (of - paid) + Math.max(0, (entries % of) - paid)
}

/** The entry that a line of a bank statement settles: customers' and suppliers' take turns; null: something else. */
export function settledBy(
  line: number,
  entries: Readonly<Record<Chain, number>>,
): { readonly chain: Chain; readonly entry: number } | null {
  const chain = line % 2 === 0 ? 'sales' : 'purchases'
  const entry = paidEntry(chain, Math.floor(line / 2))
  return entry < entries[chain] ? { chain, entry } : null
}

/** The reports of open items, whose length follows from the entries. */
export const openLists: Readonly<Record<string, { readonly chain: Chain; readonly entries: string }>> = {
  'read/financial/receivableslist': { chain: 'sales', entries: 'salesentry/salesentries' },
  'read/financial/payableslist': { chain: 'purchases', entries: 'purchaseentry/purchaseentries' },
}
