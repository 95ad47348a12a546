import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { isSluisError, ManualClock, systemClock } from '@sluis/shared'
import { corpusTables } from '../testing/corpus/corpus-tables.ts'
import { createPlanner, type Planner } from './planner.ts'

const tables = [{ alias: 'eol', tables: corpusTables() }]
const common = { tables, frozenAt: 1_772_447_400_000_000n, timeZone: 'Europe/Amsterdam' }
let planner: Planner

before(() => {
  planner = createPlanner({ clock: systemClock, processes: 1 })
})
after(() => planner.stop())

const isCode = (code: string) => (error: unknown) => isSluisError(error) && error.code === code

test('a plan comes back with the tables that were handed over and its values whole', async () => {
  const plan = await planner.plan({
    ...common,
    sql: 'SELECT Name FROM crm.Accounts WHERE ID = $1 AND Created > $2;',
    parameters: ['80000000-0000-0000-FFFF-00000000000F', '2026-01-01'],
  })
  const [scan] = plan.scans
  assert.equal(
    scan?.table,
    corpusTables().find(({ schema, name }) => schema === 'crm' && name === 'Accounts'),
  )
  assert.deepEqual(scan?.where, [
    {
      kind: 'compare',
      column: 'ID',
      op: '=',
      value: { type: 'UUID', value: '80000000-0000-0000-ffff-00000000000f' },
    },
    {
      kind: 'compare',
      column: 'Created',
      op: '>',
      value: { type: 'TIMESTAMP', value: BigInt(Date.UTC(2026, 0, 1)) * 1000n },
    },
  ])
  assert.ok(plan.planMs > 0)
  assert.doesNotMatch(plan.runnableSql, /;/)
})

test('refusals keep their code, hint and place across the process', async () => {
  await assert.rejects(planner.plan({ ...common, sql: 'SELECT 1 FROM crm.Acounts' }), (error) => {
    assert.ok(isSluisError(error, 'SQL_UNKNOWN_TABLE'))
    assert.equal(error.details.position, 15)
    return /crm\.Accounts/.test(error.hint ?? '')
  })
  await assert.rejects(
    planner.plan({ ...common, sql: 'SELECT 1', timeZone: 'Mars/Olympus' }),
    isCode('INVALID_REQUEST'),
  )
})

test('now() in brackets made a syntax error: its label stands behind the brackets', async () => {
  for (const sql of [
    'SELECT (now())',
    'SELECT ((now())), 1',
    'SELECT (current_date)',
    'SELECT (now()) AS at',
  ]) {
    const { columns } = await planner.plan({ ...common, sql })
    assert.match(columns[0]?.name ?? '', /^(now\(\)|current_date|at)$/, sql)
  }
})

test('a write is planned as the query of its rows; what is done with them is data', async () => {
  const plan = (sql: string) => planner.plan({ ...common, sql })
  const update = await plan(
    "UPDATE crm.Accounts AS a SET Name = upper(a.Name) WHERE a.Code = '7' RETURNING Name",
  )
  assert.deepEqual([update.class, update.write?.verb, update.write?.assigned], ['write', 'update', ['Name']])
  assert.deepEqual([update.scans.length, update.scans[0]?.where.length], [1, 1])
  assert.match(update.write?.returning?.sql ?? '', /FROM main\.scan_0 AS a/)
  const insert = await plan("INSERT INTO crm.Accounts (name, CODE) VALUES ('x', ')'), ('returning', 'y')")
  assert.deepEqual(insert.write?.assigned, ['Name', 'Code'])
  assert.deepEqual([insert.write?.returning, insert.scans], [null, []])
  await assert.rejects(plan("DELETE FROM crm.Accounts WHERE Nam = 'x'"), (error) => {
    assert.ok(isSluisError(error, 'SQL_UNKNOWN_COLUMN'))
    return error.details.position === 32
  })
})

test('many plans at once, in several time zones, each get their own answer', async () => {
  const zones = [
    'Europe/Amsterdam',
    'UTC',
    'America/New_York',
    'Asia/Tokyo',
    'Europe/London',
    'Australia/Sydney',
  ]
  const plans = await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      planner.plan({ ...common, timeZone: zones[i % zones.length] ?? 'UTC', sql: `SELECT ${i} AS n${i}` }),
    ),
  )
  assert.deepEqual(
    plans.map(({ columns }) => columns[0]?.name),
    Array.from({ length: 30 }, (_, i) => `n${i}`),
  )
})

test('the process has nothing of our environment', async (t) => {
  process.env.SLUIS_CANARY = 'canary'
  t.after(() => {
    delete process.env.SLUIS_CANARY
  })
  const own = createPlanner({ clock: systemClock, processes: 1 })
  t.after(() => own.stop())
  await own.plan({ ...common, sql: 'SELECT 1' })
  const environment = childrenOf(process.pid).map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8'))
  assert.ok(environment.length > 0)
  for (const text of environment) assert.doesNotMatch(text, /canary|PATH=|HOME=/)
})

test('a statement whose planning takes too long is refused and the next one planned', async (t) => {
  const clock = new ManualClock()
  const own = createPlanner({ clock, processes: 1, deadlineMs: 1000 })
  t.after(() => own.stop())
  const endless = own.plan({ ...common, sql: 'SELECT list_sum(range(20000000000))' })
  const next = own.plan({ ...common, sql: 'SELECT 2 AS two' })
  assert.equal(clock.sleeping, 1)
  clock.advance(1000)
  await assert.rejects(endless, isCode('QUERY_TIMEOUT'))
  assert.equal((await next).columns[0]?.name, 'two')
})

test('constants that take too much memory are refused, and the next statement is planned', async (t) => {
  const own = createPlanner({ clock: systemClock, processes: 1, deadlineMs: 60_000 })
  t.after(() => own.stop())
  const sql = "SELECT repeat('x', 1900000000), lpad('y', 1900000000, 'z'), rpad('z', 1900000000, 'y')"
  await assert.rejects(own.plan({ ...common, sql }), isCode('QUERY_TOO_LARGE'))
  assert.equal((await own.plan({ ...common, sql: 'SELECT 1' })).class, 'query')
})

test('a statement that is cancelled while it is planned, or waits for it, is given up at once', async (t) => {
  const own = createPlanner({ clock: new ManualClock(), processes: 1 })
  t.after(() => own.stop())
  const stop = new AbortController()
  const slow = own.plan({ ...common, sql: "SELECT repeat('x', 400000000)" }, stop.signal)
  const waiting = own.plan({ ...common, sql: 'SELECT 2' }, stop.signal)
  const ended = Promise.allSettled([slow, waiting])
  stop.abort(new Error('cancelled'))
  assert.deepEqual(
    (await ended).map((result) => result.status === 'rejected' && result.reason.message),
    ['cancelled', 'cancelled'],
  )
  assert.equal((await own.plan({ ...common, sql: 'SELECT 3' })).class, 'query')
})

test('a process that is killed is replaced, and its statement planned again', async (t) => {
  const own = createPlanner({ clock: systemClock, processes: 1 })
  t.after(() => own.stop())
  await own.plan({ ...common, sql: 'SELECT 1' })
  const before = childrenOf(process.pid)
  const planned = own.plan({ ...common, sql: 'SELECT 3 AS three' })
  for (const pid of before) process.kill(pid, 'SIGKILL')
  assert.equal((await planned).columns[0]?.name, 'three')
})

test('after stop nothing is planned', async () => {
  const own = createPlanner({ clock: systemClock })
  const pending = own.plan({ ...common, sql: 'SELECT 1' })
  const stopped = own.stop()
  await assert.rejects(pending, isCode('QUERY_CANCELLED'))
  await stopped
  await assert.rejects(own.plan({ ...common, sql: 'SELECT 1' }), isCode('QUERY_CANCELLED'))
})

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}
