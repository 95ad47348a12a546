import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { startTwinfieldEmulator, type TwinfieldEmulator } from '@sluis/emulator-twinfield'
import type { Comparison, Partition, PlatformTable, Predicate, ReadWish, SqlValue } from '@sluis/engine'
import { type IncomingResponse, must, type OutgoingRequest } from '@sluis/shared'
import fc from 'fast-check'
import { twinfieldConnector } from './connector.ts'

const connector = twinfieldConnector()
const app = { clientId: 'cid', clientSecret: 's3cret', redirectUris: ['https://partner.example/cb'] }
const partition: Partition = { id: '001', name: 'Demo', isReadable: true }

let emulator: TwinfieldEmulator
let token: string
let connection: DuckDBConnection
let folder: string

async function control(path: string, body: object): Promise<Record<string, string>> {
  const init = { method: 'POST', body: JSON.stringify(body) }
  return (await (await fetch(`${emulator.url}/_control/${path}`, init)).json()) as Record<string, string>
}
async function tokenOf(user: string): Promise<string> {
  const { code = '' } = await control('consents', { clientId: app.clientId, user })
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: must(app.redirectUris[0]),
    client_id: app.clientId,
    client_secret: app.clientSecret,
  })
  const answer = await fetch(`${emulator.url}/auth/authentication/connect/token`, { method: 'POST', body })
  return must(((await answer.json()) as Record<string, string>).access_token)
}
async function ask(request: OutgoingRequest, accessToken = token): Promise<IncomingResponse> {
  const { url, ...rest } = must(connector.authorise)(request, accessToken, `${emulator.url}/c1`)
  const response = await fetch(url, rest)
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  }
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluis-twinfield-'))
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  emulator = await startTwinfieldEmulator()
  await control('apps', { ...app, limits: { minute: 1_000_000 } })
  token = await tokenOf('anna')
})
after(async () => {
  connection.closeSync()
  await emulator.close()
  rmSync(folder, { recursive: true })
})

const tableNamed = (name: string) =>
  must(connector.tables.find((table) => `${table.schema}.${table.name}` === name))

/** All rows that an offer gives, as lines of JSON, its judgements, and how many calls it took. */
async function read(table: PlatformTable, where: readonly Predicate[]) {
  const columns = table.columns.map(({ name }) => name)
  const wish: ReadWish = { table, columns, where, limit: null, orderBy: [], isCountOnly: false }
  const offer = must(connector.negotiate(wish, emulator.url)[0])
  const rows: string[] = []
  let calls = 0
  const open = [...offer.requests(partition)]
  for (let first = open.shift(); first !== undefined; first = open.shift()) {
    for (let request: OutgoingRequest | null = first; request !== null; ) {
      calls++
      const response = await ask(request)
      if (connector.judge(response, 0).kind === 'too-much') {
        const parts: readonly OutgoingRequest[] = must(offer.split)(request, Date.parse('2027-03-01'))
        assert.ok(parts.length > 1, 'there are smaller parts')
        open.push(...parts)
        break
      }
      assert.deepEqual(connector.judge(response, 0), { kind: 'rows' }, response.body.toString())
      const page = connector.readPage(response.body, { asLines: true, request })
      const text = must(page.bytes).toString('utf8', page.start, page.end)
      const lines = text === '' ? [] : text.split('\n')
      assert.equal(page.rows, lines.length)
      rows.push(...lines)
      request = page.next === null ? null : { ...request, url: page.next }
    }
  }
  return { rows, calls, judgements: offer.judgements, filter: offer.filter }
}

const text = (value: string) => `'${value.replaceAll("'", "''")}'`
function sqlOf(term: Predicate): string {
  const literal = ({ type, value }: SqlValue) =>
    type === 'TIMESTAMP'
      ? `make_timestamp(${value})`
      : type === 'VARCHAR'
        ? text(String(value))
        : `(${value})::${type}`
  const column = 'column' in term ? `"${term.column}"` : ''
  switch (term.kind) {
    case 'compare':
      return `${column} ${term.op} ${literal(term.value)}`
    case 'in':
      return `${column} IN (${term.values.map(literal).join(', ')})`
    case 'is-null':
      return `${column} IS NULL`
    case 'starts-with':
    case 'ends-with':
      return `${term.kind.replace('-', '_')}(${column}, ${text(term.text)})`
    case 'contains':
      return `contains(${column}, ${text(term.text)})`
    default:
      throw new TypeError(term.kind)
  }
}

const odd = [
  '',
  ' ',
  '*',
  '?',
  "O'Brien",
  'É',
  '2026/02',
  '2026/13',
  '001',
  '0010',
  'vrk',
  '9',
  '-1',
  '&amp;',
  '“',
]
const day = 86_400_000_000n
/** The first second of a day, the last microsecond before it, leap day, and days no calendar of theirs has. */
const moments = ['2026-01-31', '2026-02-01', '2026-03-01', '2024-02-29', '1899-12-31', '2999-12-31'].flatMap(
  (text) => [0n, -1n, 1n, day / 2n].map((more) => BigInt(Date.parse(text)) * 1000n + more),
)

for (const name of [
  'browse.GeneralLedgerTransactions_000',
  'browse.TransactionList_020',
  'browse.GeneralLedgerDetails_030_2',
  'browse.AnnualReportTotals_040_1',
  'browse.CustomerTransactions_100',
  'browse.Customers_130_1',
  'browse.Suppliers_230_2',
  'browse.CostCenters_900',
  'finder.ART',
  'finder.VAT',
  'finder.IVT',
  'bank.BankStatements',
]) {
  test(`${name}: what is asked of the platform is judged rightly, against all rows filtered here`, async () => {
    const table = tableNamed(name)
    const whole = await read(table, [])
    assert.ok(whole.rows.length > 0)
    const file = join(folder, `${name}.ndjson`)
    writeFileSync(file, whole.rows.join('\n'))
    const paged = table.columns.flatMap(({ name: column, type, page }) =>
      page && typeof type === 'string' ? [{ column, type, page }] : [],
    )
    const shape = paged.map(({ page }) => `'${page.field}': 'VARCHAR'`).join(', ')
    const select = paged.map(({ column, type, page }) => `(${page.expression})::${type} AS "${column}"`)
    const view = name.replaceAll('.', '_')
    await connection.run(
      `CREATE TABLE ${view} AS SELECT line, ${select.join(', ')} FROM (SELECT t.*, row_number() OVER () - 1 AS line FROM read_json('${file}', format='newline_delimited', columns={${shape}}) t)`,
    )
    const values = new Map<string, SqlValue[]>()
    for (const { column, type } of paged) {
      const raw = type === 'TIMESTAMP' ? `epoch_us("${column}")` : `"${column}"`
      const found = await connection.runAndReadAll(
        `SELECT DISTINCT ${raw}::VARCHAR FROM ${view} WHERE "${column}" IS NOT NULL ORDER BY 1 LIMIT 20`,
      )
      const seen = found.getRows().map(([value]) => String(value))
      const all =
        type === 'VARCHAR'
          ? [...seen, ...seen.map((one) => one.toUpperCase()), ...odd]
          : type === 'TIMESTAMP'
            ? [...seen.map(BigInt), ...moments]
            : [...seen, '0', '-1', '202600001']
      values.set(
        column,
        all.map((value) => ({
          type,
          value: type === 'INTEGER' ? Number(value) : type === 'BIGINT' ? BigInt(value) : value,
        })),
      )
    }
    // Columns of which something can be asked come as often as all others together.
    const askable = [...values].filter(([column, some]) =>
      some.some((value) => {
        const where: Predicate[] = [{ kind: 'compare', column, op: '=', value }]
        const wish = { table, columns: [column], where, limit: null, orderBy: [], isCountOnly: false }
        return connector.negotiate(wish, emulator.url)[0]?.filter !== ''
      }),
    )
    const all = fc.constantFrom(...values.keys())
    const columns =
      askable.length > 0 ? fc.oneof(fc.constantFrom(...askable.map(([column]) => column)), all) : all
    const term = columns
      .filter((column) => must(values.get(column)).length > 0)
      .chain((column) => {
        const value = fc.constantFrom(...must(values.get(column)))
        const op = fc.constantFrom<Comparison[]>('=', '=', '<>', '<', '<=', '>', '>=')
        const compare = fc.record({
          kind: fc.constant('compare' as const),
          column: fc.constant(column),
          op,
          value,
        })
        const list = fc.record({
          kind: fc.constant('in' as const),
          column: fc.constant(column),
          values: fc.array(value, { minLength: 1, maxLength: 3 }),
        })
        const isText = must(values.get(column))[0]?.type === 'VARCHAR'
        const part = fc.record({
          kind: fc.constantFrom('starts-with' as const, 'ends-with' as const, 'contains' as const),
          column: fc.constant(column),
          text: value.chain(({ value: one }) => fc.nat(4).map((length) => String(one).slice(0, length + 1))),
        })
        const none = fc.constant<Predicate>({ kind: 'is-null', column })
        return isText ? fc.oneof(compare, list, part, none) : fc.oneof(compare, list, none)
      }) as fc.Arbitrary<Predicate>
    let sent = 0
    await fc.assert(
      fc.asyncProperty(fc.array(term, { minLength: 1, maxLength: 3 }), async (where) => {
        const answer = await read(table, where)
        if (answer.filter !== '') sent++
        const linesWhere = async (terms: readonly Predicate[]) => {
          const sql = `SELECT line::INTEGER FROM ${view} WHERE ${['true', ...terms.map(sqlOf)].join(' AND ')} ORDER BY 1`
          const found = await connection.runAndReadAll(sql)
          return found.getRows().map(([line]) => must(whole.rows[Number(line)]))
        }
        const isIn = (part: readonly string[], all: readonly string[], what: string) => {
          const left = [...all]
          for (const row of part) {
            const at = left.indexOf(row)
            assert.ok(at >= 0, `${what}: ${row} (${answer.filter})`)
            left.splice(at, 1)
          }
        }
        isIn(await linesWhere(where), answer.rows, 'a row that the statement wants is missing')
        const exact = where.filter((_, at) => answer.judgements[at] === 'exact')
        isIn(answer.rows, await linesWhere(exact), 'a row that an exact term leaves out came')
      }),
      { numRuns: 60 },
    )
    assert.ok(sent > 0, `${sent} of 60 sent a filter`)
  })
}

describe('where the platform gives up on so much at once', () => {
  after(() => control('heavy', { rows: null }))
  const names = connector.tables
    .filter(({ schema, name }) => schema === 'browse' && !/_200$/.test(name))
    .map(({ schema, name }) => `${schema}.${name}`)
  for (const name of names) {
    test(`${name}: asked in parts the rows are the same, each once`, async () => {
      const table = tableNamed(name)
      await control('heavy', { rows: null })
      const whole = await read(table, [])
      // As many as the fullest period has, so that the smallest parts come through.
      const perPeriod = Map.groupBy(whole.rows, (row) => JSON.parse(row)['fin.trs.head.yearperiod'])
      await control('heavy', { rows: Math.max(...[...perPeriod.values()].map(({ length }) => length)) })
      const parted = await read(table, [])
      assert.ok(parted.calls > 3, `${parted.calls} calls`)
      assert.deepEqual([...parted.rows].sort(), [...whole.rows].sort())
    })
  }
  test('rows that sum up are not parted where the period is not among their columns', () => {
    const wish = { where: [], limit: null, orderBy: [], isCountOnly: false }
    const offerOf = (table: PlatformTable, columns: readonly string[]) =>
      must(connector.negotiate({ ...wish, table, columns }, emulator.url)[0])
    const totals = tableNamed('browse.AnnualReportTotals_040_1')
    assert.equal(offerOf(totals, ['line_dim1', 'line_basevaluesigned']).split, undefined)
    assert.ok(offerOf(totals, ['line_dim1', 'head_yearperiod']).split)
    const details = tableNamed('browse.GeneralLedgerDetails_030_2')
    assert.ok(offerOf(details, ['line_dim1']).split)
  })
})

describe('what travels', () => {
  const period = (op: Comparison, value: string): Predicate => ({
    kind: 'compare',
    column: 'head_yearperiod',
    op,
    value: { type: 'VARCHAR', value },
  })
  test('two bounds are one range, a list of periods is the range around it, a code with `like` narrows', async () => {
    const table = tableNamed('browse.Customers_130_1')
    const range = await read(table, [period('>=', '2026/01'), period('<=', '2026/02')])
    assert.equal(range.filter, 'head_yearperiod between 2026/01…2026/02')
    assert.deepEqual(range.judgements, ['exact', 'exact'])
    const values = ['2026/03', '2026/01'].map((value): SqlValue => ({ type: 'VARCHAR', value }))
    const list = await read(table, [{ kind: 'in', column: 'head_yearperiod', values }])
    assert.equal(list.filter, 'head_yearperiod between 2026/01…2026/03')
    assert.deepEqual(list.judgements, ['superset'])
    const code = await read(table, [
      { kind: 'compare', column: 'head_code', op: '=', value: { type: 'VARCHAR', value: 'VRK' } },
    ])
    assert.equal(code.filter, 'head_code like VRK')
    assert.ok(code.rows.length < (await read(table, [])).rows.length)
  })
  test('incremental: what was modified since a moment is asked for, and nothing older comes', async () => {
    const since = BigInt(Date.parse('2026-02-15T00:00:00Z')) * 1000n
    const answer = await read(tableNamed('browse.TransactionList_020'), [
      { kind: 'compare', column: 'head_modified', op: '>=', value: { type: 'TIMESTAMP', value: since } },
    ])
    assert.equal(answer.filter, 'head_modified between 20260215000000…')
    assert.ok(answer.rows.length > 0)
    for (const row of answer.rows) assert.ok(JSON.parse(row)['fin.trs.head.modified'] >= '20260215')
  })
  test('the finder is read in pages of 25 to its end, each row once', async () => {
    const { rows, calls } = await read(tableNamed('finder.ART'), [])
    assert.deepEqual([rows.length, new Set(rows).size, calls], [60, 60, 3])
    const one = await read(tableNamed('finder.ART'), [
      { kind: 'compare', column: 'Code', op: '=', value: { type: 'VARCHAR', value: 'A007' } },
    ])
    assert.deepEqual([one.rows.map((row) => JSON.parse(row)[1]), one.calls], [['A007'], 1])
  })
  test('a search for dimensions takes its options: those of a type that were modified since', async () => {
    const wish: ReadWish = {
      ...{ table: tableNamed('finder.DIM'), columns: ['Code'], where: [] },
      ...{ limit: null, orderBy: [], isCountOnly: false },
    }
    const codes = async (given: Readonly<Record<string, string>>) => {
      const known = Object.entries(given).map(([name, value]) => ({
        ...{ name, value, type: 'VARCHAR', isKnown: true },
      }))
      const offer = must(connector.negotiate({ ...wish, arguments: known }, emulator.url)[0])
      const request = must(offer.requests(partition)[0])
      const response = await ask(request)
      assert.deepEqual(connector.judge(response, 0), { kind: 'rows' })
      const page = connector.readPage(response.body, { asLines: true, request })
      return must(page.bytes)
        .toString()
        .split('\n')
        .filter((row) => row !== '')
        .map((row) => JSON.parse(row)['1'])
    }
    assert.deepEqual(await codes({ dimtype: 'KPL' }), ['001', '002'])
    const all = await codes({ dimtype: 'DEB' })
    const late = ['1003', '1004', '1005', '1006', '1007']
    assert.equal(all.length, 8)
    for (const since of ['2026-01-04 00:00:00', '2026-01-04', '20260104', '20260104101500'])
      assert.deepEqual(await codes({ dimtype: 'DEB', modifiedsince: since }), late, since)
    await assert.rejects(codes({ modifiedsince: 'yesterday' }), /moment/)
  })
  test('a deleted transaction is gone from browse data and told by DeletedTransactions alone', async () => {
    const deleted = tableNamed('transactions.DeletedTransactions')
    assert.deepEqual((await read(deleted, [])).rows, [])
    const list = tableNamed('browse.TransactionList_020')
    const numbers = async () =>
      new Set(
        (await read(list, [])).rows.map(
          (row) => `${JSON.parse(row)['key.code']} ${JSON.parse(row)['key.number']}`,
        ),
      )
    const all = await numbers()
    await control('deletions', { office: '001', code: 'VRK', number: 202_600_002 })
    assert.deepEqual((await read(deleted, [])).rows, ['{"Daybook":"VRK","TransactionNumber":"202600002"}'])
    const left = await numbers()
    assert.deepEqual(
      [...all].filter((one) => !left.has(one)),
      ['VRK 202600002'],
    )
  })
  test('VAT codes, currencies and users are finder tables, empty types have no rows', async () => {
    const codes = async (name: string) =>
      (await read(tableNamed(name), [])).rows.map((row) => JSON.parse(row)['1'])
    assert.deepEqual(await codes('finder.VAT'), ['VH', 'VL', 'VN', 'IH'])
    assert.deepEqual(await codes('finder.CUR'), ['EUR', 'USD'])
    assert.deepEqual(await codes('finder.USR'), ['ANNA'])
    assert.deepEqual(await codes('finder.XLT'), [])
  })
})

describe('faults by their code, in the language of the user', () => {
  const request = () => {
    const table = tableNamed('dimensions.Customers')
    const wish = { table, columns: ['Code'], where: [], limit: null, orderBy: [], isCountOnly: false }
    return must(must(connector.negotiate(wish, emulator.url)[0]).requests(partition)[0])
  }
  for (const [code, kind, dutch, english] of [
    [101, 'refused', /ontbreekt/, /missing/],
    [102, 'forbidden', /Toegang geweigerd/, /Access denied/],
    [103, 'token-refused', /Probeer opnieuw/, /log on again/],
    [104, 'forbidden', /verwijderd/, /deleted/],
    [105, 'forbidden', /geblokkeerd/, /disabled/],
    [106, 'forbidden', /organisatie/, /organisation/],
    [107, 'forbidden', /sms-code/, /text message/],
    [108, 'moved', /Cluster ongeldig/, /Cluster invalid/],
    [109, 'forbidden', /administratie/, /company/],
    [110, 'forbidden', /niet toegestaan/, /not allowed/],
    [122, 'forbidden', /clientsoftware/, /client software/],
    [168, 'transient', /overgenomen/, /taken over/],
    [187, 'refused', /Ongeldige XML/, /Invalid XML/],
    [351, 'forbidden', /ontbreekt/, /missing/],
    [352, 'forbidden', /ontbreekt/, /missing/],
    [353, 'forbidden', /ontbreekt/, /missing/],
    [354, 'token-refused', /Token ongeldig/, /Token invalid/],
    [358, 'transient', /nu niet/, /validated now/],
    [359, 'refused', /company-id/, /company id/],
  ] as const) {
    test(`fault ${code} is ${kind}`, async () => {
      for (const [language, words] of [
        ['nl', dutch],
        ['en', english],
      ] as const) {
        await control('users', { user: 'taal', language })
        const own = await tokenOf('taal')
        await control('faults', { at: 'api', kind: 'soap', code })
        const judged = connector.judge(await ask(request(), own), 0)
        assert.equal(judged.kind, kind)
        assert.match('text' in judged ? judged.text : '', new RegExp(`fault ${code}`))
        assert.match('text' in judged ? judged.text : '', words)
      }
    })
  }
  test('an office that the user does not reach is fault 109, not an empty table', async () => {
    await control('users', { user: 'beperkt', language: 'nl', offices: ['010'] })
    const judged = connector.judge(await ask(request(), await tokenOf('beperkt')), 0)
    assert.equal(judged.kind, 'forbidden')
  })
  test('a search that is refused is no empty answer', async () => {
    const wish = { table: tableNamed('finder.VAT'), columns: ['Code'], where: [], limit: null, orderBy: [] }
    const [offer] = connector.negotiate({ ...wish, isCountOnly: false }, emulator.url)
    const search = must(must(offer).requests(partition)[0])
    const wrong = { ...search, body: must(search.body).replace('>VAT<', '>NIX<') }
    const judged = connector.judge(await ask(wrong), 0)
    assert.equal(judged.kind, 'refused')
    assert.match('text' in judged ? judged.text : '', /InvalidFinderType/)
  })
})
