import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { type Answer, type HttpLab, openHttpLab } from './testing/http-lab.ts'
import { registerWithLimits } from './testing/small-client.ts'

// Kept answers: off unless somebody asks for them, used only within their age, never for anybody else, gone after a
// write, sealed on the disk, and bounded. What was asked of the platform is read from the platform's own ledger.

const cacheBytes = 400_000
let lab: HttpLab
let divisions: number[]
before(async () => {
  lab = await openHttpLab({ SLUIS_CACHE_BYTES: String(cacheBytes) })
  const { companies } = (await lab.control('data')) as { companies: { code: number }[] }
  divisions = companies.map(({ code }) => code)
  const credentials = { kind: 'tokens', ...(await lab.tokens('anna@example.com')) }
  const made = await lab.call('POST', '/databases', { name: 'books', ...lab.handover(credentials) })
  assert.equal(made.status, 201, made.text)
})
after(() => lab.close())

/** Runs a statement; `seen` is what the platform saw meanwhile. */
async function ask(sql: string, cacheControl?: string, more: object = {}, database = 'books') {
  const before = await lab.apiCalls()
  const answer = await lab.call(
    'POST',
    `/databases/${database}/query`,
    { sql, ...more },
    cacheControl === undefined ? {} : { headers: { 'cache-control': cacheControl } },
  )
  const seen = (await lab.apiCalls()) - before
  if (answer.status === 200) assert.equal(answer.body.stats.apiCalls, seen, answer.text)
  return { ...answer, seen }
}

const sorted = ({ body, text }: Answer) => {
  assert.ok(body.rows, text)
  return body.rows.map((row: unknown) => JSON.stringify(row)).sort()
}
const keptFolder = () => join(lab.home, 'queries', 'kept')
const keptFiles = () =>
  readdirSync(keptFolder(), { recursive: true })
    .map((name) => join(keptFolder(), String(name)))
    .filter((path) => path.endsWith('.pages'))
const journals = (division = divisions[0]) =>
  `SELECT Code, Description FROM financial.Journals WHERE Division = ${division}`

describe('within their age', () => {
  test('nothing is kept unless somebody says so', async () => {
    for (let time = 0; time < 2; time++) {
      const answer = await ask(journals())
      assert.equal(answer.seen, 1)
      assert.equal(answer.headers.get('age'), null)
      assert.equal(answer.body.stats.cache, undefined)
    }
    assert.deepEqual(keptFiles(), [])
  })

  test('max-age: the second answer costs no call, is the same, and says how old it is; explain foresees it', async () => {
    const first = await ask(journals(), 'max-age=60')
    assert.equal(first.seen, 1)
    assert.deepEqual(first.body.stats.cache, { hits: 0, callsSaved: 0, oldestAgeSeconds: null })
    assert.equal(first.headers.get('age'), null)
    const headers = { 'cache-control': 'max-age=60' }
    const explained = await lab.call('POST', '/databases/books/explain', { sql: journals() }, { headers })
    assert.deepEqual(explained.body.calls, { min: 0, expected: 0, max: 0 })
    assert.match(explained.body.scans[0].reason, /kept/)
    await lab.moveClock({ advanceSeconds: 20 })
    const second = await ask(journals(), 'max-age=60')
    assert.equal(second.seen, 0)
    assert.deepEqual(sorted(second), sorted(first))
    const age = Number(second.headers.get('age'))
    assert.ok(age >= 20 && age <= 60, `${age}`)
    const { hits, callsSaved, oldestAgeSeconds } = second.body.stats.cache
    assert.deepEqual([hits, callsSaved, oldestAgeSeconds], [1, 1, age])
    assert.deepEqual(second.body.stats.scans[0].cached, { pages: 1, oldestAgeSeconds: age })
    // Whoever asks for fresher rows gets them, and so does everybody once they are older.
    assert.equal((await ask(journals(), 'max-age=5')).seen, 1)
    await lab.moveClock({ advanceSeconds: 61 })
    assert.equal((await ask(journals(), 'max-age=60')).seen, 1)
  })

  test('no-cache asks anew, no-store keeps nothing, only-if-cached never asks; a body wins over a header', async () => {
    const sql = journals(divisions[1])
    const none = await ask(sql, 'only-if-cached, max-age=60')
    assert.deepEqual([none.status, none.body.code, none.seen], [504, 'ANSWER_NOT_KEPT', 0], none.text)
    assert.equal((await ask(sql, 'no-store, max-age=60')).seen, 1)
    assert.equal((await ask(sql, 'only-if-cached, max-age=60')).status, 504)
    assert.equal((await ask(sql, undefined, { maxAgeSeconds: 60 })).seen, 1)
    assert.equal((await ask(sql, 'only-if-cached')).seen, 0)
    assert.equal((await ask(sql, 'no-cache')).seen, 1)
    assert.equal((await ask(sql, 'max-age=60', { maxAgeSeconds: 0 })).seen, 1)
    const wrong = await ask(sql, 'max-age=soon')
    assert.deepEqual([wrong.status, wrong.body.field], [400, 'Cache-Control'])
  })

  test('a database may keep answers for everybody who does not say otherwise', async () => {
    const changed = await lab.call('PATCH', '/databases/books', { maxAgeSeconds: 120 })
    assert.equal(changed.body.maxAgeSeconds, 120, changed.text)
    const sql = 'SELECT Code FROM vat.VATCodes'
    assert.equal((await ask(sql)).seen, divisions.length)
    assert.equal((await ask(sql)).seen, 0)
    assert.equal((await ask(sql, 'no-cache')).seen, divisions.length)
    // One division of those that were read for all.
    assert.equal((await ask(`${sql} WHERE Division = ${divisions[2]}`)).seen, 0)
    await lab.call('PATCH', '/databases/books', { maxAgeSeconds: null })
    assert.equal((await ask(sql)).seen, divisions.length)
  })

  test('pages with more columns serve a statement that needs fewer, and not the other way round', async () => {
    const of = (columns: string) =>
      `SELECT ${columns} FROM general.Currencies WHERE Division = ${divisions[0]}`
    assert.equal((await ask(of('Code, Description'), 'max-age=60')).seen, 1)
    const fewer = await ask(of('Code'), 'max-age=60')
    assert.equal(fewer.seen, 0, fewer.text)
    assert.deepEqual(sorted(fewer), sorted(await ask(of('Code'), 'no-store')))
    assert.equal((await ask(of('Code, Description, AmountPrecision'), 'max-age=60')).seen, 1)
  })

  test('whatever is asked, a kept answer is the answer', async () => {
    const columns = fc.uniqueArray(fc.constantFrom('Code', 'Description', 'Type', 'Created', 'Division'), {
      minLength: 1,
    })
    const where = fc.constantFrom(
      '',
      " WHERE Code > '2'",
      ' WHERE Type = 20',
      ' WHERE Type IS NOT NULL AND Created IS NOT NULL',
    )
    const division = fc.constantFrom(...divisions.map((code) => ` AND Division = ${code}`), '')
    const statement = fc
      .tuple(columns, where, division, fc.boolean())
      .map(
        ([names, condition, place, isCount]) =>
          `SELECT ${isCount ? 'count(*)' : names.join(', ')} FROM financial.Journals${condition || ' WHERE true'}${place}`,
      )
    let saved = 0
    await fc.assert(
      fc.asyncProperty(statement, async (sql) => {
        const kept = await ask(sql, 'max-age=3600')
        const fresh = await ask(sql, 'no-store')
        assert.deepEqual(sorted(kept), sorted(fresh), sql)
        saved += kept.body.stats.cache.callsSaved
      }),
      { numRuns: 25, seed: 7 },
    )
    assert.ok(saved > 5, `${saved} calls saved: the property holds of something`)
  })
})

describe('for nobody else', () => {
  test('another grant asks for itself, also for the same division', async () => {
    assert.equal((await ask(journals(), 'max-age=3600')).status, 200)
    assert.equal((await ask(journals(), 'only-if-cached')).status, 200)
    await registerWithLimits(lab, 'other', { minute: 1000, day: 100_000 }, { name: 'others' })
    assert.equal((await ask(journals(), 'only-if-cached', {}, 'others')).status, 504)
    assert.equal((await ask(journals(), 'max-age=3600', {}, 'others')).seen, 1)
  })

  test('a deleted grant leaves nothing: no entry and no page', async () => {
    const { body } = await lab.call('GET', '/databases/others')
    const grant = body.sources[0].grant
    const entries = async () =>
      (await lab.store.pool.query('SELECT chain FROM answer_cache WHERE grant_id = $1', [grant])).rows.map(
        ({ chain }) => `${chain}.pages`,
      )
    const own = await entries()
    assert.ok(own.length > 0)
    await lab.call('DELETE', '/databases/others')
    assert.equal((await lab.call('DELETE', `/grants/${grant}`)).status, 204)
    assert.deepEqual(await entries(), [])
    for (const file of keptFiles()) assert.ok(!own.some((name) => file.endsWith(name)), file)
  })
})

describe('after a write', () => {
  test('what was kept of its division is gone, of every table; of others it stays', async () => {
    const read = (division: number | undefined) => ask(journals(division), 'max-age=3600')
    for (const division of divisions) await read(division)
    const accounts = `SELECT Name FROM crm.Accounts WHERE Division = ${divisions[0]} AND Name = 'Kept no more'`
    assert.deepEqual((await ask(accounts, 'max-age=3600')).body.rows, [])
    const wrote = await ask(
      `INSERT INTO crm.Accounts (Division, Name) VALUES (${divisions[0]}, 'Kept no more')`,
    )
    assert.equal(wrote.status, 200, wrote.text)
    assert.deepEqual((await ask(accounts, 'max-age=3600')).body.rows, [['Kept no more']])
    assert.equal((await read(divisions[0])).seen, 1)
    assert.equal((await read(divisions[1])).seen, 0)
  })
})

describe('on the disk', () => {
  const secret = 'canary-kept-row-4711'
  test('pages are sealed and nobody else may look; one that was changed is asked for anew', async () => {
    await ask(`INSERT INTO crm.Accounts (Division, Name) VALUES (${divisions[0]}, '${secret}')`)
    const sql = `SELECT Name FROM crm.Accounts WHERE Division = ${divisions[0]} AND Name = '${secret}'`
    assert.equal((await ask(sql, 'max-age=3600')).seen, 1)
    assert.equal((await ask(sql, 'max-age=3600')).seen, 0)
    assert.equal(statSync(keptFolder()).mode & 0o077, 0)
    const { rows } = await lab.store.pool.query('SELECT * FROM answer_cache')
    for (const file of keptFiles()) assert.ok(!readFileSync(file, 'latin1').includes(secret), file)
    assert.ok(!JSON.stringify(rows).includes(secret))
    for (const file of keptFiles()) {
      const bytes = readFileSync(file)
      bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1
      writeFileSync(file, bytes)
    }
    const again = await ask(sql, 'max-age=3600')
    assert.deepEqual([again.seen, again.body.rows], [1, [[secret]]])
  })

  test('they outlive a server, and a second one beside it uses them', async () => {
    assert.equal((await ask(journals(divisions[2]), 'max-age=3600')).status, 200)
    await lab.restart()
    assert.equal((await ask(journals(divisions[2]), 'max-age=3600')).seen, 0)
    const other = await lab.beside()
    try {
      const before = await lab.apiCalls()
      const answer = await fetch(`${other.url}/api/v1/databases/books/query`, {
        method: 'POST',
        headers: {
          authorization: 'Bearer canary-api-key-0123456789abcdefghij',
          'content-type': 'application/json',
          'cache-control': 'max-age=3600',
        },
        body: JSON.stringify({ sql: journals(divisions[2]) }),
      })
      const { stats } = (await answer.json()) as { stats: { cache: { hits: number } } }
      assert.deepEqual([stats.cache.hits, (await lab.apiCalls()) - before], [1, 0])
    } finally {
      await other.close()
    }
  })

  test('they take no more room than the option says: the least recently used go', async () => {
    const size = () => keptFiles().reduce((sum, file) => sum + statSync(file).size, 0)
    await ask(journals(divisions[2]), 'max-age=3600')
    for (const table of ['Contacts', 'Addresses', 'Accounts', 'Contacts']) {
      for (const division of divisions) {
        // Used again and again, so it stays.
        assert.equal((await ask(journals(divisions[2]), 'max-age=3600')).seen, 0)
        await ask(`SELECT ID FROM crm.${table} WHERE Division = ${division}`, 'max-age=3600')
        assert.ok(size() <= cacheBytes, `${size()} bytes`)
      }
    }
    assert.ok(size() > cacheBytes / 3, `${size()} bytes: something was kept`)
    const gone = await ask(`SELECT ID FROM crm.Addresses WHERE Division = ${divisions[0]}`, 'only-if-cached')
    assert.equal(gone.status, 504)
  })
})
