import type { Chain } from './document-chain.ts'

// Of ten sales entries seven are paid, of twenty purchase entries thirteen: which ones is arithmetic in the order of time,
// so that the open items are exactly the entries without a payment, and every payment leads to its entry.

const shares: Readonly<Record<Chain, { readonly paid: number; readonly of: number }>> = {
  sales: { paid: 7, of: 10 },
  purchases: { paid: 13, of: 20 },
}

export function isPaid(chain: Chain, rank: number): boolean {
  const { paid, of } = shares[chain]
  return rank % of < paid
}

/** The n-th entry in time that is not paid. */
export function openEntry(chain: Chain, index: number): number {
  const { paid, of } = shares[chain]
  const open = of - paid
  return Math.floor(index / open) * of + paid + (index % open)
}

/** The n-th entry in time that is paid. */
function paidEntry(chain: Chain, index: number): number {
  const { paid, of } = shares[chain]
  return Math.floor(index / paid) * of + (index % paid)
}

/** How many of the first `entries` entries are not paid. */
export function countOpen(chain: Chain, entries: number): number {
  const { paid, of } = shares[chain]
  return Math.floor(entries / of) * (of - paid) + Math.max(0, (entries % of) - paid)
}

/**
 * What thirty-six lines of bank statements are, one after the other: customers and suppliers who pay and are paid at the
 * pace at which deals are made, and every fourth line something of the bank's own.
 */
const turns: readonly (Chain | null)[] = turnsOf(36, { sales: 16, purchases: 11 })

function turnsOf(lines: number, shareOf: Readonly<Record<Chain, number>>): readonly (Chain | null)[] {
  const done = { sales: 0, purchases: 0 }
  return Array.from({ length: lines }, (_, at) => {
    if (at % 4 === 3) return null
    const chain = done.sales * shareOf.purchases <= done.purchases * shareOf.sales ? 'sales' : 'purchases'
    done[chain]++
    return chain
  })
}
const placesOf = (chain: Chain) => turns.flatMap((turn, at) => (turn === chain ? [at] : []))
const places = { sales: placesOf('sales'), purchases: placesOf('purchases') }

/** Which entry in time a line of a bank statement settles; null: something else. */
export function settledBy(
  line: number,
  entries: Readonly<Record<Chain, number>>,
): { readonly chain: Chain; readonly rank: number } | null {
  const at = line % turns.length
  const chain = turns[at] ?? null
  if (chain === null) return null
  const nth = Math.floor(line / turns.length) * places[chain].length + places[chain].indexOf(at)
  const rank = paidEntry(chain, nth)
  return rank < entries[chain] ? { chain, rank } : null
}

/** The line of the bank statements that settles an entry; null while it is open. */
export function lineSettling(chain: Chain, rank: number): number | null {
  if (!isPaid(chain, rank)) return null
  const { paid, of } = shares[chain]
  const nth = Math.floor(rank / of) * paid + (rank % of)
  const own = places[chain]
  return Math.floor(nth / own.length) * turns.length + (own[nth % own.length] ?? 0)
}

/** How many lines of bank statements it takes to settle all that is paid of so many entries. */
export function linesToSettle(entries: Readonly<Record<Chain, number>>): number {
  const lines = (['sales', 'purchases'] as const).map((chain) => {
    const last = entries[chain] - countOpen(chain, entries[chain]) - 1
    return last < 0 ? 0 : (lineSettling(chain, paidEntry(chain, last)) ?? 0) + 1
  })
  return Math.max(...lines)
}

/** The reports of open items, whose length follows from the entries. */
export const openLists: Readonly<Record<string, { readonly chain: Chain; readonly entries: string }>> = {
  'read/financial/receivableslist': { chain: 'sales', entries: 'salesentry/salesentries' },
  'read/financial/payableslist': { chain: 'purchases', entries: 'purchaseentry/purchaseentries' },
}
