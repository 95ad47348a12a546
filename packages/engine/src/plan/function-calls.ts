import { SluisError } from '@sluis/shared'
import type { FunctionArgument, PlatformTable } from '../catalog/table.ts'
import type { PositionOf } from './classify.ts'
import { didYouMean, nearestNames } from './nearest-names.ts'
import type { PlanningInstance } from './planning-instance.ts'
import type { Token } from './statement-tokens.ts'
import { applyEdits, type TextEdit } from './text-edits.ts'

/** A function of the platform called in the place of a table; offsets in the text that is planned. */
export interface FunctionCall {
  readonly start: number
  /** Behind the closing bracket. */
  readonly end: number
  readonly arguments: readonly CallArgument[]
}

/** `name := expression`: where the expression stands. */
export interface CallArgument {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly position: number
}

/**
 * Reads `(name := expression, …)` from the opening bracket on. `=>` and `=` stand for `:=`, as DuckDB has it.
 * @throws SluisError SQL_NOT_ALLOWED for an argument without a name
 */
export function readCall(
  text: string,
  tokens: readonly Token[],
  open: number,
  positionOf: PositionOf,
): Omit<FunctionCall, 'start'> {
  const found: CallArgument[] = []
  let depth = 0
  let first = open + 1
  const take = (until: number) => {
    if (until === first) return
    const name = tokens[first]
    const from = argumentStart(tokens, first + 1)
    const [begin, last] = [tokens[from ?? -1], tokens[until - 1]]
    const position = positionOf(name?.start ?? 0)
    if (name === undefined || begin === undefined || last === undefined || from === null || from >= until) {
      throw new SluisError('SQL_NOT_ALLOWED', 'The arguments of a function of the platform have names.', {
        hint: 'Write name := value.',
        details: { position },
      })
    }
    found.push({ name: name.text, start: begin.start, end: last.end, position })
  }
  for (let at = open; at < tokens.length; at++) {
    const token = tokens[at]
    if (token?.kind !== 'symbol') continue
    if (/^[([{]$/.test(token.text)) depth++
    if (token.text === ',' && depth === 1) {
      take(at)
      first = at + 1
    }
    if (/^[)\]}]$/.test(token.text) && --depth === 0) {
      take(at)
      return { end: token.end, arguments: found }
    }
  }
  throw new TypeError(`no call stands in ${text.slice(0, 40)}`)
}

/** The token behind `:=`, `=>` or `=`, whose characters are tokens of their own; null for anything else. */
function argumentStart(tokens: readonly Token[], at: number): number | null {
  const pair = `${tokens[at]?.text}${tokens[at + 1]?.text}`
  if (pair === ':=' || pair === '=>') return at + 2
  return tokens[at]?.text === '=' ? at + 1 : null
}

/**
 * The values that a call passes. A name that the platform's function is not known to have is passed on as given, unless
 * it looks like a known one that was misspelt.
 * @throws SluisError SQL_UNKNOWN_COLUMN for a misspelt name, SQL_NOT_ALLOWED for what is no constant or NULL
 */
export async function evaluateArguments(
  instance: PlanningInstance,
  text: string,
  call: FunctionCall,
  table: PlatformTable,
  timeEdits: readonly TextEdit[],
): Promise<readonly FunctionArgument[]> {
  const known = table.parameters ?? []
  const given = new Set<string>()
  const values: FunctionArgument[] = []
  for (const { name, start, end, position } of call.arguments) {
    const key = name.toLowerCase()
    if (given.has(key)) throw refused(`${name} is given twice.`, position)
    given.add(key)
    const parameter = known.find((candidate) => candidate.name.toLowerCase() === key)
    const nearest =
      parameter === undefined
        ? nearestNames(
            name,
            known.map((one) => one.name),
          )
        : []
    if (nearest.length > 0) {
      throw new SluisError('SQL_UNKNOWN_COLUMN', `${table.schema}.${table.name} has no parameter ${name}.`, {
        hint: didYouMean(nearest, ''),
        details: { position, parameter: name, nearest },
      })
    }
    const edits = timeEdits
      .filter((edit) => edit.start >= start && edit.end <= end)
      .map((edit) => ({ ...edit, start: edit.start - start, end: edit.end - start }))
    const expression = applyEdits(text.slice(start, end), edits).text
    const cast = parameter === undefined ? expression : `CAST((${expression}\n) AS ${parameter.type})`
    const value = await instance.evaluate(cast).catch(() => {
      throw notConstant(position)
    })
    if (value === null) throw refused(`${name} is NULL, which the platform has no word for.`, position)
    values.push({
      name: parameter?.name ?? name,
      type: value.type,
      value: value.text,
      isKnown: parameter !== undefined,
    })
  }
  return values
}

/** An argument that depends on rows, or does not fit its parameter. */
export function notConstant(position: number): SluisError {
  return refused('The arguments of a function of the platform are constants of the right type.', position)
}

const refused = (message: string, position: number) =>
  new SluisError('SQL_NOT_ALLOWED', message, { hint: 'Write name := value.', details: { position } })
