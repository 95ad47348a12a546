import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startExactOnlineEmulator } from '@sluis/emulator-exact-online'
import { startTwinfieldEmulator } from '@sluis/emulator-twinfield'
import { openTestStore } from '@sluis/store/testing'
import { createLogTo } from './create-log.ts'
import { readServerOptions } from './server-options.ts'
import { startServer } from './start-server.ts'

const key = 'canary-api-key-0123456789abcdefghij'
const client = { clientId: 'lab', clientSecret: 's+/=4711', redirectUri: 'https://partner.example/cb' }
// biome-ignore lint/suspicious/noExplicitAny: JSON answers, whose form is what the tests assert
type Json = any

const home = mkdtempSync(join(tmpdir(), 'sluis-twinfield-'))
chmodSync(home, 0o711)
const logged: string[] = []
let twinfield: Awaited<ReturnType<typeof startTwinfieldEmulator>>
let exact: Awaited<ReturnType<typeof startExactOnlineEmulator>>
let store: Awaited<ReturnType<typeof openTestStore>>
let server: Awaited<ReturnType<typeof startServer>>
let start: () => ReturnType<typeof startServer>

async function control(at: { url: string }, path: string, body?: object): Promise<Json> {
  const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
  return (await fetch(`${at.url}/_control/${path}`, init)).json()
}
async function call(method: string, path: string, body?: object): Promise<{ status: number; body: Json }> {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return { status: answer.status, body: await answer.json() }
}
async function tokens(): Promise<{ accessToken: string; refreshToken: string }> {
  const { code } = await control(twinfield, 'consents', { clientId: 'lab', user: 'anna@example.com' })
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
    client_id: client.clientId,
    client_secret: client.clientSecret,
  })
  const answer = await fetch(`${twinfield.url}/auth/authentication/connect/token`, { method: 'POST', body })
  const pair = (await answer.json()) as Json
  return { accessToken: pair.access_token, refreshToken: pair.refresh_token }
}
async function query(database: string, sql: string): Promise<Json> {
  const { status, body } = await call('POST', `/databases/${database}/query`, { sql })
  assert.equal(status, 200, JSON.stringify(body))
  return body
}
const apiCalls = async (at: { url: string }): Promise<number> => (await control(at, 'ledger')).totals.api

/** Another server takes the place of this one; what is done between is done while none runs. */
async function restart(between?: () => Promise<unknown>): Promise<void> {
  await server.close()
  await between?.()
  server = await start()
}

before(async () => {
  twinfield = await startTwinfieldEmulator()
  exact = await startExactOnlineEmulator({ divisions: 1 })
  const { redirectUri, ...rest } = client
  for (const at of [twinfield, exact]) await control(at, 'apps', { ...rest, redirectUris: [redirectUri] })
  const regions = join(home, 'regions.json')
  const lab = (baseUrl: string) => ({ lab: { label: 'Lab', baseUrl } })
  writeFileSync(regions, JSON.stringify({ twinfield: lab(twinfield.url), 'exact-online': lab(exact.url) }))
  store = await openTestStore()
  const env = {
    SLUIS_HOME: home,
    SLUIS_PORT: '0',
    DATABASE_URL: store.databaseUrl,
    SLUIS_BOOTSTRAP_API_KEY: key,
    SLUIS_REGIONS_FILE: regions,
  }
  start = () =>
    startServer(readServerOptions(env), createLogTo({ write: (text) => logged.push(text) }, 'debug'))
  server = await start()
})
after(async () => {
  await server?.close()
  await store?.close()
  await twinfield?.close()
  await exact?.close()
  rmSync(home, { recursive: true, force: true })
})

describe('Twinfield from handed-over tokens to SQL', () => {
  const place = { platform: 'twinfield', region: 'lab', client }
  let pair: { accessToken: string; refreshToken: string }

  test('POST /databases makes it usable, and the same tokens again make a second database on the same grant', async () => {
    pair = await tokens()
    const made = await call('POST', '/databases', {
      name: 'boeken',
      ...place,
      credentials: { kind: 'tokens', ...pair },
    })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const again = await call('POST', '/databases', {
      name: 'tweede',
      ...place,
      credentials: { kind: 'tokens', ...pair },
    })
    assert.equal(again.body.grant?.id, made.body.grant.id, JSON.stringify(again.body))
    assert.deepEqual((await query('tweede', 'SELECT count(*) FROM dimensions.Customers')).rows, [['16']])
  })
  test('office 001 stays text, codes keep their zeros, and what is not asked is not read', async () => {
    const seen = await apiCalls(twinfield)
    const answer = await query(
      'boeken',
      `SELECT Office, Code, VatNumber, Modified FROM dimensions.Customers WHERE Office = '001' ORDER BY Code`,
    )
    assert.deepEqual(answer.rows[0].slice(0, 2), ['001', '0010'])
    assert.match(answer.rows[0][2], /^NL\d{9}B01$/)
    assert.equal(answer.rows.length, 8)
    assert.equal(answer.stats.apiCalls, 1)
    assert.equal(await apiCalls(twinfield), seen + 1)
  })
  test('a token lives for an hour, and the refresh token that comes back unchanged works again and again', async () => {
    const { last } = await control(twinfield, 'ledger')
    for (const code of [354, 103, 354]) {
      if (code === 103) await control(twinfield, 'faults', { at: 'api', kind: 'soap', code })
      else await control(twinfield, 'clock', { advanceSeconds: 3600 })
      const answer = await query('boeken', `SELECT count(*) FROM dimensions.Suppliers WHERE Office = '010'`)
      assert.deepEqual(answer.rows, [['8']])
    }
    const { entries } = await control(twinfield, `ledger?since=${last}`)
    const spent = entries.filter(({ kind }: Json) => kind === 'token')
    assert.deepEqual(
      spent.map(({ grantType, outcome }: Json) => [grantType, outcome]),
      Array.from({ length: 3 }, () => ['refresh_token', 'issued']),
    )
    const { sources } = (await call('GET', '/databases/boeken')).body
    assert.equal((await call('GET', `/grants/${sources[0].grant}`)).body.state, 'active')
  })
  test('a finder type is a table, read page by page', async () => {
    const answer = await query('boeken', `SELECT count(DISTINCT Code) FROM finder.ART WHERE Office = '001'`)
    assert.deepEqual([answer.rows, answer.stats.apiCalls], [[['60']], 3])
  })
  test('dimensions that were modified since a moment come from a search that is asked so', async () => {
    const answer = await query(
      'boeken',
      `SELECT Office, Code, Name FROM finder.DIM(dimtype := 'DEB', modifiedsince := TIMESTAMP '2026-01-06 00:00:00') ORDER BY Office, Code`,
    )
    assert.deepEqual(
      answer.rows.map(([office, code]: Json) => `${office} ${code}`),
      ['001 1005', '001 1006', '001 1007', '010 1005', '010 1006', '010 1007'],
    )
    assert.equal(answer.stats.apiCalls, 2)
    assert.match(answer.stats.scans[0].filter, /modifiedsince/)
  })
  test('a period is asked of the platform, and the answer is that of all rows filtered here', async () => {
    const answer = await query(
      'boeken',
      `SELECT sum(line_basevaluesigned), count(*) FROM browse.GeneralLedgerDetails_030_2 WHERE head_yearperiod = '2026/02' AND line_dim1 = '1300'`,
    )
    assert.match(answer.stats.scans[0].filter, /head_yearperiod between 2026\/02…2026\/02/)
    const whole = await query(
      'boeken',
      `SELECT sum(line_basevaluesigned), count(*) FROM browse.GeneralLedgerDetails_030_2 WHERE head_yearperiod || '' = '2026/02' AND line_dim1 || '' = '1300'`,
    )
    assert.ok(whole.stats.rowsFetched > answer.stats.rowsFetched)
    assert.ok(Number(answer.rows[0][1]) > 0)
    assert.deepEqual(answer.rows, whole.rows)
  })
  test('fault 354, a full minute and a moved cluster are survived, each call counted as the platform saw it', async () => {
    const sql = `SELECT count(*) FROM dimensions.Suppliers WHERE Office = '010'`
    const disturb = [
      () => control(twinfield, 'faults', { at: 'api', kind: 'soap', code: 354 }),
      () =>
        control(twinfield, 'faults', {
          at: 'api',
          kind: 'status',
          status: 429,
          headers: { 'Retry-After': '0' },
        }),
      () => control(twinfield, 'clusters', { cluster: 'c2' }),
    ]
    for (const begin of disturb) {
      await begin()
      const seen = await apiCalls(twinfield)
      const answer = await query('boeken', sql)
      assert.deepEqual(answer.rows, [['8']])
      assert.equal(answer.stats.apiCalls, (await apiCalls(twinfield)) - seen)
      assert.ok(answer.stats.apiCalls > 1)
    }
  })
  test('a question that the platform gives up on is asked by period, and one that cannot be parted says what to do', async () => {
    const sql = `SELECT count(*), sum(line_basevaluesigned), max(head_yearperiod) FROM browse.GeneralLedgerDetails_030_2 WHERE Office = '001'`
    const whole = await query('boeken', sql)
    const totals = `SELECT line_dim1, sum(line_basevaluesigned) FROM browse.AnnualReportTotals_040_1 WHERE Office = '001' GROUP BY 1 ORDER BY 1`
    await query('boeken', totals)
    await control(twinfield, 'heavy', { rows: 60 })
    const seen = await apiCalls(twinfield)
    const parted = await query('boeken', sql)
    assert.deepEqual(parted.rows, whole.rows)
    assert.ok(Number(whole.rows[0][0]) > 60)
    assert.equal(parted.stats.apiCalls, (await apiCalls(twinfield)) - seen)
    await control(twinfield, 'heavy', { rows: 5 })
    const { status, body } = await call('POST', '/databases/boeken/query', { sql: totals })
    await control(twinfield, 'heavy', { rows: null })
    assert.deepEqual([status, body.code], [503, 'PLATFORM_UNAVAILABLE'])
    assert.match(body.hint, /range of periods/)
  })
  test('where the data are is kept: a server that has just started does not ask again, and explain foretells its calls', async () => {
    await restart()
    const sql = `SELECT count(*) FROM dimensions.Suppliers WHERE Office = '010'`
    const { calls } = (await call('POST', '/databases/boeken/explain', { sql })).body
    const seen = await apiCalls(twinfield)
    const answer = await query('boeken', sql)
    assert.deepEqual([calls.expected, answer.stats.apiCalls, (await apiCalls(twinfield)) - seen], [1, 1, 1])
  })
  test('where it is not known explain counts the look-up too', async () => {
    await restart(() => store.pool.query('DELETE FROM grant_host'))
    const sql = `SELECT count(*) FROM dimensions.Suppliers WHERE Office = '010'`
    const before = (await call('POST', '/databases/boeken/explain', { sql })).body
    assert.deepEqual(before.calls, { min: 2, expected: 2, max: 2 })
    assert.match(before.warnings.join(), /At which host the data of .* are is not known yet/)
    const seen = await apiCalls(twinfield)
    const answer = await query('boeken', sql)
    assert.deepEqual([answer.stats.apiCalls, (await apiCalls(twinfield)) - seen], [2, 2])
    assert.equal((await call('POST', '/databases/boeken/explain', { sql })).body.calls.expected, 1)
  })
  test('reads that begin together after a change of cluster ask once where it is', async () => {
    const { last } = await control(twinfield, 'ledger')
    await control(twinfield, 'clusters', { cluster: 'c3' })
    await query(
      'boeken',
      `SELECT (SELECT count(*) FROM dimensions.Customers), (SELECT count(*) FROM dimensions.Suppliers)`,
    )
    const { entries } = await control(twinfield, `ledger?since=${last}`)
    const count = (word: RegExp) => entries.filter((entry: Json) => word.test(JSON.stringify(entry))).length
    assert.ok(count(/fault 108/) > 0, 'the old cluster was met')
    assert.equal(count(/accesstokenvalidation/), 1)
  })
  describe('bookings are written', () => {
    const booking = (amount: string, more = '') =>
      `INSERT INTO transactions.Transactions (Office, Code, Date, Period, Currency, InvoiceNumber, Lines) VALUES ('001', 'VRK', TIMESTAMP '2026-03-31', '2026/03', 'EUR', 'S&L-1', [
        {Type: 'total', Dim1: '1300', Dim2: '0010', Value: 121.00, DebitCredit: 'debit', VatCode: NULL},
        {Type: 'detail', Dim1: '8000', Dim2: NULL, Value: 100.00, DebitCredit: 'credit', VatCode: 'VH'},
        {Type: 'vat', Dim1: '1530', Dim2: NULL, Value: ${amount}, DebitCredit: 'credit', VatCode: 'VH'}])${more}`
    const write = (sql: string) => call('POST', '/databases/boeken/query', { sql })
    const stored = async () => {
      const sql = `SELECT count(*), sum(line_basevaluesigned) FROM browse.GeneralLedgerDetails_030_2 WHERE line_invnumber = 'S&L-1'`
      return (await query('boeken', sql)).rows[0]
    }

    test('one is stored with a number of the platform’s, also when the cluster moves meanwhile', async () => {
      await control(twinfield, 'clusters', { cluster: 'c5' })
      const { status, body } = await write(booking('21.00', ' RETURNING Number'))
      assert.equal(status, 200, JSON.stringify(body))
      assert.match(String(body.rows[0][0]), /^2026\d{5}$/)
      assert.deepEqual(await stored(), ['3', '0.0000000000'])
    })
    test('one out of balance is refused with the platform’s words, and nothing is stored', async () => {
      const { body } = await write(booking('20.99'))
      assert.match(JSON.stringify(body), /niet in balans. Er ontbreekt 0.01 credit/)
      assert.equal((await stored())[0], '3')
    })
    test('a value that cannot be sent is refused before any call', async () => {
      const seen = await apiCalls(twinfield)
      const wrong = await write(booking('21.00').replace("Type: 'total', ", ''))
      assert.equal(wrong.body.error?.code ?? wrong.body.code, 'INVALID_REQUEST', JSON.stringify(wrong.body))
      assert.equal(await apiCalls(twinfield), seen)
    })
    test('a lost answer is WRITE_OUTCOME_UNKNOWN, and the booking is sent once', async () => {
      await control(twinfield, 'faults', { at: 'api', kind: 'drop-response', matching: '<transactions' })
      const { body } = await write(booking('21.00', ' RETURNING Number'))
      assert.match(JSON.stringify(body), /WRITE_OUTCOME_UNKNOWN/)
      assert.equal((await stored())[0], '6')
    })
    test('the table is written and not read, and says where to read', async () => {
      const { body } = await write('SELECT * FROM transactions.Transactions')
      assert.match(JSON.stringify(body), /browse.TransactionList_020/)
    })
  })
  describe('dimensions are written', () => {
    const write = (sql: string) => call('POST', '/databases/boeken/query', { sql })
    const outcomes = (body: Json) =>
      body.rows.map(([row, outcome, , key, error]: Json) => [row, outcome, key, error])
    const columns = 'Code, Name, ShortName, VatNumber, Website, DueDays, City, Country'
    const customers = async (codes: string) =>
      (
        await query(
          'boeken',
          `SELECT ${columns} FROM dimensions.Customers WHERE Office = '001' AND Code IN (${codes}) ORDER BY Code`,
        )
      ).rows

    test('new ones are stored with what was told, each with its outcome, and none is written over', async () => {
      const [before] = await customers("'0010'")
      const { status, body } = await write(
        `INSERT INTO dimensions.Customers (Office, Code, Name, VatNumber, DueDays, City, Country)
         VALUES ('001', '7001', 'Zand & <Grind> "BV"', 'NL001B01', 14, 'Gent', 'BE'), ('001', '0010', 'Over', NULL, 30, NULL, NULL), ('001', '7002', 'Niet', NULL, 30, NULL, NULL)`,
      )
      assert.equal(status, 200, JSON.stringify(body))
      const [first, second, third] = outcomes(body)
      assert.deepEqual(first, [1, 'inserted', '7001', null])
      assert.deepEqual(second.slice(0, 3), [2, 'failed', '0010'])
      assert.match(second[3], /there already/)
      assert.equal(third[1], 'not attempted')
      assert.deepEqual(await customers("'0010', '7001', '7002'"), [
        before,
        ['7001', 'Zand & <Grind> "BV"', null, 'NL001B01', null, 14, 'Gent', 'BE'],
      ])
    })
    test('a change sends the name along and leaves the rest as it is; what the platform refuses is said in its words', async () => {
      const { body } = await write(
        `UPDATE dimensions.Customers SET Website = 'https://zand.example', ShortName = 'Zand' WHERE Office = '001' AND Code = '7001'`,
      )
      assert.deepEqual(outcomes(body), [[1, 'updated', '7001', null]])
      assert.deepEqual(await customers("'7001'"), [
        ['7001', 'Zand & <Grind> "BV"', 'Zand', 'NL001B01', 'https://zand.example', 14, 'Gent', 'BE'],
      ])
      const masked = await write(
        `INSERT INTO dimensions.Suppliers (Office, Code, Name) VALUES ('001', 'A-1', 'Streep')`,
      )
      assert.match(JSON.stringify(masked.body), /masker/)
      const address = await write(`UPDATE dimensions.Customers SET City = 'X' WHERE Code = '7001'`)
      assert.deepEqual([address.status, address.body.code], [400, 'INVALID_REQUEST'])
    })
    test('a lost answer is looked for: what is stored is stored once', async () => {
      await control(twinfield, 'faults', { at: 'api', kind: 'drop-response', matching: '<dimension ' })
      const { body } = await write(
        `INSERT INTO dimensions.CostCentres (Office, Code, Name) VALUES ('001', 'K9', 'Keuken') RETURNING Code, Name`,
      )
      assert.deepEqual(body.rows, [['K9', 'Keuken']], JSON.stringify(body))
      assert.deepEqual(
        (await query('boeken', `SELECT count(*) FROM dimensions.CostCentres WHERE Code = 'K9'`)).rows,
        [['1']],
      )
    })
    test('a delete is one by status, and its record has the way back', async () => {
      const { body } = await write(`DELETE FROM dimensions.Customers WHERE Office = '001' AND Code = '7001'`)
      assert.deepEqual(outcomes(body), [[1, 'deleted', '7001', null]])
      assert.deepEqual(await customers("'7001'"), [])
      const { statements } = (await call('GET', '/databases/boeken/statements?limit=20')).body
      const { write: record } = statements.find(({ sql }: Json) => /^DELETE/.test(sql))
      assert.match(record.revert[0], /^INSERT INTO .*"Customers"/)
      await write(record.revert[0])
      const [row] = await customers("'7001'")
      assert.deepEqual(row.slice(0, 4), ['7001', 'Zand & <Grind> "BV"', 'Zand', 'NL001B01'])
    })
  })
  describe('sales invoices are written', () => {
    const write = (sql: string) => call('POST', '/databases/boeken/query', { sql })
    const invoice = (customer: string, article: string, more = '') =>
      `INSERT INTO invoices.SalesInvoices (Office, InvoiceType, InvoiceDate, DueDate, Customer, Status, Lines)
       VALUES ('001', 'FACTUUR', TIMESTAMP '2026-03-01', TIMESTAMP '2026-03-31', '${customer}', 'final', [
         {Article: '${article}', Quantity: 2.5, Units: NULL, UnitsPriceExcl: 19.95, VatCode: 'VH'}])${more}`

    test('one is stored under a number of its type; what is refused is told part by part', async () => {
      const first = await write(invoice('0010', 'A001', ' RETURNING InvoiceNumber, Status, InvoiceDate'))
      assert.deepEqual(first.body.rows, [['1', 'final', '2026-03-01T00:00:00']], JSON.stringify(first.body))
      const refused = await write(invoice('12015', 'A999'))
      const [[row, outcome, , , error]] = refused.body.rows
      assert.deepEqual([row, outcome], [1, 'failed'])
      assert.match(error, /customer: De klantdimensie bestaat niet/)
      assert.match(error, /article: De artikelcode is niet gevonden/)
    })
    test('a lost answer is of unknown outcome, and the invoice is sent once', async () => {
      await control(twinfield, 'faults', { at: 'api', kind: 'drop-response', matching: '<salesinvoices' })
      const { body } = await write(invoice('0010', 'A002'))
      assert.match(JSON.stringify(body), /WRITE_OUTCOME_UNKNOWN/)
      const next = await write(invoice('0010', 'A003', ' RETURNING InvoiceNumber'))
      assert.deepEqual(next.body.rows, [['3']])
    })
    test('they are read by type and number, one call each, with their lines; one that is not there is no row', async () => {
      const seen = await apiCalls(twinfield)
      const answer = await query(
        'boeken',
        `SELECT InvoiceNumber, Status, Customer, Lines[1].Article, Lines[1].Quantity, len(Lines) FROM invoices.SalesInvoices
         WHERE Office = '001' AND InvoiceType = 'FACTUUR' AND InvoiceNumber IN ('1', '3', '99', 'x') AND Customer = '0010' ORDER BY 1`,
      )
      assert.deepEqual(answer.rows, [
        ['1', 'final', '0010', 'A001', '2.5000000000', '1'],
        ['3', 'final', '0010', 'A003', '2.5000000000', '1'],
      ])
      assert.deepEqual([answer.stats.apiCalls, (await apiCalls(twinfield)) - seen], [3, 3])
      const { body } = await write(`SELECT * FROM invoices.SalesInvoices WHERE Customer = '0010'`)
      assert.equal(body.code, 'SQL_NOT_ALLOWED')
      assert.match(body.hint, /InvoiceType = .* finder.IVT/)
    })
    test('open invoices of one customer are asked for as such', async () => {
      const { rows, stats } = await query(
        'boeken',
        `SELECT DISTINCT Customer FROM finder.IVT WHERE Office = '001' AND Customer = '1001'`,
      )
      assert.deepEqual(rows, [['1001']])
      assert.equal(stats.scans[0].filter, 'Customer = 1001')
    })
  })
  test('bank statements are asked by their dates', async () => {
    const sql = (where: string) =>
      `SELECT count(*), sum(ClosingBalance - OpeningBalance), count(TransactionNumber) FROM bank.BankStatements WHERE Office = '001' AND ${where}`
    const march = await query('boeken', sql(`StatementDate >= TIMESTAMP '2026-03-01'`))
    assert.match(march.stats.scans[0].filter, /StatementDate between 2026-03-01T00:00:00…/)
    const whole = await query('boeken', sql(`StatementDate::VARCHAR >= '2026-03-01'`))
    assert.deepEqual(march.rows, whole.rows)
    assert.equal(Number(march.rows[0][0]), Number(march.rows[0][2]) + 1, 'one is not posted')
    assert.ok(march.stats.rowsFetched < whole.stats.rowsFetched)
  })
  test('bookings are matched with each other, once', async () => {
    const write = (sql: string) => call('POST', '/databases/boeken/query', { sql })
    const booking = (side: string, other: string) =>
      `INSERT INTO transactions.Transactions (Office, Code, Date, Period, Lines) VALUES ('001', 'VRK', TIMESTAMP '2026-03-31', '2026/03', [
        {Type: 'total', Dim1: '1300', Dim2: '1002', Value: 75.50, DebitCredit: '${side}'},
        {Type: 'detail', Dim1: '8000', Dim2: NULL, Value: 75.50, DebitCredit: '${other}'}]) RETURNING Number`
    const one = (await write(booking('debit', 'credit'))).body.rows[0][0]
    const other = (await write(booking('credit', 'debit'))).body.rows[0][0]
    const line = (number: string) =>
      `{TransCode: 'VRK', TransNumber: ${number}, TransLine: 1, MatchValue: NULL}`
    const match = `INSERT INTO transactions.Matches (Office, MatchCode, MatchDate, Lines) VALUES ('001', '170', TIMESTAMP '2026-03-31', [${line(one)}, ${line(other)}])`
    const { status, body } = await write(match)
    assert.deepEqual([status, body.rows[0].slice(0, 2)], [200, [1, 'inserted']], JSON.stringify(body))
    const states = await query(
      'boeken',
      `SELECT DISTINCT line_matchstatus FROM browse.Customers_130_1 WHERE Office = '001' AND head_number IN (${one}, ${other})`,
    )
    assert.deepEqual(states.rows, [['matched']])
    assert.match(JSON.stringify((await write(match)).body), /De regel is niet beschikbaar/)
  })
  test('turnover by VAT number from an Exact Online and a Twinfield source in one statement', async () => {
    const { code } = await control(exact, 'consents', {
      clientId: 'lab',
      user: 'anna@example.com',
      redirectUri: client.redirectUri,
    })
    const eol = await call('POST', '/databases', {
      name: 'exact',
      platform: 'exact-online',
      region: 'lab',
      client,
      credentials: { kind: 'code', code },
    })
    assert.equal(eol.status, 201, JSON.stringify(eol.body))
    const shared = (
      await query(
        'exact',
        'SELECT DISTINCT VATNumber FROM crm.Accounts WHERE VATNumber IS NOT NULL ORDER BY 1 LIMIT 4',
      )
    ).rows.map(([text]: [string]) => text)
    assert.equal(shared.length, 4)
    await control(twinfield, 'data', { vatNumbers: shared })
    const twf = (await call('GET', '/databases/boeken')).body
    const made = await call('POST', '/databases', {
      name: 'beide',
      sources: [
        { alias: 'eol', grant: eol.body.grant.id, partitions: 'all' },
        { alias: 'twf', grant: twf.sources[0].grant, partitions: ['001'] },
      ],
    })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const [before, beforeExact] = [await apiCalls(twinfield), await apiCalls(exact)]
    const answer = await query(
      'beide',
      `SELECT a.VATNumber, sum(t.line_basevaluesigned)
       FROM eol.crm.Accounts a
       JOIN twf.dimensions.Customers c ON c.VatNumber = a.VATNumber
       JOIN twf.browse.Customers_130_1 t ON t.line_dim2 = c.Code AND t.Office = c.Office
       WHERE t.head_code = 'VRK'
       GROUP BY 1 ORDER BY 1`,
    )
    assert.ok(answer.rows.length > 0)
    assert.ok(answer.rows.every(([vat, sum]: [string, string]) => shared.includes(vat) && Number(sum) > 0))
    const calls = [(await apiCalls(twinfield)) - before, (await apiCalls(exact)) - beforeExact]
    // Of the one office its customers and its bookings of sales; of the one division the accounts that share a number.
    assert.deepEqual(calls, [2, 1])
    assert.equal(answer.stats.apiCalls, 3)
    const accounts = answer.stats.scans.find(({ endpoint }: Json) => /Accounts/.test(endpoint))
    const bookings = answer.stats.scans.find(({ endpoint }: Json) => /130_1/.test(endpoint))
    assert.match(accounts.filter, /VATNumber/)
    assert.match(bookings.filter, /head_code like VRK/)
  })
  test('no token is in the log', () => {
    const text = logged.join('\n')
    assert.equal(text.includes(pair.accessToken) || text.includes(pair.refreshToken), false)
  })
})
