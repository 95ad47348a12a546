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
/** Asks until so many statements of today are written down, which is right after their last row has gone out. */
async function usageOf(statements: number, key?: string) {
  for (;;) {
    const { body } = await lab.call('GET', '/usage', undefined, key === undefined ? {} : { key })
    if (body.days[6].statements >= statements) return body
    await setTimeout(20)
  }
}
const query = (sql: string, key?: string) =>
  lab.call('POST', '/databases/books/query', { sql }, key === undefined ? {} : { key })

test('usage counts statements, calls and errors by day, and what one may see of them', async () => {
  const calls = (await query('SELECT count(*) FROM crm.Accounts')).body.stats.apiCalls
  assert.ok(calls > 0)
  await query('SELECT Nmae FROM crm.Accounts')
  await query('SELECT Nmae FROM crm.Accounts')
  await query('SELECT 1 FRM 2')
  const body = await usageOf(4)
  assert.equal(body.days.length, 7)
  assert.deepEqual(
    body.days.slice(0, 6).map(({ statements }: { statements: number }) => statements),
    [0, 0, 0, 0, 0, 0],
  )
  const { day, ...today } = body.days[6]
  assert.match(day, /^\d{4}-\d\d-\d\dT00:00:00\.000Z$/)
  assert.deepEqual({ ...today, rows: 0 }, { statements: 4, failed: 3, calls, rows: 0 })
  assert.deepEqual(body.errors, [
    { code: 'SQL_UNKNOWN_COLUMN', statements: 2 },
    { code: 'SQL_SYNTAX', statements: 1 },
  ])
  assert.deepEqual(body.running, [])

  const other = await lab.call('POST', '/keys', { name: 'analyst', scopes: ['query'] })
  await query('SELECT 1', other.body.key)
  const own = await usageOf(1, other.body.key)
  assert.equal(own.days[6].statements, 1)
  assert.deepEqual(own.errors, [])
  const { sources } = (await lab.call('GET', '/databases/books')).body
  await lab.call('POST', '/databases', { name: 'other', sources: [{ grant: sources[0].grant }] })
  const bound = await lab.call('POST', '/keys', { name: 'b', scopes: ['audit:read'], databases: ['other'] })
  assert.equal(
    (await lab.call('GET', '/usage', undefined, { key: bound.body.key })).body.days[6].statements,
    0,
  )
})

test('budgets say what is left by partition, without a call', async () => {
  await query('SELECT count(*) FROM crm.Contacts')
  const calls = await lab.apiCalls()
  const { budgets } = (await lab.call('GET', '/databases/books/budgets')).body
  const partitions = (await lab.call('GET', '/databases/books/partitions')).body.partitions
  assert.equal(budgets.length, 2 * partitions.length)
  for (const { source, window, limit, remaining } of budgets) {
    assert.equal(source, 'eol')
    assert.equal(limit, window === 'minute' ? 100_000 : 1_000_000)
    assert.ok(remaining < limit)
  }
  assert.equal(await lab.apiCalls(), calls)
})

test('a column says how the platform filters it', async () => {
  const { columns } = (await lab.call('GET', '/databases/books/tables/crm.Accounts')).body
  const filterOf = (name: string) => columns.find((column: { name: string }) => column.name === name).filter
  assert.equal(filterOf('ID'), 'exact')
  assert.equal(filterOf('Division'), 'exact')
  assert.equal(filterOf('City'), 'superset')
  // The catalogue says of the logo's bytes that no filter takes them.
  assert.equal(filterOf('Logo'), 'no')
})
