import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// Pages in Exact Online's shape from memory, as quick as a socket gives them: what is measured is who reads them.
// `node bench/page-server.ts <divisions> <transaction lines per division>` prints its address and ends with its parent.
const [divisions = 4, linesPerDivision = 50_000] = process.argv.slice(2).map(Number)
const accountsPerDivision = 20_000
const pageRows = 1000
/** So many pages differ; a longer table repeats them. */
const distinctPages = 25

const guid = (kind: string, number: number) =>
  `${kind.padEnd(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`
const date = (day: number) => `/Date(${1_704_067_200_000 + (day % 700) * 86_400_000})/`

type Row = (number: number, division: number) => Readonly<Record<string, unknown>>

const line: Row = (number, division) => ({
  ID: guid('11aa', number),
  Account: guid('22bb', (number * 7919) % accountsPerDivision),
  AccountCode: String((number * 7919) % accountsPerDivision).padStart(18, ' '),
  AccountName: `Bouwbedrijf Van der Meulen & Zonen ${number % 977}`,
  AmountDC: ((number * 31) % 1_000_000) / 100,
  AmountFC: ((number * 31) % 1_000_000) / 100,
  Created: date(number),
  Currency: 'EUR',
  Date: date(number * 3),
  Description: `Factuur ${20_000_000 + number} voor geleverde goederen en diensten [termijn ${number % 12}]`,
  Division: division,
  DocumentNumber: 30_000_000 + number,
  EntryID: guid('33cc', Math.floor(number / 3)),
  EntryNumber: 40_000_000 + Math.floor(number / 3),
  FinancialPeriod: (number % 12) + 1,
  FinancialYear: 2024 + (number % 2),
  GLAccount: guid('44dd', number % 300),
  GLAccountCode: String(8000 + (number % 300)),
  GLAccountDescription: `Omzet handelsgoederen binnenland ${number % 300}`,
  Modified: date(number * 5),
})
const account: Row = (number, division) => ({
  ID: guid('22bb', number),
  Code: String(number).padStart(18, ' '),
  Name: `Bouwbedrijf Van der Meulen & Zonen ${number}`,
  City: ['Delft', 'Leiden', 'Utrecht', 'Gent'][number % 4],
  Division: division,
})
const tables: Readonly<Record<string, { readonly row: Row; readonly rows: number }>> = {
  'bulk/Financial/TransactionLines': { row: line, rows: linesPerDivision },
  'bulk/CRM/Accounts': { row: account, rows: accountsPerDivision },
}
const made = new Map<string, Buffer>()

/** The rows of one page, brackets included, with the columns that `$select` names. */
function rowsOf(path: string, division: number, page: number, select: string): Buffer {
  const table = tables[path]
  if (!table) throw new Error(`no table ${path}`)
  const isLines = path.endsWith('TransactionLines')
  const source = isLines ? page % distinctPages : page
  const key = `${path} ${division} ${source} ${select}`
  let rows = made.get(key)
  if (!rows) {
    const columns = select.split(',')
    const list = Array.from({ length: pageRows }, (_, index) => {
      const number = source * pageRows + index
      const row = table.row(number, division)
      const uri = `http://127.0.0.1/api/v1/${division}/${path}(guid'${guid('11aa', number)}')`
      return {
        __metadata: { uri, type: 'Exact.Web.Api.Models.Entity' },
        ...Object.fromEntries(columns.map((column) => [column, row[column] ?? null])),
      }
    })
    rows = Buffer.from(JSON.stringify(list))
    made.set(key, rows)
  }
  return rows
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
  const [, , , place = '', ...rest] = url.pathname.split('/')
  const path = rest.join('/')
  const send = (parts: readonly (Buffer | string)[]) => {
    const buffers = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))
    response.writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': buffers.reduce((sum, { length }) => sum + length, 0),
      'X-RateLimit-Limit': '10000000',
      'X-RateLimit-Remaining': '9000000',
      'X-RateLimit-Reset': String(Date.now() + 86_400_000),
      'X-RateLimit-Minutely-Limit': '1000000',
      'X-RateLimit-Minutely-Remaining': '900000',
      'X-RateLimit-Minutely-Reset': String(Date.now() + 60_000),
    })
    for (const buffer of buffers) response.write(buffer)
    response.end()
  }
  if (place === 'current') send(['{"d":{"results":[{"CurrentDivision":1}]}}'])
  else if (path === 'system/Divisions') {
    const list = Array.from({ length: divisions }, (_, index) => ({
      Code: index + 1,
      Description: `Bench ${index + 1}`,
    }))
    send([JSON.stringify({ d: { results: list } })])
  } else if (tables[path]) {
    const page = Number(url.searchParams.get('$skiptoken') ?? 0)
    const rows = rowsOf(path, Number(place), page, url.searchParams.get('$select') ?? 'ID')
    const isLast = (page + 1) * pageRows >= (tables[path]?.rows ?? 0)
    url.searchParams.set('$skiptoken', String(page + 1))
    send(['{"d":{"results":', rows, isLast ? '}}' : `,"__next":${JSON.stringify(url.href)}}}`])
  } else response.writeHead(404).end(`no page for ${url.pathname}`)
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
process.stdin.on('end', () => process.exit(0)).resume()
