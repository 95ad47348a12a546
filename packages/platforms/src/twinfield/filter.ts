import type { Comparison, Judgement, Predicate, SqlValue } from '@sluis/engine'
import type { BrowseColumn } from '@sluis/facts'

/** What is asked of one field; an empty end is open. */
export interface AskedField {
  readonly operator: 'between' | 'equal' | 'like'
  readonly from: string
  readonly to: string
}

export interface BrowseFilter {
  /** By column. All of them combine with AND. */
  readonly asked: ReadonlyMap<string, AskedField>
  readonly judgements: readonly Judgement[]
}

/** In these codes a filter on the match status is refused, and every asked field must be visible. */
export const strictCodes: ReadonlySet<string> = new Set(['100', '200'])

/**
 * Terms as asked fields: one each, the first that fits, two bounds joined to a range. Texts are compared by the
 * platform's rules, not by ours, so what is sent for them only narrows; periods, whole numbers and days are exact.
 * Terms that are not sent are `no`.
 */
export function toBrowseFilter(
  where: readonly Predicate[],
  columns: ReadonlyMap<string, BrowseColumn>,
  code: string,
): BrowseFilter {
  const asked = new Map<string, AskedField>()
  const judgements = where.map((term): Judgement => {
    if (!('column' in term)) return 'no'
    const column = columns.get(term.column)
    if (!column) return 'no'
    if (strictCodes.has(code) && /matchstatus$/.test(column.field)) return 'no'
    const rendered = renderTerm(column, term)
    if (rendered === null) return 'no'
    const known = asked.get(term.column)
    const joined = known ? join(known, rendered.asked) : rendered.asked
    if (joined === null) return 'no'
    asked.set(term.column, joined)
    return rendered.judgement
  })
  return { asked, judgements }
}

/** A lower and an upper bound are one range; two of the same kind are not. */
function join(a: AskedField, b: AskedField): AskedField | null {
  if (a.operator !== 'between' || b.operator !== 'between') return null
  if ((a.from !== '' && b.from !== '') || (a.to !== '' && b.to !== '')) return null
  return { operator: 'between', from: a.from || b.from, to: a.to || b.to }
}

type Rendered = { readonly asked: AskedField; readonly judgement: Judgement }

function renderTerm(column: BrowseColumn, term: Predicate): Rendered | null {
  if (term.kind === 'compare') return render(column, term.op, term.value)
  if (term.kind !== 'in') return null
  const [first, ...others] = term.values.map((value) => render(column, '=', value))
  if (first === undefined || first === null) return null
  if (others.length === 0) return first
  // A list of periods or days is the range from its first to its last: texts of one form, in order.
  if (first.asked.operator !== 'between' || !(isPeriods(column) || column.type === 'Date')) return null
  const texts = [first, ...others].map((one) => one?.asked.from ?? '')
  if (texts.includes('') || (isPeriods(column) && !texts.every((text) => isPeriod(text)))) return null
  const [from = '', ...rest] = texts.sort()
  return { asked: { operator: 'between', from, to: rest.at(-1) ?? from }, judgement: 'superset' }
}

const isPeriods = ({ field }: BrowseColumn) => /yearperiod$/.test(field)
const isPeriod = (text: string) => /^\d{4}\/\d{2}$/.test(text)

const statuses = new Set(['draft', 'temporary', 'final'])

function render(column: BrowseColumn, op: Comparison, value: SqlValue): Rendered | null {
  const { operator, type, field } = column
  if (op === '<>') return null
  const text = textOf(type, value)
  if (text === null) return null
  if (operator === 'like' && op !== '=') return null
  if (operator === 'equal' || operator === 'like') {
    // `normal` and the like are questions there, not values.
    if (op !== '=' || (/head\.status$/.test(field) && !statuses.has(text.text))) return null
    return { asked: { operator, from: text.text, to: '' }, judgement: 'superset' }
  }
  if (operator !== 'between') return null
  const isOrdered = isPeriods(column) && isPeriod(text.text)
  // Order of texts is the platform's: only equality may be sent, but for periods, which all have the same form.
  if (type === 'String' && op !== '=' && !isOrdered) return null
  const isExact = (isOrdered || text.isExact) && op !== '<' && op !== '>'
  return {
    asked: {
      operator,
      from: op === '=' || op === '>' || op === '>=' ? text.text : '',
      to: op === '=' || op === '<' || op === '<=' ? text.text : '',
    },
    judgement: isExact ? 'exact' : 'superset',
  }
}

/** A value as the wire writes it, and whether it is compared there as here; null when it cannot be written. */
function textOf(
  type: BrowseColumn['type'],
  { type: sql, value }: SqlValue,
): { text: string; isExact: boolean } | null {
  switch (type) {
    case 'String':
      // Blanks at the ends and wildcards may mean something else there; an empty text means no end.
      return sql === 'VARCHAR' && /^[\w./-]+$/.test(String(value))
        ? { text: String(value), isExact: false }
        : null
    case 'Date':
    case 'Datetime': {
      if (sql !== 'TIMESTAMP' || typeof value !== 'bigint') return null
      // Only whole days and seconds can be written; others would have to be rounded by the operator.
      if (value % (type === 'Date' ? 86_400_000_000n : 1_000_000n) !== 0n) return null
      const iso = new Date(Number(value / 1000n))
      if (Number.isNaN(iso.getTime()) || iso.getUTCFullYear() < 1900 || iso.getUTCFullYear() > 9999)
        return null
      const digits = iso.toISOString().replace(/\D/g, '')
      return { text: digits.slice(0, type === 'Date' ? 8 : 14), isExact: type === 'Date' }
    }
    default: {
      const text = String(value)
      if (sql === 'VARCHAR' || !/^-?\d+(\.\d+)?$/.test(text)) return null
      const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text
      return { text: short, isExact: type !== 'Value' && !short.includes('.') }
    }
  }
}
