import { balancedLines, documentLines, headerOf, type LinePattern, linesOf } from '../line-numbering.ts'

export type BookingKind = 'sales' | 'purchases' | 'bank' | 'cash' | 'journal'

/** Documents that stand in the ledger: which they are, how they are numbered, and what each becomes there. */
export interface Booking {
  readonly kind: BookingKind
  readonly header: string
  readonly lines: string
  readonly pattern: LinePattern
  readonly journal: string
  readonly firstNumber: number
  /** The type of its lines in the ledger. */
  readonly type: number
  /** What an amount of a document's line is in the ledger: 1 debit, -1 credit. */
  readonly sign: 1 | -1
  /** A line of the ledger for the VAT of each line. */
  readonly hasVat: boolean
  /** A line of the ledger for the whole: receivable, payable, bank or cash. */
  readonly hasTotal: boolean
}

/** In the order in which the ledger has them. */
export const bookings: readonly Booking[] = [
  {
    kind: 'sales',
    header: 'salesentry/salesentries',
    lines: 'salesentry/salesentrylines',
    pattern: documentLines,
    journal: '70',
    firstNumber: 20_000_001,
    type: 20,
    sign: -1,
    hasVat: true,
    hasTotal: true,
  },
  {
    kind: 'purchases',
    header: 'purchaseentry/purchaseentries',
    lines: 'purchaseentry/purchaseentrylines',
    pattern: documentLines,
    journal: '60',
    firstNumber: 30_000_001,
    type: 30,
    sign: 1,
    hasVat: true,
    hasTotal: true,
  },
  {
    kind: 'bank',
    header: 'financialtransaction/bankentries',
    lines: 'financialtransaction/bankentrylines',
    pattern: documentLines,
    journal: '20',
    firstNumber: 40_000_001,
    type: 40,
    sign: -1,
    hasVat: false,
    hasTotal: true,
  },
  {
    kind: 'cash',
    header: 'financialtransaction/cashentries',
    lines: 'financialtransaction/cashentrylines',
    pattern: documentLines,
    journal: '10',
    firstNumber: 50_000_001,
    type: 10,
    sign: -1,
    hasVat: false,
    hasTotal: true,
  },
  {
    kind: 'journal',
    header: 'generaljournalentry/generaljournalentries',
    lines: 'generaljournalentry/generaljournalentrylines',
    pattern: balancedLines,
    journal: '90',
    firstNumber: 60_000_001,
    type: 90,
    sign: 1,
    hasVat: false,
    hasTotal: false,
  },
]

/** The entries of what was sold and bought. */
export const entriesOf = {
  sales: 'salesentry/salesentries',
  purchases: 'purchaseentry/purchaseentries',
} as const

export const bookingOf = (kind: BookingKind): Booking =>
  bookings.find((booking) => booking.kind === kind) as Booking

/** What a line of the ledger is of its entry: a line of the document, the whole, or the VAT of a line. */
export type Role = 'line' | 'total' | 'vat'

/** A line of the ledger. */
export interface LedgerPlace {
  readonly booking: Booking
  /** Row of the document. */
  readonly entry: number
  readonly role: Role
  /** Row of the document's line; of the whole, its first. */
  readonly line: number
  readonly lineNumber: number
}

const perLine = ({ hasVat }: Booking) => (hasVat ? 2 : 1)
const perEntry = ({ hasTotal }: Booking) => (hasTotal ? 1 : 0)

/** How many lines of the ledger a document with so many lines has. */
const ledgerLines = (booking: Booking, lines: number) => perLine(booking) * lines + perEntry(booking)

/** The lines of the ledger of the first `headers` documents of a kind. */
function linesOfFirst(booking: Booking, headers: number): number {
  return perLine(booking) * linesOf(headers, booking.pattern).first + perEntry(booking) * headers
}

/** Which line of the ledger is what: arithmetic from the number of documents of each kind. */
export class LedgerLayout {
  readonly rows: number
  readonly #segments: readonly { readonly booking: Booking; readonly first: number }[]

  constructor(rowsOf: (path: string) => number) {
    let first = 0
    this.#segments = bookings.map((booking) => {
      const segment = { booking, first }
      first += linesOfFirst(booking, rowsOf(booking.header))
      return segment
    })
    this.rows = first
  }

  /** The lines of a document, one after the other. */
  linesOf(kind: BookingKind, entry: number): { readonly first: number; readonly count: number } {
    const found = this.#segments.find(({ booking }) => booking.kind === kind)
    const booking = bookingOf(kind)
    const { count } = linesOf(entry, booking.pattern)
    return {
      first: (found?.first ?? 0) + linesOfFirst(booking, entry),
      count: ledgerLines(booking, count),
    }
  }

  placeOf(row: number): LedgerPlace {
    let at = this.#segments.length - 1
    while (at > 0 && (this.#segments[at]?.first ?? 0) > row) at--
    const { booking, first } = this.#segments[at] as { booking: Booking; first: number }
    // Five documents have always as many lines.
    const perFive = linesOfFirst(booking, 5)
    let entry = Math.floor((row - first) / perFive) * 5 + 4
    while (linesOfFirst(booking, entry) > row - first) entry--
    const place = row - first - linesOfFirst(booking, entry)
    const { first: firstLine, count } = linesOf(entry, booking.pattern)
    const lineNumber = place + 1
    if (place < count) return { booking, entry, role: 'line', line: firstLine + place, lineNumber }
    if (booking.hasTotal && place === count)
      return { booking, entry, role: 'total', line: firstLine, lineNumber }
    return { booking, entry, role: 'vat', line: firstLine + place - count - 1, lineNumber }
  }
}

/** The document of a line of it. */
export const documentOf = (booking: Booking, line: number) => headerOf(line, booking.pattern).header
