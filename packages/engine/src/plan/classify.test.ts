import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isSluisError, type SluisError } from '@sluis/shared'
import { corpusTables } from '../testing/corpus/corpus-tables.ts'
import { classifyStatement } from './classify.ts'
import { planStatement, type UntimedPlan } from './plan-statement.ts'
import { PlanningInstance } from './planning-instance.ts'
import { TableNames } from './table-names.ts'

const timeZone = 'Europe/Amsterdam'
/** 2026-03-02 10:30:00.123456 UTC. */
const frozenAt = 1_772_447_400_123_456n
const tables = corpusTables()
const names = new TableNames([
  { alias: 'eol', tables },
  { alias: 'other', tables: tables.filter((table) => table.schema === 'crm') },
])
let instance: PlanningInstance

before(async () => {
  instance = await PlanningInstance.open(timeZone)
})
after(() => instance.close())

function plan(
  sql: string,
  parameters: readonly unknown[] | Record<string, unknown> = [],
): Promise<UntimedPlan> {
  return planStatement(instance, names, { sql, parameters, frozenAt, timeZone })
}

async function refusal(
  sql: string,
  parameters: readonly unknown[] | Record<string, unknown> = [],
): Promise<SluisError> {
  try {
    await plan(sql, parameters)
  } catch (error) {
    if (isSluisError(error)) return error
    throw error
  }
  return assert.fail(`accepted: ${sql}`)
}

async function tablesOf(sql: string): Promise<string[]> {
  return (await plan(sql)).scans.map(({ source, table }) => `${source}.${table.schema}.${table.name}`)
}

test('statements have the class that the parser gives them', async () => {
  const classes = {
    'SELECT 1': 'query',
    'FROM crm.Accounts': 'query',
    'VALUES (1)': 'query',
    'TABLE crm.Accounts': 'query',
    'PIVOT crm.Accounts ON Status': 'query',
    'SELECT * FROM information_schema.tables': 'catalogue',
    'select * from SLUIS.Partitions': 'catalogue',
    'SHOW TABLES': 'catalogue',
    BEGIN: 'transaction',
    COMMIT: 'transaction',
    'SET threads = 9': 'session',
    'INSERT INTO crm.Accounts VALUES (1)': 'write',
    "UPDATE crm.Accounts SET Name = 'x'": 'write',
    'DELETE FROM crm.Accounts': 'write',
  }
  for (const [sql, expected] of Object.entries(classes)) {
    assert.equal((await classifyStatement(instance, sql, (offset) => offset + 1)).class, expected, sql)
  }
})

test('whatever is not one query is refused', async () => {
  for (const sql of [
    'SELECT 1; SELECT 2',
    'BEGIN; SELECT 1',
    "COPY crm.Accounts TO 'x.csv'",
    "COPY (SELECT 1) TO 'x.csv'",
    "ATTACH 'x.db'",
    'PRAGMA database_list',
    'CALL pragma_version()',
    "SET memory_limit = '1TB'",
    'RESET memory_limit',
    'INSTALL httpfs',
    'LOAD json',
    'CREATE TABLE t (a INTEGER)',
    'CREATE MACRO m() AS 1',
    'DROP TABLE t',
    'EXPLAIN SELECT 1',
    'PREPARE p AS SELECT 1',
    'USE x',
    'CHECKPOINT',
    "EXPORT DATABASE 'x'",
    'SHOW DATABASES',
    'INSERT INTO crm.Accounts VALUES (1)',
    "SELECT * FROM 'x.csv'",
    "SELECT * FROM crm.Accounts, 'x.parquet'",
    "PIVOT 'x.csv' ON a",
    "SELECT * FROM read_csv('x.csv')",
    "SELECT * FROM (SELECT * FROM glob('*'))",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "PIVOT (FROM read_csv('x')) ON a",
    "SELECT current_setting('home_directory')",
    'SELECT * FROM duckdb_settings()',
    "SELECT * FROM query('SELECT 1')",
    "WITH x AS (SELECT * FROM query_table('y')) SELECT 1",
    'SELECT nope(1)',
    'SELECT eol.crm.nope(1)',
    'SELECT * FROM scan(0)',
    'SELECT * FROM crm.Accounts AT (VERSION => 1)',
  ]) {
    assert.equal((await refusal(sql)).code, 'SQL_NOT_ALLOWED', sql)
  }
})

test('a refused function is told with its place and what was meant', async () => {
  const error = await refusal('SELECT Name, datetrunk($1, Created) FROM crm.Accounts', ['month'])
  assert.equal(error.code, 'SQL_NOT_ALLOWED')
  assert.equal(error.details.position, 14)
  assert.match(error.hint ?? '', /datetrunc/)
})

test('a syntax error tells where, in the text that the user wrote', async () => {
  assert.equal((await refusal('SELECT * FROM FROM')).details.position, 15)
  assert.equal((await refusal("SELECT 'é€😀' FROM FROM")).details.position, 20)
  assert.equal((await refusal('SELECT $1, FROM FROM', ['long text'])).details.position, 17)
  for (const sql of ['', ' ;', '-- only a remark', 'selct 1', "select 'open", 'SELECT \0', 'SELECT \ud800']) {
    assert.equal((await refusal(sql)).code, 'SQL_SYNTAX', JSON.stringify(sql))
  }
})

test('names are found without case, without the first alias, and alone where unique', async () => {
  assert.deepEqual(await tablesOf('SELECT 1 FROM EOL.CRM.accounts'), ['eol.crm.Accounts'])
  assert.deepEqual(await tablesOf('SELECT 1 FROM crm.Accounts, other.crm.Accounts o'), [
    'eol.crm.Accounts',
    'other.crm.Accounts',
  ])
  assert.deepEqual(await tablesOf('SELECT 1 FROM "Accounts"'), ['eol.crm.Accounts'])
  assert.deepEqual(await tablesOf('SELECT 1 FROM "other.crm".Contacts'), ['other.crm.Contacts'])
  assert.deepEqual(await tablesOf('SELECT 1 FROM bulk_crm.Accounts'), ['eol.bulk_crm.Accounts'])
  assert.deepEqual(await tablesOf('WITH Accounts AS (SELECT * FROM Accounts) SELECT 1 FROM accounts'), [
    'eol.crm.Accounts',
  ])
})

test('an unknown table is told with the nearest names and its place', async () => {
  const error = await refusal("SELECT 'é', 1 FROM crm.Acounts")
  assert.equal(error.code, 'SQL_UNKNOWN_TABLE')
  assert.equal(error.details.position, 20)
  assert.match(error.hint ?? '', /^Did you mean crm\.Accounts/)
  assert.match((await refusal('SELECT 1 FROM logistics.Accounts')).hint ?? '', /crm\.Accounts/)
  assert.equal((await refusal('SELECT 1 FROM nope.crm.Accounts')).code, 'SQL_UNKNOWN_TABLE')
  assert.equal((await refusal('SELECT 1 FROM pg_catalog.pg_class')).code, 'SQL_UNKNOWN_TABLE')
  assert.equal((await refusal('SELECT 1 FROM duckdb_tables')).code, 'SQL_UNKNOWN_TABLE')
  assert.equal((await refusal('SELECT 1 FROM scan_0')).code, 'SQL_UNKNOWN_TABLE')
})

test('an unknown column is told with the nearest names and its place', async () => {
  for (const [sql, position] of [
    ['SELECT Nmae FROM crm.Accounts', 8],
    ['SELECT a.Nmae FROM crm.Accounts a', 8],
    ['SELECT 1 FROM crm.Accounts WHERE $1 = Nmae', 39],
  ] as const) {
    const error = await refusal(sql, sql.includes('$1') ? ['a long text'] : [])
    assert.equal(error.code, 'SQL_UNKNOWN_COLUMN', sql)
    assert.equal(error.details.position, position, sql)
    assert.equal(error.hint, 'Did you mean Name?', sql)
  }
})

test('other refusals of the planner name no internals', async () => {
  const error = await refusal("SELECT sum(Name) FROM crm.Accounts WHERE Created > 'x'")
  assert.equal(error.code, 'SQL_FAILED')
  assert.doesNotMatch(error.message, /scan_/)
})

test('references become scans in the text, and whole names before columns go', async () => {
  const { runnableSql } = await plan(
    'SELECT crm.Accounts.Name, eol.crm.accounts.Code, Accounts.* FROM eol.crm.Accounts -- crm.Accounts\nJOIN crm.Contacts c ON c.Account = crm.Accounts.ID',
  )
  assert.equal(
    runnableSql,
    'SELECT Accounts.Name, accounts.Code, Accounts.* FROM main.scan_0 AS "Accounts" -- crm.Accounts\nJOIN main.scan_1 c ON c.Account = Accounts.ID',
  )
})

test('a name of a common table expression cannot take the place of a scan', async () => {
  const { scans } = await plan('WITH scan_0 AS (SELECT 1 AS x) SELECT x, Name FROM scan_0, crm.Accounts')
  assert.deepEqual(
    scans.map((scan) => scan.columns),
    [['Name']],
  )
})

test('parameters become literals that cannot end early', async () => {
  const text = "'; DROP -- $$ ' OR 1=1"
  const { scans } = await plan('SELECT Name FROM crm.Accounts WHERE Name = $name AND Status IN ($s, $s)', {
    name: text,
    s: 'C',
  })
  assert.deepEqual(scans[0]?.where, [
    { kind: 'compare', column: 'Name', op: '=', value: { type: 'VARCHAR', value: text } },
    { kind: 'compare', column: 'Status', op: '=', value: { type: 'VARCHAR', value: 'C' } },
  ])
  assert.match((await plan('SELECT 1-$1', [-5])).runnableSql, /^SELECT 1-\(-5\)$/)
  assert.equal((await plan("SELECT '$1', $1, $2", [true, null])).runnableSql, "SELECT '$1', TRUE, NULL")
  assert.equal((await plan('SELECT ?, ?', [1, 2])).runnableSql, 'SELECT 1, 2')
  assert.equal((await refusal('SELECT $2', [1])).code, 'INVALID_REQUEST')
  assert.equal((await refusal('SELECT 1', [1])).code, 'INVALID_REQUEST')
  assert.equal((await refusal('SELECT $1', ['\0'])).code, 'INVALID_REQUEST')
})

test('the present is one constant, and keeps the names of its columns', async () => {
  const answer = await plan(
    'SELECT now(), current_date, today() AS d, age(Created) FROM crm.Accounts WHERE Created < localtimestamp',
  )
  assert.equal(
    answer.runnableSql,
    `SELECT CAST('2026-03-02 11:30:00.123456+01:00' AS TIMESTAMPTZ) AS "now()", CAST('2026-03-02' AS DATE) AS "current_date", CAST('2026-03-02' AS DATE) AS d, age(CAST(CAST('2026-03-02' AS DATE) AS TIMESTAMP), Created) FROM main.scan_0 AS "Accounts" WHERE Created < CAST('2026-03-02 11:30:00.123456' AS TIMESTAMP)`,
  )
  assert.deepEqual(
    answer.columns.slice(0, 3).map(({ name, type }) => `${name} ${type}`),
    ['now() TIMESTAMP WITH TIME ZONE', 'current_date DATE', 'd DATE'],
  )
})

test('a PIVOT over the data is read whole, and its columns are left to the run', async () => {
  const { scans, columns, runnableSql } = await plan(
    'PIVOT crm.Accounts ON Status, Country USING count(*) AS n GROUP BY Type',
  )
  assert.deepEqual(columns, [])
  assert.deepEqual(scans[0]?.where, [])
  assert.equal(
    runnableSql,
    'PIVOT main.scan_0 AS "Accounts" ON Status, Country USING count(*) AS n GROUP BY Type',
  )
})

test('the data dictionary is read under names of its own', async () => {
  const answer = await plan('SELECT t.table_name, count(*) FROM information_schema.columns t GROUP BY ALL')
  assert.equal(answer.class, 'catalogue')
  assert.deepEqual(answer.catalogue, ['information_schema_columns'])
  assert.deepEqual(answer.columns, [
    { name: 'table_name', type: 'VARCHAR' },
    { name: 'count_star()', type: 'BIGINT' },
  ])
})
