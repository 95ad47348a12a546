import { entriesOf } from './bookings.ts'
import type { Chain } from './document-chain.ts'

/** The generated rows of an entity. */
interface Rows {
  readonly rows: (path: string) => number
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
const goldenRatio = 0.618_033_988_75

/**
 * In which order deals were made. Quotations are of the first deals by row, orders of more, entries of more again: so
 * that each kind is found in every year, rows stand in an order that steps evenly through time. Deals that are not
 * entered yet are the last ones.
 */
interface Order {
  readonly entries: number
  /** Rows to go on for the next deal in time, and the deals to go on in time for the next row. */
  readonly rowStep: number
  readonly timeStep: number
}

const orders = new Map<number, Order>()

function orderOf(chain: Chain, { rows }: Rows): Order {
  const entries = rows(entriesOf[chain])
  const known = orders.get(entries)
  if (known) return known
  let timeStep = Math.max(1, Math.round(entries * goldenRatio))
  while (divisor(timeStep, entries) !== 1) timeStep++
  const order = { entries, timeStep, rowStep: inverse(timeStep, entries) }
  orders.set(entries, order)
  return order
}

/** The number whose product with `value` is 1 modulo `size` (extended Euclid). */
export function inverse(value: number, size: number): number {
  let [a, b, x, y] = [value % size, size, 1, 0]
  while (b > 0 && a > 0) {
    const times = Math.floor(b / a)
    ;[a, b, x, y] = [b - times * a, a, y - times * x, x]
  }
  return ((y % size) + size) % size
}

/** The how manieth deal in time a row is. */
export function rankOf(chain: Chain, row: number, books: Rows): number {
  const { entries, timeStep } = orderOf(chain, books)
  return row < entries ? (row * timeStep) % entries : row
}

/** The row of the n-th entered deal in time. */
export function rowOfRank(chain: Chain, rank: number, books: Rows): number {
  const { entries, rowStep } = orderOf(chain, books)
  return (rank * rowStep) % entries
}
