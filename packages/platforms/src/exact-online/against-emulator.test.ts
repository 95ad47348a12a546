import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { type ExactOnlineEmulator, startExactOnlineEmulator } from '@sluis/emulator-exact-online'
import type { Partition, PlatformTable, Predicate, ReadOffer, ReadWish, SqlValue } from '@sluis/engine'
import { type IncomingResponse, isSluisError, must, type OutgoingRequest, PlainSecret } from '@sluis/shared'
import type { TokenAnswer, TokenGrant } from '@sluis/vault'
import fc from 'fast-check'
import { exactOnlineConnector } from './connector.ts'
import { exactOnlineOAuth } from './oauth.ts'

const connector = exactOnlineConnector()
const app = { clientId: '7c5f3b4e-0000-4000-8000-000000000001', clientSecret: 'k3yk3yk3yk3y' }
const redirectUri = 'https://partner.example/cb'

let emulator: ExactOnlineEmulator
let accessToken: string
let connection: DuckDBConnection
let folder: string

const control = (path: string, body: object) =>
  fetch(`${emulator.url}/_control/${path}`, { method: 'POST', body: JSON.stringify(body) }).then(
    (response) => response.json() as Promise<Record<string, unknown>>,
  )

async function send({ url, ...request }: OutgoingRequest): Promise<IncomingResponse> {
  const response = await fetch(url, { ...request, redirect: 'manual' })
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  }
}

const ask = (request: OutgoingRequest) =>
  send({ ...request, headers: { ...request.headers, authorization: `Bearer ${accessToken}` } })

const region = () => ({
  id: 'lab',
  label: 'Lab',
  baseUrl: emulator.url,
  pinnedOrigins: [emulator.url],
  isOperators: true,
})
const oauth = () => exactOnlineOAuth(new Map([['lab', region()]]))
const client = { clientId: app.clientId, clientSecret: new PlainSecret(app.clientSecret), redirectUri }

async function spend(grant: TokenGrant, secret = client.clientSecret): Promise<TokenAnswer> {
  const request = oauth().tokenRequest(region(), { ...client, clientSecret: secret }, grant)
  return oauth().processTokenResponse(await send(request))
}

async function consent(user: string) {
  const { code } = await control('consents', { clientId: app.clientId, user, redirectUri })
  const answer = await spend({ kind: 'code', code: new PlainSecret(encodeURIComponent(String(code))) })
  assert.equal(answer.kind, 'tokens')
  return must(answer.kind === 'tokens' ? answer.tokens : undefined)
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluis-exact-online-'))
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  emulator = await startExactOnlineEmulator({ divisions: 3 })
  await control('apps', {
    ...app,
    redirectUris: [redirectUri],
    limits: { minute: 1_000_000, day: 1_000_000 },
  })
  accessToken = must((await consent('anna@example.com')).accessToken).reveal()
})
after(async () => {
  connection.closeSync()
  await emulator.close()
  rmSync(folder, { recursive: true })
})

async function partitions(): Promise<readonly Partition[]> {
  const bodies: Buffer[] = []
  for (;;) {
    const request = connector.nextPartitionsRequest(emulator.url, bodies)
    if (request === null) return connector.readPartitions(bodies)
    const response = await ask(request)
    assert.equal(response.status, 200, response.body.toString())
    bodies.push(response.body)
  }
}

function wishFor(table: PlatformTable, wish: Partial<ReadWish> = {}): ReadWish {
  const columns = table.columns.map(({ name }) => name)
  return { table, columns, where: [], limit: null, orderBy: [], isCountOnly: false, ...wish }
}

const tableNamed = (name: string) =>
  must(connector.tables.find((table) => `${table.schema}.${table.name}` === name))

type Row = Record<string, unknown>

/** All rows of an offer in one company, page after page, and how many calls they took. */
/** Requests whose next link was too long to be followed. */
let cutOff = 0

async function readAll(
  offer: ReadOffer,
  partition: Partition | null,
): Promise<{ rows: Row[]; calls: number }> {
  const rows: Row[] = []
  let calls = 0
  const read = async (first: OutgoingRequest, ifFull: readonly OutgoingRequest[]) => {
    for (let request = first; ; ) {
      calls++
      const response = await ask(request)
      assert.equal(response.status, 200, `${request.url}\n${response.body}`)
      assert.ok(request.url.length <= 6000)
      const page = connector.readPage(response.body)
      const part = JSON.parse(response.body.toString('utf8', page.start, page.end)) as Row[]
      assert.equal(page.rows, part.length)
      if (ifFull.length > 0 && (offer.isCutOff?.(page) ?? part.length >= offer.pageRows)) {
        if (offer.isCutOff) cutOff++
        for (const piece of ifFull) await read(piece, [])
        return
      }
      rows.push(...part)
      if (page.next === null) return
      request = { ...request, url: page.next }
    }
  }
  const pieces = offer.ifFull?.(partition)
  for (const [at, request] of offer.requests(partition).entries()) await read(request, pieces?.[at] ?? [])
  return { rows, calls }
}

describe('the token endpoint', () => {
  test('a code becomes tokens of a user; every refusal is told apart', async () => {
    const tokens = await consent('bert@example.com')
    const refreshToken = must(tokens.refreshToken)
    assert.equal(tokens.expiresInSeconds, 600)
    assert.equal(oauth().stampedRegion(refreshToken), 'nl')
    const who = oauth().processWhoAmIResponse(
      await send(oauth().whoAmIRequest(region(), must(tokens.accessToken))),
    )
    assert.equal(who.kind === 'user' ? who.user.email : who.kind, 'bert@example.com')
    const nobody = oauth().whoAmIRequest(region(), new PlainSecret('gAAAA'))
    assert.equal(oauth().processWhoAmIResponse(await send(nobody)).kind, 'refused')

    const old: TokenGrant = { kind: 'refresh', refreshToken }
    assert.equal((await spend(old)).kind, 'too-early')
    assert.equal((await spend(old, new PlainSecret('wrong'))).kind, 'configuration')
    await control('clock', { advanceSeconds: 575 })
    const next = await spend(old)
    assert.equal(next.kind, 'tokens')
    const again = await spend(old)
    assert.equal(again.kind === 'terminal' ? again.cause : again.kind, 'spent')
    const foreign = await spend({ kind: 'refresh', refreshToken: new PlainSecret('stampNL001.abcd!efgh') })
    assert.equal(foreign.kind === 'terminal' ? foreign.cause : foreign.kind, 'invalid')

    const current = must(next.kind === 'tokens' ? next.tokens.refreshToken : undefined)
    await control('clock', { advanceSeconds: 31 * 86_400 })
    const late = await spend({ kind: 'refresh', refreshToken: must(current) })
    assert.equal(late.kind === 'terminal' ? late.cause : late.kind, 'expired')
    accessToken = must((await consent('anna@example.com')).accessToken).reveal()
  })
})

describe('every table', () => {
  test('is answered by each of its offers, and no value of the answer is lost', async () => {
    const [partition] = await partitions()
    assert.ok(partition)
    for (const table of connector.tables) {
      const name = `${table.schema}.${table.name}`
      if (name === 'customfield.UpdateCustomField') {
        // The one function that writes: it is refused before any call.
        assert.throws(
          () => connector.negotiate(wishFor(table, { limit: 5 }), emulator.url),
          (error) => isSluisError(error, 'SQL_NOT_ALLOWED'),
        )
        continue
      }
      for (const offer of connector.negotiate(wishFor(table, { limit: 5 }), emulator.url)) {
        const [request] = offer.requests(table.partitionColumn === null ? null : partition)
        const response = await ask(must(request))
        assert.equal(response.status, 200, `${name}: ${request?.url}\n${response.body}`)
        assert.equal(connector.judge(response, 0).kind, 'rows')
        const page = connector.readPage(response.body)
        const found = response.body.toString('utf8', page.start, page.end)
        // A function may answer one object instead of a list.
        const text = found.startsWith('[') ? found : `[${found}]`
        const rows = JSON.parse(text) as Row[]
        assert.equal(page.rows, rows.length)
        assert.ok(rows.length <= offer.pageRows)
        await assertNothingLost(name, table, rows, text)
      }
    }
  })

  async function assertNothingLost(name: string, table: PlatformTable, rows: readonly Row[], text: string) {
    const paged = table.columns.flatMap(({ name: column, page }) => (page ? [{ column, page }] : []))
    const file = join(folder, 'page.json')
    writeFileSync(file, text)
    const shape = paged.map(({ page }) => `'${page.field}': '${page.jsonType}'`).join(', ')
    const counts = paged.map(({ page }) => `count(${page.expression})::INTEGER`).join(', ')
    const result = await connection.runAndReadAll(
      `SELECT ${counts} FROM read_json(['${file}'], format='array', columns={${shape}})`,
    )
    const got = result.getRows()[0] ?? []
    for (const [at, { column }] of paged.entries()) {
      const expected = rows.filter((row) => {
        const value = row[column] as null | undefined | { __deferred?: unknown }
        return (
          value !== null &&
          value !== undefined &&
          (typeof value !== 'object' || value.__deferred === undefined)
        )
      })
      assert.equal(got[at], expected.length, `${name}.${column}`)
    }
  }
})

test('the companies are those of the consent', async () => {
  const all = await partitions()
  assert.equal(all.length, 3)
  const { code } = await control('consents', {
    clientId: app.clientId,
    user: 'carla',
    redirectUri,
    divisions: [Number(all[1]?.id)],
  })
  const answer = await spend({ kind: 'code', code: new PlainSecret(String(code)) })
  const mine = accessToken
  accessToken = must(must(answer.kind === 'tokens' ? answer.tokens.accessToken : undefined)).reveal()
  try {
    assert.deepEqual(await partitions(), [all[1]])
    const accounts = must(connector.negotiate(wishFor(tableNamed('crm.Accounts')), emulator.url)[0])
    const judged = connector.judge(await ask(must(accounts.requests(must(all[0]))[0])), 0)
    assert.deepEqual(judged.kind === 'forbidden' ? judged.reason : judged.kind, 'NoDivisionAccess')
  } finally {
    accessToken = mine
  }
})

test('limits are told for a company and by the clock of the service', async () => {
  const [partition] = await partitions()
  const offer = must(connector.negotiate(wishFor(tableNamed('vat.VATCodes')), emulator.url)[0])
  const response = await ask(must(offer.requests(must(partition))[0]))
  const readings = connector.readLimits(response, 1_000_000)
  assert.deepEqual(
    readings.map(({ window }) => window),
    ['minute', 'day'],
  )
  for (const { window, resetsAt } of readings) {
    const longest = window === 'minute' ? 60_000 : 86_400_000
    assert.ok(resetsAt > 1_000_000 && resetsAt <= 1_001_000 + longest, `${window} ${resetsAt}`)
  }
})

/** A predicate in DuckDB's SQL: the judge of what the service should answer. */
function sqlOf(predicate: Predicate): string {
  const literal = ({ type, value }: SqlValue) =>
    type === 'TIMESTAMP'
      ? `make_timestamp(${value})`
      : typeof value === 'string' && type !== 'DECIMAL(38,10)'
        ? `'${value.replaceAll("'", "''")}'::${type}`
        : `(${value})::${type}`
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`
  const column = 'column' in predicate ? `"${predicate.column}"` : ''
  switch (predicate.kind) {
    case 'compare':
      return `${column} ${predicate.op} ${literal(predicate.value)}`
    case 'in':
      return `${column} IN (${predicate.values.map(literal).join(', ')})`
    case 'is-null':
      return `${column} IS NULL`
    case 'is-not-null':
      return `${column} IS NOT NULL`
    case 'starts-with':
      return `starts_with(${column}, ${text(predicate.text)})`
    case 'ends-with':
      return `ends_with(${column}, ${text(predicate.text)})`
    case 'contains':
      return `contains(${column}, ${text(predicate.text)})`
    case 'and':
    case 'or':
      return `(${predicate.terms.map(sqlOf).join(` ${predicate.kind.toUpperCase()} `)})`
    case 'not':
      return `NOT (${sqlOf(predicate.term)})`
    case 'opaque':
      return 'true'
  }
}

for (const collation of ['sql-server', 'binary']) {
  describe(`what offers answer, strings compared as ${collation}`, () => {
    const names = [
      'crm.Accounts',
      'salesinvoice.SalesInvoices',
      'financialtransaction.TransactionLines',
      'vat.VATCodes',
    ]
    const data = new Map<string, { table: PlatformTable; key: string; values: Map<string, SqlValue[]> }>()
    let partition: Partition

    before(async () => {
      await control('data', { collation })
      partition = must((await partitions())[0])
      for (const name of names) {
        const table = tableNamed(name)
        const columns = table.columns.flatMap(({ name: column, type }) =>
          typeof type === 'string' ? [column] : [],
        )
        const offer = must(connector.negotiate(wishFor(table, { columns }), emulator.url)[0])
        const { rows } = await readAll(offer, partition)
        assert.ok(rows.length > 0)
        const file = join(folder, 'all.json')
        writeFileSync(file, JSON.stringify(rows))
        const paged = table.columns.filter(({ name: column, page }) => page && columns.includes(column))
        const shape = paged.map(({ page }) => `'${page?.field}': '${page?.jsonType}'`).join(', ')
        const select = paged.map(
          ({ name: column, page, type }) => `(${page?.expression})::${type} AS "${column}"`,
        )
        const view = name.replace('.', '_')
        await connection.run(
          `CREATE OR REPLACE TABLE ${view} AS SELECT ${select.join(', ')} FROM read_json(['${file}'], format='array', columns={${shape}})`,
        )
        data.set(name, {
          table,
          key: must(table.columns.find(({ isKey }) => isKey)).name,
          values: await valuesOf(view, table),
        })
      }
    })

    /** Some values of each column, as constants. */
    async function valuesOf(view: string, table: PlatformTable): Promise<Map<string, SqlValue[]>> {
      const values = new Map<string, SqlValue[]>()
      for (const { name, type, page } of table.columns) {
        if (!page || typeof type !== 'string') continue
        const result = await connection.runAndReadAll(
          `SELECT DISTINCT ${type === 'TIMESTAMP' ? `epoch_us("${name}")` : `"${name}"::VARCHAR`} FROM ${view} WHERE "${name}" IS NOT NULL ORDER BY 1 LIMIT 25`,
        )
        const toValue = (raw: unknown): SqlValue =>
          type === 'TIMESTAMP'
            ? { type, value: BigInt(String(raw)) }
            : type === 'BIGINT'
              ? { type, value: BigInt(String(raw)) }
              : type === 'BOOLEAN'
                ? { type, value: raw === 'true' }
                : type === 'VARCHAR' || type === 'UUID' || type === 'DECIMAL(38,10)'
                  ? { type, value: String(raw) }
                  : { type, value: Number(raw) }
        const found = result.getRows().map(([raw]) => toValue(raw))
        if (found.length > 0) values.set(name, found)
      }
      return values
    }

    /** Conditions that some rows meet and some do not, made of values that occur. */
    function predicates(values: ReadonlyMap<string, SqlValue[]>): fc.Arbitrary<Predicate> {
      const valued = fc.constantFrom(...values.entries())
      const leaf = valued.chain(([column, found]): fc.Arbitrary<Predicate> => {
        const value = fc.constantFrom(...found).chain((one) => near(one))
        const texts = found.filter(({ type }) => type === 'VARCHAR').map((one) => String(one.value))
        const search = fc.record({
          kind: fc.constantFrom('starts-with' as const, 'ends-with' as const, 'contains' as const),
          column: fc.constant(column),
          text: fc
            .tuple(fc.constantFrom('', ...texts), fc.nat(4), fc.integer({ min: 1, max: 6 }))
            .map(([text, from, length]) => text.slice(from, from + length)),
        })
        return fc.oneof(
          fc.record({
            kind: fc.constant('compare' as const),
            column: fc.constant(column),
            op: fc.constantFrom('=', '<>', '<', '<=', '>', '>='),
            value,
          }),
          fc.record({
            kind: fc.constant('in' as const),
            column: fc.constant(column),
            values: fc.array(value, { minLength: 1, maxLength: 6 }),
          }),
          fc.record({
            kind: fc.constantFrom('is-null' as const, 'is-not-null' as const),
            column: fc.constant(column),
          }),
          ...(texts.length > 0 ? [search] : []),
        )
      })
      return fc.letrec<{ tree: Predicate }>((tie) => ({
        tree: fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          leaf,
          fc.record({
            kind: fc.constantFrom('and' as const, 'or' as const),
            terms: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
          }),
          tie('tree').map((term): Predicate => ({ kind: 'not', term })),
        ),
      })).tree
    }

    /** The value itself, or one beside it: between milliseconds, in other case, with blanks. */
    function near({ type, value }: SqlValue): fc.Arbitrary<SqlValue> {
      if (type === 'TIMESTAMP')
        return fc.constantFrom(0n, 1n, 1000n, -1500n).map((step) => ({ type, value: BigInt(value) + step }))
      if (type === 'VARCHAR') {
        const text = String(value)
        return fc
          .constantFrom(text, text.toUpperCase(), text.toLowerCase(), `${text} `)
          .map((one) => ({ type, value: one }))
      }
      if (type === 'INTEGER' || type === 'SMALLINT') {
        return fc.oneof(
          fc.constant({ type, value }),
          fc.constant({ type: 'DOUBLE' as const, value: Number(value) + 0.5 }),
        )
      }
      return fc.constant({ type, value })
    }

    for (const name of names) {
      test(`${name}: at least the rows of the SQL, and exactly those where it says so`, async () => {
        const { table, key, values } = must(data.get(name))
        const view = name.replace('.', '_')
        await fc.assert(
          fc.asyncProperty(fc.array(predicates(values), { minLength: 1, maxLength: 2 }), async (where) => {
            const condition = where.map(sqlOf).join(' AND ')
            const expected = await connection.runAndReadAll(
              `SELECT "${key}"::VARCHAR FROM ${view} WHERE ${condition}`,
            )
            const wanted = expected
              .getRows()
              .map(([id]) => String(id))
              .sort()
            for (const offer of connector.negotiate(
              wishFor(table, { columns: [key], where }),
              emulator.url,
            )) {
              const { rows } = await readAll(offer, partition)
              const got = rows.map((row) => String(row[key])).sort()
              assert.equal(new Set(got).size, got.length, `${offer.filter}: a row came twice`)
              if (offer.judgements.every((judgement) => judgement === 'exact'))
                assert.deepEqual(got, wanted, offer.filter)
              else {
                const held = new Set(got)
                assert.deepEqual(
                  wanted.filter((id) => !held.has(id)),
                  [],
                  offer.filter,
                )
              }
            }
            const counts = connector.negotiate(
              wishFor(table, { columns: [], where, isCountOnly: true }),
              emulator.url,
            )
            for (const offer of counts.filter(({ isCount }) => isCount)) {
              const response = await ask(must(offer.requests(partition)[0]))
              assert.equal(connector.readCount(response.body), wanted.length, offer.filter)
            }
          }),
          { numRuns: 20 },
        )
      })
    }

    test('long lists are cut into requests that each fit and together answer every row once', async () => {
      for (const [name, column, most] of [
        ['crm.Accounts', 'ID', 400],
        ['crm.Accounts', 'Code', 400],
        ['financialtransaction.TransactionLines', 'Account', 200],
      ] as const) {
        const { table, key } = must(data.get(name))
        const view = name.replace('.', '_')
        const found = await connection.runAndReadAll(
          `SELECT DISTINCT "${column}"::VARCHAR FROM ${view} WHERE "${column}" IS NOT NULL LIMIT ${most}`,
        )
        const type = column === 'Code' ? 'VARCHAR' : 'UUID'
        const missing = Array.from(
          { length: 150 },
          (_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
        )
        const values = [...found.getRows().map(([value]) => String(value)), ...missing].map(
          (value): SqlValue => ({ type, value }),
        )
        const where: Predicate[] = [{ kind: 'in', column, values }]
        const expected = await connection.runAndReadAll(
          `SELECT count(*)::INTEGER FROM ${view} WHERE ${sqlOf(must(where[0]))}`,
        )
        const [wanted] = expected.getRows()[0] ?? []
        const offers = connector.negotiate(wishFor(table, { columns: [key], where }), emulator.url)
        for (const offer of offers.filter(({ judgements }) => judgements[0] !== 'no')) {
          assert.ok(offer.requests(partition).length > 1)
          const { rows, calls } = await readAll(offer, partition)
          assert.equal(new Set(rows.map((row) => row[key])).size, rows.length)
          assert.equal(rows.length, wanted)
          if (column === 'ID') {
            const least = offer.requests(partition).length
            if (!offer.ifFull) assert.equal(calls, least, 'a key list is one call a request')
            assert.ok(calls >= least && calls <= least + (offer.ifFull?.(partition).flat().length ?? 0))
            assert.equal(offer.maxRows, values.length)
          }
        }
        assert.ok(
          offers.some(({ judgements }) => judgements[0] === 'no'),
          'reading without the list is offered too',
        )
        const packed = must(
          offers.find((offer) => offer.isCutOff !== undefined) ?? (column === 'ID' ? offers[0] : undefined),
          `${name} by ${column} in addresses that are full`,
        )
        for (const { url } of packed.requests(partition)) assert.ok(url.length <= 6000)
      }
      assert.ok(cutOff > 0, 'a next link of a full address was too long, and its values were asked for again')
    })

    for (const [name, column, isDescending, limit] of [
      ['salesinvoice.SalesInvoices', 'InvoiceNumber', true, 7],
      ['salesinvoice.SalesInvoices', 'Created', true, 90],
      ['financialtransaction.TransactionLines', 'AmountDC', true, 130],
    ] as const) {
      test(`the first ${limit} of ${name} by ${column} are those of DuckDB`, async () => {
        const { table } = must(data.get(name))
        const orderBy = [{ column, isDescending, areNullsFirst: false }]
        const wish = wishFor(table, { columns: [column], limit, orderBy })
        for (const offer of connector.negotiate(wish, emulator.url)) {
          assert.ok(offer.isLimitPushed)
          const { rows, calls } = await readAll(offer, partition)
          const result = await connection.runAndReadAll(
            `SELECT count(*)::INTEGER FROM (FROM ${name.replace('.', '_')} ORDER BY "${column}" DESC NULLS LAST LIMIT ${limit})`,
          )
          assert.equal(rows.length, result.getRows()[0]?.[0])
          assert.ok(calls <= Math.ceil(limit / offer.pageRows))
          const column0 = must(table.columns.find((candidate) => candidate.name === column))
          const file = join(folder, 'top.json')
          writeFileSync(file, JSON.stringify(rows))
          const difference = await connection.runAndReadAll(
            `SELECT count(*)::INTEGER FROM (SELECT "${column}" FROM ${name.replace('.', '_')} ORDER BY 1 DESC NULLS LAST LIMIT ${limit}) a FULL JOIN (SELECT (${column0.page?.expression})::${column0.type} AS v FROM read_json(['${file}'], format='array', columns={'${column}': 'VARCHAR'})) b ON a."${column}" IS NOT DISTINCT FROM b.v WHERE a."${column}" IS DISTINCT FROM b.v`,
          )
          assert.deepEqual(difference.getRows(), [[0]])
        }
      })
    }
  })
}
