import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type HttpLab, openHttpLab } from './testing/index.ts'

let lab: HttpLab
before(async () => {
  lab = await openHttpLab()
  const pair = await lab.tokens()
  await lab.call('POST', '/databases', { name: 'books', ...lab.handover({ kind: 'tokens', ...pair }) })
})
after(() => lab?.close())

const start = async (sql: string, accept: string) => {
  const { body } = await lab.call(
    'POST',
    '/databases/books/query',
    { sql },
    { headers: { prefer: 'respond-async', accept } },
  )
  for (;;) {
    const { body: record } = await lab.call('GET', `/databases/books/statements/${body.id}`)
    if (record.endedAt !== null) return record
    await setTimeout(20)
  }
}
const result = (id: string, accept?: string) =>
  lab.call('GET', `/databases/books/statements/${id}/result`, undefined, {
    headers: accept === undefined ? {} : { accept },
  })

test('a result that was started as Parquet is told in every format, with its types, without a call', async () => {
  const sql = `SELECT Code, Name, Created, 9007199254740993::BIGINT AS big, sum(170141183460469231731::HUGEINT) AS total,
    NULL::DATE AS never, [1, 2] AS list, 1.50::DECIMAL(9,2) AS money, 'één "twee"' AS Code
    FROM crm.Accounts GROUP BY ALL ORDER BY 1, 2, 3`
  const direct = (await lab.call('POST', '/databases/books/query', { sql })).body
  const record = await start(sql, 'application/vnd.apache.parquet')
  assert.equal(record.state, 'done', JSON.stringify(record.error))
  const calls = await lab.apiCalls()
  const { body: again } = await result(record.id, 'application/json')
  assert.deepEqual(again.columns, direct.columns)
  assert.deepEqual(again.rows, direct.rows)
  assert.ok(again.rows.length > 10)
  assert.equal(again.stats.apiCalls, record.stats.apiCalls)
  const csv = await result(record.id, 'text/csv')
  assert.match(csv.headers.get('content-type') ?? '', /^text\/csv/)
  assert.equal(csv.text.split('\n')[0], 'Code,Name,Created,big,total,never,list,money,Code_1')
  assert.match(csv.text, /,9007199254740993,\d+,,"\[1,2\]",1.50,"één ""twee"""/)
  const ndjson = await result(record.id, 'application/x-ndjson')
  assert.equal(ndjson.text.trim().split('\n').length, again.rows.length)
  const parquet = await result(record.id)
  assert.equal(parquet.headers.get('content-type'), 'application/vnd.apache.parquet')
  assert.equal(parquet.text.slice(0, 4), 'PAR1')
  assert.equal(await lab.apiCalls(), calls, 'nothing was asked of the platform')
})

test('a result that was started in another format comes in that one, whatever is accepted', async () => {
  const record = await start('SELECT 1 AS one', 'text/csv')
  const answer = await result(record.id, 'application/json')
  assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/)
  assert.equal(answer.text, 'one\n1\n')
})
