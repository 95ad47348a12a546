import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { type Answer, type HttpLab, openHttpLab } from './testing/http-lab.ts'
import { type SpawnedServer, spawnServer } from './testing/spawn-server.ts'

// Statements that outlive their server: real server processes are killed in the midst of one, and the platform's own
// ledger tells what was asked.

interface LedgerEntry {
  readonly kind: string
  readonly method: string
  readonly route: string
  readonly division: number
  readonly query: string
  readonly status: number
}

let lab: HttpLab
let division: number
const servers: SpawnedServer[] = []
before(async () => {
  lab = await openHttpLab()
  const { companies } = (await lab.control('data')) as { companies: { code: number }[] }
  division = companies[0]?.code ?? 0
  const credentials = { kind: 'tokens', ...(await lab.tokens('anna@example.com')) }
  const made = await lab.call('POST', '/databases', { name: 'books', ...lab.handover(credentials) })
  assert.equal(made.status, 201, made.text)
})
beforeEach(() => lab.clearFaults())
afterEach(async () => {
  for (const server of servers.splice(0)) await server.end('SIGKILL')
})
after(() => lab.close())

const start = async () => {
  const server = await spawnServer(lab)
  servers.push(server)
  return server
}
const sql =
  'SELECT b.Division, count(*) AS n FROM crm.BankAccounts b GROUP BY b.Division UNION ALL SELECT q.Division, count(*) FROM crm.Quotations q GROUP BY q.Division ORDER BY ALL'
const async = { prefer: 'respond-async' }

async function since(last: unknown): Promise<LedgerEntry[]> {
  const { entries } = (await lab.control(`ledger?since=${last}`)) as { entries: LedgerEntry[] }
  return entries.filter(({ kind }) => kind === 'api')
}

async function until<T>(look: () => Promise<T | null>): Promise<T> {
  for (let attempt = 0; attempt < 1500; attempt++) {
    const seen = await look()
    if (seen !== null) return seen
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('it never came')
}

const ended = (server: Pick<SpawnedServer, 'call'>, id: string): Promise<Answer['body']> =>
  until(async () => {
    const { body } = await server.call('GET', `/databases/books/statements/${id}`)
    return body.endedAt === null ? null : body
  })

const slowly = (method: string, delayMs: number) =>
  lab.control('faults', { at: 'api', kind: 'delay', delayMs, times: 10_000, method })

describe('a statement without a listener', () => {
  test('is gone on with where it was when its server is killed: what was read is not asked for again', async () => {
    const query = await lab.call('POST', '/databases/books/query', { sql })
    assert.equal(query.status, 200, query.text)
    const whole = query.body.stats.apiCalls
    assert.ok(whole >= 60, `${whole} calls are enough to be killed among`)

    const { last } = await lab.control('ledger')
    await slowly('GET', 200)
    const first = await start()
    const begun = await first.call('POST', '/databases/books/query', { sql }, async)
    assert.equal(begun.status, 202, begun.text)
    await until(async () => ((await since(last)).length >= whole / 3 ? true : null))
    // What has been done is noted for other servers every now and then, not with each call.
    const seenThere = async () => (await lab.call('GET', `/databases/books/statements/${begun.body.id}`)).body
    await until(async () => ((await seenThere()).state === 'fetching' ? true : null))
    await first.end('SIGKILL')
    const before = (await since(last)).length
    assert.ok(before < whole, `${before} of ${whole} calls before the end`)

    // Whoever looks sees that it has not ended; the lab's own server is another one.
    const seen = await seenThere()
    assert.deepEqual([seen.state, seen.endedAt], ['fetching', null])
    assert.ok(seen.progress.partitionsTotal > seen.progress.partitionsDone)

    await lab.clearFaults()
    const second = await start()
    const record = await ended(second, begun.body.id)
    assert.equal(record.state, 'done', JSON.stringify(record.error))
    const calls = await since(last)
    const twice = [...Map.groupBy(calls, (call) => `${call.route} ${call.division} ${call.query}`)]
      .filter(([, same]) => same.length > 1)
      .map(([call]) => call)
    // Two tables of three divisions are read at the same time: no more pages than that were on their way.
    assert.ok(twice.length <= 6, twice.join('\n'))
    assert.equal(calls.length, whole + twice.length)
    assert.equal(record.stats.apiCalls, whole)

    // Another server answers with the rows, and with the same ones.
    const path = `/databases/books/statements/${begun.body.id}/result`
    for (const server of [second, lab]) {
      // What has ended here is told there a moment later.
      await ended(server, begun.body.id)
      const result = await server.call('GET', path)
      assert.deepEqual(result.body?.rows, query.body.rows, result.text)
    }
    await second.end('SIGTERM')
    assert.deepEqual((await lab.call('GET', path)).body.rows, query.body.rows)
  })

  test('is gone on with after a restart in order, too, and is cancelled at any server', async () => {
    await slowly('GET', 150)
    const first = await start()
    const begun = await first.call('POST', '/databases/books/query', { sql }, async)
    const path = `/databases/books/statements/${begun.body.id}`
    await until(async () => ((await first.call('GET', path)).body.progress.callsMade > 3 ? true : null))
    await first.end('SIGTERM')
    assert.equal((await lab.call('GET', path)).body.endedAt, null)
    const second = await start()
    await until(async () => ((await second.call('GET', path)).body.progress.callsMade > 9 ? true : null))
    assert.equal((await lab.call('DELETE', path)).status, 204)
    const record = await ended(lab, begun.body.id)
    assert.deepEqual([record.state, record.error.code], ['cancelled', 'QUERY_CANCELLED'])
    assert.equal((await lab.call('DELETE', path)).status, 404)
  })
})

describe('a write whose server is killed', () => {
  test('says of each row whether it is done, unknown or was not tried, and how the done ones are taken back', async () => {
    const { last } = await lab.control('ledger')
    await slowly('POST', 250)
    const first = await start()
    const rows = Array.from({ length: 8 }, (_, index) => `(${division}, 'Killed ${index + 1}')`).join(', ')
    const insert = `INSERT INTO crm.Accounts (Division, Name) VALUES ${rows}`
    first.call('POST', '/databases/books/query', { sql: insert }).catch(() => {})
    const posts = async () => (await since(last)).filter(({ method }) => method === 'POST').length
    await until(async () => ((await posts()) >= 3 ? true : null))
    await first.end('SIGKILL')
    const sent = await posts()
    const second = await start()
    const { statements } = (await second.call('GET', '/databases/books/statements')).body
    const { id } = statements.find((one: { sql: string }) => one.sql === insert)
    const record = await ended(second, id)
    assert.deepEqual(
      [record.state, record.error.code],
      ['failed', 'WRITE_OUTCOME_UNKNOWN'],
      JSON.stringify(record.error),
    )
    const outcomes = record.write.rows.map(({ outcome }: { outcome: string }) => outcome)
    const done = outcomes.filter((outcome: string) => outcome === 'inserted').length
    assert.deepEqual(outcomes, [
      ...Array.from({ length: done }, () => 'inserted'),
      'unknown',
      ...Array.from({ length: 7 - done }, () => 'not attempted'),
    ])
    // The unknown one is the one whose answer was on its way.
    assert.equal(sent, done + 1)
    assert.equal(record.write.revert.length, done)
    assert.match(record.error.detail, new RegExp(`row ${done + 1} of 8`))
    // Nothing goes on by itself: what is unknown is a matter for somebody who looks.
    assert.equal(await posts(), sent)
  })
})
