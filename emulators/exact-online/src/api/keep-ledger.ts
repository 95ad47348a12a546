import { type Booking, bookings, type LedgerPlace } from '../data/books/bookings.ts'
import { layoutOf, ledgerPath, ledgerPlace, placeValues } from '../data/books/ledger.ts'
import type { EntitySet } from '../data/entity-set.ts'
import { linesOf } from '../data/line-numbering.ts'
import { lineRowsOf } from '../data/line-rows.ts'
import type { Value } from '../data/named-values.ts'
import type { ReadContext } from './read-entities.ts'
import { wallClock } from './wall-clock.ts'

export interface LedgerContext extends ReadContext {
  readonly user: { readonly id: string; readonly fullName: string }
}

/** A document that stands in the ledger. */
export interface BookedDocument {
  readonly booking: Booking
  readonly entry: number
}

/** The document that a row is, or that it is a line of; null for what never comes into the ledger. */
export function bookedDocument(
  set: EntitySet,
  index: number,
  headers: readonly (readonly [EntitySet, number])[],
): BookedDocument | null {
  for (const booking of bookings) {
    if (set.path === booking.header) return { booking, entry: index }
    const header = set.path === booking.lines && headers.find(([{ path }]) => path === booking.header)
    if (header) return { booking, entry: header[1] }
  }
  return null
}

/**
 * Makes the lines of the ledger those of its document after a write to it: new ones are added, changed ones get a new
 * row version, and `bury` takes those away that have no document any more.
 */
export function keepLedger(
  { booking, entry }: BookedDocument,
  context: LedgerContext,
  bury: (ledger: EntitySet, index: number) => void,
): void {
  const { dataset, division, now, user } = context
  const { books } = dataset.making
  const ledger = books.set(ledgerPath)
  const layout = layoutOf(books)
  const header = books.set(booking.header)
  const { first, count } = entry < header.rows ? layout.linesOf(booking.kind, entry) : { first: 0, count: 0 }
  const own = [
    ...Array.from({ length: count }, (_, at) => first + at),
    ...ledger.written
      .touched(division)
      .filter(({ isAdded }) => isAdded)
      .map(({ index }) => index),
  ].filter((index) => {
    if (ledger.written.isDeleted(division, index)) return false
    const place = ledgerPlace(books, division, index)
    return place.booking === booking && place.entry === entry
  })
  const lines = header.written.isDeleted(division, entry)
    ? null
    : lineRowsOf(header, books.set(booking.lines), division, entry, (row) => linesOf(row, booking.pattern))
  const missing = new Map(
    (lines ? placesOf(booking, entry, lines) : []).map((place) => [keyOf(place), place]),
  )
  let lastNumber = 0
  for (const index of own) {
    const place = ledgerPlace(books, division, index)
    lastNumber = Math.max(lastNumber, place.lineNumber)
    if (!missing.delete(keyOf(place))) {
      bury(ledger, index)
      continue
    }
    const before = ledger.written.rowOf(division, index)
    const values = new Map([...(before?.values ?? []), ...stamps('Modif', now, user)])
    dataset.written.put(ledgerPath, division, {
      index,
      isAdded: before?.isAdded ?? false,
      isDeleted: false,
      values,
    })
  }
  for (const place of missing.values()) {
    lastNumber++
    dataset.written.put(ledgerPath, division, {
      index: ledger.rowsIn(division),
      isAdded: true,
      isDeleted: false,
      values: new Map([
        ...placeValues({ ...place, lineNumber: lastNumber }),
        ...stamps('Creat', now, user),
        ...stamps('Modif', now, user),
      ]),
    })
  }
}

const keyOf = ({ role, line }: LedgerPlace) => (role === 'total' ? role : `${role} ${line}`)

/** What a document with these lines is in the ledger. */
function placesOf(booking: Booking, entry: number, lines: readonly number[]): LedgerPlace[] {
  const place = (role: LedgerPlace['role'], line: number): LedgerPlace => ({
    booking,
    entry,
    role,
    line,
    lineNumber: 0,
  })
  return [
    ...lines.map((line) => place('line', line)),
    ...(booking.hasTotal ? [place('total', lines[0] ?? 0)] : []),
    ...(booking.hasVat ? lines.map((line) => place('vat', line)) : []),
  ]
}

function stamps(verb: 'Creat' | 'Modif', now: number, user: LedgerContext['user']): [string, Value][] {
  const [at, by] = verb === 'Creat' ? ['Created', 'Creator'] : ['Modified', 'Modifier']
  return [
    [at, wallClock(now)],
    [by, user.id],
    [`${by}FullName`, user.fullName],
  ]
}
