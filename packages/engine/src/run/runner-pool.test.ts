import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { isSluisError } from '@sluis/shared'
import type { PlatformTable } from '../catalog/table.ts'
import { NamedPipes } from './named-pipes.ts'
import { RunnerPool } from './runner-pool.ts'
import { createView } from './scan-view.ts'

let folder: string
let pool: RunnerPool
const limits = { memoryBytes: 300_000_000, diskBytes: 1_000_000_000, threads: 2 }
const timeZone = 'Europe/Amsterdam'
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluis-run-'))
  pool = new RunnerPool({ workers: 2, longestQueue: 10 })
})
after(async () => {
  await pool.stop()
  rmSync(folder, { recursive: true, force: true })
})

const copy = async (
  sql: string,
  format: 'json' | 'ndjson' | 'csv',
  views: string[] = [],
  maxRows: number | null = null,
) => {
  const pipes = new NamedPipes(folder)
  const target = join(folder, 'out')
  const reader = pipes.open(target)
  const body = text(reader)
  const run = pool.run({
    folder,
    views,
    sql,
    timeZone,
    limits,
    output: { kind: 'copy', format, target, maxRows },
  })
  run.done.catch(() => reader.destroy())
  body.catch(() => {})
  const [{ columns, isTruncated }] = await Promise.all([run.columns, run.done])
  return { columns, isTruncated, body: await body }
}

test('values keep every digit and every kind of NULL in JSON', async () => {
  const { columns, body } = await copy(
    "SELECT 9223372036854775807::BIGINT b, 0.1::DECIMAL(38,10) d, TIMESTAMP '2024-02-29 12:00:00.5' t, NULL n, 'a\"\n' s, 'nan'::DOUBLE f, [1, NULL] l",
    'json',
  )
  assert.deepEqual(
    columns.map(({ name }) => name),
    ['b', 'd', 't', 'n', 's', 'f', 'l'],
  )
  assert.deepEqual(JSON.parse(body.replace(/^,/, '')), [
    '9223372036854775807',
    '0.1000000000',
    '2024-02-29T12:00:00.5',
    null,
    'a"\n',
    null,
    [1, null],
  ])
})

test('a view shows fetched columns typed, the partition from the folder, and the rest as NULL', async () => {
  const table: PlatformTable = {
    schema: 'crm',
    name: 'Accounts',
    partitionColumn: 'Division',
    isPartitionFromUrl: true,
    columns: [
      {
        name: 'ID',
        type: 'UUID',
        isNullable: false,
        isKey: true,
        page: { field: 'ID', jsonType: 'VARCHAR', expression: 'try_cast("ID" AS UUID)' },
      },
      {
        name: 'Name',
        type: 'VARCHAR',
        isNullable: true,
        isKey: false,
        page: { field: 'Name', jsonType: 'VARCHAR', expression: '"Name"' },
      },
      { name: 'Division', type: 'INTEGER', isNullable: false, isKey: false },
    ],
  }
  const { mkdirSync } = await import('node:fs')
  mkdirSync(join(folder, 's0/p42'), { recursive: true })
  const file = join(folder, 's0/p42/1.json')
  writeFileSync(file, '[{"ID":"71b961de-0000-0000-0000-000000000001"},{"ID":null}]')
  const view = createView({
    view: 'scan_0',
    table,
    columns: ['ID', 'Division'],
    files: [file],
    largestPageBytes: 0,
  })
  const { body } = await copy('SELECT * FROM scan_0', 'ndjson', [view])
  assert.deepEqual(
    body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { ID: '71b961de-0000-0000-0000-000000000001', Name: null, Division: 42 },
      { ID: null, Name: null, Division: 42 },
    ],
  )
  const none = createView({ view: 'scan_0', table, columns: [], files: [], largestPageBytes: 0 })
  assert.equal((await copy('SELECT count(*) AS n FROM scan_0', 'csv', [none])).body, 'n\n0\n')
})

test('maxRows cuts and says so', async () => {
  assert.deepEqual(
    await copy('SELECT range AS r FROM range(10)', 'csv', [], 3).then(({ body, isTruncated }) => [
      body,
      isTruncated,
    ]),
    ['r\n0\n1\n2\n', true],
  )
  assert.equal((await copy('SELECT range AS r FROM range(3)', 'csv', [], 3)).isTruncated, false)
})

test('SQL reaches no file, no setting and no network', async () => {
  for (const sql of [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM 'http://127.0.0.1/x.csv'",
    "SELECT * FROM glob('/etc/*')",
    "SELECT getenv('PATH')",
  ]) {
    await assert.rejects(copy(sql, 'json'), (error) => isSluisError(error), sql)
  }
})

test('a runaway statement is cancelled and the next one runs', async () => {
  const stop = new AbortController()
  const run = pool.run(
    {
      folder,
      views: [],
      sql: 'SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b',
      timeZone,
      limits,
      output: { kind: 'values', most: 1 },
    },
    stop.signal,
  )
  setImmediate(() => stop.abort(new Error('enough')))
  await assert.rejects(run.done, /enough/)
  assert.match((await copy('SELECT 1 AS one', 'csv')).body, /^one\n1/)
})

test('memory beyond the limit is QUERY_TOO_LARGE, not a crash', async () => {
  const small = { ...limits, memoryBytes: 20_000_000, diskBytes: 1_000_000 }
  const run = pool.run({
    folder,
    views: [],
    sql: "SELECT count(DISTINCT r.range || repeat('x', 200)) FROM range(3000000) r",
    timeZone,
    limits: small,
    output: { kind: 'values', most: 1 },
  })
  await assert.rejects(run.done, (error) => isSluisError(error, 'QUERY_TOO_LARGE'))
})
