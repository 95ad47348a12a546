import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RowWrite } from '@sluis/engine'
import { must, SluisError } from '@sluis/shared'
import { exactOnlineConnector } from './connector.ts'
import { exactOnlineWrites, judgeWrite } from './write-request.ts'

const { tables } = exactOnlineConnector()
const table = (schema: string, name: string) =>
  must(tables.find((candidate) => candidate.schema === schema && candidate.name === name))
const partition = { id: '42', name: 'x', isReadable: true }
const key = '0d3f9f2e-0000-4000-8000-0000000000aa'

function bodyOf(
  schema: string,
  name: string,
  values: Record<string, RowWrite['values'] extends ReadonlyMap<string, infer V> ? V : never>,
) {
  const write: RowWrite = {
    verb: 'insert',
    table: table(schema, name),
    partition,
    key: null,
    values: new Map(Object.entries(values)),
  }
  return JSON.parse(exactOnlineWrites.request('https://eol.example', write).body ?? '')
}

describe('wire.md § 3.5: what is sent', () => {
  test('values in the forms of OData: padded code, wall-clock time, lines without empty members', () => {
    assert.deepEqual(
      bodyOf('crm', 'Accounts', {
        Name: 'x',
        Code: '12',
        StartDate: '2026-04-07 00:00:00',
        IsSales: true,
        Latitude: 5.25,
      }),
      {
        Name: 'x',
        Code: '                12',
        StartDate: '2026-04-07T00:00:00',
        IsSales: true,
        Latitude: 5.25,
      },
    )
    assert.deepEqual(
      bodyOf('salesinvoice', 'SalesInvoices', {
        SalesInvoiceLines: [{ Item: key.toUpperCase(), Quantity: '2.50', Notes: null }],
      }),
      { SalesInvoiceLines: [{ Item: key, Quantity: 2.5 }] },
    )
  })

  test('a member of a line that does not fit its type is an error with its name', () => {
    assert.throws(
      () => bodyOf('salesinvoice', 'SalesInvoices', { SalesInvoiceLines: [{ Quantity: 'many' }] }),
      (error: unknown) => error instanceof SluisError && error.details.field === 'Quantity',
    )
  })

  test('PUT and DELETE name the row by its key, below its company', () => {
    const request = (verb: 'update' | 'delete') =>
      exactOnlineWrites.request('https://eol.example', {
        verb,
        table: table('crm', 'Accounts'),
        partition,
        key,
        values: new Map([['City', null]]),
      })
    const url = `https://eol.example/api/v1/42/crm/Accounts(guid'${key}')`
    assert.deepEqual(
      [request('update').method, request('update').url, request('update').body],
      ['PUT', url, '{"City":null}'],
    )
    assert.deepEqual(
      [request('delete').method, request('delete').url, request('delete').body],
      ['DELETE', url, undefined],
    )
  })
})

describe('what can be written', () => {
  test('raw endpoints, lists of the licence and tables without a method are only read', () => {
    for (const [schema, name] of [
      ['bulk_crm', 'Accounts'],
      ['sync_crm', 'Accounts'],
      ['system', 'Users'],
      ['system', 'Divisions'],
    ] as const) {
      const found = tables.find((candidate) => candidate.schema === schema && candidate.name === name)
      if (found)
        assert.equal(exactOnlineWrites.describe(found)?.canInsert ?? false, false, `${schema}.${name}`)
    }
  })

  test('lines leave out what points to their header, and are not added by an update', () => {
    const lines = must(
      exactOnlineWrites.describe(table('salesinvoice', 'SalesInvoices'))?.columns.get('SalesInvoiceLines'),
    )
    assert.deepEqual([lines.isMandatory, lines.isInsertable, lines.isUpdatable], [true, true, false])
    assert.equal(lines.lines?.has('InvoiceID'), false)
    assert.equal(lines.lines?.get('Quantity')?.isInsertable, true)
  })
})

describe('wire.md § 3.6: what an answer says of a write', () => {
  const error = (value: string) =>
    `{\r\n"error": {\r\n"code": "", "message": {\r\n"lang": "", "value": "${value}"\r\n}\r\n}\r\n}`
  const cases: readonly (readonly [number, string, string])[] = [
    [201, '{"d":{}}', 'done'],
    [204, '', 'done'],
    [400, error('Bad Request - Error in query syntax.'), 'refused'],
    [401, '', 'token-refused'],
    [403, error('Forbidden'), 'refused'],
    [404, error('Resource not found'), 'refused'],
    [429, '', 'rate-limited'],
    [500, error('Verplicht: Name'), 'refused'],
    [
      500,
      error('A problem has occurred. The cause of this issue will be investigated as soon as possible.'),
      'unknown',
    ],
    [500, '{"fault":{"faultstring":"Failed to execute","detail":{"errorcode":"x"}}}', 'unknown'],
    [408, '', 'unknown'],
    [503, '', 'unknown'],
  ]
  for (const [status, body, kind] of cases) {
    test(`${status} ${body.slice(0, 90)} is ${kind}`, () => {
      assert.equal(judgeWrite({ status, headers: {}, body: Buffer.from(body) }, 0).kind, kind)
    })
  }
})
