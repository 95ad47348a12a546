import { SluisError } from '@sluis/shared'
import type { Token } from './statement-tokens.ts'
import type { TextEdit } from './text-edits.ts'

/** Values for `$1`, `?` (an array) or `$name` (an object). */
export type StatementParameters = readonly unknown[] | Readonly<Record<string, unknown>>

/**
 * The edits that put parameters into a text as literals. Literals instead of bound values, because DuckDB plans a
 * filter on a bound value without the value.
 */
export function parameterEdits(tokens: readonly Token[], parameters: StatementParameters): TextEdit[] {
  const used = new Set<string>()
  let questionMarks = 0
  const edits = tokens
    .filter((token) => token.kind === 'parameter')
    .map((token) => {
      const name = token.text === '?' ? String(++questionMarks) : token.text.replace(/^\?/, '')
      used.add(name.toLowerCase())
      const value = givenValue(parameters, name, token)
      return { start: token.start, end: token.end, text: toSqlLiteral(value, name) }
    })
  const given = Array.isArray(parameters) ? parameters.map((_, i) => String(i + 1)) : Object.keys(parameters)
  const unused = given.filter((name) => !used.has(name.toLowerCase()))
  if (unused.length > 0) {
    throw new SluisError(
      'INVALID_REQUEST',
      `The statement has no parameter ${unused.map((n) => `$${n}`).join(', ')}.`,
      {
        hint: 'Leave the value out, or use the parameter in the statement.',
        details: { field: 'parameters', parameters: unused },
      },
    )
  }
  return edits
}

function givenValue(parameters: StatementParameters, name: string, token: Token): unknown {
  if (Array.isArray(parameters)) {
    const index = /^\d+$/.test(name) ? Number(name) - 1 : -1
    if (index >= 0 && index < parameters.length) return parameters[index]
  } else {
    const values = Object.entries(parameters)
    const entry =
      values.find(([key]) => key === name) ?? values.find(([key]) => key.toLowerCase() === name.toLowerCase())
    if (entry !== undefined) return entry[1]
  }
  throw new SluisError('INVALID_REQUEST', `No value was given for the parameter $${name}.`, {
    hint: 'Give `parameters` as a list for $1, $2, … or as an object for $name.',
    details: { field: 'parameters', parameter: name, position: token.start + 1 },
  })
}

/** The SQL literal of a value of JSON (or a bigint, Date): safe to splice anywhere an expression may stand. */
export function toSqlLiteral(value: unknown, name = '1'): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'bigint') return integerLiteral(String(value))
  if (typeof value === 'string') return quoteString(value, name)
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return integerLiteral(String(value))
    // Inside a CAST, not behind a `::`, which would bind tighter than the sign.
    return `CAST('${value}' AS DOUBLE)`
  }
  if (value instanceof Date) return `CAST('${value.toISOString()}' AS TIMESTAMP)`
  if (Array.isArray(value)) return `[${value.map((item) => toSqlLiteral(item, name)).join(', ')}]`
  if (typeof value === 'object') {
    const fields = Object.entries(value).map(
      ([key, item]) => `${quoteString(key, name)}: ${toSqlLiteral(item, name)}`,
    )
    if (fields.length > 0) return `{${fields.join(', ')}}`
  }
  throw new SluisError('INVALID_REQUEST', `The value of parameter $${name} has no SQL literal.`, {
    hint: 'Use text, a number, a boolean, null, a list, or an object with at least one field.',
    details: { field: 'parameters', parameter: name },
  })
}

function integerLiteral(digits: string): string {
  // Parentheses keep `1 -$1` from becoming a comment, and `2 ^ $1` from binding the sign wrongly.
  return digits.startsWith('-') ? `(${digits})` : digits
}

function quoteString(text: string, name: string): string {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new SluisError(
      'INVALID_REQUEST',
      `The text of parameter $${name} holds a character that SQL cannot.`,
      {
        hint: 'Leave out NUL characters and halves of surrogate pairs.',
        details: { field: 'parameters', parameter: name },
      },
    )
  }
  return `'${text.replaceAll("'", "''")}'`
}
