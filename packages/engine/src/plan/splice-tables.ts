import type { ClassifiedStatement, PositionOf } from './classify.ts'
import type { TableReference } from './combine-occurrences.ts'
import { type FunctionCall, notConstant, readCall } from './function-calls.ts'
import { readDottedName, type Token, tokenIndexAt } from './statement-tokens.ts'
import type { NamedTable } from './syntax-tree.ts'
import type { TableNames } from './table-names.ts'
import type { TextEdit } from './text-edits.ts'

/** The edits that make a statement read scans, and what each scan stands for. */
export interface SplicedTables {
  readonly edits: readonly TextEdit[]
  readonly references: readonly TableReference[]
  readonly catalogue: readonly string[]
  /** By the position of its reference: the call that the reference is. */
  readonly calls: ReadonlyMap<number, FunctionCall>
}

/** Behind these words stands a table without alias. */
const wordsWithoutAlias = /^(?:table|describe|desc|show|summarize)$/i

/**
 * Resolves each table of a statement and puts `main.scan_N AS "Name"` in its place. The text is spliced, never
 * printed from DuckDB's tree, which prints some statements with another meaning (a CROSS JOIN becomes a comma).
 */
export function spliceTables(
  text: string,
  statement: ClassifiedStatement,
  names: TableNames,
  positionOf: PositionOf,
): SplicedTables {
  const { tokens, mentions } = statement
  const edits: TextEdit[] = []
  const references: TableReference[] = []
  const catalogue = new Set<string>()
  const prefixes = new Set<string>()
  const taken = new Set<number>()
  const calls = new Map<number, FunctionCall>()
  const called = new Set(mentions.calls)
  // A PIVOT may stand several times in the tree with the one source that the text has.
  const tables = [
    ...new Map([...mentions.tables, ...mentions.calls].map((table) => [table.at, table])).values(),
  ].sort((a, b) => a.at - b.at)
  for (const table of tables) {
    const index = tokenIndexAt(tokens, table.at)
    const name = readDottedName(tokens, index)
    if (name === null) throw new TypeError(`no name stands at offset ${table.at}`)
    if (called.has(table)) {
      const { catalog, schema } = table
      const resolved = names.resolveFunction(catalog, schema, table.name, positionOf(table.at))
      const call = readCall(text, tokens, index + name.parts.length * 2 - 1, positionOf)
      const inner = tables.find(({ at }) => at > table.at && at < call.end)
      if (inner !== undefined) throw notConstant(positionOf(inner.at))
      taken.add(index)
      calls.set(references.length, { ...call, start: table.at })
      const label = table.alias === '' ? ` AS "${resolved.table.name}"` : ''
      edits.push({ start: table.at, end: call.end, text: `main.scan_${references.length}${label}` })
      references.push(resolved)
      if (table.alias === '') addPrefixes(prefixes, { ...table, name: resolved.table.name }, name.parts)
      continue
    }
    const resolved = names.resolve(table.catalog, table.schema, table.name, positionOf(table.at))
    taken.add(index)
    let runnable: string
    if (resolved.kind === 'catalogue') {
      catalogue.add(resolved.relation.runnableName)
      runnable = `main."${resolved.relation.runnableName}"`
    } else {
      runnable = `main.scan_${references.length}`
      references.push({ source: resolved.source, table: resolved.table })
    }
    if (table.alias === '') {
      addPrefixes(prefixes, table, name.parts)
      const before = tokens[index - 1]
      if (before?.kind !== 'word' || !wordsWithoutAlias.test(before.text)) {
        runnable += ` AS "${table.name.replaceAll('"', '""')}"`
      }
    }
    edits.push({ start: table.at, end: name.end, text: runnable })
  }
  edits.push(...unqualified(tokens, prefixes, taken))
  if (mentions.shown.length > 0) return showTables(text, tokens)
  return { edits, references, catalogue: [...catalogue], calls }
}

/** What columns may be qualified with besides the table's own name: `crm.Accounts`, `eol.crm.Accounts`. */
function addPrefixes(prefixes: Set<string>, table: NamedTable, parts: readonly Token[]): void {
  const { catalog, schema, name } = table
  if (parts.length >= 2) prefixes.add(pathKey([schema, name]))
  if (parts.length >= 3) prefixes.add(pathKey([catalog, schema, name]))
}

function pathKey(parts: readonly string[]): string {
  return JSON.stringify(parts.map((part) => part.toLowerCase()))
}

/** Takes the path off columns that are qualified with a table's whole name: the spliced table has its last part. */
function unqualified(
  tokens: readonly Token[],
  prefixes: ReadonlySet<string>,
  taken: ReadonlySet<number>,
): TextEdit[] {
  const edits: TextEdit[] = []
  if (prefixes.size === 0) return edits
  for (let index = 0; index < tokens.length; index++) {
    const chain = readDottedChain(tokens, index)
    if (chain.length >= 2 && !taken.has(index)) {
      for (const length of [3, 2]) {
        const last = chain[length - 1]
        const first = chain[0]
        const isFollowed = tokens[index + length * 2 - 1]?.text === '.'
        if (first === undefined || last === undefined || !isFollowed) continue
        if (!prefixes.has(pathKey(chain.slice(0, length).map((part) => part.text)))) continue
        edits.push({ start: first.start, end: last.start, text: '' })
        break
      }
    }
    if (chain.length > 0) index += chain.length * 2 - 2
  }
  return edits
}

/** Like a dotted name, but `a.b.*` counts as `a.b`. */
function readDottedChain(tokens: readonly Token[], index: number): readonly Token[] {
  const chain: Token[] = []
  for (let i = index; ; i += 2) {
    const part = tokens[i]
    if (part === undefined || (part.kind !== 'word' && part.kind !== 'quoted')) return chain
    chain.push(part)
    if (tokens[i + 1]?.text !== '.') return chain
  }
}

function showTables(text: string, tokens: readonly Token[]): SplicedTables {
  const end = tokens.find((token) => token.text === ';')?.start ?? text.length
  const select =
    'SELECT table_schema AS "schema", table_name AS name FROM main."information_schema_tables" ORDER BY 1, 2'
  return {
    edits: [{ start: 0, end, text: select }],
    references: [],
    catalogue: ['information_schema_tables'],
    calls: new Map(),
  }
}
