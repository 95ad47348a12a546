import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ReadWish } from '@sluis/engine'
import { must } from '@sluis/shared'
import { negotiateRead } from './negotiate.ts'
import { servedTables } from './tables.ts'

const baseUrl = 'https://start.exactonline.nl'
const find = (name: string) =>
  must(servedTables().find(({ table }) => `${table.schema}.${table.name}` === name))
const offers = (name: string, wish: Partial<ReadWish>) =>
  negotiateRead(
    {
      table: find(name).table,
      columns: [],
      where: [],
      limit: null,
      orderBy: [],
      isCountOnly: false,
      ...wish,
    },
    baseUrl,
  )

describe('columns that one endpoint alone has', () => {
  test('are these, and all of them belong to the regular one', () => {
    const alone = servedTables().flatMap(({ table, endpoints }) => {
      if (endpoints.length < 2) return []
      const missed = table.columns.filter(
        ({ name, type }) =>
          name !== 'Division' &&
          typeof type === 'string' &&
          endpoints.some(({ fields }) => !fields.has(name)),
      )
      return missed.map(({ name }) => ({
        column: `${table.schema}.${table.name}.${name}`,
        by: endpoints.filter(({ fields }) => fields.has(name)).map(({ kind }) => kind),
      }))
    })
    assert.deepEqual(new Set(alone.flatMap(({ by }) => by)), new Set(['plain']))
    const tables = new Set(alone.map(({ column }) => column.slice(0, column.lastIndexOf('.'))))
    assert.deepEqual(tables, new Set(['crm.Quotations', 'salesorder.SalesOrderLines']))
    assert.equal(alone.length, 12)
  })

  test('leave only that one to be asked, and the explanation names them', () => {
    const [only, ...others] = offers('salesorder.SalesOrderLines', {
      columns: ['ID', 'Margin', 'QuantityDelivered'],
    })
    assert.equal(others.length, 0)
    assert.equal(only?.endpoint, 'salesorder/SalesOrderLines')
    assert.equal(only?.note, 'only salesorder/SalesOrderLines has Margin, QuantityDelivered')
  })

  test('are no reason where both have what is asked for', () => {
    const both = offers('salesorder.SalesOrderLines', { columns: ['ID', 'Quantity'] })
    assert.deepEqual(
      both.map(({ endpoint, note }) => [endpoint, note]),
      [
        ['salesorder/SalesOrderLines', undefined],
        ['bulk/SalesOrder/SalesOrderLines', undefined],
      ],
    )
  })
})

test('current/Me has one row, so that its cost is known before it was ever read', () => {
  assert.deepEqual(
    offers('current.Me', { columns: ['FullName'] }).map(({ endpoint, maxRows }) => [endpoint, maxRows]),
    [['current/Me', 1]],
  )
  assert.equal(offers('crm.Accounts', { columns: ['Name'] })[0]?.maxRows, null)
})
