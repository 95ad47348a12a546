import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, type HttpLab, openHttpLab } from './testing/http-lab.ts'

// A partner's one consent reaches many companies; each customer's databases see the ones that were lent to them.

let lab: HttpLab
let grant = ''
let divisions: string[] = []
let bakery = ''
let neighbour = ''
before(async () => {
  lab = await openHttpLab()
  const handover = lab.handover({ kind: 'tokens', ...(await lab.tokens()) })
  const own = await must('POST', '/databases', { name: 'all', ...handover })
  grant = own.grant.id
  const { partitions } = await must('GET', '/databases/all/partitions')
  divisions = partitions
    .filter(({ isReadable }: { isReadable: boolean }) => isReadable)
    .map(({ id }: { id: string }) => id)
  assert.ok(divisions.length >= 3, `${divisions}`)
  bakery = (await must('POST', '/organisations', { name: 'Bakery' })).id
  neighbour = (await must('POST', '/organisations', { name: 'Neighbour' })).id
})
after(() => lab.close())

const ask = (method: string, path: string, body?: object, organisation?: string) =>
  lab.call(method, path, body, organisation ? { headers: { 'sluis-organisation': organisation } } : {})
const must = async (method: string, path: string, body?: object, organisation?: string) => {
  const answer = await ask(method, path, body, organisation)
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
  return answer.body
}
const lend = (partitions: readonly string[]) =>
  must('POST', `/grants/${grant}/loans`, { organisation: bakery, partitions })
const query = (sql: string, name = 'books') => ask('POST', `/databases/${name}/query`, { sql }, bakery)
const perDivision = 'SELECT Division, count(*) AS n FROM crm.Accounts GROUP BY Division ORDER BY Division'

const divisionsIn = ({ status, body, text }: Answer) => {
  assert.equal(status, 200, text)
  return (body.rows as unknown[][]).map(([division]) => String(division))
}

describe('a database on a grant that is lent', () => {
  test('reads what is lent, and nothing that is not, whatever is asked', async () => {
    const [first = '', second = ''] = divisions
    await lend([first])
    assert.deepEqual((await must('GET', '/loans', undefined, bakery)).loans[0].partitions, [first])
    const made = await must('POST', '/databases', { name: 'books', sources: [{ grant }] }, bakery)
    assert.deepEqual(made.sources[0].partitions, [first])
    const { partitions } = await must('GET', '/databases/books/partitions', undefined, bakery)
    assert.deepEqual(
      partitions.map(({ id }: { id: string }) => id),
      [first],
    )
    const counted = await query(perDivision)
    assert.deepEqual(divisionsIn(counted), [first], counted.text)
    const elsewhere = await query(`SELECT count(*) AS n FROM crm.Accounts WHERE Division = ${second}`)
    assert.equal(elsewhere.status, 200, elsewhere.text)
    assert.equal(Number(elsewhere.body.rows[0][0]), 0)
    const explained = await must('POST', '/databases/books/explain', { sql: perDivision }, bakery)
    assert.ok(!JSON.stringify(explained).includes(second), 'no request goes anywhere else')
    for (const table of ['system.Divisions', 'hrm.Divisions', 'system.AllDivisions', 'current.Me']) {
      const refused = await query(`SELECT * FROM ${table} LIMIT 1`)
      assert.equal(refused.status, 400, `${table}: ${refused.text}`)
      assert.match(refused.body.detail, /lent/)
    }
    const more = await ask(
      'POST',
      '/databases',
      { name: 'more', sources: [{ grant, partitions: [first, second] }] },
      bakery,
    )
    assert.equal(more.status, 400, more.text)
    assert.ok(more.body.detail.includes(second) && !more.body.detail.includes(first))
    const dictionary = await query('SELECT client_id FROM sluis.grants')
    assert.deepEqual(dictionary.body.rows, [[null]], dictionary.text)
  })

  test('shows its organisation nothing of the grant, and nobody else anything', async () => {
    for (const [method, path, body] of [
      ['GET', `/grants/${grant}`],
      ['GET', `/grants/${grant}/events`],
      ['GET', `/grants/${grant}/loans`],
      ['POST', `/grants/${grant}/lease`, {}],
      ['POST', `/grants/${grant}/refresh`, {}],
      ['DELETE', `/grants/${grant}`],
      ['DELETE', `/grants/${grant}/loans/${bakery}`],
      ['POST', `/grants/${grant}/loans`, { organisation: bakery, partitions: divisions }],
    ] as const) {
      const answer = await ask(method, path, body, bakery)
      assert.equal(answer.status, 404, `${method} ${path}: ${answer.text}`)
    }
    assert.deepEqual((await must('GET', '/grants', undefined, bakery)).grants, [])
    assert.deepEqual((await must('GET', '/loans', undefined, neighbour)).loans, [])
    const theft = await ask('POST', '/databases', { name: 'theft', sources: [{ grant }] }, neighbour)
    assert.equal(theft.status, 404, theft.text)
    const { loans } = await must('GET', `/grants/${grant}/loans`)
    assert.deepEqual(
      loans.map(({ organisation }: { organisation: string }) => organisation),
      [bakery],
    )
  })

  test('follows the loan: what is lent later is there, and what is taken back is gone and said', async () => {
    const [first = '', second = '', third = ''] = divisions
    await lend([first, second])
    const chosen = { sources: [{ grant, partitions: [first, second] }] }
    await must('PATCH', '/databases/books', chosen, bakery)
    const both = await query(perDivision)
    assert.equal(both.body.rows.length, 2, both.text)
    await lend([second, third])
    const less = await query(perDivision)
    assert.deepEqual(divisionsIn(less), [second])
    assert.match(JSON.stringify(less.body), new RegExp(`${first} is not lent`))
    const refused = await ask('DELETE', `/grants/${grant}`)
    assert.equal(refused.status, 400, 'a database reads through it')
    await must('DELETE', `/grants/${grant}/loans/${bakery}`)
    const ended = await query(perDivision)
    assert.equal(ended.status, 404, ended.text)
    assert.equal((await must('GET', '/databases/books', undefined, bakery)).name, 'books')
    await must('POST', '/databases/all/query', { sql: perDivision })
  })
})
