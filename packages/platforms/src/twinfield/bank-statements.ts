import type {
  Judgement,
  PlatformTable,
  Predicate,
  ReadOffer,
  ReadWish,
  SqlValue,
  TableColumn,
} from '@sluis/engine'
import { column, divided, office } from './columns.ts'
import { bankStatements, queryXml } from './query-services.ts'
import { queryRequest } from './soap.ts'

const dateColumn = 'StatementDate'
const statementDate: TableColumn = {
  name: dateColumn,
  type: 'TIMESTAMP',
  isNullable: true,
  isKey: false,
  // The wire writes it as 2026-01-31T00:00:00.
  page: { field: dateColumn, jsonType: 'VARCHAR', expression: `TRY_CAST("${dateColumn}" AS TIMESTAMP)` },
}

/** Bank statements, posted or not: one that is not has no transaction. Their lines are not told in a known form. */
export const bankStatementsTable: PlatformTable = {
  schema: 'bank',
  name: 'BankStatements',
  columns: [
    office,
    column('Code', 'Code', 'VARCHAR', true),
    column('Number', 'Number', 'BIGINT', true),
    column('SubId', 'SubId', 'BIGINT', true),
    column('AccountNumber', 'AccountNumber', 'VARCHAR'),
    column('Iban', 'Iban', 'VARCHAR'),
    statementDate,
    column('Currency', 'Currency', 'VARCHAR'),
    column('OpeningBalance', 'OpeningBalance', 'DECIMAL(38,10)'),
    column('ClosingBalance', 'ClosingBalance', 'DECIMAL(38,10)'),
    column('TransactionNumber', 'TransactionNumber', 'BIGINT'),
  ],
  ...divided,
}

const second = 1_000_000n
const [earliest, latest] = ['1900-01-01', '2999-12-31'].map((day) => BigInt(Date.parse(day)) * 1000n) as [
  bigint,
  bigint,
]

/** One answer an office, narrowed to a range of dates, both ends included. @see wire facts § 2.2 */
export function bankStatementsOffer(wish: ReadWish, baseUrl: string): ReadOffer {
  let [from, to] = [earliest, latest]
  const judgements = wish.where.map((term): Judgement => {
    const range = rangeOf(term)
    if (range === null) return 'no'
    if (range.from > from) from = range.from
    if (range.to < to) to = range.to
    return 'superset'
  })
  const [first, last] = [momentText(from - modulo(from)), momentText(to + ((second - modulo(to)) % second))]
  const isNarrowed = from !== earliest || to !== latest
  return {
    endpoint: 'query/BankStatements',
    judgements,
    filter: isNarrowed ? `${dateColumn} between ${first}…${last}` : '',
    columns: wish.columns,
    pageRows: Number.POSITIVE_INFINITY,
    isLimitPushed: false,
    isCount: false,
    maxRows: null,
    requests: (partition) => {
      if (partition === null) throw new TypeError('Twinfield is read by office')
      const query = queryXml(bankStatements, [
        ['IncludePostedStatements', 'true'],
        ['StatementDateFrom', first],
        ['StatementDateTo', last],
      ])
      return [queryRequest(baseUrl, bankStatements.name, partition.id, query)]
    },
  }
}

/** Microseconds above the whole second, also of times before 1970. */
const modulo = (at: bigint) => ((at % second) + second) % second
const momentText = (at: bigint) => new Date(Number(at / 1000n)).toISOString().slice(0, 19)

/** The dates that a term leaves; null where it says nothing of them, or of some that the wire cannot write. */
function rangeOf(term: Predicate): { readonly from: bigint; readonly to: bigint } | null {
  if (!('column' in term) || term.column !== dateColumn) return null
  if (term.kind === 'in') {
    const moments = term.values.map(momentOf)
    if (moments.length === 0 || moments.some((one) => one === null)) return null
    const sorted = (moments as bigint[]).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    return { from: sorted[0] ?? earliest, to: sorted.at(-1) ?? latest }
  }
  if (term.kind !== 'compare' || term.op === '<>') return null
  const at = momentOf(term.value)
  if (at === null) return null
  return {
    from: term.op === '<' || term.op === '<=' ? earliest : at,
    to: term.op === '>' || term.op === '>=' ? latest : at,
  }
}

const momentOf = ({ type, value }: SqlValue): bigint | null =>
  type === 'TIMESTAMP' && typeof value === 'bigint' && value >= earliest && value <= latest ? value : null
