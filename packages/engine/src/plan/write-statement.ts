import { SluisError } from '@sluis/shared'
import type { WriteVerb } from '../catalog/table-write.ts'
import type { PositionOf } from './classify.ts'
import { readDottedName, type Token } from './statement-tokens.ts'
import type { TextRange } from './text-edits.ts'

/** The parts of an INSERT, UPDATE or DELETE; ranges are of the text that was read. */
export interface WriteStatement {
  readonly verb: WriteVerb
  /** Up to three parts: source, service, entity. */
  readonly target: readonly Token[]
  readonly targetRange: TextRange
  readonly alias: string | null
  /** Columns that get a value, in the order of their values. */
  readonly columns: readonly Token[]
  /** INSERT: the query that gives the rows. */
  readonly source: TextRange | null
  /** UPDATE: one expression for each column. */
  readonly expressions: readonly TextRange[]
  readonly where: TextRange | null
  readonly returning: TextRange | null
}

/**
 * Reads the parts of a write. DuckDB's own parser has accepted the text but shows no tree of writes, so the parts are
 * found by the words that stand outside all brackets.
 * @throws SluisError SQL_NOT_ALLOWED for forms that cannot be run row by row
 */
export function readWriteStatement(
  tokens: readonly Token[],
  text: string,
  positionOf: PositionOf,
): WriteStatement {
  const refuse = (message: string, hint: string, at = tokens[0]?.start ?? 0) =>
    new SluisError('SQL_NOT_ALLOWED', message, { hint, details: { position: positionOf(at) } })
  const verb = tokens[0]?.text.toLowerCase() ?? ''
  if (verb !== 'insert' && verb !== 'update' && verb !== 'delete')
    throw refuse(`${verb.toUpperCase()} statements are not allowed.`, 'Use INSERT, UPDATE or DELETE.')
  const depths = depthsOf(tokens)
  const end = tokens.find((token, at) => depths[at] === 0 && token.text === ';')?.start ?? text.length
  /** The first of these words outside all brackets, from a token on. */
  const find = (from: number, ...words: string[]) => {
    const at = tokens.findIndex(
      (token, index) =>
        index >= from &&
        depths[index] === 0 &&
        token.kind === 'word' &&
        words.includes(token.text.toLowerCase()) &&
        tokens[index - 1]?.text !== '.',
    )
    return at < 0 ? tokens.length : at
  }
  const startOf = (index: number) => Math.min(end, tokens[index]?.start ?? end)
  const endOf = (index: number) => tokens[index]?.end ?? end
  const returningAt = find(1, 'returning')
  const returning = returningAt < tokens.length ? { start: endOf(returningAt), end } : null

  const nameAt = verb === 'update' ? 1 : 2
  if (verb !== 'update' && !/^(into|from)$/i.test(tokens[1]?.text ?? ''))
    throw refuse(`This form of ${verb.toUpperCase()} is not allowed.`, 'Write INSERT INTO or DELETE FROM.')
  const name = readDottedName(tokens, nameAt)
  if (name === null || name.parts.length > 3)
    throw refuse('No table is named.', 'Name a table of the database.', startOf(nameAt))
  const targetRange = { start: startOf(nameAt), end: name.end }
  let at = nameAt + name.parts.length * 2 - 1
  const shared = { target: name.parts, targetRange, returning }

  if (verb === 'insert') {
    if (find(at, 'conflict') < tokens.length)
      throw refuse('ON CONFLICT is not allowed.', 'Look for the rows first, then insert or update.')
    const list = columnList(tokens, at)
    if (list === null) {
      throw refuse(
        'An INSERT names its columns.',
        'Write INSERT INTO table (column, …) VALUES (…), or with a SELECT.',
        startOf(at),
      )
    }
    if (/^(by|default|overriding)$/i.test(tokens[list.next]?.text ?? ''))
      throw refuse(
        'This form of INSERT is not allowed.',
        'Give the rows by VALUES or SELECT.',
        startOf(list.next),
      )
    return {
      verb,
      ...shared,
      alias: null,
      columns: list.columns,
      source: { start: startOf(list.next), end: startOf(returningAt) },
      expressions: [],
      where: null,
    }
  }

  let alias: string | null = null
  if (/^as$/i.test(tokens[at]?.text ?? '')) at++
  const isName = (token: Token | undefined) =>
    token?.kind === 'quoted' ||
    (token?.kind === 'word' && !/^(set|where|using|returning|from)$/i.test(token.text))
  if (isName(tokens[at])) alias = text.slice(startOf(at), endOf(at++))
  const beside = find(at, 'from', 'using')
  if (beside < tokens.length) {
    throw refuse(
      `${tokens[beside]?.text.toUpperCase()} is not allowed in ${verb.toUpperCase()}: a row could meet several others.`,
      'Use a subquery in the condition or in the new value.',
      startOf(beside),
    )
  }
  const whereAt = find(at, 'where')
  if (whereAt === tokens.length) {
    throw refuse(
      `${verb.toUpperCase()} needs a WHERE.`,
      'Write WHERE true if every row of every partition is meant.',
    )
  }
  const where = { start: endOf(whereAt), end: startOf(returningAt) }
  if (verb === 'delete') return { verb, ...shared, alias, columns: [], source: null, expressions: [], where }

  if (!/^set$/i.test(tokens[at]?.text ?? ''))
    throw refuse(
      'This form of UPDATE is not allowed.',
      'Write UPDATE table SET column = value WHERE …',
      startOf(at),
    )
  const columns: Token[] = []
  const expressions: TextRange[] = []
  for (let from = at + 1; from < whereAt; ) {
    let to = from
    while (to < whereAt && !(depths[to] === 0 && tokens[to]?.text === ',')) to++
    const [column, equals] = [tokens[from], tokens[from + 1]]
    if (!column || !isName(column) || equals?.text !== '=')
      throw refuse('Each SET gives one column its value.', 'Write SET column = value, …', startOf(from))
    columns.push(column)
    expressions.push({ start: equals.end, end: startOf(to) })
    from = to + 1
  }
  return { verb, ...shared, alias, columns, source: null, expressions, where }
}

function depthsOf(tokens: readonly Token[]): readonly number[] {
  let depth = 0
  return tokens.map(({ kind, text }) => {
    if (kind !== 'symbol') return depth
    if (text === ')' || text === ']' || text === '}') depth--
    const own = depth
    if (text === '(' || text === '[' || text === '{') depth++
    return own
  })
}

/** `(a, b)`, unless what stands in the brackets is a query. */
function columnList(
  tokens: readonly Token[],
  at: number,
): { readonly columns: readonly Token[]; readonly next: number } | null {
  if (tokens[at]?.text !== '(') return null
  const columns: Token[] = []
  for (let index = at + 1; ; index += 2) {
    const [column, mark] = [tokens[index], tokens[index + 1]]
    if (column?.kind !== 'word' && column?.kind !== 'quoted') return null
    columns.push(column)
    if (mark?.text === ')') return { columns, next: index + 2 }
    if (mark?.text !== ',') return null
  }
}

/** Whether a text begins as a write does. What hides behind a long comment is seen when the statement is planned. */
export function beginsAsWrite(tokens: readonly Token[]): boolean {
  return tokens[0]?.kind === 'word' && /^(insert|update|delete|merge)$/i.test(tokens[0].text)
}
