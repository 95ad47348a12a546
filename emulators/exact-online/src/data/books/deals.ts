import { linesOf } from '../line-numbering.ts'
import { hashRow, hashText } from '../seeded-hash.ts'
import { type Books, type BookValue, readValue } from './book-value.ts'
import { bookingOf, entriesOf } from './bookings.ts'
import { accountAmong, accountFor, divided, type Purpose } from './chart-of-accounts.ts'
import { rankOf } from './deal-order.ts'
import {
  type Chain,
  dealDate,
  dealMoney,
  dealOfLine,
  isDealDate,
  lineMoney,
  placeOf,
} from './document-chain.ts'
import { journalName } from './journals.ts'
import { isPaid, lineSettling } from './open-items.ts'
import { statementDate } from './statements.ts'
import { vatCode } from './vat-codes.ts'

/** Quotations, orders, deliveries, invoices, entries and terms of payment: the documents of a deal, and their lines. */
export function dealValue(path: string, name: string, books: Books): BookValue | null {
  const place = placeOf(path)
  if (!place) return null
  if (place.isLine && name === 'GLAccount') return bookedOn(place.chain, books)
  const value = place.isLine
    ? lineValue(path, name, place.chain, books)
    : headerValue(path, name, place.chain, books)
  return value && { value }
}

type Value = Extract<BookValue, { value: unknown }>['value']

const accountStreams = { sales: hashText('sales account'), purchases: hashText('purchases account') }

/** Revenue by its VAT, or one of the costs. */
function bookedOn(chain: Chain, books: Books): BookValue {
  const { seed } = books
  return {
    to: {
      path: 'financial/glaccounts',
      rowOf(division, index) {
        const isBelgian = books.isBelgian(division)
        const accounts = books.rows('financial/glaccounts')
        const draw = hashRow((accountStreams[chain] ^ seed) + Math.imul(division, 0x51ed27), index)
        if (chain === 'purchases') return accountAmong('costs', isBelgian, draw, accounts)
        const { vatPercentage } = lineMoney(chain, seed, division, index, isBelgian)
        const purpose: Purpose =
          vatPercentage >= 0.2 ? 'salesHigh' : vatPercentage > 0 ? 'salesLow' : 'salesAbroad'
        return divided(accountFor(purpose, isBelgian), isBelgian, draw, accounts)
      },
    },
  }
}

function headerValue(path: string, name: string, chain: Chain, books: Books): Value | null {
  const { seed, isBelgian, rows } = books
  const money =
    (member: 'net' | 'vat' | 'gross'): Value =>
    (division, index) =>
      dealMoney(chain, seed, division, index, isBelgian(division))[member]
  if (/^(Transaction)?Amount[DF]C$/.test(name)) return money('gross')
  if (/^VATAmount[DF]C$/.test(name)) return money('vat')
  if (name === 'AmountFCExclVat') return money('net')
  const isInvoiced = path === 'salesinvoice/salesinvoices' || path === 'salesentry/salesentries'
  if (isInvoiced && (name === 'OrderNumber' || name === 'OrderDate')) {
    return (division, index) => {
      if (index >= rows('salesorder/salesorders')) return null
      return name === 'OrderNumber'
        ? bookingOf('sales').firstNumber + index
        : dealDate(chain, books, division, index, name)
    }
  }
  const booking = bookingOf(chain)
  if (name === 'Journal' || name === 'JournalCode') return () => booking.journal
  if (name === 'JournalDescription') return () => journalName(booking.journal)
  const isEntered = path === entriesOf[chain] || /^cashflow\/(receivables|payments)$/.test(path)
  if (isEntered && name === 'EntryNumber')
    return (_, index) => booking.firstNumber + rankOf(chain, index, books)
  if (chain === 'sales' && name === 'InvoiceNumber' && (isEntered || path === 'salesinvoice/salesinvoices'))
    return (_, index) => booking.firstNumber + rankOf(chain, index, books)
  if (isEntered && name === 'EntryID') {
    return (division, index) =>
      index < rows(entriesOf[chain])
        ? (books.set(entriesOf[chain]).keys[0]?.value(division, index) ?? null)
        : null
  }
  if (name === 'ReportingYear' || name === 'ReportingPeriod') {
    return (division, index) => {
      const date = new Date(Number(dealDate(chain, books, division, index, 'EntryDate')))
      return name === 'ReportingYear' ? date.getUTCFullYear() : date.getUTCMonth() + 1
    }
  }
  if (isDealDate(name)) return (division, index) => dealDate(chain, books, division, index, name)
  return stateValue(path, name, chain, books)
}

const deliveriesOf: Readonly<Record<Chain, string>> = {
  sales: 'salesorder/goodsdeliveries',
  purchases: 'purchaseorder/goodsreceipts',
}

/** What has been delivered of a line: of every eighth deal that was, only half so far. */
function delivered(chain: Chain, line: number, quantity: number, { rows }: Books): number {
  const deal = dealOfLine(line)
  if (deal >= rows(deliveriesOf[chain])) return 0
  return deal % 8 === 7 ? Math.ceil(quantity / 2) : quantity
}

/** How far a deal has come: what is delivered, invoiced and paid. */
function stateValue(path: string, name: string, chain: Chain, books: Books): Value | null {
  const { seed, rows, isBelgian } = books
  const draw = (division: number, index: number) =>
    hashRow((hashText(`${path} state`) ^ seed) + division, index)
  if (path === 'salesorder/salesorders' && /^(Status|DeliveryStatus)$/.test(name)) {
    return (division, index) => {
      if (index >= rows(deliveriesOf.sales)) return [12, 12, 12, 45][draw(division, index) % 4] ?? 12
      const { first, count } = linesOf(index)
      const isWhole = Array.from({ length: count }, (_, at) => first + at).every((line) => {
        const { quantity } = lineMoney(chain, seed, division, line, isBelgian(division))
        return delivered(chain, line, quantity, books) === quantity
      })
      return isWhole ? 21 : 20
    }
  }
  if (path === 'salesinvoice/salesinvoices' && name === 'Status')
    return (division, index) => (index < rows(entriesOf.sales) ? 50 : draw(division, index) % 2 ? 20 : 10)
  if (path === 'cashflow/receivables' || path === 'cashflow/payments') {
    const paidOn = (division: number, index: number) => {
      const line = lineSettling(chain, rankOf(chain, index, books))
      return line === null ? null : statementDate('bank', books, division, line)
    }
    if (name === 'IsFullyPaid') return (_, index) => isPaid(chain, rankOf(chain, index, books))
    if (name === 'LastPaymentDate') return paidOn
    if (name === 'Status')
      return (division, index) =>
        (isPaid(chain, rankOf(chain, index, books)) ? [50, 50, 40] : [20, 20, 30])[
          draw(division, index) % 3
        ] ?? 20
  }
  return null
}

const quantities =
  /^Quantity(Ordered|Delivered|Received|InPurchaseUnits)?$|^(Received|Invoiced)Quantity$|^QuantityInvoiced$/

function lineValue(path: string, name: string, chain: Chain, books: Books): Value | null {
  const { seed, isBelgian, rows } = books
  const of = (division: number, index: number) => lineMoney(chain, seed, division, index, isBelgian(division))
  if (quantities.test(name)) {
    // How much of an order has come, gone or been invoiced.
    return (division, index) => {
      const { quantity } = of(division, index)
      if (/^(QuantityDelivered|QuantityReceived|ReceivedQuantity)$/.test(name))
        return delivered(chain, index, quantity, books)
      const isInvoiced = name === 'QuantityInvoiced' || name === 'InvoicedQuantity'
      return isInvoiced && dealOfLine(index) >= rows(entriesOf[chain]) ? 0 : quantity
    }
  }
  switch (name) {
    case 'UnitPrice':
      return (division, index) => of(division, index).unitPrice
    case 'Discount':
      return (division, index) => of(division, index).discount
    case 'NetPrice':
      return (division, index) => of(division, index).netPrice
    case 'AmountDC':
    case 'AmountFC':
    case 'VATBaseAmountDC':
    case 'VATBaseAmountFC':
      return (division, index) => of(division, index).amount
    case 'VATAmount':
    case 'VATAmountDC':
    case 'VATAmountFC':
      return (division, index) => of(division, index).vat
    case 'VATCode':
      return (division, index) => of(division, index).vatCode
    case 'VATCodeDescription':
      return (division, index) => vatCode(isBelgian(division), Number(of(division, index).vatCode) - 1)[0]
    case 'VATPercentage':
      return (division, index) => of(division, index).vatPercentage
    case 'DeliveryDate':
      return (division, index) => dealDate(chain, books, division, dealOfLine(index), name)
  }
  // Deliveries and invoices name the order that they come of.
  if (path !== 'salesorder/goodsdeliverylines' && path !== 'salesinvoice/salesinvoicelines') return null
  const source = {
    SalesOrder: ['salesorder/salesorders', 'OrderID'],
    SalesOrderLine: ['salesorder/salesorderlines', 'ID'],
    SalesOrderLineID: ['salesorder/salesorderlines', 'ID'],
    SalesOrderLineNumber: ['salesorder/salesorderlines', 'LineNumber'],
    SalesOrderNumber: ['salesorder/salesorders', 'OrderNumber'],
  }[name]
  if (!source) return null
  const [from = '', property = ''] = source
  return (division, index) => {
    const deal = dealOfLine(index)
    if (deal >= rows('salesorder/salesorders')) return null
    return readValue(books, from, property, division, from.endsWith('lines') ? index : deal)
  }
}
