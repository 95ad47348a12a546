import type { FunctionArgument, FunctionParameter, PlatformTable, ReadOffer, ReadWish } from '@sluis/engine'
import { exactOnlineCatalogue } from '@sluis/facts'
import { SluisError } from '@sluis/shared'
import { type Endpoint, functionEndpoints } from './endpoint.ts'
import { renderTerm } from './filter.ts'
import { encodeOption, endpointUrl } from './read-request.ts'
import { toTable } from './tables.ts'

/** A function of Exact Online as a table that takes parameters. */
export interface ServedFunction {
  readonly table: PlatformTable
  readonly endpoint: Endpoint
  /** It changes data: the service takes it by POST only. */
  readonly isWrite: boolean
}

/** Parameters that calls seen elsewhere name; no documentation lists them. All others are passed on as given. */
const knownParameters: Readonly<Record<string, readonly FunctionParameter[]>> = {
  UserHasRights: [
    { name: 'endpoint', type: 'VARCHAR' },
    { name: 'action', type: 'VARCHAR' },
  ],
  RevenueListByYear: [{ name: 'year', type: 'INTEGER' }],
  StockPosition: [{ name: 'itemId', type: 'UUID' }],
  AgingReceivablesListByAgeGroup: [{ name: 'ageGroup', type: 'INTEGER' }],
}

let served: readonly ServedFunction[] | undefined

/** The 71 functions of the catalogue, `financial.RevenueListByYear(year := 2026)`, built once. */
export function servedFunctions(): readonly ServedFunction[] {
  served ??= functionEndpoints(exactOnlineCatalogue()).map(({ endpoint, isWrite }) => ({
    table: {
      ...toTable(endpoint.service, endpoint),
      parameters: knownParameters[endpoint.entity] ?? [],
    },
    endpoint,
    isWrite,
  }))
  return served
}

/** The one way to ask a function: one call for each company, with the parameters in the address. */
export function functionOffer(wish: ReadWish, baseUrl: string): ReadOffer {
  const { schema, name, partitionColumn, isPartitionFromUrl } = wish.table
  const found = servedFunctions().find(({ table }) => table.schema === schema && table.name === name)
  if (found === undefined) throw new TypeError(`${schema}.${name} is no function of Exact Online`)
  const { endpoint, isWrite } = found
  if (isWrite) {
    throw new SluisError('SQL_NOT_ALLOWED', `${schema}.${name} changes data.`, {
      hint: 'A query only reads: call it at the platform itself.',
      details: { function: `${schema}.${name}` },
    })
  }
  const given = wish.arguments ?? []
  const unverified = given.filter(({ isKnown }) => !isKnown).map((argument) => argument.name)
  const query = given.map((argument) => `${argument.name}=${encodeOption(literal(argument))}`).join('&')
  const column = isPartitionFromUrl ? partitionColumn : null
  return {
    endpoint: endpoint.name,
    judgements: wish.where.map((term) => {
      const { judgement, text } = renderTerm(term, endpoint, column)
      return text === '' ? judgement : 'no'
    }),
    filter: given.map((argument) => `${argument.name}=${literal(argument)}`).join('&'),
    columns: wish.columns,
    pageRows: Number.POSITIVE_INFINITY,
    isLimitPushed: false,
    isCount: false,
    maxRows: null,
    note: `a function, one call for each company${unverified.length > 0 ? `; unverified parameters, passed on as given: ${unverified.join(', ')}` : ''}`,
    requests: (partition) => [
      {
        method: 'GET',
        url: `${endpointUrl(baseUrl, endpoint, partition)}${query === '' ? '' : `?${query}`}`,
        headers: { accept: 'application/json' },
      },
    ],
  }
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** A value as OData v2 writes it in an address. @see OData v2, URI conventions § 2.2.2 */
function literal({ type, value }: FunctionArgument): string {
  if (type === 'UUID' || (type === 'VARCHAR' && guid.test(value))) return `guid'${value}'`
  if (type === 'DATE') return `datetime'${value}T00:00:00'`
  if (type.startsWith('TIMESTAMP')) return `datetime'${value.slice(0, 19).replace(' ', 'T')}'`
  if (type === 'BOOLEAN' || /^(TINY|SMALL|BIG|HUGE|U)?INT|^INTEGER|^DECIMAL|^DOUBLE|^FLOAT/.test(type))
    return value
  return `'${value.replaceAll("'", "''")}'`
}
