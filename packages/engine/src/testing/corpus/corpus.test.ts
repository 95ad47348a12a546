import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { planStatement } from '../../plan/plan-statement.ts'
import { PlanningInstance } from '../../plan/planning-instance.ts'
import { TableNames } from '../../plan/table-names.ts'
import { corpus } from './corpus.ts'
import { describeScan } from './corpus-statement.ts'
import { corpusTables } from './corpus-tables.ts'

const timeZone = 'Europe/Amsterdam'
const names = new TableNames([{ alias: 'eol', tables: corpusTables() }])
let instance: PlanningInstance

before(async () => {
  instance = await PlanningInstance.open(timeZone)
})
after(() => instance.close())

function plan(sql: string, parameters: readonly unknown[] = [], pushdown = true) {
  return planStatement(instance, names, {
    sql,
    parameters,
    frozenAt: 1_772_447_400_123_456n,
    timeZone,
    pushdown,
  })
}

test('the corpus has at least a hundred statements, each with a name of its own', () => {
  const statements = corpus()
  assert.ok(statements.length >= 100)
  assert.equal(new Set(statements.map(({ name }) => name)).size, statements.length)
})

for (const { name, sql, parameters, scans } of corpus()) {
  test(`asks the platform for: ${name}`, async () => {
    assert.deepEqual((await plan(sql, parameters)).scans.map(describeScan), scans)
  })
}

test('without pushdown every scan of the corpus asks for every row and column', async () => {
  for (const { name, sql, parameters } of corpus()) {
    const pushed = await plan(sql, parameters)
    const whole = await plan(sql, parameters, false)
    assert.equal(whole.scans.length, pushed.scans.length, name)
    assert.equal(whole.runnableSql, pushed.runnableSql, name)
    assert.deepEqual(whole.columns, pushed.columns, name)
    for (const scan of whole.scans) {
      assert.deepEqual(
        [scan.columns.length, scan.where, scan.limit, scan.isCountOnly, scan.keysFrom],
        [scan.table.columns.length, [], null, false, []],
        name,
      )
    }
  }
})
