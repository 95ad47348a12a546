import { SluisError } from '@sluis/shared'
import { type ClassifiedStatement, classifyStatement, type PositionOf } from './classify.ts'
import { combineOccurrences, type TableReference, wholeScans } from './combine-occurrences.ts'
import { countedText } from './counted-text.ts'
import { freezeTimeEdits } from './frozen-time.ts'
import { evaluateArguments } from './function-calls.ts'
import { UnreadablePlan } from './plan-columns.ts'
import { type JsonNode, nodesOf, textOf } from './plan-json.ts'
import { readOccurrences } from './plan-scans.ts'
import { planningError } from './planning-error.ts'
import type { PlanningInstance } from './planning-instance.ts'
import type { ScanOccurrence } from './scan-occurrence.ts'
import { spliceTables } from './splice-tables.ts'
import { parameterEdits, type StatementParameters } from './statement-parameters.ts'
import type { StatementPlan } from './statement-plan.ts'
import { readTokens } from './statement-tokens.ts'
import type { PlanSource, TableNames } from './table-names.ts'
import { applyEdits, byteOffsets, type EditedText, type TextEdit } from './text-edits.ts'
import { composeWrite } from './write-plan.ts'
import { readWriteStatement } from './write-statement.ts'

/** A statement to be planned. */
export interface PlanRequest {
  readonly sql: string
  /** An array for `$1` and `?`, an object for `$name`. */
  readonly parameters?: StatementParameters
  /** The database's sources; the alias of the first may be left out in names. */
  readonly tables: readonly PlanSource[]
  /** Microseconds since 1970 that the statement takes for the present. */
  readonly frozenAt: bigint
  readonly timeZone: string
  /** False: scans of everything, for comparison with what pushdown answers. */
  readonly pushdown?: boolean
}

/** Longer texts are refused before anything reads them. */
const maxSqlLength = 4 * 1024 * 1024

/** A plan without the time it took, which only who measures around it can add. */
export type UntimedPlan = Omit<StatementPlan, 'planMs'>

/**
 * Plans one statement on an instance of its own time zone. One call at a time per instance.
 * @throws SluisError SQL_SYNTAX, SQL_NOT_ALLOWED, SQL_UNKNOWN_TABLE, SQL_UNKNOWN_COLUMN, SQL_FAILED; each with
 *   `details.position` (from 1, in UTF-16 units of the user's text) where one is known
 */
export async function planStatement(
  instance: PlanningInstance,
  names: TableNames,
  request: Omit<PlanRequest, 'tables'>,
): Promise<UntimedPlan> {
  const { sql } = request
  checkText(sql)
  const literal = applyEdits(sql, parameterEdits(readTokens(sql), request.parameters ?? []))
  const positionOf: PositionOf = (offset) => literal.toOriginal(offset) + 1
  const statement = await classifyStatement(instance, literal.text, positionOf)
  if (statement.class === 'write')
    return planWrite(instance, names, request, literal.text, statement, positionOf)
  if (statement.class !== 'query' && statement.class !== 'catalogue') throw notRunnable(statement)
  return planQuery(instance, names, request, literal.text, statement, positionOf)
}

/** A write is planned as the query that gives its rows, and RETURNING as a query over what was written. */
async function planWrite(
  instance: PlanningInstance,
  names: TableNames,
  request: Omit<PlanRequest, 'tables'>,
  text: string,
  { tokens }: ClassifiedStatement,
  positionOf: PositionOf,
): Promise<UntimedPlan> {
  const composed = composeWrite(text, readWriteStatement(tokens, text, positionOf), names, positionOf)
  const planComposed = async (part: EditedText) => {
    const position: PositionOf = (offset) => positionOf(part.toOriginal(offset))
    const statement = await classifyStatement(instance, part.text, position)
    return planQuery(instance, names, request, part.text, statement, position)
  }
  const answer = composed.returning && (await planComposed(composed.returning))
  if (answer && answer.scans.length !== 1) {
    throw new SluisError('SQL_NOT_ALLOWED', 'RETURNING reads another table.', {
      hint: 'Return columns of the written table, and query the other one apart.',
    })
  }
  const rows = await planComposed(composed.rows)
  const { assigned, verb } = composed.plan
  if (verb === 'insert' && rows.columns.length !== assigned.length) {
    throw new SluisError(
      'SQL_FAILED',
      `The INSERT names ${assigned.length} columns and gives ${rows.columns.length} values.`,
      { hint: 'Give one value for each column.', details: { columns: assigned } },
    )
  }
  const returning = answer && { sql: answer.runnableSql, columns: answer.columns }
  return { ...rows, class: 'write', write: { ...composed.plan, returning } }
}

async function planQuery(
  instance: PlanningInstance,
  names: TableNames,
  request: Omit<PlanRequest, 'tables'>,
  text: string,
  statement: ClassifiedStatement,
  positionOf: PositionOf,
): Promise<UntimedPlan> {
  const { sql, frozenAt, timeZone } = request
  const spliced = spliceTables(text, statement, names, positionOf)
  const time = { at: frozenAt, timeZone }
  const timeEdits = freezeTimeEdits(statement.mentions.functions, statement.tokens, time)
  const isInCall = ({ start, end }: TextEdit) =>
    [...spliced.calls.values()].some((call) => start >= call.start && end <= call.end)
  const edited = applyEdits(text, [
    ...spliced.edits,
    ...trailingSemicolons(statement),
    ...timeEdits.filter((edit) => !isInCall(edit)),
  ])
  const references: TableReference[] = []
  for (const [index, reference] of spliced.references.entries()) {
    const call = spliced.calls.get(index)
    if (call === undefined) references.push(reference)
    else {
      const given = await evaluateArguments(instance, text, call, reference.table, timeEdits)
      references.push({ ...reference, arguments: given })
    }
  }
  await instance.setScans(references.map(({ table }) => table))
  const shared = {
    class: statement.class,
    sql,
    runnableSql: edited.text,
    countedSql: null,
    scans: wholeScans(references),
    catalogue: spliced.catalogue,
    columns: [],
    frozenAt,
    timeZone,
  }
  if (statement.isDynamicPivot) return shared
  const positionInText = (byte: number) => positionOf(edited.toOriginal(byteOffsets(edited.text)(byte)))
  const columns = await describe(instance, edited, references, positionOf)
  if (request.pushdown === false) return { ...shared, columns }
  const plan = await readPlan(instance, edited.text, references, positionInText)
  // DuckDB plans every statement but serialises not every operator: what it cannot show is read whole.
  if (plan === null) return { ...shared, columns }
  const occurrences = tryReadOccurrences(plan, references, timeZone)
  if (occurrences === null) return { ...shared, columns }
  const counted = countedText(edited.text, statement.tree)
  const scans = combineOccurrences(references, occurrences, counted !== null)
  const countedSql = scans.some((scan) => scan.isCountOnly && scan.where.length > 0) ? counted : null
  return { ...shared, columns, scans, countedSql }
}

/** The text is put into others (a COPY, a subquery), where its end must not be the end of all. */
function trailingSemicolons(statement: ClassifiedStatement): TextEdit[] {
  return statement.tokens
    .filter((token) => token.text === ';' && token.kind === 'symbol')
    .map(({ start, end }) => ({ start, end, text: '' }))
}

function checkText(sql: string): void {
  if (sql.length > maxSqlLength) {
    throw new SluisError('SQL_NOT_ALLOWED', `The statement has more than ${maxSqlLength} characters.`, {
      hint: 'Send long lists in parts.',
    })
  }
  if (sql.includes('\0') || !sql.isWellFormed()) {
    const at = sql.indexOf('\0')
    throw new SluisError('SQL_SYNTAX', 'The statement holds a character that is not text.', {
      hint: 'Leave out NUL characters and halves of surrogate pairs.',
      details: at < 0 ? {} : { position: at + 1 },
    })
  }
}

function notRunnable(statement: ClassifiedStatement): SluisError {
  const hints = {
    write: 'Use INSERT, UPDATE or DELETE.',
    session: 'Settings belong to the database and cannot be changed by a statement.',
    transaction: 'Each query stands alone: leave transaction statements out.',
    query: '',
    catalogue: '',
  }
  const word = statement.tokens[0]?.text.toUpperCase() ?? ''
  return new SluisError('SQL_NOT_ALLOWED', `${word} statements are not allowed.`, {
    hint: hints[statement.class],
    details: { statement: word.toLowerCase(), class: statement.class, position: 1 },
  })
}

async function describe(
  instance: PlanningInstance,
  edited: EditedText,
  references: readonly TableReference[],
  positionOf: PositionOf,
) {
  try {
    return await instance.describe(edited.text)
  } catch (error) {
    // Prepared statements tell the place as a picture in the message; the serialiser tells it as a number.
    const failure = await instance.plan(edited.text)
    if (failure.error !== true) throw planningError(String(error), null, references)
    const at = Number(textOf(failure, 'position') || 'NaN')
    const position = Number.isNaN(at) ? null : positionOf(edited.toOriginal(byteOffsets(edited.text)(at)))
    throw planningError(textOf(failure, 'error_message'), position, references)
  }
}

async function readPlan(
  instance: PlanningInstance,
  sql: string,
  references: readonly TableReference[],
  positionInText: (byte: number) => number,
): Promise<JsonNode | null> {
  const serialized = await instance.plan(sql)
  if (serialized.error === true) {
    if (textOf(serialized, 'error_type') === 'not implemented') return null
    const at = Number(textOf(serialized, 'position') || 'NaN')
    throw planningError(
      textOf(serialized, 'error_message'),
      Number.isNaN(at) ? null : positionInText(at),
      references,
    )
  }
  return nodesOf(serialized, 'plans')[0] ?? null
}

/** What the plan reads; null for a plan of a shape that we do not know, of which nothing is believed. */
function tryReadOccurrences(
  plan: JsonNode,
  references: readonly TableReference[],
  timeZone: string,
): readonly ScanOccurrence[] | null {
  try {
    return readOccurrences(plan, { tableOf: (id) => mustReference(references, id).table, timeZone })
  } catch (error) {
    if (error instanceof UnreadablePlan) return null
    throw error
  }
}

function mustReference(references: readonly TableReference[], id: number): TableReference {
  const reference = references[id]
  if (reference === undefined)
    throw new TypeError(`the plan reads a scan ${id} that the statement does not have`)
  return reference
}
