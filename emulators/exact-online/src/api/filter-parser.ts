import type { EntitySet, Property } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'
import { ApiFault } from './api-fault.ts'

export type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le'

/** An OData v2 filter expression with the type of each node (`Edm.…`, or `null` for the null literal). */
export type FilterNode =
  | { readonly kind: 'literal'; readonly type: string; readonly value: Value }
  | { readonly kind: 'property'; readonly type: string; readonly property: Property }
  | {
      readonly kind: 'compare'
      readonly type: 'Edm.Boolean'
      readonly op: Comparison
      readonly left: FilterNode
      readonly right: FilterNode
    }
  | {
      readonly kind: 'and' | 'or'
      readonly type: 'Edm.Boolean'
      readonly left: FilterNode
      readonly right: FilterNode
    }
  | { readonly kind: 'not'; readonly type: 'Edm.Boolean'; readonly node: FilterNode }
  | {
      readonly kind: 'call'
      readonly type: string
      readonly name: string
      readonly args: readonly FilterNode[]
    }

interface Token {
  readonly kind: 'word' | 'literal' | 'symbol'
  readonly text: string
  readonly at: number
  readonly type?: string
  readonly value?: Value
}

const syntaxFault = () => new ApiFault(400, 'Bad Request - Error in query syntax.')

const patterns: readonly (readonly [RegExp, (match: RegExpExecArray) => Omit<Token, 'text' | 'at'>])[] = [
  [
    /guid'([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})'/iy,
    (m) => ({ kind: 'literal', type: 'Edm.Guid', value: (m[1] ?? '').toLowerCase() }),
  ],
  [
    /datetime'([^']*)'/iy,
    (m) => ({ kind: 'literal', type: 'Edm.DateTime', value: parseDateTime(m[1] ?? '') }),
  ],
  [
    /'((?:[^']|'')*)'/y,
    (m) => ({ kind: 'literal', type: 'Edm.String', value: (m[1] ?? '').replaceAll("''", "'") }),
  ],
  [/(-?\d+)L\b/iy, (m) => ({ kind: 'literal', type: 'Edm.Int64', value: Number(m[1]) })],
  [/(-?\d+(?:\.\d+)?)m\b/iy, (m) => ({ kind: 'literal', type: 'Edm.Decimal', value: Number(m[1]) })],
  [
    /(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)[df]\b/iy,
    (m) => ({ kind: 'literal', type: 'Edm.Double', value: Number(m[1]) }),
  ],
  [/-?\d+\.\d+(?:e[+-]?\d+)?/iy, (m) => ({ kind: 'literal', type: 'Edm.Double', value: Number(m[0]) })],
  [/-?\d+/y, (m) => ({ kind: 'literal', type: 'Edm.Int32', value: Number(m[0]) })],
  [/(true|false)\b/y, (m) => ({ kind: 'literal', type: 'Edm.Boolean', value: m[0] === 'true' })],
  [/null\b/y, () => ({ kind: 'literal', type: 'null', value: null })],
  [/[A-Za-z_][A-Za-z0-9_]*(?:\/[A-Za-z_][A-Za-z0-9_]*)*/y, () => ({ kind: 'word' })],
  [/[(),]/y, () => ({ kind: 'symbol' })],
]

function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  scan: while (at < text.length) {
    if (text[at] === ' ') {
      at++
      continue
    }
    for (const [pattern, make] of patterns) {
      pattern.lastIndex = at
      const match = pattern.exec(text)
      if (!match) continue
      tokens.push({ ...make(match), text: match[0], at })
      at += match[0].length
      continue scan
    }
    throw syntaxFault()
  }
  return tokens
}

/** `2017-05-31T00:00:00`, with fractions or the date alone: milliseconds, the wall clock read as UTC. */
function parseDateTime(text: string): number {
  const isWhole = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,7})?)?)?Z?$/.test(text)
  const value = isWhole
    ? Date.parse(`${text.length === 10 ? `${text}T00:00:00` : text.replace(/Z$/, '')}Z`)
    : Number.NaN
  if (Number.isNaN(value)) throw syntaxFault()
  return value
}

const functions: Readonly<
  Record<string, { readonly args: readonly string[]; readonly type: string; readonly optional?: number }>
> = {
  substringof: { args: ['Edm.String', 'Edm.String'], type: 'Edm.Boolean' },
  startswith: { args: ['Edm.String', 'Edm.String'], type: 'Edm.Boolean' },
  endswith: { args: ['Edm.String', 'Edm.String'], type: 'Edm.Boolean' },
  length: { args: ['Edm.String'], type: 'Edm.Int32' },
  indexof: { args: ['Edm.String', 'Edm.String'], type: 'Edm.Int32' },
  tolower: { args: ['Edm.String'], type: 'Edm.String' },
  toupper: { args: ['Edm.String'], type: 'Edm.String' },
  trim: { args: ['Edm.String'], type: 'Edm.String' },
  concat: { args: ['Edm.String', 'Edm.String'], type: 'Edm.String' },
  substring: { args: ['Edm.String', 'Edm.Int32', 'Edm.Int32'], type: 'Edm.String', optional: 1 },
  replace: { args: ['Edm.String', 'Edm.String', 'Edm.String'], type: 'Edm.String' },
  year: { args: ['Edm.DateTime'], type: 'Edm.Int32' },
  month: { args: ['Edm.DateTime'], type: 'Edm.Int32' },
  day: { args: ['Edm.DateTime'], type: 'Edm.Int32' },
  hour: { args: ['Edm.DateTime'], type: 'Edm.Int32' },
  minute: { args: ['Edm.DateTime'], type: 'Edm.Int32' },
  second: { args: ['Edm.DateTime'], type: 'Edm.Int32' },
  round: { args: ['Edm.Double'], type: 'Edm.Double' },
  floor: { args: ['Edm.Double'], type: 'Edm.Double' },
  ceiling: { args: ['Edm.Double'], type: 'Edm.Double' },
}

const numeric = new Set(['Edm.Int16', 'Edm.Int32', 'Edm.Int64', 'Edm.Byte', 'Edm.Double', 'Edm.Decimal'])

function areComparable(left: string, right: string): boolean {
  return left === right || left === 'null' || right === 'null' || (numeric.has(left) && numeric.has(right))
}

/** Reads a `$filter`; faults carry the texts of the live service. @see OData v2, URI conventions § 4.5 */
export function parseFilter(text: string, set: EntitySet): FilterNode {
  const tokens = tokenise(text)
  let at = 0
  const peek = () => tokens[at]
  const isWord = (word: string) => peek()?.kind === 'word' && peek()?.text === word
  const isSymbol = (symbol: string) => peek()?.kind === 'symbol' && peek()?.text === symbol
  const take = (symbol: string) => {
    if (!isSymbol(symbol)) throw syntaxFault()
    at++
  }
  const boolean = (node: FilterNode): FilterNode => {
    if (node.type !== 'Edm.Boolean' && node.type !== 'null') throw syntaxFault()
    return node
  }
  const or = (): FilterNode => {
    let left = and()
    while (isWord('or')) {
      at++
      left = { kind: 'or', type: 'Edm.Boolean', left: boolean(left), right: boolean(and()) }
    }
    return left
  }
  const and = (): FilterNode => {
    let left = not()
    while (isWord('and')) {
      at++
      left = { kind: 'and', type: 'Edm.Boolean', left: boolean(left), right: boolean(not()) }
    }
    return left
  }
  const not = (): FilterNode => {
    if (!isWord('not')) return comparison()
    at++
    return { kind: 'not', type: 'Edm.Boolean', node: boolean(not()) }
  }
  const comparison = (): FilterNode => {
    const left = primary()
    const op = peek()
    if (op?.kind !== 'word' || !/^(eq|ne|gt|ge|lt|le)$/.test(op.text)) return left
    at++
    const right = primary()
    if (left.kind === 'property' && right.kind === 'property') throw syntaxFault()
    if (!areComparable(left.type, right.type)) {
      const net = (type: string) => type.replace('Edm.', 'System.')
      throw new ApiFault(
        400,
        `Operator '${op.text}' incompatible with operand types '${net(left.type)}' and '${net(right.type)}' at position ${op.at}.`,
      )
    }
    return { kind: 'compare', type: 'Edm.Boolean', op: op.text as Comparison, left, right }
  }
  const primary = (): FilterNode => {
    const token = peek()
    if (!token) throw syntaxFault()
    at++
    if (token.kind === 'literal')
      return { kind: 'literal', type: token.type ?? 'null', value: token.value ?? null }
    if (token.kind === 'symbol') {
      if (token.text !== '(') throw syntaxFault()
      const node = or()
      take(')')
      return node
    }
    if (isSymbol('(')) return call(token.text)
    const property = set.properties.get(token.text)
    if (!property) {
      throw new ApiFault(
        400,
        `No property '${token.text}' exists in type '${set.typeName}' at position ${token.at}.`,
      )
    }
    return { kind: 'property', type: property.type, property }
  }
  const call = (name: string): FilterNode => {
    const known = Object.hasOwn(functions, name) ? functions[name] : undefined
    if (!known) throw syntaxFault()
    take('(')
    const args = [or()]
    while (isSymbol(',')) {
      at++
      args.push(or())
    }
    take(')')
    const fits =
      args.length <= known.args.length &&
      args.length >= known.args.length - (known.optional ?? 0) &&
      args.every((arg, index) => areComparable(arg.type, known.args[index] ?? ''))
    if (!fits) throw syntaxFault()
    return { kind: 'call', type: known.type, name, args }
  }
  const node = boolean(or())
  if (at < tokens.length) throw syntaxFault()
  return node
}

/** Names of the properties that a filter looks at. */
export function filteredProperties(node: FilterNode): readonly string[] {
  switch (node.kind) {
    case 'property':
      return [node.property.name]
    case 'literal':
      return []
    case 'compare':
    case 'and':
    case 'or':
      return [...filteredProperties(node.left), ...filteredProperties(node.right)]
    case 'not':
      return filteredProperties(node.node)
    case 'call':
      return node.args.flatMap(filteredProperties)
  }
}
