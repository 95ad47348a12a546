import type { Connector, Judgement } from './connector.ts'
import type { SqlValue } from './predicate.ts'
import type { PlatformTable, TableColumn } from './table.ts'

const samples: Readonly<Record<string, SqlValue['value']>> = {
  BOOLEAN: true,
  SMALLINT: 1,
  INTEGER: 1,
  BIGINT: 1n,
  'DECIMAL(38,10)': '1',
  DOUBLE: 1,
  UUID: '00000000-0000-0000-0000-000000000001',
  TIMESTAMP: 0n,
  VARCHAR: 'a',
}
const ranks: Readonly<Record<Judgement, number>> = { no: 0, superset: 1, exact: 2 }

/**
 * How the platform answers `column = value`: by the best of the endpoints that have the column, as the connector itself
 * judges it. Nothing is sent.
 */
export function sourceFilter(connector: Connector, table: PlatformTable, column: TableColumn): Judgement {
  if (typeof column.type !== 'string' || table.parameters !== undefined) return 'no'
  // The partition is chosen by which addresses are asked.
  if (column.name === table.partitionColumn) return 'exact'
  const value = samples[column.type]
  if (value === undefined) return 'no'
  const offers = connector.negotiate(
    {
      table,
      columns: [column.name],
      where: [{ kind: 'compare', column: column.name, op: '=', value: { type: column.type, value } }],
      limit: null,
      orderBy: [],
      isCountOnly: false,
    },
    'https://platform.example',
  )
  return offers
    .map(({ judgements }) => judgements[0] ?? 'no')
    .reduce<Judgement>((best, next) => (ranks[next] > ranks[best] ? next : best), 'no')
}
