import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { PlatformTable, TableColumn } from '../catalog/table.ts'
import { createView } from './scan-view.ts'

// What pages become as rows, read by DuckDB itself: as text and cast, or directly where broken rows show.

const folder = mkdtempSync(join(tmpdir(), 'sluis-scan-view-'))
let connection: DuckDBConnection
let close: () => void

before(async () => {
  const instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
  close = () => {
    connection.closeSync()
    instance.closeSync()
  }
})
after(() => {
  close()
  rmSync(folder, { recursive: true, force: true })
})

const column = (name: string, type: 'INTEGER' | 'DOUBLE' | 'SMALLINT' | 'VARCHAR'): TableColumn => ({
  name,
  type,
  isNullable: true,
  isKey: false,
  page: {
    field: name,
    jsonType: 'VARCHAR',
    expression: type === 'VARCHAR' ? `"${name}"` : `TRY_CAST("${name}" AS ${type})`,
    ...(type === 'VARCHAR' ? {} : { directType: type }),
  },
})
const columns = [
  column('Amount', 'DOUBLE'),
  column('Number', 'INTEGER'),
  column('Status', 'SMALLINT'),
  column('Text', 'VARCHAR'),
]
const unmarked: PlatformTable = {
  schema: 'crm',
  name: 'Things',
  columns: [...columns, { name: 'Division', type: 'INTEGER', isNullable: false, isKey: false }],
  partitionColumn: 'Division',
  isPartitionFromUrl: true,
}
const marked: PlatformTable = { ...unmarked, rowMark: '__metadata' }
const metadata = '"__metadata":{"uri":"https://platform.example/Things(1)","type":"Thing"}'

let made = 0
function file(ending: 'json' | 'ndjson', text: string): string {
  const own = join(folder, String(++made), 'p12')
  mkdirSync(own, { recursive: true })
  const path = join(own, `1.${ending}`)
  writeFileSync(path, text)
  return path
}

async function rows(
  table: PlatformTable,
  files: readonly string[],
  names: readonly string[] = ['Amount', 'Number', 'Status', 'Text', 'Division'],
): Promise<unknown[][]> {
  await connection.run('DROP VIEW IF EXISTS scan_0')
  await connection.run(createView({ view: 'scan_0', table, columns: names, files, largestPageBytes: 1000 }))
  return (await connection.runAndReadAll('SELECT * FROM scan_0')).getRows()
}

const values = [
  '"Amount":12.5,"Number":7,"Status":1,"Text":"a"',
  '"Amount":"12.5","Number":"7","Status":" 1 ","Text":4.25',
  '"Amount":"much","Number":3000000000,"Status":70000,"Text":null',
  '"Amount":{"x":1},"Number":[1],"Status":"","Text":"b"',
  '"Amount":1e22,"Number":-1,"Status":0,"Text":"]}"',
  '"Text":"the others are not there"',
]
const expected = [
  [12.5, 7, 1, 'a', 12],
  [12.5, 7, 1, '4.25', 12],
  [null, null, null, null, 12],
  [null, null, null, 'b', 12],
  [1e22, -1, 0, ']}', 12],
  [null, null, null, 'the others are not there', 12],
]
const lines = values.map((text) => `{${metadata},${text}}`)

test('what does not fit its type is NULL, read as text or directly', async () => {
  const onLines = file('ndjson', lines.join('\n'))
  const inList = file('json', `[${lines.join(',')}]`)
  assert.deepEqual(await rows(unmarked, [onLines]), expected)
  assert.deepEqual(await rows(marked, [onLines]), expected)
  assert.deepEqual(await rows(marked, [inList]), expected)
  assert.deepEqual(await rows(marked, [onLines, inList]), [...expected, ...expected])
})

test('numbers are read without a text between only where broken rows show', () => {
  const view = (table: PlatformTable, name: string, names: readonly string[]) =>
    createView({ view: 'scan_0', table, columns: names, files: [name], largestPageBytes: 1000 })
  assert.match(view(marked, 'a.ndjson', ['Amount']), /'Amount': 'DOUBLE'.*ignore_errors=true/)
  assert.doesNotMatch(view(marked, 'a.ndjson', ['Text']), /ignore_errors/)
  assert.match(view(marked, 'a.json', ['Amount']), /'Amount': 'VARCHAR'/)
  assert.match(view(unmarked, 'a.ndjson', ['Amount']), /'Amount': 'VARCHAR'/)
})

const broken: readonly (readonly [string, readonly string[]])[] = [
  ['a row in the middle', [lines[0] ?? '', `{${metadata},"Amount":1,,"Number":2}`, lines[1] ?? '']],
  ['the end of the last row', [lines[0] ?? '', `{${metadata},"Amount":1`]],
  ['no JSON at all', [lines[0] ?? '', '<html>']],
  ['two rows on a line', [`${lines[0]},${lines[1]}`]],
]
for (const [what, text] of broken) {
  test(`a broken page fails the statement instead of becoming a row of NULLs: ${what}`, async () => {
    const path = file('ndjson', text.join('\n'))
    await assert.rejects(rows(marked, [path]), /Malformed JSON/)
    await assert.rejects(rows(marked, [path], ['Amount']), /Malformed JSON/)
    await assert.rejects(rows(unmarked, [path]), /Malformed JSON/)
  })
}

test('a scan without files has no rows, one that was only counted has that many', async () => {
  assert.deepEqual(await rows(marked, []), [])
  await connection.run('DROP VIEW scan_0')
  await connection.run(
    createView({
      view: 'scan_0',
      table: marked,
      columns: [],
      files: [],
      countedRows: 3,
      largestPageBytes: 0,
    }),
  )
  const counted = await connection.runAndReadAll(
    'SELECT count(*)::INTEGER, count(Amount)::INTEGER FROM scan_0',
  )
  assert.deepEqual(counted.getRows(), [[3, 0]])
})

test('lines inside headers are rows of their own, with the partition of their header', async () => {
  const line = { list: [column('Amount', 'DOUBLE'), column('Text', 'VARCHAR')] }
  const headers: PlatformTable = {
    ...marked,
    name: 'Headers',
    columns: [
      {
        name: 'Lines',
        type: line,
        isNullable: true,
        isKey: false,
        page: {
          field: 'Lines',
          jsonType: 'JSON',
          expression: `from_json("Lines"->'results', '[{"Amount":"DOUBLE","Text":"VARCHAR"}]')`,
        },
      },
    ],
  }
  const bodies = [
    `{${metadata},"Lines":{"results":[{"Amount":1.5,"Text":"a"},{"Amount":2,"Text":"b"}]}}`,
    `{${metadata},"Lines":{"results":[]}}`,
    `{${metadata},"Lines":null}`,
    `{${metadata},"Lines":{"results":[{"Amount":3,"Text":null}]}}`,
  ]
  const path = file('json', `[${bodies.join(',')}]`)
  await connection.run('DROP VIEW IF EXISTS scan_0')
  await connection.run(
    createView({
      view: 'scan_0',
      table: unmarked,
      columns: ['Amount', 'Division'],
      files: [path],
      largestPageBytes: 1000,
      nestedIn: { table: headers, column: 'Lines' },
    }),
  )
  assert.deepEqual((await connection.runAndReadAll('SELECT * FROM scan_0')).getRows(), [
    [1.5, null, null, null, 12],
    [2, null, null, null, 12],
    [3, null, null, null, 12],
  ])
})
