import type { Comparison, Judgement, Predicate, SqlValue } from '@sluis/engine'
import { comparison, type FilterText, sendable } from './comparison.ts'
import type { Endpoint, ScalarField } from './endpoint.ts'
import { stringLiteral } from './filter-literals.ts'

/** One term of a wish's `where` for one endpoint. */
export interface RenderedTerm {
  readonly judgement: Judgement
  /** Empty when nothing is sent. */
  readonly text: string
  readonly joint: FilterText['joint']
  /** Properties that `text` names. */
  readonly properties: readonly string[]
  /** When the term is a list of values of one property: the parts that `or` joins. */
  readonly list: ListTerm | null
}

export interface ListTerm {
  readonly field: ScalarField
  /** Distinct values; a part takes no row that another takes when `isDisjoint`. */
  readonly parts: readonly string[]
  /** False where one row may answer several parts, so that they must travel in one request. */
  readonly isDisjoint: boolean
}

const nothing: RenderedTerm = { judgement: 'no', text: '', joint: 'none', properties: [], list: null }

/**
 * A term in Exact's `$filter`, with how far it can be relied on.
 *
 * A term that looks at nothing but the partition column of the address is `exact` and sends nothing: the rows of one
 * company all have that company's code, and the engine reads the companies whose code makes the term true.
 */
export function renderTerm(
  term: Predicate,
  endpoint: Endpoint,
  partitionColumn: string | null,
): RenderedTerm {
  const columns = columnsOf(term)
  if (
    columns !== null &&
    columns.size > 0 &&
    partitionColumn !== null &&
    [...columns].every((name) => name === partitionColumn)
  ) {
    return { ...nothing, judgement: 'exact' }
  }
  const normal = withoutNot(term, false)
  const list = listOf(normal)
  const fields = new Map([...endpoint.fields].filter(([name]) => name !== partitionColumn))
  if (list !== null) return renderList(list.column, list.values, fields)
  const rendered = render(normal, fields)
  if (rendered === null) return nothing
  return {
    judgement: rendered.isExact ? 'exact' : 'superset',
    text: rendered.text,
    joint: rendered.joint,
    properties: rendered.properties,
    list: null,
  }
}

type Fields = Endpoint['fields']
type Rendered = FilterText & { readonly properties: readonly string[] }

function scalar(fields: Fields, column: string): ScalarField | null {
  const field = fields.get(column)
  return field?.kind === 'scalar' && field.edm !== 'Edm.Binary' ? field : null
}

/** Null: at least one row that the predicate takes cannot be asked for. */
function render(predicate: Predicate, fields: Fields): Rendered | null {
  const of = (field: ScalarField, text: FilterText | null): Rendered | null =>
    text && { ...text, properties: [field.name] }
  switch (predicate.kind) {
    case 'compare': {
      const field = scalar(fields, predicate.column)
      return field && of(field, comparison(field, predicate.op, predicate.value))
    }
    case 'in': {
      const field = scalar(fields, predicate.column)
      if (field === null || predicate.values.length === 0) return null
      return joined(
        predicate.values.map((value) => of(field, comparison(field, '=', value))),
        'or',
      )
    }
    case 'is-null':
    case 'is-not-null': {
      const field = scalar(fields, predicate.column)
      if (field === null || field.isKey) return null
      const text = `${field.name} ${predicate.kind === 'is-null' ? 'eq' : 'ne'} null`
      return { text, isExact: field.type !== 'VARCHAR', joint: 'none', properties: [field.name] }
    }
    case 'starts-with':
    case 'ends-with':
    case 'contains':
      return renderSearch(predicate, fields)
    case 'and':
      return joined(
        predicate.terms.map((term) => render(term, fields)),
        'and',
      )
    case 'or':
      return joined(
        predicate.terms.map((term) => render(term, fields)),
        'or',
      )
    case 'not':
    case 'opaque':
      return null
    default:
      return predicate satisfies never
  }
}

/** Of an AND any part narrows; an OR needs all its arms. */
function joined(parts: readonly (Rendered | null)[], joint: 'and' | 'or'): Rendered | null {
  const found = parts.filter((part) => part !== null)
  if (found.length === 0 || (joint === 'or' && found.length < parts.length)) return null
  const [only] = found
  const isExact = found.length === parts.length && found.every((part) => part.isExact)
  const properties = [...new Set(found.flatMap((part) => part.properties))]
  if (only !== undefined && found.length === 1) return { ...only, isExact, properties }
  return { text: joinTexts(found, joint), isExact, joint, properties }
}

/** Texts with `and` or `or` between them, bracketed where the other connective stands inside. */
export function joinTexts(parts: readonly Pick<FilterText, 'text' | 'joint'>[], joint: 'and' | 'or'): string {
  return parts
    .map((part) => (part.joint === 'none' || part.joint === joint ? part.text : `(${part.text})`))
    .join(` ${joint} `)
}

function renderSearch(
  predicate: Predicate & { readonly kind: 'starts-with' | 'ends-with' | 'contains' },
  fields: Fields,
): Rendered | null {
  const field = scalar(fields, predicate.column)
  if (field?.edm !== 'Edm.String') return null
  const text = sendable(predicate.text)
  if (text === null) return null
  // A bracket is a wildcard to LIKE that would take fewer rows; "%" and "_" only take more.
  const pieces = text.split('[')
  const isStart = predicate.kind === 'starts-with' && !field.padding?.side.startsWith('left')
  const piece = isStart
    ? (pieces[0] ?? '')
    : pieces.reduce((best, next) => (next.length > best.length ? next : best))
  if (piece.trim() === '') return null
  const call = isStart
    ? `startswith(${field.name},${stringLiteral(piece)})`
    : `substringof(${stringLiteral(piece)},${field.name})`
  return { text: `${call} eq true`, isExact: false, joint: 'none', properties: [field.name] }
}

function renderList(column: string, values: readonly SqlValue[], fields: Fields): RenderedTerm {
  const field = scalar(fields, column)
  if (field === null) return nothing
  // Nothing can match: known without asking.
  if (values.length === 0) {
    return { ...nothing, judgement: 'exact', list: { field, parts: [], isDisjoint: true } }
  }
  const groups = new Map<string, Map<string, FilterText>>()
  let isExact = true
  for (const value of values) {
    const part = comparison(field, '=', value)
    if (part === null) return nothing
    isExact &&= part.isExact
    // Two spellings that the source finds equal must not be asked for in two requests: their rows would come twice.
    const same = typeof value.value === 'string' ? value.value.trim().toLowerCase() : part.text
    const group = groups.get(same)
    if (group === undefined) groups.set(same, new Map([[part.text, part]]))
    else group.set(part.text, part)
  }
  const all = [...groups.values()].map((group): Pick<FilterText, 'text' | 'joint'> => {
    const [only, ...others] = group.values()
    return only !== undefined && others.length === 0
      ? only
      : { text: joinTexts([...group.values()], 'or'), joint: 'or' }
  })
  const isPlainText = field.type === 'VARCHAR' && all.every(({ text }) => /^[\x20-\x7e]*$/.test(text))
  const isDisjoint = isExact || isPlainText
  return {
    judgement: isExact ? 'exact' : 'superset',
    text: all.length === 1 ? (all[0]?.text ?? '') : joinTexts(all, 'or'),
    joint: all.length === 1 ? (all[0]?.joint ?? 'none') : 'or',
    properties: [field.name],
    list: { field, parts: all.map((part) => joinTexts([part], 'or')), isDisjoint },
  }
}

/** The column and values of `x IN (…)`, `x = a` and `x = a OR x = b`. */
function listOf(predicate: Predicate): { column: string; values: readonly SqlValue[] } | null {
  if (predicate.kind === 'in') return predicate
  if (predicate.kind === 'compare') {
    return predicate.op === '=' ? { column: predicate.column, values: [predicate.value] } : null
  }
  if (predicate.kind !== 'or' || predicate.terms.length === 0) return null
  const lists = predicate.terms.map(listOf)
  const column = lists[0]?.column
  if (column === undefined || lists.some((list) => list?.column !== column)) return null
  return { column, values: lists.flatMap((list) => list?.values ?? []) }
}

const opposites: Readonly<Record<Comparison, Comparison>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
}

/**
 * The same predicate with every NOT carried down to the comparisons, where SQL's logic and the service's agree: `not`
 * of the service makes true what SQL leaves unknown.
 */
function withoutNot(predicate: Predicate, isNegated: boolean): Predicate {
  switch (predicate.kind) {
    case 'not':
      return withoutNot(predicate.term, !isNegated)
    case 'compare':
      return isNegated ? { ...predicate, op: opposites[predicate.op] } : predicate
    case 'in': {
      if (!isNegated) return predicate
      const terms = predicate.values.map(
        (value): Predicate => ({ kind: 'compare', column: predicate.column, op: '<>', value }),
      )
      return { kind: 'and', terms }
    }
    case 'is-null':
    case 'is-not-null': {
      const isNull = (predicate.kind === 'is-null') !== isNegated
      return { kind: isNull ? 'is-null' : 'is-not-null', column: predicate.column }
    }
    case 'and':
    case 'or':
      return {
        kind: (predicate.kind === 'and') !== isNegated ? 'and' : 'or',
        terms: predicate.terms.map((term) => withoutNot(term, isNegated)),
      }
    case 'starts-with':
    case 'ends-with':
    case 'contains':
      return isNegated ? { kind: 'opaque', text: `not ${predicate.kind}` } : predicate
    case 'opaque':
      return predicate
    default:
      return predicate satisfies never
  }
}

/** The columns that a predicate looks at; null when it hides some. */
function columnsOf(predicate: Predicate): ReadonlySet<string> | null {
  switch (predicate.kind) {
    case 'opaque':
      return null
    case 'not':
      return columnsOf(predicate.term)
    case 'and':
    case 'or': {
      const columns = new Set<string>()
      for (const term of predicate.terms) {
        const inner = columnsOf(term)
        if (inner === null) return null
        for (const column of inner) columns.add(column)
      }
      return columns
    }
    default:
      return new Set([predicate.column])
  }
}
