import { headerOf, linesOf } from '../line-numbering.ts'
import { lineRowsOf } from '../line-rows.ts'
import { hashRow, hashText } from '../seeded-hash.ts'
import { type Books, type BookValue, readValue } from './book-value.ts'
import { bookingOf, entriesOf } from './bookings.ts'
import { accountAmong, accountFor } from './chart-of-accounts.ts'
import { rankOf, rowOfRank } from './deal-order.ts'
import { type Chain, day, dealDate, dealDays, dealMoney, firstDay } from './document-chain.ts'
import { settledBy } from './open-items.ts'

type Kind = 'bank' | 'cash'

/** What the owners paid in on the first day, in cents: the bank opens with it. */
export const capitalCents = 2_500_000

export const partnerOf: Readonly<Record<Chain, string>> = { sales: 'Customer', purchases: 'Supplier' }

const streams = { bank: hashText('bank costs'), cash: hashText('cash'), account: hashText('cash account') }
const draw = (stream: keyof typeof streams, { seed }: Books, division: number, line: number) =>
  hashRow((streams[stream] ^ seed) + Math.imul(division, 0x51ed27), line)

function settled(books: Books, line: number): { readonly chain: Chain; readonly entry: number } | null {
  const found = settledBy(line, {
    sales: books.rows(entriesOf.sales),
    purchases: books.rows(entriesOf.purchases),
  })
  return found && { chain: found.chain, entry: rowOfRank(found.chain, found.rank, books) }
}

/** What a line moved, in cents: received is positive. */
function centsOf(kind: Kind, books: Books, division: number, line: number): number {
  const number = draw(kind, books, division, line)
  // In the till comes more than goes out, so that it is never less than empty.
  if (kind === 'cash') return line % 2 === 0 ? 5000 + (number % 20_000) : -100 - (number % 4900)
  const found = settled(books, line)
  if (!found) return -25 - (number % 2500)
  const { gross } = dealMoney(found.chain, books.seed, division, found.entry, books.isBelgian(division))
  return Math.round(gross * 100) * (found.chain === 'sales' ? 1 : -1)
}

/** Days and opening balances of all statements of a company, each after the one before. */
interface Statements {
  readonly dates: Float64Array
  readonly openingCents: Float64Array
}
const known = new WeakMap<Books, Map<string, Statements>>()

export function statementsOf(kind: Kind, division: number, books: Books): Statements {
  const all = known.get(books) ?? new Map<string, Statements>()
  known.set(books, all)
  const key = `${kind} ${division}`
  const found = all.get(key)
  if (found) return found
  const count = books.rows(bookingOf(kind).header)
  const made = { dates: new Float64Array(count), openingCents: new Float64Array(count) }
  let date = firstDay
  let cents = kind === 'bank' ? capitalCents : 0
  for (let at = 0; at < count; at++) {
    made.openingCents[at] = cents
    date = Math.max(date, firstDay + Math.floor((at / count) * dealDays) * day)
    const { first, count: lines } = linesOf(at)
    for (let line = first; line < first + lines; line++) {
      cents += centsOf(kind, books, division, line)
      const paid = kind === 'bank' ? settled(books, line) : null
      // Paid up to twenty days early, and when the statement comes.
      if (paid) {
        const dueAt = dealDate(paid.chain, books, division, paid.entry, 'DueDate')
        date = Math.max(date, dueAt - (draw(kind, books, division, line) % 20) * day)
      }
    }
    made.dates[at] = date
  }
  all.set(key, made)
  return made
}

/** The day of the statement on which a line stands. */
export const statementDate = (kind: Kind, books: Books, division: number, line: number): number | null =>
  statementsOf(kind, division, books).dates[headerOf(line).header] ?? null

/** Statements of the bank and of the till, with what they open and close at. */
export function statementValue(kind: Kind, path: string, name: string, books: Books): BookValue | null {
  const booking = bookingOf(kind)
  if (path === booking.header) {
    const dateOf = (division: number, index: number) => statementsOf(kind, division, books).dates[index] ?? 0
    switch (name) {
      case 'FinancialYear':
        return { value: (division, index) => new Date(dateOf(division, index)).getUTCFullYear() }
      case 'FinancialPeriod':
        return { value: (division, index) => new Date(dateOf(division, index)).getUTCMonth() + 1 }
      case 'OpeningBalanceFC':
        return {
          value: (division, index) => (statementsOf(kind, division, books).openingCents[index] ?? 0) / 100,
        }
      case 'ClosingBalanceFC':
        return {
          value(division, index) {
            const opening = Number(readValue(books, path, 'OpeningBalanceFC', division, index) ?? 0)
            let cents = Math.round(opening * 100)
            const lines = books.set(booking.lines)
            for (const line of lineRowsOf(books.set(path), lines, division, index, linesOf))
              cents += Math.round(Number(lines.properties.get('AmountFC')?.value(division, line) ?? 0) * 100)
            return cents / 100
          },
        }
      default:
        return null
    }
  }
  if (path !== booking.lines) return null
  switch (name) {
    case 'AmountDC':
    case 'AmountFC':
      return { value: (division, index) => centsOf(kind, books, division, index) / 100 }
    case 'Date':
      return { value: (division, index) => statementDate(kind, books, division, index) }
    case 'GLAccount':
      return {
        to: {
          path: 'financial/glaccounts',
          rowOf(division, index) {
            const isBelgian = books.isBelgian(division)
            if (kind === 'cash')
              return accountAmong(
                'costs',
                isBelgian,
                draw('account', books, division, index),
                books.rows('financial/glaccounts'),
              )
            const found = settled(books, index)
            const purpose =
              found === null ? 'bankCosts' : found.chain === 'sales' ? 'receivables' : 'payables'
            return accountFor(purpose, isBelgian)
          },
        },
      }
  }
  return kind === 'bank' ? settlement(name, books) : null
}

/** What a line of a bank statement says of the entry that it settles. */
function settlement(name: string, books: Books): BookValue | null {
  if (name === 'OurRef') {
    return {
      value(_, index) {
        const found = settled(books, index)
        return found ? bookingOf(found.chain).firstNumber + rankOf(found.chain, found.entry, books) : null
      },
    }
  }
  if (name !== 'Account') return null
  return {
    to: {
      path: 'crm/accounts',
      rowOf(division, index) {
        const found = settled(books, index)
        const id =
          found && readValue(books, entriesOf[found.chain], partnerOf[found.chain], division, found.entry)
        const rows = id === null ? undefined : books.set('crm/accounts').keys[0]?.rowsWith?.(division, id)
        return rows?.count === 1 ? rows.first : null
      },
    },
  }
}
