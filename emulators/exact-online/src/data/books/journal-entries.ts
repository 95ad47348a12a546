import { balancedLines, headerOf, linesOf } from '../line-numbering.ts'
import { hashRow, hashText } from '../seeded-hash.ts'
import type { Books, BookValue } from './book-value.ts'
import { bookingOf } from './bookings.ts'
import { accountAmong, accountFor } from './chart-of-accounts.ts'
import { day, dealDays, firstDay } from './document-chain.ts'
import { capitalCents } from './statements.ts'

const { header, lines } = bookingOf('journal')
const streams = { amount: hashText('journal amount'), account: hashText('journal account') }

/** Manual entries: the first is what the owners paid in. */
export function journalValue(path: string, name: string, books: Books): BookValue | null {
  if (path !== header && path !== lines) return null
  const dateOf = (entry: number) =>
    firstDay + Math.floor((entry / Math.max(1, books.rows(header))) * dealDays) * day
  if (path === header) {
    if (name === 'FinancialYear') return { value: (_, index) => new Date(dateOf(index)).getUTCFullYear() }
    if (name === 'FinancialPeriod') return { value: (_, index) => new Date(dateOf(index)).getUTCMonth() + 1 }
    return null
  }
  const draw = (stream: keyof typeof streams, division: number, line: number) =>
    hashRow((streams[stream] ^ books.seed) + Math.imul(division, 0x51ed27), line)
  const drawnCents = (division: number, line: number) => {
    const number = draw('amount', division, line)
    return (1 + (number % 250_000)) * (number & 0x80000 ? 1 : -1)
  }
  switch (name) {
    case 'Date':
      return { value: (_, index) => dateOf(headerOf(index, balancedLines).header) }
    case 'AmountDC':
    case 'AmountFC':
      return {
        value(division, index) {
          const { header: entry, lineNumber } = headerOf(index, balancedLines)
          if (entry === 0) return (lineNumber === 1 ? capitalCents : -capitalCents) / 100
          const { first, count } = linesOf(entry, balancedLines)
          if (lineNumber < count) return drawnCents(division, index) / 100
          // The last line takes what the others leave.
          let cents = 0
          for (let at = 0; at < count - 1; at++) cents -= drawnCents(division, first + at)
          return cents / 100
        },
      }
    case 'GLAccount':
      return {
        to: {
          path: 'financial/glaccounts',
          rowOf(division, index) {
            const isBelgian = books.isBelgian(division)
            if (index < 2) return accountFor(index === 0 ? 'bank' : 'capital', isBelgian)
            const accounts = books.rows('financial/glaccounts')
            return accountAmong('journal', isBelgian, draw('account', division, index), accounts)
          },
        },
      }
    default:
      return null
  }
}
