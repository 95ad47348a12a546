import type { Comparison, Judgement, Predicate, SqlValue } from '@sluis/engine'
import type { BrowseColumn } from '@sluis/facts'

/** What is asked of one field; an empty end is open. */
export interface AskedField {
  readonly operator: 'between' | 'equal'
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
 * Terms as asked fields: one each, the first that fits. Texts are compared by the platform's rules, not by ours, so
 * what is sent for them only narrows; periods, whole numbers and days are exact. Terms that are not sent are `no`.
 */
export function toBrowseFilter(
  where: readonly Predicate[],
  columns: ReadonlyMap<string, BrowseColumn>,
  code: string,
): BrowseFilter {
  const asked = new Map<string, AskedField>()
  const judgements = where.map((term): Judgement => {
    const one = simple(term)
    const column = one && columns.get(one.name)
    if (!one || !column || asked.has(one.name)) return 'no'
    if (strictCodes.has(code) && /matchstatus$/.test(column.field)) return 'no'
    const rendered = render(column, one.op, one.value)
    if (rendered === null) return 'no'
    asked.set(one.name, rendered.asked)
    return rendered.judgement
  })
  return { asked, judgements }
}

function simple(term: Predicate): { name: string; op: Comparison; value: SqlValue } | null {
  if (term.kind === 'compare') return { name: term.column, op: term.op, value: term.value }
  const [only, ...others] = term.kind === 'in' ? term.values : []
  return term.kind === 'in' && only && others.length === 0
    ? { name: term.column, op: '=', value: only }
    : null
}

const statuses = new Set(['draft', 'temporary', 'final'])

function render(
  { operator, type, field }: BrowseColumn,
  op: Comparison,
  value: SqlValue,
): { asked: AskedField; judgement: Judgement } | null {
  if (op === '<>') return null
  const text = textOf(type, value)
  if (text === null) return null
  if (operator === 'equal') {
    // `normal` and the like are questions there, not values.
    if (op !== '=' || (/head\.status$/.test(field) && !statuses.has(text.text))) return null
    return { asked: { operator, from: text.text, to: '' }, judgement: 'superset' }
  }
  if (operator !== 'between') return null
  const isPeriod = /yearperiod$/.test(field) && /^\d{4}\/\d{2}$/.test(text.text)
  // Order of texts is the platform's: only equality may be sent, but for periods, which all have the same form.
  if (type === 'String' && op !== '=' && !isPeriod) return null
  const isExact = (isPeriod || text.isExact) && op !== '<' && op !== '>'
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
