import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { type HttpLab, labClient, labKey, openHttpLab } from './testing/http-lab.ts'

let lab: HttpLab
before(async () => {
  lab = await openHttpLab()
})
after(() => lab.close())

const both = async (user?: string) => ({ kind: 'tokens', ...(await lab.tokens(user)) })

describe('grants', () => {
  test('tokens become an active grant without a spend, and the same key gives the same grant', async () => {
    const body = lab.handover(await both(), { label: 'Anna', externalId: 'a1' })
    const spent = await lab.tokenCalls()
    const headers = { 'idempotency-key': 'k1' }
    const first = await lab.call('POST', '/grants', body, { headers })
    assert.equal(first.status, 201, first.text)
    assert.equal(first.body.state, 'active')
    const again = await lab.call('POST', '/grants', body, { headers })
    assert.equal(again.status, 200, again.text)
    assert.equal(again.body.id, first.body.id)
    assert.equal(await lab.tokenCalls(), spent)
    const other = await lab.call('POST', '/grants', { ...body, label: 'B' }, { headers })
    assert.equal(other.status, 409)
    assert.equal(other.body.code, 'IDEMPOTENCY_KEY_REUSED')
  })

  test('a code becomes a grant of another user; pages and events follow', async () => {
    const made = await lab.call(
      'POST',
      '/grants',
      lab.handover({ kind: 'code', code: await lab.code('bob@example.com') }),
    )
    assert.equal(made.status, 201, made.text)
    const page = await lab.call('GET', '/grants?limit=1')
    assert.equal(page.body.grants.length, 1)
    const next = await lab.call('GET', `/grants?limit=1&after=${page.body.after}`)
    assert.notEqual(next.body.grants[0].id, page.body.grants[0].id)
    const events = await lab.call('GET', `/grants/${made.body.id}/events?limit=1`)
    assert.equal(events.body.events.length, 1, events.text)
    const rest = await lab.call('GET', `/grants/${made.body.id}/events?after=${events.body.after}`)
    assert.ok(rest.body.events.every(({ id }: { id: number }) => id > events.body.events[0].id))
  })

  test('a lease gives an access token with an empty body too; a refresh too early says when', async () => {
    const { body } = await lab.call('POST', '/grants', lab.handover(await both('carol@example.com')))
    const lease = await lab.call('POST', `/grants/${body.id}/lease`)
    assert.equal(lease.status, 200, lease.text)
    assert.equal(typeof lease.body.accessToken, 'string')
    const empty = await lab.call('POST', `/grants/${body.id}/lease`, '', {
      headers: { 'content-type': 'text/plain' },
    })
    assert.equal(empty.status, 200, empty.text)
    const early = await lab.call('POST', `/grants/${body.id}/refresh`)
    assert.equal(early.status, 409, early.text)
    assert.equal(early.body.code, 'GRANT_REFRESH_TOO_EARLY')
    assert.ok(Date.parse(early.body.notBefore) > 0, early.text)
    assert.equal((await lab.call('DELETE', `/grants/${body.id}`)).status, 204)
    assert.equal((await lab.call('GET', `/grants/${body.id}`)).status, 404)
  })
})

describe('databases and queries', () => {
  before(async () => {
    const made = await lab.call('POST', '/databases', {
      name: 'books',
      ...lab.handover(await both('dora@example.com')),
    })
    assert.equal(made.status, 201, made.text)
  })
  const query = (body: object | string, headers: Record<string, string> = {}) =>
    lab.call('POST', '/databases/books/query', typeof body === 'string' ? { sql: body } : body, { headers })

  test('a taken name is refused before anything is spent', async () => {
    const code = await lab.code('erin@example.com')
    const spent = await lab.tokenCalls()
    const taken = await lab.call('POST', '/databases', {
      name: 'books',
      ...lab.handover({ kind: 'code', code }),
    })
    assert.equal(taken.body.code, 'DATABASE_NAME_TAKEN', taken.text)
    assert.equal(await lab.tokenCalls(), spent)
  })

  test('a repeated registration on a grant with the same key gives the same database', async () => {
    const { body } = await lab.call('GET', '/databases/books')
    const request = { name: 'books2', sources: [{ grant: body.sources[0].grant }] }
    const headers = { 'idempotency-key': 'db1' }
    assert.equal((await lab.call('POST', '/databases', request, { headers })).status, 201)
    const again = await lab.call('POST', '/databases', request, { headers })
    assert.equal(again.status, 200, again.text)
    assert.equal(again.body.name, 'books2')
    const changed = await lab.call('PATCH', '/databases/books2', { title: 'Two' })
    assert.equal(changed.body.title, 'Two', changed.text)
    assert.equal((await lab.call('DELETE', '/databases/books2')).status, 204)
    assert.equal((await lab.call('GET', '/databases/books2')).status, 404)
  })

  test('the catalogue answers without a call', async () => {
    const calls = await lab.apiCalls()
    const tables = await lab.call('GET', '/databases/books/tables?q=account')
    assert.ok(
      tables.body.tables.some(
        (t: { schema: string; name: string }) => t.schema === 'crm' && t.name === 'Accounts',
      ),
    )
    const table = await lab.call('GET', '/databases/books/tables/crm.Accounts')
    assert.ok(
      table.body.columns.some((c: { name: string; type: string }) => c.name === 'ID' && c.type === 'UUID'),
      table.text,
    )
    assert.equal((await lab.call('GET', '/databases/books/partitions')).body.partitions.length, 3)
    assert.equal(await lab.apiCalls(), calls)
  })

  test('rows, their types and what they cost, as JSON', async () => {
    const calls = await lab.apiCalls()
    const answer = await query({
      sql: "SELECT Name, 9007199254740993::BIGINT AS big, 1.50::DECIMAL(38,10) AS d, NULL AS n, TIMESTAMP '2026-01-02 03:04:05' AS t, $1 AS p FROM crm.Accounts",
      parameters: ['x'],
      maxRows: 2,
    })
    assert.equal(answer.status, 200, answer.text)
    assert.match(answer.headers.get('sluis-statement') ?? '', /^stm_/)
    assert.equal(answer.body.rows.length, 2)
    assert.deepEqual(answer.body.rows[0].slice(1), [
      '9007199254740993',
      '1.5000000000',
      null,
      '2026-01-02T03:04:05',
      'x',
    ])
    assert.equal(answer.body.stats.truncated, true)
    assert.equal((await lab.apiCalls()) - calls, answer.body.stats.apiCalls)
    const named = await query({ sql: 'SELECT $name AS x', parameters: { name: 'y' } })
    assert.deepEqual(named.body.rows, [['y']], named.text)
  })

  test('NDJSON, CSV and Parquet hold the same rows', async () => {
    const sql = 'SELECT x, x * 2 AS y FROM range(3) t(x)'
    const ndjson = await query(sql, { accept: 'application/x-ndjson' })
    assert.match(ndjson.headers.get('content-type') ?? '', /ndjson/)
    assert.match(ndjson.text, /"?2"?.*"?4"?/)
    assert.equal((await query(sql, { accept: 'text/csv' })).text.replaceAll('\r', ''), 'x,y\n0,0\n1,2\n2,4\n')
    const parquet = await fetch(`${lab.url}/api/v1/databases/books/query`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${labKey}`,
        'content-type': 'application/json',
        accept: 'application/vnd.apache.parquet',
      },
      body: JSON.stringify({ sql }),
    })
    const file = join(lab.home, 'answer.parquet')
    writeFileSync(file, Buffer.from(await parquet.arrayBuffer()))
    const duckdb = await DuckDBInstance.create()
    const connection = await duckdb.connect()
    const rows = await connection.runAndReadAll(`SELECT x, y FROM '${file}' ORDER BY x`)
    assert.deepEqual(
      rows.getRowsJson().map((row) => row.map(Number)),
      [
        [0, 0],
        [1, 2],
        [2, 4],
      ],
    )
    connection.closeSync()
    duckdb.closeSync()
  })

  test('asynchronous: accepted, looked at, fetched', async () => {
    const accepted = await query('SELECT count(*) FROM crm.Accounts', { prefer: 'respond-async' })
    assert.equal(accepted.status, 202, accepted.text)
    const path = accepted.headers.get('location') ?? ''
    let record = await lab.call('GET', path)
    for (let look = 0; look < 400 && !['done', 'failed'].includes(record.body.state); look++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      record = await lab.call('GET', path)
    }
    assert.equal(record.body.state, 'done', record.text)
    const result = await lab.call('GET', `${path}/result`)
    assert.equal(result.body.rows.length, 1, result.text)
    assert.ok(record.body.nativeCalls.length > 0)
  })

  test('explain makes no call', async () => {
    const calls = await lab.apiCalls()
    const plan = await lab.call('POST', '/databases/books/explain', { sql: 'SELECT * FROM crm.Accounts' })
    assert.ok(plan.body.calls.expected >= 1, plan.text)
    assert.equal(await lab.apiCalls(), calls)
  })

  test('an error after the first rows shows in every format, and nothing truncated looks whole', async () => {
    const sql = "SELECT CASE WHEN x < 400000 THEN x ELSE error('late') END AS x FROM range(400001) t(x)"
    const json = await query(sql)
    assert.equal(json.body.error?.code ?? json.body.code, 'SQL_FAILED', json.text.slice(-300))
    const ndjson = await query(sql, { accept: 'application/x-ndjson' })
    assert.match(ndjson.text.trimEnd().split('\n').at(-1) ?? '', /SQL_FAILED/)
    for (const accept of ['text/csv', 'application/vnd.apache.parquet']) {
      const outcome = await query(sql, { accept }).then(
        ({ status }) => status,
        () => 'reset',
      )
      assert.ok(outcome === 'reset' || outcome === 400, `${accept}: ${outcome}`)
    }
  })

  test('a client that goes away cancels its statement', async () => {
    const gone = new AbortController()
    await lab.control('faults', { at: 'api', kind: 'delay', delayMs: 5000, times: 1 })
    const asked = fetch(`${lab.url}/api/v1/databases/books/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${labKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql: 'SELECT * FROM crm.Addresses' }),
      signal: gone.signal,
    })
    const newest = async () =>
      (await lab.call('GET', '/databases/books/statements')).body.statements.find(
        ({ sql }: { sql: string }) => sql.includes('Addresses'),
      )
    const becomes = async (state: RegExp) => {
      for (let look = 0; look < 300; look++) {
        if (state.test((await newest())?.state ?? '')) return
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      assert.fail(`the statement did not become ${state}: ${JSON.stringify(await newest())}`)
    }
    await becomes(/fetching|running/)
    gone.abort()
    await assert.rejects(asked)
    await becomes(/cancelled/)
    await lab.clearFaults()
  })

  test('a hundred queries at once are all answered or refused in our words', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => query('SELECT 1 AS one')))
    for (const { status, body } of answers)
      assert.ok(
        status === 200 ? body.rows[0][0] === 1 : status === 503 || status === 429,
        `${status} ${JSON.stringify(body)}`,
      )
    assert.equal((await query('SELECT 2 AS two')).status, 200)
  })

  test('a division that may not be read is a warning among all, and an error where it is named', async () => {
    const { partitions } = (await lab.call('GET', '/databases/books/partitions')).body
    const { id } = partitions[1]
    await lab.control('faults', {
      at: 'api',
      kind: 'status',
      status: 403,
      times: 2,
      matching: `/${id}/`,
      body: '{"error":{"code":"","message":{"lang":"","value":"Forbidden"}}}',
    })
    const all = await query('SELECT DISTINCT Division FROM crm.Contacts')
    assert.equal(all.status, 200, all.text)
    assert.equal(all.body.rows.length, partitions.length - 1)
    assert.match(all.body.stats.warnings.join(), new RegExp(id))
    assert.match(all.headers.get('sluis-warnings') ?? '', new RegExp(id))
    const named = await query(`SELECT count(*) FROM crm.Contacts WHERE Division = ${id} AND LastName = 'x'`)
    assert.equal(named.body.code, 'PLATFORM_FORBIDDEN', named.text)
    await lab.clearFaults()
  })

  test('timeoutMs ends a statement in time', async () => {
    await lab.control('faults', { at: 'api', kind: 'delay', delayMs: 20_000, times: 9, matching: 'Journals' })
    const body = { sql: 'SELECT * FROM financial.Journals', timeoutMs: 300 }
    const late = await lab.call('POST', '/databases/books/query', body)
    assert.deepEqual([late.status, late.body.code], [408, 'QUERY_TIMEOUT'], late.text)
    await lab.clearFaults()
  })

  test('DELETE cancels: the statement says so, and makes no further call', async () => {
    await lab.control('faults', {
      at: 'api',
      kind: 'delay',
      delayMs: 300,
      times: 900,
      matching: 'GLAccounts',
    })
    const body = { sql: 'SELECT ID, Code FROM financial.GLAccounts' }
    const begun = await lab.call('POST', '/databases/books/query', body, {
      headers: { prefer: 'respond-async' },
    })
    assert.equal(begun.status, 202, begun.text)
    const path = `/databases/books/statements/${begun.body.id}`
    const state = async () => (await lab.call('GET', path)).body.state
    for (let look = 0; look < 500 && (await state()) !== 'fetching'; look++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal((await lab.call('DELETE', path)).status, 204)
    for (let look = 0; look < 500 && (await state()) !== 'cancelled'; look++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal(await state(), 'cancelled')
    // The record is kept now, with the calls that were made: asked again after other work it must be the same.
    const kept = (await lab.call('GET', path)).body
    assert.equal((await query('SELECT 1')).status, 200)
    assert.deepEqual((await lab.call('GET', path)).body.progress, kept.progress)
    const { partitions } = (await lab.call('GET', '/databases/books/partitions')).body
    assert.ok(kept.progress.callsMade <= partitions.length, 'no more than what was under way')
    await lab.clearFaults()
  })

  test('a NUL in a statement is refused, and the refusal is on record', async () => {
    const sql = 'SELECT 1 \u0000 AS odd'
    assert.equal((await query(sql)).body.code, 'SQL_SYNTAX')
    const { statements } = (await lab.call('GET', '/databases/books/statements')).body
    assert.ok(
      statements.some((one: { sql: string; state: string }) => /odd/.test(one.sql) && one.state === 'failed'),
    )
  })

  test('a mistake in SQL says where it is and what was perhaps meant', async () => {
    for (const [sql, code, hint] of [
      ['SELEC 1', 'SQL_SYNTAX', null],
      ['SELECT * FROM crm.Acounts', 'SQL_UNKNOWN_TABLE', /Accounts/],
      ['SELECT Nam FROM crm.Accounts', 'SQL_UNKNOWN_COLUMN', /Name/],
    ] as const) {
      const answer = await query(sql)
      assert.equal(answer.status, 400, answer.text)
      assert.equal(answer.body.code, code, answer.text)
      assert.equal(typeof answer.body.position, 'number', answer.text)
      if (hint) assert.match(answer.text, hint)
    }
  })

  test('a platform that is down is told as such, and a repetition works', async () => {
    await lab.control('faults', { at: 'api', kind: 'status', status: 503, times: 50 })
    const down = await query('SELECT * FROM crm.Contacts')
    assert.equal(down.body?.code ?? down.body?.error?.code, 'PLATFORM_UNAVAILABLE', down.text.slice(0, 500))
    await lab.clearFaults()
    assert.equal((await query('SELECT count(*) FROM crm.Contacts')).status, 200)
  })
})

const anyGrant = async () => (await lab.call('GET', '/grants')).body.grants[0].id as string

describe('what is refused', () => {
  test('an unknown platform, region or field names itself and what is allowed', async () => {
    const credentials = await both('frank@example.com')
    for (const [more, field, allowed] of [
      [{ platform: 'nope' }, 'platform', /exact-online/],
      [{ region: 'xx' }, 'region', /nl/],
      [{ nonsense: 1 }, 'nonsense', /allowed: platform/],
    ] as const) {
      const answer = await lab.call('POST', '/grants', { ...lab.handover(credentials), ...more })
      assert.equal(answer.status, 400, answer.text)
      assert.equal(answer.body.code, 'INVALID_REQUEST')
      assert.equal(answer.body.field, field, answer.text)
      assert.match(answer.text, allowed)
      assert.ok(!answer.text.includes(credentials.accessToken))
    }
    const database = await lab.call('POST', '/databases', {
      name: 'x',
      nonsense: 1,
      ...lab.handover(credentials),
    })
    assert.equal(database.status, 400)
    assert.equal(database.body.field, 'nonsense', database.text)
    assert.match(database.text, /allowed: name/)
  })

  test('tokens pasted with blanks, quotes and line breaks are cleaned', async () => {
    const { accessToken, refreshToken } = await lab.tokens('gina@example.com')
    const credentials = {
      kind: 'tokens',
      accessToken: ` "${accessToken}"\r\n`,
      refreshToken: `'${refreshToken} '`,
    }
    const answer = await lab.call('POST', '/grants', lab.handover(credentials))
    assert.equal(answer.status, 201, answer.text)
  })

  test('a stamp of another country is refused before anything is spent', async () => {
    const spent = await lab.tokenCalls()
    const credentials = { kind: 'tokens', refreshToken: 'stampBE001.abc' }
    const answer = await lab.call('POST', '/grants', lab.handover(credentials, { region: 'nl' }))
    assert.equal(answer.body.code, 'HANDOVER_REGION_MISMATCH', answer.text)
    assert.equal(await lab.tokenCalls(), spent)
  })

  test('a body of 10 MB is refused in bounds', async () => {
    const answer = await lab.call('POST', '/databases/books/query', { sql: 'x'.repeat(10 << 20) })
    assert.equal(answer.status, 413)
    assert.equal(answer.body.code, 'QUERY_TOO_LARGE')
    const other = await lab.call('POST', '/grants', { label: 'x'.repeat(10 << 20) })
    assert.deepEqual([other.status, other.body.code], [413, 'REQUEST_TOO_LARGE'], 'that is no query')
  })

  test('what is told once is made once under an Idempotency-Key, and told again to who asked', async () => {
    await lab.call('POST', '/databases', { name: 'keyed', sources: [{ grant: await anyGrant() }] })
    const wanted = [
      ['/keys', { name: 'once', scopes: ['grants:read', 'admin'] }, 'key'],
      ['/databases/keyed/keys', { name: 'once' }, 'key'],
      ['/members', { email: 'once@example.com', role: 'analyst' }, 'link'],
      ['/webhooks', { url: 'https://once.example/hook' }, 'secret'],
      ['/organisations', { name: 'Once' }, 'id'],
    ] as const
    const told: string[] = []
    const { body: other } = await lab.call('POST', '/keys', {
      name: 'other',
      scopes: ['admin', 'grants:read', 'query', 'databases:read', 'databases:write', 'webhooks:write'],
    })
    for (const [path, body, secret] of wanted) {
      const headers = { 'idempotency-key': 'told-once' }
      const ask = (more: object = {}, key?: string) =>
        lab.call('POST', path, { ...body, ...more }, { headers, ...(key ? { key } : {}) })
      const [first, second] = await Promise.all([ask(), ask()])
      assert.deepEqual([first.status, second.status].sort(), [200, 201], path + first.text + second.text)
      assert.deepEqual(first.body, second.body, path)
      assert.ok(String(first.body[secret]).length > 20, path)
      assert.deepEqual((await ask()).body, first.body, path)
      const named =
        path === '/members'
          ? { role: 'auditor' }
          : path === '/webhooks'
            ? { description: 'x' }
            : { name: 'x' }
      assert.equal((await ask(named)).body.code, 'IDEMPOTENCY_KEY_REUSED', path)
      if (path !== '/organisations') {
        assert.equal(
          (await ask({}, other.key)).body.code,
          'IDEMPOTENCY_KEY_REUSED',
          `${path}: who asked is told`,
        )
      }
      const without = await lab.call('POST', path, body)
      assert.equal(without.status, 201, path + without.text)
      assert.notEqual(without.body[secret], first.body[secret], path)
      told.push(String(first.body[secret]).replace(/^.*token=|^sluis_|^whsec_/, ''))
    }
    const { body: made } = await lab.call('POST', '/keys', wanted[0][1], {
      headers: { 'idempotency-key': 'told-once' },
    })
    assert.equal((await lab.call('GET', '/grants', undefined, { key: made.key })).status, 200, 'it opens')
    const { rows } = await lab.store.pool.query<{ text: string }>(
      'SELECT i::text AS text FROM idempotency_key i',
    )
    const kept = rows.map(({ text }) => text).join('\n')
    for (const secret of told.slice(0, 4)) assert.ok(!kept.includes(secret), 'nothing of it is kept')
    await lab.call('DELETE', `/keys/${made.id}`)
    const after = await lab.call('POST', '/keys', wanted[0][1], {
      headers: { 'idempotency-key': 'told-once' },
    })
    assert.equal(after.status, 200)
    assert.notEqual(after.body.revokedAt, null, 'a repetition wakes nothing up')
    assert.equal((await lab.call('GET', '/grants', undefined, { key: made.key })).status, 401)
    const { body: hook } = await lab.call('POST', '/webhooks', wanted[3][1], {
      headers: { 'idempotency-key': 'told-once' },
    })
    const { body: rotated } = await lab.call('POST', `/webhooks/${hook.id}/rotate`, {})
    const { body: current } = await lab.call('POST', '/webhooks', wanted[3][1], {
      headers: { 'idempotency-key': 'told-once' },
    })
    assert.equal(current.secret, rotated.secret, 'the secret that signs now')
    for (const { id } of (await lab.call('GET', '/webhooks')).body.webhooks)
      await lab.call('DELETE', `/webhooks/${id}`)
    await lab.call('DELETE', `/keys/${other.id}`)
    assert.equal((await lab.call('DELETE', '/databases/keyed')).status, 204)
  })

  test('a key without the scope, an unknown key and a foreign organisation', async () => {
    const made = await lab.call('POST', '/keys', { name: 'reader', scopes: ['databases:read'] })
    assert.equal(made.status, 201, made.text)
    const key = made.body.key as string
    assert.equal((await lab.call('GET', '/databases', undefined, { key })).status, 200)
    const denied = await lab.call('GET', '/grants', undefined, { key })
    assert.equal(denied.status, 403)
    assert.equal(denied.body.code, 'FORBIDDEN')
    // Who may not ask learns nothing of what a right body would be.
    assert.equal((await lab.call('POST', '/grants', { x: 1 }, { key: 'wrong' })).status, 401)
    const headers = { 'sluis-organisation': 'org_00000000000000000000000000' }
    assert.equal((await lab.call('GET', '/grants', undefined, { headers })).status, 404)
    await lab.call('DELETE', `/keys/${made.body.id}`)
    assert.equal((await lab.call('GET', '/databases', undefined, { key })).status, 401)
  })
})

describe('the server itself', () => {
  test('health, readiness, metrics and the description of every route', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/api/docs/'])
      assert.equal((await fetch(`${lab.url}${path}`)).status, 200, path)
    const { body } = await lab.call('GET', '/openapi.json')
    assert.equal(body.openapi, '3.1.0')
    assert.ok(body.components.securitySchemes.key)
    for (const path of [
      '/grants',
      '/grants/{id}/lease',
      '/databases/{name}/query',
      '/databases/{name}/statements/{id}/result',
    ])
      assert.ok(body.paths[`/api/v1${path}`], path)
  })

  test('an address that cannot be read is a problem of the caller, with a stable code', async () => {
    for (const path of ['/databases/%', `/grants/${'a'.repeat(1000)}`, '/grants?after=%00']) {
      const { status, body } = await lab.call('GET', path)
      assert.deepEqual([status, body.code], [400, 'INVALID_REQUEST'], path.slice(0, 40))
    }
  })

  test('the same bootstrap key at a later start changes nothing', async () => {
    const keys = await lab.call('GET', '/keys')
    await lab.restart()
    assert.deepEqual((await lab.call('GET', '/keys')).body, keys.body)
  })

  test('nothing that was written or said holds a secret', async () => {
    const { rows } = await lab.store.pool.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'sluis' AND table_type = 'BASE TABLE'",
    )
    assert.ok(rows.length > 5)
    let written = lab.logged.join('')
    for (const { name } of rows) {
      const dump = await lab.store.pool.query(`SELECT t::text AS row FROM sluis."${name}" t`)
      written += dump.rows.map(({ row }) => row).join('\n')
    }
    assert.ok(written.length > 1000)
    for (const canary of [labClient.clientSecret, 'canary-api-key'])
      assert.ok(!written.includes(canary), `${canary} was written`)
  })
})

describe('tokens that a grant holds already', () => {
  test('registering a database from them names the grant and spends nothing', async () => {
    const credentials = await both('held@example.com')
    const made = await lab.call('POST', '/grants', lab.handover(credentials))
    assert.equal(made.status, 201, made.text)
    const spent = await lab.tokenCalls()
    const again = await lab.call('POST', '/databases', { name: 'held', ...lab.handover(credentials) })
    assert.equal(again.status, 409, again.text)
    assert.equal(again.body.code, 'HANDOVER_TOKEN_ALREADY_HELD')
    assert.ok(again.text.includes(made.body.id), again.text)
    assert.ok(again.text.endsWith('}\n'))
    assert.equal(await lab.tokenCalls(), spent)
  })
})
