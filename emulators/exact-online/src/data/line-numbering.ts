import { linesOfFive, linesPerFive } from './entity-sizes.ts'

const firstOfFive = linesOfFive.map((_, at) =>
  linesOfFive.slice(0, at).reduce((sum, count) => sum + count, 0),
)

/** The lines of a header: its first line's index and how many there are. */
export function linesOf(header: number): { readonly first: number; readonly count: number } {
  const at = header % 5
  return {
    first: Math.floor(header / 5) * linesPerFive + (firstOfFive[at] ?? 0),
    count: linesOfFive[at] ?? 1,
  }
}

/** The header of a line, and the line's number in it from 1. */
export function headerOf(line: number): { readonly header: number; readonly lineNumber: number } {
  const rest = line % linesPerFive
  let at = 4
  while ((firstOfFive[at] ?? 0) > rest) at--
  return { header: Math.floor(line / linesPerFive) * 5 + at, lineNumber: rest - (firstOfFive[at] ?? 0) + 1 }
}

/** Lines of the first `headers` headers together. */
export function countLines(headers: number): number {
  return headers === 0 ? 0 : linesOf(headers - 1).first + linesOf(headers - 1).count
}
