import type { Connector, Partition, ReadOffer, ReadWish } from '@sluis/engine'
import { type OutgoingRequest, SluisError } from '@sluis/shared'
import { bankStatementsOffer } from './bank-statements.ts'
import { deletedOffer } from './deleted.ts'
import { strictCodes, toBrowseFilter } from './filter.ts'
import { finderOffer, fromFirstRow, readFinderPage } from './finder.ts'
import { readCluster, validationRequest } from './oauth.ts'
import { readXmlPage } from './page.ts'
import { queryServiceOf, readQueryPage } from './query-services.ts'
import { salesInvoicesOffer } from './read-invoices.ts'
import { authorise, documentRequest, escapeXml, judgeAnswer, readLimits } from './soap.ts'
import { periodField, splitByPeriod } from './split-by-period.ts'
import { dimensionTypes, type ServedTable, servedTables } from './tables.ts'
import { twinfieldWrites } from './writes.ts'

/**
 * Twinfield as the engine sees it: offices are partitions, browse codes, dimension types and finder types are
 * tables. An answer comes whole, however long it is, but for the finder's pages.
 * @see https://developers.twinfield.com/documentation (read November 2026)
 */
export function twinfieldConnector(): Connector {
  const served = servedTables()
  const byName = new Map(served.map((one) => [`${one.table.schema}.${one.table.name}`, one]))
  return {
    platform: 'twinfield',
    tables: served.map(({ table }) => table),
    host: {
      request: validationRequest,
      judge: ({ status }) =>
        status === 200
          ? { kind: 'rows' }
          : status === 400 || status === 401
            ? { kind: 'token-refused', text: `HTTP ${status}` }
            : { kind: 'transient', text: `HTTP ${status} · The token cannot be validated now.` },
      read: readCluster,
    },
    authorise: (request, token, host) => authorise(fromFirstRow(request), token, host),
    negotiate(wish, baseUrl) {
      const one = byName.get(`${wish.table.schema}.${wish.table.name}`)
      if (!one) throw new TypeError(`${wish.table.schema}.${wish.table.name} is no table of Twinfield`)
      return [offerOf(one, wish, baseUrl)]
    },
    judge: judgeAnswer,
    writes: twinfieldWrites(dimensionTypes),
    readLimits,
    readPage(body, { request } = { asLines: true }) {
      const url = request?.url ?? ''
      const service = queryServiceOf(url)
      if (service) return readQueryPage(body, service)
      return url.includes('/finder.asmx') ? readFinderPage(body, url) : readXmlPage(body)
    },
    readCount() {
      throw new TypeError('Twinfield counts nothing')
    },
    // Credits are counted by client; the validation of a token is free.
    budgetKey: ({ url }) => (url.includes('/webservices/') ? 'webservices' : null),
    defaultLimits: [{ window: 'minute', limit: 500 }],
    nextPartitionsRequest: (baseUrl, bodies) =>
      bodies.length > 0 ? null : documentRequest(baseUrl, null, '<list><type>offices</type></list>'),
    readPartitions: (bodies) => bodies.flatMap(readOffices),
  }
}

function offerOf(one: ServedTable, wish: ReadWish, baseUrl: string): ReadOffer {
  if (one.kind === 'written') {
    const { schema, name } = one.table
    throw new SluisError('SQL_NOT_ALLOWED', `${schema}.${name} is written and not read.`, {
      hint: 'Read bookings by line, for instance browse.TransactionList_020; what is matched says line_matchstatus.',
    })
  }
  if (one.kind === 'deleted') return deletedOffer(wish, baseUrl)
  if (one.kind === 'bank-statements') return bankStatementsOffer(wish, baseUrl)
  if (one.kind === 'invoices') return salesInvoicesOffer(wish, baseUrl)
  if (one.kind === 'finder') return finderOffer(one, wish, baseUrl)
  const common = {
    columns: wish.columns,
    pageRows: Number.POSITIVE_INFINITY,
    isLimitPushed: false,
    isCount: false,
    maxRows: null,
  }
  if (one.kind === 'dimensions') {
    return {
      ...common,
      endpoint: `read/dimensions/${one.dimensionType}`,
      judgements: wish.where.map(() => 'no' as const),
      filter: '',
      requests: (partition) => {
        const code = officeOf(partition)
        const document = `<read><type>dimensions</type><office>${escapeXml(code)}</office><dimtype>${one.dimensionType}</dimtype></read>`
        return [documentRequest(baseUrl, code, document)]
      },
    }
  }
  const { code, columns } = one
  const { asked, judgements } = toBrowseFilter(wish.where, columns, code)
  const wanted = new Set(wish.columns)
  const [first] = columns.keys()
  // The key comes by itself; one visible column is needed all the same.
  const isAlone = ![...columns.keys()].some((name) => wanted.has(name))
  const parts = [...columns].flatMap(([name, { field }]) => {
    const filter = asked.get(name)
    const isVisible = wanted.has(name) || (isAlone && name === first)
    if (!isVisible && filter === undefined) return []
    const visible = isVisible || strictCodes.has(code)
    const ask = filter
      ? `<ask>true</ask><operator>${filter.operator}</operator><from>${escapeXml(filter.from)}</from><to>${escapeXml(filter.to)}</to>`
      : ''
    return [`<column><field>${field}</field><visible>${visible}</visible>${ask}</column>`]
  })
  const period = [...columns].find(([, { field }]) => field === periodField)
  // Rows that sum up are parted only where the period stands in them: else one row would come as several.
  const isParted = period?.[1].operator === 'between' && (one.hasKey || wanted.has(period[0]))
  return {
    ...common,
    endpoint: `browse/${code}`,
    judgements,
    ...(isParted
      ? {
          split: (request: OutgoingRequest, at: number) => splitByPeriod(request, at, strictCodes.has(code)),
        }
      : {}),
    filter: [...asked]
      .map(
        ([name, { operator, from, to }]) =>
          `${name} ${operator} ${operator === 'between' ? `${from}…${to}` : from}`,
      )
      .join(' and '),
    requests: (partition) => [
      documentRequest(baseUrl, officeOf(partition), `<columns code="${code}">${parts.join('')}</columns>`),
    ],
  }
}

function officeOf(partition: Partition | null): string {
  if (partition === null) throw new TypeError('Twinfield is read by office')
  return partition.id
}

function readOffices(body: Buffer): readonly Partition[] {
  const { bytes, rows } = readXmlPage(body)
  if (rows === 0) return []
  return bytes
    .toString('utf8')
    .split('\n')
    .map((line) => {
      const { code, '@name': name } = JSON.parse(line) as Record<string, string>
      if (code === undefined) {
        throw new SluisError('PLATFORM_UNAVAILABLE', 'Twinfield lists an office without a code.')
      }
      // A code becomes the name of a folder; one with other characters is not read rather than read wrongly.
      return { id: code, name: name ?? code, isReadable: /^[\w-][\w.-]*$/.test(code) }
    })
}
