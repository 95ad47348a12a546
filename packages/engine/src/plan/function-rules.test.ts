import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { functionRule } from './function-rules.ts'

test('every function of the installed DuckDB is judged', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const reader = await connection.runAndReadAll(
      'SELECT DISTINCT function_name FROM duckdb_functions() ORDER BY 1',
    )
    const names = reader.getRows().map(([name]) => String(name))
    assert.ok(names.length > 900, `${names.length} functions`)
    assert.deepEqual(
      names.filter((name) => functionRule(name) === 'unknown'),
      [],
      'judge these in function-rules.ts',
    )
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
})

test('what reads files, runs text as SQL or tells of the process is refused', () => {
  for (const name of [
    'read_csv',
    'read_json_auto',
    'read_text',
    'READ_PARQUET',
    'glob',
    'query',
    'query_table',
    'current_setting',
    'duckdb_settings',
    'duckdb_secrets',
    'pragma_table_info',
    'json_execute_serialized_sql',
    'getvariable',
    'pg_sleep',
    'enable_logging',
    'parquet_scan',
  ]) {
    assert.equal(functionRule(name), 'refused', name)
  }
})

test('what a report needs is allowed', () => {
  for (const name of [
    'sum',
    'COUNT',
    'count_star',
    'date_trunc',
    'coalesce',
    'list_value',
    'struct_pack',
    '+',
    '~~*',
  ]) {
    assert.equal(functionRule(name), 'allowed', name)
  }
  assert.equal(functionRule('no_such_function'), 'unknown')
})
