import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KnownTable, mentionsIn, nameBefore, proposalsAt } from './completions.ts'

const table = (schema: string, name: string, source = 'eol', isFunction = false): KnownTable => ({
  schema,
  name,
  source,
  isFunction,
})
const tables = [
  table('crm', 'Accounts'),
  table('crm', 'Contacts'),
  table('salesinvoice', 'SalesInvoices'),
  table('read_crm', 'Search', 'eol', true),
  table('twf.finance', 'Transactions', 'twf'),
]
const columnsOf = ({ name }: KnownTable) =>
  name === 'Accounts'
    ? [
        { name: 'ID', type: 'UUID' },
        { name: 'City', type: 'VARCHAR' },
      ]
    : [{ name: 'InvoiceTo', type: 'UUID' }]
/** Proposals at the `|`. */
const at = (marked: string) => {
  const cursor = marked.indexOf('|')
  const sql = marked.replace('|', '')
  const name = nameBefore(sql, cursor)
  return name === null ? null : proposalsAt(sql, name.path, tables, columnsOf).map(({ label }) => label)
}

test('names are proposed by what stands before them', () => {
  assert.deepEqual(at('SELECT * FROM crm.|'), ['Accounts', 'Contacts'])
  assert.deepEqual(at('SELECT * FROM eol.crm.Acc|'), ['Accounts', 'Contacts'])
  assert.deepEqual(at('SELECT * FROM eol.|'), ['crm', 'salesinvoice', 'read_crm'])
  assert.deepEqual(at('SELECT * FROM twf.|'), ['finance'])
  assert.deepEqual(at('SELECT * FROM twf.finance.|'), ['Transactions'])
  assert.deepEqual(at('SELECT a.| FROM crm.Accounts a JOIN salesinvoice.SalesInvoices AS i ON true'), [
    'ID',
    'City',
  ])
  assert.deepEqual(at('SELECT Accounts.| FROM crm.Accounts'), ['ID', 'City'])
  const all = at('SELECT | FROM crm.Accounts a') ?? []
  assert.deepEqual(all.slice(0, 3), ['ID', 'City', 'a'])
  assert.ok(all.includes('crm') && all.includes('SalesInvoices') && all.includes('Search'))
})

test('nothing is proposed in strings and comments', () => {
  assert.equal(at("SELECT 'crm.|'"), null)
  assert.equal(at('SELECT 1 -- crm.|'), null)
  assert.ok(at("SELECT 'x' || |"))
})

test('tables of a statement are found with their aliases, and keywords are no alias', () => {
  const found = mentionsIn(
    `SELECT 'FROM crm.Contacts' FROM crm.Accounts a, SalesInvoices LEFT JOIN eol.crm.contacts ON true WHERE 1 = 1`,
    tables,
  )
  assert.deepEqual(
    found.map(({ table: { name }, alias }) => [name, alias]),
    [
      ['Accounts', 'a'],
      ['SalesInvoices', 'SalesInvoices'],
      ['Contacts', 'Contacts'],
    ],
  )
})
