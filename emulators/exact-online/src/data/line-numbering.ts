/** How many lines five consecutive headers have: fixed, so that line ↔ header is arithmetic. Always 15 together. */
export type LinePattern = readonly number[]

/** Invoices, orders, deliveries: from one line. */
export const documentLines: LinePattern = [1, 4, 2, 5, 3]
/** Journal entries: debit and credit need two lines at least. */
export const balancedLines: LinePattern = [2, 4, 4, 3, 2]

const linesPerFive = 15

const firstOfFive = (pattern: LinePattern, at: number) =>
  pattern.slice(0, at).reduce((sum, count) => sum + count, 0)
const firsts = new Map(
  [documentLines, balancedLines].map((pattern) => [
    pattern,
    pattern.map((_, at) => firstOfFive(pattern, at)),
  ]),
)

/** The lines of a header: its first line's index and how many there are. */
export function linesOf(
  header: number,
  pattern: LinePattern = documentLines,
): { readonly first: number; readonly count: number } {
  const at = header % 5
  return {
    first: Math.floor(header / 5) * linesPerFive + (firsts.get(pattern)?.[at] ?? 0),
    count: pattern[at] ?? 1,
  }
}

/** The header of a line, and the line's number in it from 1. */
export function headerOf(
  line: number,
  pattern: LinePattern = documentLines,
): { readonly header: number; readonly lineNumber: number } {
  const rest = line % linesPerFive
  const starts = firsts.get(pattern) ?? []
  let at = 4
  while ((starts[at] ?? 0) > rest) at--
  return { header: Math.floor(line / linesPerFive) * 5 + at, lineNumber: rest - (starts[at] ?? 0) + 1 }
}

/** Lines of the first `headers` headers together. */
export function countLines(headers: number, pattern: LinePattern = documentLines): number {
  if (headers === 0) return 0
  const { first, count } = linesOf(headers - 1, pattern)
  return first + count
}

/** Lines that have an entry of two lines at least. */
const balancedEntities = ['generaljournalentry/generaljournalentrylines']

/** How the lines of an entity are shared out over their headers. */
export const patternOf = (path: string): LinePattern =>
  balancedEntities.includes(path) ? balancedLines : documentLines
