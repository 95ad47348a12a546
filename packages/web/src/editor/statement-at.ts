import { sqlPieces } from './sql-pieces.ts'

/** Where a statement stands in a text; blanks around it and the semicolon are left out. */
export interface StatementRange {
  readonly from: number
  readonly to: number
}

/** The statements of a text. A semicolon in a string, a name or a comment ends none. */
export function statementsIn(sql: string): StatementRange[] {
  const ends: number[] = []
  for (const { kind, from, to } of sqlPieces(sql)) {
    if (kind !== 'code') continue
    for (let at = sql.indexOf(';', from); at >= 0 && at < to; at = sql.indexOf(';', at + 1)) ends.push(at)
  }
  const ranges: StatementRange[] = []
  let start = 0
  for (const end of [...ends, sql.length]) {
    const text = sql.slice(start, end)
    const from = start + (text.length - text.trimStart().length)
    if (text.trim() !== '') ranges.push({ from, to: from + text.trim().length })
    start = end + 1
  }
  // What is nothing but comments is no statement.
  return ranges.filter(({ from, to }) =>
    sqlPieces(sql.slice(from, to)).some(
      (piece) => piece.kind !== 'comment' && sql.slice(from + piece.from, from + piece.to).trim() !== '',
    ),
  )
}

/** What Run means: what is selected, else the statement that the cursor stands in or behind. */
export function statementAt(sql: string, selection: StatementRange): StatementRange | null {
  const selected = sql.slice(selection.from, selection.to)
  if (selected.trim() !== '') {
    const from = selection.from + (selected.length - selected.trimStart().length)
    return { from, to: from + selected.trim().replace(/;\s*$/, '').length }
  }
  const all = statementsIn(sql)
  return all.findLast(({ from }) => from <= selection.from) ?? all[0] ?? null
}

/** The parameters that a statement has: `$1`, `$2` by number or `$name` by name, each once, in order. */
export function parametersIn(sql: string): string[] {
  const found = new Set<string>()
  for (const { kind, from, to } of sqlPieces(sql)) {
    if (kind !== 'code') continue
    for (const [, name = ''] of sql.slice(from, to).matchAll(/(?<![\p{L}\p{N}_$])\$([\p{L}\p{N}_]+)/gu))
      found.add(name)
  }
  const names = [...found]
  return names.every((name) => /^\d+$/.test(name)) ? names.sort((a, b) => Number(a) - Number(b)) : names
}

/** Values as the API takes them: a list for numbers, an object for names. Nothing typed means NULL. */
export function toParameters(
  names: readonly string[],
  values: Readonly<Record<string, string>>,
): (string | null)[] | Record<string, string | null> | undefined {
  if (names.length === 0) return undefined
  const value = (name: string) => (values[name] === undefined || values[name] === '' ? null : values[name])
  if (!names.every((name) => /^\d+$/.test(name)))
    return Object.fromEntries(names.map((name) => [name, value(name)]))
  const length = Math.min(1000, Math.max(...names.map(Number)))
  return Array.from({ length }, (_, index) => value(String(index + 1)))
}
