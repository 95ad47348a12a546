import { sqlPieces } from './sql-pieces.ts'

/** A table or function as completion needs it; `schema` holds the source too where it is not the first. */
export interface KnownTable {
  readonly schema: string
  readonly name: string
  readonly source: string
  readonly isFunction: boolean
}
export interface KnownColumn {
  readonly name: string
  readonly type: string
}

export interface Proposal {
  readonly label: string
  readonly kind: 'schema' | 'table' | 'function' | 'column' | 'alias'
  /** A type, a service or a source: what tells two of a name apart. */
  readonly detail?: string
}

/** A table that a statement reads, with the name by which its columns are reached. */
export interface Mention {
  readonly table: KnownTable
  readonly alias: string
}

/** Where the name before the cursor begins, and the names before it that it is a part of: `eol.crm.` before `Acc`. */
export function nameBefore(
  sql: string,
  at: number,
): { readonly from: number; readonly path: readonly string[] } | null {
  const inside = sqlPieces(sql).find(({ from, to }) => from < at && at <= to)
  if (inside && inside.kind !== 'code' && inside.to >= at && at > inside.from && !isClosed(sql, inside, at))
    return null
  const match = /((?:[\p{L}_][\p{L}\p{N}_]*\.)*)([\p{L}_][\p{L}\p{N}_]*)?$/u.exec(sql.slice(0, at))
  const path = (match?.[1] ?? '').split('.').filter((part) => part !== '')
  return { from: at - (match?.[2] ?? '').length, path }
}

const isClosed = (sql: string, piece: { from: number; to: number; kind: string }, at: number) =>
  at === piece.to && piece.kind !== 'comment' && piece.to - piece.from > 1 && /['"$]/.test(sql[at - 1] ?? '')

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

function tableNamed(path: readonly string[], tables: readonly KnownTable[]): KnownTable | null {
  const name = path.at(-1) ?? ''
  const schema = path.at(-2)
  const source = path.at(-3)
  const found = tables.filter(
    (table) =>
      same(table.name, name) &&
      (schema === undefined || same(table.schema, schema) || same(table.schema, `${source}.${schema}`)) &&
      (source === undefined || same(table.source, source)),
  )
  return found[0] ?? null
}

/** The tables that stand after FROM, JOIN, INTO or UPDATE, and after a comma of such a list. */
export function mentionsIn(sql: string, tables: readonly KnownTable[]): Mention[] {
  const code = sqlPieces(sql)
    .map(({ kind, from, to }) => (kind === 'code' ? sql.slice(from, to) : ' '.repeat(to - from)))
    .join('')
  const names = String.raw`[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*){0,2}`
  const alias = String.raw`(?:\s+(?:as\s+)?(?!(?:on|where|join|left|right|full|inner|cross|natural|group|order|limit|using|union|set|having|qualify|as|asof|positional|window|semi|anti|values|select|offset|except|intersect)\b)([\p{L}_][\p{L}\p{N}_]*))?`
  const pattern = new RegExp(String.raw`(?:\b(?:from|join|into|update)\s+|,\s*)(${names})${alias}`, 'giu')
  const found: Mention[] = []
  for (const [, name = '', given] of code.matchAll(pattern)) {
    const table = tableNamed(name.split('.'), tables)
    if (table) found.push({ table, alias: given ?? table.name })
  }
  return found
}

/**
 * What may stand at the cursor, without a call: sources, services and tables by the path typed so far, columns of the
 * tables that the statement mentions. `columnsOf` gives what is loaded already.
 */
export function proposalsAt(
  sql: string,
  path: readonly string[],
  tables: readonly KnownTable[],
  columnsOf: (table: KnownTable) => readonly KnownColumn[],
): Proposal[] {
  const mentions = mentionsIn(sql, tables)
  const columns = (of: readonly Mention[]): Proposal[] =>
    of.flatMap(({ table }) =>
      columnsOf(table).map(({ name, type }) => ({ label: name, kind: 'column' as const, detail: type })),
    )
  const tableProposal = ({ name, schema, isFunction }: KnownTable): Proposal => ({
    label: name,
    kind: isFunction ? 'function' : 'table',
    detail: schema,
  })
  if (path.length === 0) {
    return unique([
      ...columns(mentions),
      ...mentions.map(({ alias, table }): Proposal => ({ label: alias, kind: 'alias', detail: table.name })),
      ...[...new Set(tables.map(({ schema }) => schema))].map(
        (schema): Proposal => ({ label: schema, kind: 'schema' }),
      ),
      ...tables.map(tableProposal),
    ])
  }
  const last = path.at(-1) ?? ''
  const named = mentions.filter(({ alias, table }) => same(alias, last) || same(table.name, last))
  const inSchema = tables.filter(
    ({ schema, source }) =>
      same(schema, path.join('.')) ||
      (path.length === 2 && same(source, path[0] ?? '') && same(schema, last)),
  )
  const services = tables
    .filter(({ source }) => path.length === 1 && same(source, last))
    .map(({ schema, source }): Proposal => {
      const service = schema.startsWith(`${source}.`) ? schema.slice(source.length + 1) : schema
      return { label: service, kind: 'schema' }
    })
  return unique([...columns(named), ...inSchema.map(tableProposal), ...services])
}

function unique(proposals: readonly Proposal[]): Proposal[] {
  const seen = new Map(
    proposals.map((proposal) => [`${proposal.kind} ${proposal.label} ${proposal.detail}`, proposal]),
  )
  return [...seen.values()]
}
