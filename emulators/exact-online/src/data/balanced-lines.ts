import type { Property } from './entity-set.ts'
import { headerOf, type LinePattern, linesOf } from './line-numbering.ts'
import { hashRow } from './seeded-hash.ts'

/** Debit and credit: the last line of an entry takes what the others leave. */
export function balanced(
  amount: Property['value'],
  pattern: LinePattern,
  saltOf: (division: number) => number,
): Property['value'] {
  const centsAt = (division: number, index: number) =>
    Math.round(Number(amount(division, index) ?? 0) * 100) *
    (hashRow(saltOf(division) + 3, index) & 1 ? 1 : -1)
  return (division, index) => {
    const { header, lineNumber } = headerOf(index, pattern)
    const { first, count } = linesOf(header, pattern)
    if (lineNumber < count) return centsAt(division, index) / 100
    let sum = 0
    for (let at = 0; at < count - 1; at++) sum += centsAt(division, first + at)
    return sum === 0 ? 0 : -sum / 100
  }
}
