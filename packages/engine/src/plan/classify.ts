import { SluisError } from '@sluis/shared'
import { allowedFunctions, functionRule } from './function-rules.ts'
import { didYouMean, nearestNames } from './nearest-names.ts'
import { type JsonNode, nodesOf, textOf } from './plan-json.ts'
import type { PlanningInstance } from './planning-instance.ts'
import type { StatementClass } from './statement-plan.ts'
import type { Token } from './statement-tokens.ts'
import { readTokens } from './statement-tokens.ts'
import { type Mentions, type NamedFunction, readMentions } from './syntax-tree.ts'
import { applyEdits, byteOffsets, codePointOffsets, type TextEdit } from './text-edits.ts'

/** A statement that DuckDB's parser accepts, with what it mentions; offsets in UTF-16 units. */
export interface ClassifiedStatement {
  readonly class: StatementClass
  readonly tokens: readonly Token[]
  readonly mentions: Mentions
  /** The select statement's tree; null for all other statements. */
  readonly tree: JsonNode | null
  /** A PIVOT whose columns come from the data: DuckDB runs it as several statements and shows no plan. */
  readonly isDynamicPivot: boolean
}

/** Where an offset of the text that is being classified stood in what the user wrote, from 1. */
export type PositionOf = (offset: number) => number

const classesOfWords: Readonly<Record<string, StatementClass>> = {
  begin: 'transaction',
  start: 'transaction',
  commit: 'transaction',
  end: 'transaction',
  rollback: 'transaction',
  abort: 'transaction',
  set: 'session',
  reset: 'session',
  use: 'session',
  insert: 'write',
  update: 'write',
  delete: 'write',
  merge: 'write',
}

const noMentions: Mentions = { tables: [], calls: [], functions: [], shown: [] }

/**
 * Says what a statement is, by DuckDB's own parser.
 * @throws SluisError SQL_SYNTAX with `details.position`; SQL_NOT_ALLOWED for several statements, for statements and
 *   functions outside the allow-list, and for files in the place of tables
 */
export async function classifyStatement(
  instance: PlanningInstance,
  sql: string,
  positionOf: PositionOf,
): Promise<ClassifiedStatement> {
  const tokens = readTokens(sql)
  if (tokens.every((token) => token.text === ';')) throw syntaxError('The statement is empty.', 1)
  const parsed = await parseOne(instance, sql, positionOf)
  if (parsed !== null) {
    const mentions = withCharacterOffsets(readMentions(parsed), sql)
    checkMentions(mentions, tokens, sql, positionOf)
    return { class: classOf(mentions), tokens, mentions, tree: parsed, isDynamicPivot: false }
  }
  const pivot = await readDynamicPivot(instance, sql, tokens, positionOf)
  if (pivot !== null) {
    checkMentions(pivot, tokens, sql, positionOf)
    return { class: classOf(pivot), tokens, mentions: pivot, tree: null, isDynamicPivot: true }
  }
  const count = await instance.countStatements(sql)
  if (count !== 1) throw severalStatements()
  const first = tokens.find((token) => token.text !== '(')
  const word = first?.text.toLowerCase() ?? ''
  const statementClass = classesOfWords[word]
  if (statementClass === undefined) {
    throw new SluisError('SQL_NOT_ALLOWED', `${word.toUpperCase()} statements are not allowed.`, {
      hint: word === 'explain' ? 'Ask for the explanation of a query instead.' : 'Only queries can be run.',
      details: { position: positionOf(first?.start ?? 0), statement: word },
    })
  }
  return { class: statementClass, tokens, mentions: noMentions, tree: null, isDynamicPivot: false }
}

/** The tree of the one SELECT statement of a text; null when DuckDB parses it but it is no plain SELECT. */
async function parseOne(
  instance: PlanningInstance,
  sql: string,
  positionOf: PositionOf,
): Promise<JsonNode | null> {
  const parsed = await instance.parse(sql)
  if (parsed.error === true) {
    const message = textOf(parsed, 'error_message')
    if (textOf(parsed, 'error_type') === 'not implemented') return null
    const at = Number(textOf(parsed, 'position') || 'NaN')
    throw syntaxError(message, Number.isNaN(at) ? null : positionOf(codePointOffsets(sql)(at)))
  }
  const statements = nodesOf(parsed, 'statements')
  const [statement] = statements
  if (statement === undefined) throw syntaxError('The statement is empty.', 1)
  if (statements.length > 1) throw severalStatements()
  return statement
}

function classOf(mentions: Mentions): StatementClass {
  const isCatalogue = (schema: string) => ['information_schema', 'sluis'].includes(schema.toLowerCase())
  const { tables, calls, shown } = mentions
  const isAllCatalogue = tables.every(({ catalog, schema }) => catalog === '' && isCatalogue(schema))
  return calls.length === 0 && (tables.length > 0 || shown.length > 0) && isAllCatalogue
    ? 'catalogue'
    : 'query'
}

/**
 * What a dynamic PIVOT mentions. Its parser refuses to be serialised, but a PIVOT with a list of values is: so each
 * pivoted column is given one, for reading only.
 */
async function readDynamicPivot(
  instance: PlanningInstance,
  sql: string,
  tokens: readonly Token[],
  positionOf: PositionOf,
): Promise<Mentions | null> {
  const isPivot = (token: Token) => token.kind === 'word' && /^pivot(?:_wider)?$/i.test(token.text)
  if (!tokens.some(isPivot)) return null
  const edits: TextEdit[] = []
  for (const [index, token] of tokens.entries())
    if (isPivot(token)) edits.push(...staticPivotEdits(tokens, index))
  const edited = applyEdits(sql, edits)
  const parsed = await parseOne(instance, edited.text, (offset) => positionOf(edited.toOriginal(offset)))
  if (parsed === null) return null
  const mentions = withCharacterOffsets(readMentions(parsed), edited.text)
  return {
    ...mentions,
    tables: mentions.tables.map((table) => ({ ...table, at: edited.toOriginal(table.at) })),
    calls: mentions.calls.map((call) => ({ ...call, at: edited.toOriginal(call.at) })),
    functions: mentions.functions.map((mention) => ({
      ...mention,
      at: mention.at === null ? null : edited.toOriginal(mention.at),
    })),
  }
}

const pivotEnds = /^(?:using|group|order|limit|offset|where|having|union|intersect|except)$/i

/** Inserts ` IN ('x')` behind each column of the ON clause that belongs to a PIVOT and has no list. */
function staticPivotEdits(tokens: readonly Token[], pivot: number): TextEdit[] {
  const edits: TextEdit[] = []
  let depth = 0
  let isOn = false
  let hasList = false
  let end: number | null = null
  const close = () => {
    if (isOn && !hasList && end !== null) edits.push({ start: end, end, text: " IN ('x')" })
    hasList = false
    end = null
  }
  for (const token of tokens.slice(pivot + 1)) {
    if (token.text === '(' && token.kind === 'symbol') depth++
    if (token.text === ')' && token.kind === 'symbol' && --depth < 0) break
    if (depth === 0 && token.kind === 'word' && !isOn && /^on$/i.test(token.text)) {
      isOn = true
      continue
    }
    if (!isOn) continue
    if (depth === 0 && (token.text === ';' || (token.kind === 'word' && pivotEnds.test(token.text)))) break
    if (depth === 0 && token.text === ',' && token.kind === 'symbol') close()
    else {
      if (depth === 0 && token.kind === 'word' && /^in$/i.test(token.text)) hasList = true
      end = token.end
    }
  }
  close()
  return edits
}

function withCharacterOffsets(mentions: Mentions, sql: string): Mentions {
  const offset = byteOffsets(sql)
  return {
    ...mentions,
    tables: mentions.tables.map((table) => ({ ...table, at: offset(table.at) })),
    calls: mentions.calls.map((call) => ({ ...call, at: offset(call.at) })),
    functions: mentions.functions.map((mention) => ({
      ...mention,
      at: mention.at === null ? null : offset(mention.at),
    })),
  }
}

function checkMentions(
  { tables, functions, shown }: Mentions,
  tokens: readonly Token[],
  sql: string,
  positionOf: PositionOf,
): void {
  for (const mention of functions) if (mention.isCall) checkFunction(mention, positionOf)
  for (const table of tables) {
    const isFile =
      sql[table.at] === "'" || tokens.some((token) => token.start === table.at && token.kind === 'string')
    if (isFile || table.hasTimeTravel) {
      const what = isFile ? 'A file cannot be read' : 'AT is not supported'
      throw new SluisError('SQL_NOT_ALLOWED', `${what} in the place of a table.`, {
        hint: 'Name a table of the database.',
        details: { position: positionOf(table.at) },
      })
    }
  }
  for (const what of shown) {
    if (!['tables', '__show_tables_expanded'].includes(what)) {
      throw new SluisError('SQL_NOT_ALLOWED', `SHOW ${what.toUpperCase()} is not allowed.`, {
        hint: 'Use SHOW TABLES, DESCRIBE with a table, or select from information_schema.',
        details: { position: 1 },
      })
    }
  }
}

function checkFunction(mention: NamedFunction, positionOf: PositionOf): void {
  const isBuiltIn = mention.schema === '' || mention.schema === 'main'
  const rule = isBuiltIn ? functionRule(mention.name) : 'unknown'
  if (rule === 'allowed') return
  const written = isBuiltIn ? mention.name : `${mention.schema}.${mention.name}`
  const details =
    mention.at === null ? { function: written } : { function: written, position: positionOf(mention.at) }
  if (rule === 'refused') {
    throw new SluisError('SQL_NOT_ALLOWED', `The function ${written} is not allowed.`, {
      hint: 'Functions that reach beyond the data of the query are switched off.',
      details,
    })
  }
  const nearest = nearestNames(written, allowedFunctions())
  throw new SluisError('SQL_NOT_ALLOWED', `There is no function ${written}.`, {
    hint: didYouMean(nearest, "See DuckDB's documentation for its functions."),
    details: { ...details, nearest },
  })
}

function severalStatements(): SluisError {
  return new SluisError('SQL_NOT_ALLOWED', 'The text holds more than one statement.', {
    hint: 'Send one statement at a time.',
    details: {},
  })
}

function syntaxError(message: string, position: number | null): SluisError {
  return new SluisError('SQL_SYNTAX', message, {
    hint: 'The dialect is that of DuckDB.',
    details: position === null ? {} : { position },
  })
}
