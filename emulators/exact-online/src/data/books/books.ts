import type { Property } from '../entity-set.ts'
import { headerOf } from '../line-numbering.ts'
import type { Value } from '../named-values.ts'
import { type Books, type BookValue, readValue } from './book-value.ts'
import { bookings, entriesOf } from './bookings.ts'
import { ledgerAccount } from './chart-of-accounts.ts'
import { rowOfRank } from './deal-order.ts'
import { dealValue } from './deals.ts'
import { journalValue } from './journal-entries.ts'
import { journalAt, journalName } from './journals.ts'
import { ledgerValue } from './ledger.ts'
import { openEntry } from './open-items.ts'
import { partnerOf, statementValue } from './statements.ts'
import { stockValue } from './stock.ts'
import { vatCode } from './vat-codes.ts'

/** What the books say of a property of a row; null where they say nothing. */
export function bookValue(path: string, name: string, books: Books): BookValue | null {
  const setUp = setUpValue(path, name, books)
  if (setUp) return { value: setUp }
  return (
    ledgerValue(path, name, books) ??
    openItem(path, name, books) ??
    entryValue(path, name) ??
    statementValue('bank', path, name, books) ??
    statementValue('cash', path, name, books) ??
    journalValue(path, name, books) ??
    stockValue(path, name, books) ??
    dealValue(path, name, books)
  )
}

/** Number and journal of entries that come of no deal, and that there is no VAT in them. */
function entryValue(path: string, name: string): BookValue | null {
  const booking = bookings.find(({ header, lines }) => header === path || lines === path)
  if (!booking || booking.hasVat) return null
  if (path === booking.header) {
    if (name === 'EntryNumber') return { value: (_, index) => booking.firstNumber + index }
    if (name === 'JournalCode') return { value: () => booking.journal }
    return name === 'JournalDescription' ? { value: () => journalName(booking.journal) } : null
  }
  if (/^(AmountVAT|VATBaseAmount)[DF]C$/.test(name)) return { value: () => 0 }
  return /^VAT(Code|CodeDescription|Percentage|Type)$/.test(name) ? { value: () => null } : null
}

/** Chart of accounts, VAT codes and journals, by the company's country. */
function setUpValue(path: string, name: string, { isBelgian }: Books): Property['value'] | null {
  if (path === 'financial/glaccounts') {
    const member = ['Code', 'Description', 'Type', 'BalanceType', 'BalanceSide'].indexOf(name)
    return member < 0 ? null : (division, index) => ledgerAccount(isBelgian(division), index)[member] as Value
  }
  if (path === 'financial/journals') {
    const member = ['Code', 'Description', 'Type'].indexOf(name)
    return member < 0 ? null : (_, index) => journalAt(index)[member] as Value
  }
  if (path === 'vat/vatcodes') {
    const member = ['Description', 'Percentage', 'Type'].indexOf(name)
    return member < 0 ? null : (division, index) => vatCode(isBelgian(division), index)[member] as Value
  }
  if (path === 'vat/vatpercentages' && name === 'Percentage')
    return (division, index) => vatCode(isBelgian(division), headerOf(index).header)[1]
  return null
}

/** A row that says what another row says, under another name. */
function borrowed(
  path: string,
  name: string,
  rowOf: (division: number, index: number) => number | null,
  books: Books,
): BookValue {
  return {
    value: (division, index) => {
      const row = rowOf(division, index)
      return row === null ? null : readValue(books, path, name, division, row)
    },
    from: { path, name, rowOf },
  }
}

/** The reports of what is open: a row for each entry that is not paid. */
function openItem(path: string, name: string, books: Books): BookValue | null {
  const chain =
    path === 'read/financial/receivableslist'
      ? 'sales'
      : path === 'read/financial/payableslist'
        ? 'purchases'
        : null
  if (chain === null) return null
  const rowOf = (_: number, index: number) => rowOfRank(chain, openEntry(chain, index), books)
  switch (name) {
    case 'AccountId':
      return borrowed(entriesOf[chain], partnerOf[chain], rowOf, books)
    case 'Amount':
      return borrowed(entriesOf[chain], 'AmountDC', rowOf, books)
    case 'CurrencyCode':
      return borrowed(entriesOf[chain], 'Currency', rowOf, books)
    case 'JournalCode':
      return borrowed(entriesOf[chain], 'Journal', rowOf, books)
    case 'AmountInTransit':
      return { value: () => 0 }
    case 'InvoiceDate':
      return borrowed(entriesOf[chain], 'EntryDate', rowOf, books)
    case 'DueDate':
    case 'InvoiceNumber':
    case 'EntryNumber':
    case 'Description':
    case 'YourRef':
    case 'JournalDescription':
      return borrowed(entriesOf[chain], name, rowOf, books)
    default:
      return null
  }
}
