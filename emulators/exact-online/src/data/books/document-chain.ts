import { headerLines } from '../entity-sizes.ts'
import { headerOf, linesOf } from '../line-numbering.ts'
import { hashRow, hashText } from '../seeded-hash.ts'
import { entriesOf } from './bookings.ts'
import { rankOf } from './deal-order.ts'
import { usedCodes, vatCode, vatCodeText } from './vat-codes.ts'

export type Chain = 'sales' | 'purchases'

/**
 * Documents that come of one another: row n of each is the same deal, so quotation n became order n, was delivered as
 * delivery n and invoiced as invoice n. Their lines go along, as all have the same pattern.
 */
const headers: Readonly<Record<Chain, readonly string[]>> = {
  sales: [
    'crm/quotations',
    'salesorder/salesorders',
    'salesorder/goodsdeliveries',
    'salesinvoice/salesinvoices',
    'salesentry/salesentries',
    'cashflow/receivables',
  ],
  purchases: [
    'purchaseorder/purchaseorders',
    'purchaseorder/goodsreceipts',
    'purchaseentry/purchaseentries',
    'cashflow/payments',
  ],
}

const lineOf = new Map(headerLines.map(([header, lines]) => [header, lines]))

/** Headers and lines of both chains, with what they are. */
const places = new Map<string, { readonly chain: Chain; readonly isLine: boolean }>()
for (const chain of ['sales', 'purchases'] as const) {
  for (const header of headers[chain]) {
    places.set(header, { chain, isLine: false })
    const lines = lineOf.get(header)
    if (lines) places.set(lines, { chain, isLine: true })
  }
}

export const placeOf = (path: string) => places.get(path) ?? null

const partner =
  /^(OrderedBy|Customer|InvoiceTo|DeliverTo|OrderAccount|InvoiceAccount|DeliveryAccount|Supplier|Account)$/
const sharedByHeaders = /^(Currency|YourRef|PaymentCondition|Description)$/
const sharedByLines = /^(Item|CostCenter|CostUnit|Project|Unit[Cc]ode|GLAccount)$/

/** The stream of random numbers that a property draws from: one for all documents of a deal where they agree. */
export function streamName(path: string, name: string): string {
  const place = placeOf(path)
  if (place && !place.isLine && partner.test(name)) return `${place.chain}.partner`
  if (place && (place.isLine ? sharedByLines : sharedByHeaders).test(name))
    return `${place.chain}.${place.isLine ? 'line' : 'header'}.${name}`
  // Domestic and foreign currency amounts are the same where all is in euros.
  return `${path}.${name.replace(/DC$/, 'FC')}`
}

/** Hashed once: lines are computed by the million. */
interface Streams {
  readonly quantity: number
  readonly price: number
  readonly discount: number
  readonly vat: number
  readonly date: number
}
const streamsOf = (chain: Chain): Streams => ({
  quantity: hashText(`${chain} quantity`),
  price: hashText(`${chain} price`),
  discount: hashText(`${chain} discount`),
  vat: hashText(`${chain} vat`),
  date: hashText(`${chain} date`),
})
const streams: Readonly<Record<Chain, Streams>> = {
  sales: streamsOf('sales'),
  purchases: streamsOf('purchases'),
}

const round = (value: number) => Math.round(value * 100) / 100

export interface LineMoney {
  readonly quantity: number
  readonly unitPrice: number
  readonly discount: number
  readonly netPrice: number
  /** Without VAT. */
  readonly amount: number
  readonly vatCode: string
  readonly vatPercentage: number
  readonly vat: number
}

/** What one line of a deal costs, in whatever document it stands. */
export function lineMoney(
  chain: Chain,
  seed: number,
  division: number,
  line: number,
  isBelgian: boolean,
): LineMoney {
  const draw = (what: keyof Streams) =>
    hashRow((streams[chain][what] ^ seed) + Math.imul(division, 0x51ed27), line)
  const quantity = 1 + (draw('quantity') % 40)
  const unitPrice = (50 + (draw('price') % 12_450)) / 100
  const discount = [0, 0, 0, 0.05, 0.1][draw('discount') % 5] ?? 0
  const netPrice = round(unitPrice * (1 - discount))
  const amount = round(quantity * netPrice)
  const codes = usedCodes[chain]
  const code = codes[draw('vat') % codes.length] ?? 0
  const [, vatPercentage] = vatCode(isBelgian, code)
  const vat = round(amount * vatPercentage)
  return { quantity, unitPrice, discount, netPrice, amount, vatCode: vatCodeText(code), vatPercentage, vat }
}

export interface DealMoney {
  readonly net: number
  readonly vat: number
  readonly gross: number
}

/** The sum of a deal's lines. */
export function dealMoney(
  chain: Chain,
  seed: number,
  division: number,
  index: number,
  isBelgian: boolean,
): DealMoney {
  const { first, count } = linesOf(index)
  let [net, vat] = [0, 0]
  for (let at = 0; at < count; at++) {
    const money = lineMoney(chain, seed, division, first + at, isBelgian)
    net += Math.round(money.amount * 100)
    vat += Math.round(money.vat * 100)
  }
  return { net: net / 100, vat: vat / 100, gross: (net + vat) / 100 }
}

export const day = 86_400_000
export const firstDay = Date.UTC(2019, 0, 1)
/** Days over which deals begin that are entered, and days of the last ones, which are not yet. */
export const dealDays = 2800
const lastDays = 40

/** The documents of a chain that are of the most deals. */
const longest: Readonly<Record<Chain, string>> = {
  sales: 'salesinvoice/salesinvoices',
  purchases: 'purchaseentry/purchaseentries',
}

/** Days after the deal began on which each of its documents was made. */
const offsets: Readonly<Record<string, number>> = {
  QuotationDate: 0,
  OrderDate: 3,
  DeliveryDate: 5,
  ReceiptDate: 6,
  InvoiceDate: 7,
  EntryDate: 7,
  DueDate: 37,
}

export const isDealDate = (name: string) => name in offsets

/** The day of a document of deal `index`: one that comes later in time is never earlier. */
export function dealDate(
  chain: Chain,
  books: { readonly seed: number; readonly rows: (path: string) => number },
  division: number,
  index: number,
  name: string,
): number {
  const salt = (streams[chain].date ^ books.seed) + Math.imul(division, 0x51ed27)
  const entries = books.rows(entriesOf[chain])
  const place = rankOf(chain, index, books) + (hashRow(salt, index) % 1000) / 1000
  const begun =
    index < entries
      ? (place / entries) * dealDays
      : dealDays + ((place - entries) / Math.max(1, books.rows(longest[chain]) - entries)) * lastDays
  return firstDay + (Math.floor(begun) + (offsets[name] ?? 0)) * day
}

export const dealOfLine = (line: number) => headerOf(line).header
