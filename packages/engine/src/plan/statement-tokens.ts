/** A piece of SQL text that means something; blanks and comments are left out. Offsets are UTF-16 units. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'symbol'
  readonly start: number
  readonly end: number
  /** A word as written, a quoted name without its quotes, a parameter without its `$`; else the raw text. */
  readonly text: string
}

const wordStart = /[\p{L}_]/u
const wordPart = /[\p{L}\p{N}\p{M}_$]/u
const parameterPart = /[\p{L}\p{N}_]/u
const numberText =
  /(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y

/**
 * The tokens of a text that DuckDB's parser has accepted, by the lexical rules of PostgreSQL's scanner, which DuckDB
 * took over. Needed because DuckDB tells where a name begins but neither where it ends nor where parameters stand.
 * Never fails: what an accepted text cannot hold comes out as symbols.
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html (read 2026-11-24)
 */
export function readTokens(sql: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const push = (kind: Token['kind'], end: number, text = sql.slice(at, end)) => {
    tokens.push({ kind, start: at, end, text })
    at = end
  }
  while (at < sql.length) {
    const char = charAt(sql, at)
    if (/\s/u.test(char)) at += char.length
    else if (sql.startsWith('--', at)) at = orEnd(sql, sql.indexOf('\n', at))
    else if (sql.startsWith('/*', at)) at = commentEnd(sql, at)
    else if (char === "'") push('string', quoteEnd(sql, at, "'", false))
    else if ((char === 'e' || char === 'E') && sql[at + 1] === "'")
      push('string', quoteEnd(sql, at + 1, "'", true))
    else if ((char === 'x' || char === 'X' || char === 'b' || char === 'B') && sql[at + 1] === "'")
      push('string', quoteEnd(sql, at + 1, "'", false))
    else if (char === '"') {
      const end = quoteEnd(sql, at, '"', false)
      push('quoted', end, sql.slice(at + 1, end - 1).replaceAll('""', '"'))
    } else if (char === '$') {
      const tag = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy
      tag.lastIndex = at
      const mark = tag.exec(sql)?.[0]
      if (mark !== undefined) {
        const close = sql.indexOf(mark, at + mark.length)
        push('string', close < 0 ? sql.length : close + mark.length)
      } else {
        const end = runEnd(sql, at + 1, parameterPart)
        if (end > at + 1) push('parameter', end, sql.slice(at + 1, end))
        else push('symbol', at + 1)
      }
    } else if (char === '?') {
      // `?` and `?1` are DuckDB's other spellings of positional parameters.
      push('parameter', runEnd(sql, at + 1, /\d/))
    } else if (/\d/.test(char) || (char === '.' && /\d/.test(sql[at + 1] ?? ''))) {
      numberText.lastIndex = at
      push('number', at + (numberText.exec(sql)?.[0].length ?? 1))
    } else if (wordStart.test(char)) push('word', runEnd(sql, at, wordPart))
    else push('symbol', at + char.length)
  }
  return tokens
}

/** The index of the first token that begins at or after an offset; the number of tokens when there is none. */
export function tokenIndexAt(tokens: readonly Token[], offset: number): number {
  let low = 0
  let high = tokens.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tokens[middle]?.start ?? 0) < offset) low = middle + 1
    else high = middle
  }
  return low
}

/** The dotted name that begins with a token: its parts, and where its text ends; null when no name stands there. */
export function readDottedName(
  tokens: readonly Token[],
  index: number,
): { readonly parts: readonly Token[]; readonly end: number } | null {
  const parts: Token[] = []
  for (let i = index; ; i += 2) {
    const part = tokens[i]
    if (part === undefined || (part.kind !== 'word' && part.kind !== 'quoted')) return null
    parts.push(part)
    if (tokens[i + 1]?.text !== '.' || tokens[i + 1]?.kind !== 'symbol') return { parts, end: part.end }
  }
}

function charAt(sql: string, at: number): string {
  return String.fromCodePoint(sql.codePointAt(at) ?? 0)
}

function orEnd(sql: string, index: number): number {
  return index < 0 ? sql.length : index
}

function runEnd(sql: string, from: number, part: RegExp): number {
  let end = from
  while (end < sql.length) {
    const char = charAt(sql, end)
    if (!part.test(char)) break
    end += char.length
  }
  return end
}

function quoteEnd(sql: string, open: number, quote: string, hasEscapes: boolean): number {
  for (let i = open + 1; i < sql.length; i++) {
    if (hasEscapes && sql[i] === '\\') i++
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1
      i++
    }
  }
  return sql.length
}

/** Block comments nest, as in PostgreSQL. */
function commentEnd(sql: string, open: number): number {
  let depth = 0
  for (let i = open; i < sql.length; i++) {
    if (sql.startsWith('/*', i)) {
      depth++
      i++
    } else if (sql.startsWith('*/', i)) {
      i++
      if (--depth === 0) return i + 1
    }
  }
  return sql.length
}
