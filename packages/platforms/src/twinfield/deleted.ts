import type { PlatformTable, ReadOffer, ReadWish } from '@sluis/engine'
import { column, divided, office } from './columns.ts'
import { deletedTransactions, queryXml } from './query-services.ts'
import { queryRequest } from './soap.ts'

/**
 * Transactions that were deleted. Browse codes never show that a row is gone: a copy that is kept elsewhere removes
 * what stands here. Office, daybook and number together name one.
 * @see https://developers.twinfield.com/documentation, deleted transactions (read November 2026)
 */
export const deletedTransactionsTable: PlatformTable = {
  schema: 'transactions',
  name: 'DeletedTransactions',
  columns: [
    office,
    column('Daybook', 'Daybook', 'VARCHAR', true),
    column('TransactionNumber', 'TransactionNumber', 'BIGINT', true),
  ],
  ...divided,
}

/** All of an office in one answer: which date its two bounds mean is not documented, so neither narrows. */
export function deletedOffer(wish: ReadWish, baseUrl: string): ReadOffer {
  return {
    endpoint: 'query/DeletedTransactions',
    judgements: wish.where.map(() => 'no' as const),
    filter: '',
    columns: wish.columns,
    pageRows: Number.POSITIVE_INFINITY,
    isLimitPushed: false,
    isCount: false,
    maxRows: null,
    requests: (partition) => {
      if (partition === null) throw new TypeError('Twinfield is read by office')
      const query = queryXml(deletedTransactions, [
        ['CompanyCode', partition.id],
        ['DateFrom', '1900-01-01T00:00:00'],
        ['DateTo', '2999-12-31T00:00:00'],
      ])
      return [queryRequest(baseUrl, deletedTransactions.name, partition.id, query)]
    },
  }
}
