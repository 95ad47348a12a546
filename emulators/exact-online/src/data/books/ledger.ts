import { type Property, targets } from '../entity-set.ts'
import { linesOf } from '../line-numbering.ts'
import { lineRowsOf } from '../line-rows.ts'
import type { Value } from '../named-values.ts'
import type { WrittenRow } from '../written-rows.ts'
import { type Books, type BookValue, readValue } from './book-value.ts'
import { bookingOf, bookings, LedgerLayout, type LedgerPlace, type Role } from './bookings.ts'
import { accountFor, type Purpose } from './chart-of-accounts.ts'
import { journalName } from './journals.ts'
import { vatCode } from './vat-codes.ts'

export const ledgerPath = 'financialtransaction/transactionlines'

const layouts = new WeakMap<Books, LedgerLayout>()

export function layoutOf(books: Books): LedgerLayout {
  const layout = layouts.get(books) ?? new LedgerLayout(books.rows)
  layouts.set(books, layout)
  return layout
}

/** How a row that a client's document brought into the ledger says what it is. Nobody sees these names. */
const written = { kind: '#kind', entry: '#entry', role: '#role', line: '#line', number: '#number' }

/** The values by which an added row of the ledger is known. */
export const placeValues = ({ booking, entry, role, line, lineNumber }: LedgerPlace) =>
  new Map<string, Value>([
    [written.kind, booking.kind],
    [written.entry, entry],
    [written.role, role],
    [written.line, line],
    [written.number, lineNumber],
  ])

function writtenPlace({ values }: WrittenRow): LedgerPlace {
  const booking = bookings.find(({ kind }) => kind === values.get(written.kind)) ?? bookingOf('journal')
  return {
    booking,
    entry: Number(values.get(written.entry)),
    role: values.get(written.role) as Role,
    line: Number(values.get(written.line)),
    lineNumber: Number(values.get(written.number)),
  }
}

/** What a row of the ledger is of which document. */
export function ledgerPlace(books: Books, division: number, index: number): LedgerPlace {
  const layout = layoutOf(books)
  if (index < layout.rows) return layout.placeOf(index)
  const row = books.set(ledgerPath).written.rowOf(division, index)
  if (!row) throw new RangeError(`no row ${index} in the ledger`)
  return writtenPlace(row)
}

const negative = (value: Value) => (value === null ? null : 0 - Number(value))

/** Every line of the ledger is of a document: what it says, that document says. */
export function ledgerValue(path: string, name: string, books: Books): BookValue | null {
  if (path !== ledgerPath) return null
  const derive = (of: (place: LedgerPlace, division: number) => Value): BookValue => ({
    isDerived: true,
    value: (division, index) => of(ledgerPlace(books, division, index), division),
  })
  const header = (property: string) => (place: LedgerPlace, division: number) =>
    readValue(books, place.booking.header, property, division, place.entry)
  const line = (property: string) => (place: LedgerPlace, division: number) =>
    place.role === 'line' ? readValue(books, place.booking.lines, property, division, place.line) : null
  const of = (kinds: readonly string[], read: (place: LedgerPlace, division: number) => Value) =>
    derive((place, division) => (kinds.includes(place.booking.kind) ? read(place, division) : null))
  const invoices = ['sales', 'purchases']
  const dateOf = (place: LedgerPlace, division: number) =>
    invoices.includes(place.booking.kind)
      ? header('EntryDate')(place, division)
      : readValue(books, place.booking.lines, 'Date', division, place.line)
  const journalOf = (place: LedgerPlace, division: number) =>
    header(invoices.includes(place.booking.kind) ? 'Journal' : 'JournalCode')(place, division)
  const signed = (place: LedgerPlace, value: Value) => (place.booking.sign === 1 ? value : negative(value))

  switch (name) {
    case 'EntryID':
      return {
        ...derive(
          ({ booking, entry }, division) => books.set(booking.header).keys[0]?.value(division, entry) ?? null,
        ),
        rowsWith(division, value) {
          for (const { kind, header: documents } of bookings) {
            const found = books.set(documents).keys[0]?.rowsWith?.(division, value)
            if (found?.count !== 1) continue
            // Added documents have added rows, which are looked at in any case.
            if (found.first >= books.rows(documents)) break
            return { ...layoutOf(books).linesOf(kind, found.first), step: 1 }
          }
          return { first: 0, step: 1, count: 0 }
        },
      }
    case 'EntryNumber':
    case 'Currency':
    case 'Status':
      return derive(header(name))
    case 'LineNumber':
      return derive(({ lineNumber }) => lineNumber)
    case 'Type':
      return derive(({ booking }) => booking.type)
    case 'LineType':
      return derive(() => 0)
    case 'ExchangeRate':
      return derive(() => 1)
    case 'Date':
      return derive(dateOf)
    case 'FinancialYear':
      return derive((place, division) => new Date(Number(dateOf(place, division))).getUTCFullYear())
    case 'FinancialPeriod':
      return derive((place, division) => new Date(Number(dateOf(place, division))).getUTCMonth() + 1)
    case 'JournalCode':
      return derive(journalOf)
    case 'JournalDescription':
      return derive((place, division) => journalName(String(journalOf(place, division))))
    case 'Description':
      return derive(
        (place, division) =>
          line('Description')(place, division) ??
          header('Description')(place, division) ??
          journalName(place.booking.journal),
      )
    case 'YourRef':
    case 'PaymentReference':
      return of(invoices, header(name))
    case 'InvoiceNumber':
      return derive((place, division) =>
        place.booking.kind === 'bank' ? line('OurRef')(place, division) : header(name)(place, division),
      )
    case 'OrderNumber':
      return of(['sales'], header(name))
    case 'DueDate':
      return of(invoices, (place, division) =>
        place.role === 'total' ? header(name)(place, division) : null,
      )
    case 'AmountDC':
    case 'AmountFC':
      return derive((place, division) => amountOf(name, place, division, books))
    case 'AmountVATFC':
      return of(invoices, (place, division) => signed(place, line('VATAmountFC')(place, division)))
    case 'AmountVATBaseFC':
      return of(invoices, (place, division) => signed(place, line('VATBaseAmountFC')(place, division)))
    case 'VATCode':
    case 'VATCodeDescription':
    case 'VATPercentage':
      return of(invoices, line(name))
    case 'VATType':
      return of(invoices, (place, division) => {
        const code = Number(line('VATCode')(place, division) ?? 0)
        return code > 0 ? vatCode(books.isBelgian(division), code - 1)[2] : null
      })
    case 'CostCenter':
    case 'CostUnit':
    case 'CostCenterDescription':
    case 'CostUnitDescription':
    case 'Notes':
    case 'Quantity':
      return derive(line(name))
    case 'Asset':
    case 'Subscription':
    case 'ShopOrder':
    case 'ProjectWBS':
    case 'OffsetID':
      return derive(() => null)
  }
  return referenceOf(name, books)
}

/** What a line of the ledger is in its company's money: debit is positive. */
function amountOf(name: 'AmountDC' | 'AmountFC', place: LedgerPlace, division: number, books: Books): number {
  const { booking, entry, role, line } = place
  const amount = (property: string, row: number) =>
    Number(readValue(books, booking.lines, property, division, row) ?? 0)
  const of = (property: string, row: number) => {
    const value = amount(property, row)
    return booking.sign === 1 ? value : 0 - value
  }
  if (role === 'line') return of(name, line)
  if (role === 'vat') return of(`VAT${name}`, line)
  let cents = 0
  for (const row of lineRowsOf(
    books.set(booking.header),
    books.set(booking.lines),
    division,
    entry,
    linesOf,
  )) {
    cents -= Math.round(of(name, row) * 100)
    if (booking.hasVat) cents -= Math.round(of(`VAT${name}`, row) * 100)
  }
  return cents / 100
}

/** The rows that a line of the ledger refers to: those that its document refers to, and the accounts of the whole and of VAT. */
function referenceOf(name: string, books: Books): BookValue | null {
  const refer = (
    path: string,
    rowOf: (place: LedgerPlace, division: number) => number | null,
  ): BookValue => ({
    isDerived: true,
    to: { path, rowOf: (division, index) => rowOf(ledgerPlace(books, division, index), division) },
  })
  const followed = (path: string, property: string, division: number, row: number) => {
    const found: Property | undefined = books.set(path).properties.get(property)
    return (found && targets.get(found)?.rowOf(division, row)) ?? null
  }
  switch (name) {
    case 'GLAccount':
      return refer('financial/glaccounts', (place, division) => {
        if (place.role === 'line') return followed(place.booking.lines, name, division, place.line)
        return accountFor(purposeOf(place, division, books), books.isBelgian(division))
      })
    case 'Account':
      return refer('crm/accounts', ({ booking, entry, role, line }, division) => {
        if (booking.kind === 'sales') return followed(booking.header, 'Customer', division, entry)
        if (booking.kind === 'purchases') return followed(booking.header, 'Supplier', division, entry)
        return role === 'line' ? followed(booking.lines, name, division, line) : null
      })
    case 'Document':
      return refer('documents/documents', ({ booking, entry, role, line }, division) => {
        if (booking.kind === 'sales' || booking.kind === 'purchases')
          return followed(booking.header, name, division, entry)
        return role === 'line' ? followed(booking.lines, name, division, line) : null
      })
    case 'Project':
      return refer('project/projects', ({ booking, role, line }, division) =>
        role === 'line' ? followed(booking.lines, name, division, line) : null,
      )
    case 'Item':
      return refer('logistics/items', ({ booking, role, line }, division) => {
        const invoiced = 'salesinvoice/salesinvoicelines'
        return booking.kind === 'sales' && role === 'line' && line < books.rows(invoiced)
          ? followed(invoiced, name, division, line)
          : null
      })
    default:
      return null
  }
}

/** What the account of the whole, or of a line's VAT, is for. */
function purposeOf({ booking, role, line }: LedgerPlace, division: number, books: Books): Purpose {
  switch (booking.kind) {
    case 'bank':
      return 'bank'
    case 'cash':
      return 'cash'
    case 'purchases':
      return role === 'total' ? 'payables' : 'vatPaid'
    case 'sales':
    case 'journal': {
      if (role === 'total') return 'receivables'
      const percentage = Number(readValue(books, booking.lines, 'VATPercentage', division, line) ?? 0)
      return percentage >= 0.2 ? 'vatHighDue' : 'vatLowDue'
    }
  }
}
