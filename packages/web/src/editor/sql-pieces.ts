/** A stretch of SQL text, as far as an editor must tell them apart. Offsets are UTF-16 units. */
export interface SqlPiece {
  readonly kind: 'code' | 'string' | 'quoted' | 'comment'
  readonly from: number
  readonly to: number
}

/**
 * Cuts SQL text into code, strings, quoted names and comments. What is not closed runs to the end, as it does while
 * somebody types.
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html (read 2026-11-25)
 */
export function sqlPieces(sql: string): SqlPiece[] {
  const pieces: SqlPiece[] = []
  let codeFrom = 0
  let at = 0
  const cut = (kind: SqlPiece['kind'], to: number) => {
    if (at > codeFrom) pieces.push({ kind: 'code', from: codeFrom, to: at })
    pieces.push({ kind, from: at, to })
    at = to
    codeFrom = to
  }
  while (at < sql.length) {
    const char = sql[at]
    const dollar = char === '$' ? /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u.exec(sql.slice(at, at + 64))?.[0] : null
    if (char === "'") {
      const isEscaped = /(?:^|[^\p{L}\p{N}_$])[eE]$/u.test(sql.slice(Math.max(0, at - 2), at))
      cut('string', quoteEnd(sql, at, "'", isEscaped))
    } else if (char === '"') cut('quoted', quoteEnd(sql, at, '"', false))
    else if (dollar) cut('string', orEnd(sql, sql.indexOf(dollar, at + dollar.length), dollar.length))
    else if (sql.startsWith('--', at)) cut('comment', orEnd(sql, sql.indexOf('\n', at), 0))
    else if (sql.startsWith('/*', at)) cut('comment', commentEnd(sql, at))
    else at++
  }
  if (at > codeFrom) pieces.push({ kind: 'code', from: codeFrom, to: at })
  return pieces
}

const orEnd = (sql: string, found: number, length: number) => (found < 0 ? sql.length : found + length)

function quoteEnd(sql: string, from: number, quote: string, isEscaped: boolean): number {
  for (let at = from + 1; at < sql.length; at++) {
    if (isEscaped && sql[at] === '\\') at++
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1
      at++
    }
  }
  return sql.length
}

function commentEnd(sql: string, from: number): number {
  let depth = 0
  for (let at = from; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++
      at++
    } else if (sql.startsWith('*/', at)) {
      depth--
      at++
      if (depth === 0) return at + 1
    }
  }
  return sql.length
}
