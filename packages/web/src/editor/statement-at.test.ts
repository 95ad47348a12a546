import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parametersIn, statementAt, statementsIn, toParameters } from './statement-at.ts'

const texts = (sql: string) => statementsIn(sql).map(({ from, to }) => sql.slice(from, to))

test('a text is cut at semicolons, and not at those in strings, names and comments', () => {
  assert.deepEqual(texts('SELECT 1; SELECT 2 ;\n'), ['SELECT 1', 'SELECT 2'])
  assert.deepEqual(
    texts(`SELECT ';' || "a;b" -- c;d\n/* e; /* f; */ g; */, $$h;$$, $x$;$x$, 'it''s;'`).length,
    1,
  )
  assert.deepEqual(texts(`SELECT E'\\';', 1; SELECT 'back\\'; SELECT 3`), [
    `SELECT E'\\';', 1`,
    `SELECT 'back\\'`,
    'SELECT 3',
  ])
  assert.deepEqual(texts('-- only a remark\n;;\n'), [])
  assert.deepEqual(texts(`SELECT 'open; `), [`SELECT 'open;`])
})

test('Run takes what is selected, else the statement at the cursor', () => {
  const sql = 'SELECT 1;\n\nSELECT 2;\nSELECT 3'
  const at = (from: number, to = from) => {
    const range = statementAt(sql, { from, to })
    return range && sql.slice(range.from, range.to)
  }
  assert.equal(at(0), 'SELECT 1')
  assert.equal(at(9), 'SELECT 1', 'right behind its semicolon')
  assert.equal(at(12), 'SELECT 2')
  assert.equal(at(sql.length), 'SELECT 3')
  assert.equal(at(9, 21), 'SELECT 2', 'a selection without its blanks and semicolon')
  assert.equal(statementAt('  ', { from: 0, to: 0 }), null)
})

test('parameters are found in code alone', () => {
  assert.deepEqual(parametersIn(`SELECT $2, $1, '$3', $$ $4 $$, a$5 -- $6`), ['1', '2'])
  assert.deepEqual(
    parametersIn('SELECT * FROM crm.Accounts WHERE City = $city AND Code = $code OR City = $city'),
    ['city', 'code'],
  )
  assert.deepEqual(toParameters(['1', '3'], { 1: 'a', 3: '' }), ['a', null, null])
  assert.deepEqual(toParameters(['city'], { city: 'Delft' }), { city: 'Delft' })
  assert.equal(toParameters([], {}), undefined)
})
