import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type HttpLab, openHttpLab } from './testing/http-lab.ts'
import { registerWithLimits } from './testing/small-client.ts'

// A thousand companies behind one database, under the platform's own limits.

let lab: HttpLab
let divisions: number[]
before(async () => {
  lab = await openHttpLab()
  await lab.control('data', { divisions: 1000, scale: 0.1 })
  const { companies } = (await lab.control('data')) as { companies: { code: number }[] }
  divisions = companies.map(({ code }) => code)
  await registerWithLimits(lab, 'thousand', { minute: 60, day: 5000 }, { name: 'thousand' })
})
after(() => lab.close())

const sql = 'SELECT Division, count(*) AS n FROM financial.Journals GROUP BY Division'

test('asked for three of a thousand divisions, three are asked', async () => {
  const asked = [divisions[3], divisions[500], divisions[999]]
  const before = await lab.apiCalls()
  const { body, text } = await lab.call('POST', '/databases/thousand/query', {
    sql: `${sql} HAVING Division IN (${asked.join(', ')})`,
  })
  assert.deepEqual(body.rows?.map(([division]: [number]) => division).sort(), [...asked].sort(), text)
  assert.equal((await lab.apiCalls()) - before, 3)
})

test('unpruned, all are read within the limits, and a look tells how far it is', async () => {
  const { last } = await lab.control('ledger')
  const begun = await lab.call(
    'POST',
    '/databases/thousand/query',
    { sql },
    { headers: { prefer: 'respond-async' } },
  )
  assert.equal(begun.status, 202, begun.text)
  const path = `/databases/thousand/statements/${begun.body.id}`
  const seen: number[] = []
  for (;;) {
    const { body } = await lab.call('GET', path)
    if (body.endedAt !== null) break
    if (body.state === 'fetching') {
      assert.equal(body.progress.partitionsTotal, 1000)
      seen.push(body.progress.partitionsDone)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { body: record } = await lab.call('GET', path)
  assert.equal(record.state, 'done', JSON.stringify(record.error))
  assert.deepEqual([record.progress.partitionsDone, record.progress.partitionsTotal], [1000, 1000])
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  )
  assert.ok(new Set(seen).size > 2, `seen: ${seen}`)
  const { entries } = (await lab.control(`ledger?since=${last}`)) as {
    entries: { kind: string; status: number; division: number }[]
  }
  const calls = entries.filter(({ kind }) => kind === 'api')
  assert.ok(calls.every(({ status }) => status === 200))
  assert.equal(calls.length, record.stats.apiCalls)
  assert.deepEqual(new Set(calls.map(({ division }) => division)), new Set(divisions))
  const { body: result } = await lab.call('GET', `${path}/result`)
  assert.equal(result.rows.length, 1000)
})
