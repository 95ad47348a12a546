import type { Property } from '../entity-set.ts'
import { headerOf, linesOf } from '../line-numbering.ts'
import type { Value } from '../named-values.ts'
import { hashRow, hashText } from '../seeded-hash.ts'
import { ledgerAccount } from './chart-of-accounts.ts'
import { type Chain, dealDate, dealMoney, dealOfLine, lineMoney, placeOf } from './document-chain.ts'
import { isPaid, openEntry, settledBy } from './open-items.ts'
import { vatCode } from './vat-codes.ts'

/** What the books of a company are computed from. */
export interface Books {
  readonly seed: number
  readonly isBelgian: (division: number) => boolean
  /** Generated rows of an entity. */
  readonly rows: (path: string) => number
  /** A property of another entity, looked up when it is first asked for. */
  readonly other: (path: string, name: string) => Property | undefined
}

/** A value of the books; `from` where it is another row's own, so that names and codes beside it follow. */
export interface BookValue {
  readonly value: Property['value']
  readonly from?: {
    readonly path: string
    readonly name: string
    readonly rowOf: (division: number, index: number) => number | null
  }
}

const entriesOf: Readonly<Record<Chain, string>> = {
  sales: 'salesentry/salesentries',
  purchases: 'purchaseentry/purchaseentries',
}
const partnerOf: Readonly<Record<Chain, string>> = { sales: 'Customer', purchases: 'Supplier' }
const firstNumber = 20_000_001
const day = 86_400_000

/** What the books say of a property of a row; null where they say nothing. */
export function bookValue(path: string, name: string, books: Books): BookValue | null {
  const value = setUpValue(path, name, books)
  if (value) return { value }
  const list = openItem(path, name, books) ?? bankLine(path, name, books)
  if (list) return list
  const place = placeOf(path)
  if (!place) return null
  const found = place.isLine
    ? lineValue(path, name, place.chain, books)
    : headerValue(path, name, place.chain, books)
  return found && { value: found }
}

/** Chart of accounts and VAT codes, by the company's country. */
function setUpValue(path: string, name: string, { isBelgian }: Books): Property['value'] | null {
  if (path === 'financial/glaccounts') {
    const member = ['Code', 'Description', 'Type', 'BalanceType', 'BalanceSide'].indexOf(name)
    return member < 0 ? null : (division, index) => ledgerAccount(isBelgian(division), index)[member] as Value
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
  { other }: Books,
): BookValue {
  return {
    value: (division, index) => {
      const row = rowOf(division, index)
      return row === null ? null : (other(path, name)?.value(division, row) ?? null)
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
  const rowOf = (_: number, index: number) => openEntry(chain, index)
  switch (name) {
    case 'AccountId':
      return borrowed(entriesOf[chain], partnerOf[chain], rowOf, books)
    case 'Amount':
      return borrowed(entriesOf[chain], 'AmountDC', rowOf, books)
    case 'CurrencyCode':
      return borrowed(entriesOf[chain], 'Currency', rowOf, books)
    case 'AmountInTransit':
      return { value: () => 0 }
    case 'InvoiceDate':
      return borrowed(entriesOf[chain], 'EntryDate', rowOf, books)
    case 'DueDate':
    case 'InvoiceNumber':
    case 'EntryNumber':
    case 'Description':
    case 'YourRef':
      return borrowed(entriesOf[chain], name, rowOf, books)
    default:
      return null
  }
}

/** Lines of bank statements: payments of entries, and the bank's own costs. */
function bankLine(path: string, name: string, books: Books): BookValue | null {
  if (path === 'financialtransaction/bankentries' && name === 'ClosingBalanceFC') {
    return {
      value: (division, index) => {
        const { first, count } = linesOf(index)
        let cents = Math.round(Number(books.other(path, 'OpeningBalanceFC')?.value(division, index)) * 100)
        for (let at = 0; at < count; at++) {
          const amount = books.other('financialtransaction/bankentrylines', 'AmountFC')
          cents += Math.round(Number(amount?.value(division, first + at)) * 100)
        }
        return cents / 100
      },
    }
  }
  if (path !== 'financialtransaction/bankentrylines') return null
  const settled = (index: number) =>
    settledBy(index, {
      sales: books.rows(entriesOf.sales),
      purchases: books.rows(entriesOf.purchases),
    })
  const draw = (division: number, index: number) =>
    hashRow((hashText('bank costs') ^ books.seed) + division, index)
  switch (name) {
    case 'AmountDC':
    case 'AmountFC':
      return {
        value(division, index) {
          const found = settled(index)
          if (!found) return -(draw(division, index) % 2500) / 100 || -0.25
          const { gross } = dealMoney(
            found.chain,
            books.seed,
            division,
            found.entry,
            books.isBelgian(division),
          )
          return found.chain === 'sales' ? gross : -gross
        },
      }
    case 'AmountVATFC':
      return { value: () => 0 }
    case 'OurRef':
      return {
        value(_, index) {
          const found = settled(index)
          return found ? firstNumber + found.entry : null
        },
      }
    case 'Account':
    case 'AccountCode':
    case 'AccountName':
      return {
        value(division, index) {
          const found = settled(index)
          if (!found) return null
          const account = books.other(entriesOf[found.chain], partnerOf[found.chain])
          const id = account?.value(division, found.entry) ?? null
          if (name === 'Account' || id === null) return id
          const row = books.other('crm/accounts', 'ID')?.rowsWith?.(division, id)
          const wanted = books.other('crm/accounts', name.replace('Account', ''))
          return row?.count === 1 ? (wanted?.value(division, row.first) ?? null) : null
        },
      }
    case 'Date':
      return {
        value(division, index) {
          const found = settled(index)
          const { chain, entry } = found ?? { chain: 'sales' as const, entry: index }
          return (
            Number(dealDate(chain, books.seed, division, entry, 'DueDate')) -
            (draw(division, index) % 20) * day
          )
        },
      }
    default:
      return null
  }
}

function headerValue(path: string, name: string, chain: Chain, books: Books): Property['value'] | null {
  const { seed, isBelgian, rows } = books
  const money =
    (member: 'net' | 'vat' | 'gross'): Property['value'] =>
    (division, index) =>
      dealMoney(chain, seed, division, index, isBelgian(division))[member]
  if (/^(Transaction)?Amount[DF]C$/.test(name)) return money('gross')
  if (/^VATAmount[DF]C$/.test(name)) return money('vat')
  if (name === 'AmountFCExclVat') return money('net')
  const isInvoiced = path === 'salesinvoice/salesinvoices' || path === 'salesentry/salesentries'
  if (isInvoiced && (name === 'OrderNumber' || name === 'OrderDate')) {
    return (division, index) => {
      if (index >= rows('salesorder/salesorders')) return null
      return name === 'OrderNumber' ? firstNumber + index : dealDate(chain, seed, division, index, name)
    }
  }
  if (name === 'ReportingYear' || name === 'ReportingPeriod') {
    return (division, index) => {
      const date = new Date(Number(dealDate(chain, seed, division, index, 'EntryDate')))
      return name === 'ReportingYear' ? date.getUTCFullYear() : date.getUTCMonth() + 1
    }
  }
  if (dealDate(chain, seed, 0, 0, name) !== null)
    return (division, index) => dealDate(chain, seed, division, index, name)
  return stateValue(path, name, chain, books)
}

/** How far a deal has come: what is delivered, invoiced and paid. */
function stateValue(
  path: string,
  name: string,
  chain: Chain,
  { seed, rows }: Books,
): Property['value'] | null {
  const draw = (division: number, index: number) =>
    hashRow((hashText(`${path} state`) ^ seed) + division, index)
  if (path === 'salesorder/salesorders' && /^(Status|DeliveryStatus)$/.test(name))
    return (division, index) =>
      index < rows('salesorder/goodsdeliveries') ? 21 : ([12, 12, 20, 45][draw(division, index) % 4] ?? 12)
  if (path === 'salesinvoice/salesinvoices' && name === 'Status')
    return (division, index) => (index < rows(entriesOf.sales) ? 50 : draw(division, index) % 2 ? 20 : 10)
  if (path === 'cashflow/receivables' || path === 'cashflow/payments') {
    if (name === 'IsFullyPaid') return (_, index) => isPaid(chain, index)
    if (name === 'Status')
      return (division, index) =>
        (isPaid(chain, index) ? [50, 50, 40] : [20, 20, 30])[draw(division, index) % 3] ?? 20
  }
  return null
}

const quantities =
  /^Quantity(Ordered|Delivered|Received|InPurchaseUnits)?$|^(Received|Invoiced)Quantity$|^QuantityInvoiced$/

function lineValue(path: string, name: string, chain: Chain, books: Books): Property['value'] | null {
  const { seed, isBelgian, rows, other } = books
  const of = (division: number, index: number) => lineMoney(chain, seed, division, index, isBelgian(division))
  if (quantities.test(name)) {
    // How much of an order has come, gone or been invoiced.
    const [limit, isPartly] = path.endsWith('orderlines')
      ? ({
          QuantityDelivered: ['salesorder/goodsdeliveries', true],
          QuantityInvoiced: [entriesOf.sales, false],
          ReceivedQuantity: ['purchaseorder/goodsreceipts', true],
          InvoicedQuantity: [entriesOf.purchases, false],
        }[name] ?? [null, false])
      : [null, false]
    return (division, index) => {
      const { quantity } = of(division, index)
      if (limit === null || dealOfLine(index) < rows(String(limit))) return quantity
      return isPartly && dealOfLine(index) % 4 === 0 ? Math.floor(quantity / 2) : 0
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
    case 'VATPercentage':
      return (division, index) => of(division, index).vatPercentage
    case 'DeliveryDate':
      return (division, index) => dealDate(chain, seed, division, dealOfLine(index), name)
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
    return other(from, property)?.value(division, from.endsWith('lines') ? index : deal) ?? null
  }
}
