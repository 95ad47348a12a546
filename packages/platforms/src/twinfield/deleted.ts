import type { PageRows, PlatformTable, ReadOffer, ReadWish } from '@sluis/engine'
import { SluisError } from '@sluis/shared'
import { SaxesParser } from 'saxes'
import { column, divided, office } from './columns.ts'
import { escapeXml, queryRequest } from './soap.ts'

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

const members = 'http://schemas.datacontract.org/2004/07/Twinfield.WebServices.DeletedTransactionsService'

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
      // Members in alphabetical order, as data contracts want them.
      const query = `<Query xmlns="http://www.twinfield.com/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:d="${members}" i:type="d:GetDeletedTransactions"><d:CompanyCode>${escapeXml(partition.id)}</d:CompanyCode><d:DateFrom>1900-01-01T00:00:00</d:DateFrom><d:DateTo>2999-12-31T00:00:00</d:DateTo></Query>`
      return [queryRequest(baseUrl, 'DeletedTransactionsService', partition.id, query)]
    },
  }
}

/** The rows of the answer as JSON, one a line, by the names of their members. */
export function readDeletedPage(body: Buffer): PageRows & { readonly bytes: Buffer } {
  const parser = new SaxesParser()
  const lines: string[] = []
  let row: Record<string, string> | null = null
  let [text, isAnswer] = ['', false]
  const local = (name: string) => name.slice(name.indexOf(':') + 1)
  parser.on('opentag', ({ name }) => {
    text = ''
    if (local(name) === 'DeletedTransactions') isAnswer = true
    if (local(name) === 'DeletedTransaction') row = {}
  })
  parser.on('text', (part) => {
    text += part
  })
  parser.on('closetag', ({ name }) => {
    if (local(name) === 'DeletedTransaction') {
      lines.push(JSON.stringify(row ?? {}))
      row = null
    } else if (row !== null && text !== '') row[local(name)] = text
    text = ''
  })
  const unreadable = (cause?: unknown) =>
    new SluisError('PLATFORM_UNAVAILABLE', 'Twinfield answered deletions in a form that cannot be read.', {
      hint: 'Ask again later. If it stays so, the service has changed: report this.',
      cause,
    })
  try {
    parser.write(body.toString('utf8')).close()
  } catch (cause) {
    throw unreadable(cause)
  }
  // No list at all is not an empty list.
  if (!isAnswer) throw unreadable()
  const bytes = Buffer.from(lines.join('\n'))
  return { start: 0, end: bytes.length, rows: lines.length, next: null, isLines: true, bytes }
}
