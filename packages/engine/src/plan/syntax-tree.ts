import { integerOf, isNode, type JsonNode, nodeOf, nodesOf, textOf } from './plan-json.ts'

/** A table named in a statement, not the name of a common table expression. */
export interface NamedTable {
  readonly catalog: string
  readonly schema: string
  readonly name: string
  readonly alias: string
  /** Where its name begins, in UTF-8 bytes. */
  readonly at: number
  readonly hasTimeTravel: boolean
}

/** A function called in a statement, or a bare word that may be one (`current_date`). */
export interface NamedFunction {
  readonly schema: string
  readonly name: string
  readonly at: number | null
  readonly isCall: boolean
  readonly argumentCount: number
  /** The name that its result has when it is a whole item of a select list without alias; else null. */
  readonly resultName: string | null
}

/** What a statement mentions, from the tree that `json_serialize_sql` writes. */
export interface Mentions {
  readonly tables: readonly NamedTable[]
  /** Functions with a schema in the place of a table: the platform's own. */
  readonly calls: readonly NamedTable[]
  readonly functions: readonly NamedFunction[]
  /** `SHOW …` without a table: what is shown, in DuckDB's words. */
  readonly shown: readonly string[]
}

/** Collects every table and function of a parsed statement, heeding where names of CTEs hide tables. */
export function readMentions(statement: JsonNode): Mentions {
  const tables: NamedTable[] = []
  const calls: NamedTable[] = []
  const functions: NamedFunction[] = []
  const shown: string[] = []

  const visitAll = (value: unknown, scope: ReadonlySet<string>): void => {
    if (Array.isArray(value)) for (const item of value) visitAll(item, scope)
    else if (isNode(value)) visit(value, scope)
  }

  const visit = (node: JsonNode, outer: ReadonlySet<string>): void => {
    let scope = outer
    const expressions = nodesOf(nodeOf(node, 'cte_map') ?? {}, 'map')
    if (expressions.length > 0) {
      // One scope for all: an expression may use those before it, and itself only where it is recursive.
      const names = new Set(outer)
      for (const expression of expressions) {
        visitAll(expression.value, names)
        names.add(textOf(expression, 'key').toLowerCase())
      }
      scope = names
    }
    if (node.type === 'RECURSIVE_CTE_NODE')
      scope = new Set([...scope, textOf(node, 'cte_name').toLowerCase()])
    switch (node.type) {
      case 'BASE_TABLE': {
        const table = readTable(node)
        const isCte = table.catalog === '' && table.schema === '' && scope.has(table.name.toLowerCase())
        if (!isCte) tables.push(table)
        break
      }
      case 'TABLE_FUNCTION': {
        const call = readCall(node)
        if (call === null) break
        calls.push(call)
        visitAll(nodeOf(node, 'function')?.children, scope)
        return
      }
      case 'SHOW_REF':
        if (nodeOf(node, 'query') === null) shown.push(textOf(node, 'table_name').replaceAll('"', ''))
        break
    }
    if (node.class === 'FUNCTION' || node.class === 'WINDOW') functions.push(readFunction(node, false))
    if (node.class === 'COLUMN_REF') {
      const word = readBareWord(node, false)
      if (word !== null) functions.push(word)
    }
    for (const [key, value] of Object.entries(node)) {
      if (key === 'cte_map' || typeof value !== 'object') continue
      if (key === 'select_list') {
        for (const item of nodesOf(node, key)) {
          const named = item.class === 'FUNCTION' ? readFunction(item, true) : readBareWord(item, true)
          if (named === null) visit(item, scope)
          else {
            functions.push(named)
            for (const [, inner] of Object.entries(item)) visitAll(inner, scope)
          }
        }
      } else visitAll(value, scope)
    }
  }
  visit(statement, new Set())
  return { tables, calls, functions, shown }
}

function readTable(node: JsonNode): NamedTable {
  return {
    catalog: textOf(node, 'catalog_name'),
    schema: textOf(node, 'schema_name'),
    name: textOf(node, 'table_name'),
    alias: textOf(node, 'alias'),
    at: integerOf(node, 'query_location') ?? 0,
    hasTimeTravel: nodeOf(node, 'at_clause') !== null,
  }
}

/** `service.Name(…)` as a table; null for functions of DuckDB's own. */
function readCall(node: JsonNode): NamedTable | null {
  const called = nodeOf(node, 'function') ?? {}
  const schema = textOf(called, 'schema')
  if (schema === '' || schema === 'main') return null
  return {
    catalog: textOf(called, 'catalog'),
    schema,
    name: textOf(called, 'function_name'),
    alias: textOf(node, 'alias'),
    at: integerOf(called, 'query_location') ?? 0,
    hasTimeTravel: false,
  }
}

function readFunction(node: JsonNode, isSelectItem: boolean): NamedFunction {
  const name = textOf(node, 'function_name')
  return {
    schema: textOf(node, 'schema'),
    name,
    at: integerOf(node, 'query_location'),
    isCall: true,
    argumentCount: nodesOf(node, 'children').length,
    resultName: isSelectItem && textOf(node, 'alias') === '' ? `${name}()` : null,
  }
}

function readBareWord(node: JsonNode, isSelectItem: boolean): NamedFunction | null {
  if (node.class !== 'COLUMN_REF') return null
  const names = node.column_names
  if (!Array.isArray(names) || names.length !== 1) return null
  const name = String(names[0])
  return {
    schema: '',
    name,
    at: integerOf(node, 'query_location'),
    isCall: false,
    argumentCount: 0,
    resultName: isSelectItem && textOf(node, 'alias') === '' ? name : null,
  }
}
