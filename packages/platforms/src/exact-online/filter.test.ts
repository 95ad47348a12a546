import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Comparison, Predicate, SqlValue } from '@sluis/engine'
import { must } from '@sluis/shared'
import { renderTerm } from './filter.ts'
import { servedTables } from './tables.ts'

const served = (name: string) =>
  must(servedTables().find(({ table }) => `${table.schema}.${table.name}` === name))
const render = (term: Predicate, name = 'crm.Accounts') => {
  const { table, endpoints } = served(name)
  return renderTerm(term, must(endpoints[0]), table.isPartitionFromUrl ? table.partitionColumn : null)
}

const id = '71b961de-0000-4000-8000-0123456789ab'
const other = '00000000-0000-4000-8000-0123456789ab'
const uuid = (value = id): SqlValue => ({ type: 'UUID', value })
const text = (value: string): SqlValue => ({ type: 'VARCHAR', value })
const int = (value: number): SqlValue => ({ type: 'INTEGER', value })
const big = (value: bigint): SqlValue => ({ type: 'BIGINT', value })
const double = (value: number): SqlValue => ({ type: 'DOUBLE', value })
const decimal = (value: string): SqlValue => ({ type: 'DECIMAL(38,10)', value })
const bool = (value: boolean): SqlValue => ({ type: 'BOOLEAN', value })
const moment = (iso: string, microseconds = 0): SqlValue => ({
  type: 'TIMESTAMP',
  value: BigInt(Date.parse(`${iso}Z`)) * 1000n + BigInt(microseconds),
})
const compare = (column: string, op: Comparison, value: SqlValue): Predicate => ({
  kind: 'compare',
  column,
  op,
  value,
})
const oneOf = (column: string, ...values: SqlValue[]): Predicate => ({ kind: 'in', column, values })
const and = (...terms: Predicate[]): Predicate => ({ kind: 'and', terms })
const or = (...terms: Predicate[]): Predicate => ({ kind: 'or', terms })
const not = (term: Predicate): Predicate => ({ kind: 'not', term })
const isNull = (column: string): Predicate => ({ kind: 'is-null', column })
const opaque: Predicate = { kind: 'opaque', text: 'random() < 0.5' }

type Case = readonly [term: Predicate, judgement: 'exact' | 'superset' | 'no', filter: string]

function table(name: string, source: string, cases: readonly Case[]): void {
  describe(name, () => {
    for (const [term, judgement, filter] of cases) {
      test(`${judgement}: ${filter || JSON.stringify(term, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`, () => {
        const rendered = render(term, source)
        assert.equal(rendered.text, filter)
        assert.equal(rendered.judgement, judgement)
      })
    }
  })
}

table('GUIDs', 'crm.Accounts', [
  [compare('ID', '=', uuid()), 'exact', `ID eq guid'${id}'`],
  [compare('ID', '=', uuid(id.toUpperCase())), 'exact', `ID eq guid'${id}'`],
  [compare('ID', '<>', uuid()), 'exact', `ID ne guid'${id}'`],
  [compare('Parent', '<>', uuid()), 'exact', `Parent ne guid'${id}' and Parent ne null`],
  [compare('ID', '>', uuid()), 'no', ''],
  [compare('ID', '=', text(id)), 'no', ''],
  [
    oneOf('Parent', uuid(), uuid(other), uuid()),
    'exact',
    `Parent eq guid'${id}' or Parent eq guid'${other}'`,
  ],
  [isNull('Parent'), 'exact', 'Parent eq null'],
  [not(isNull('Parent')), 'exact', 'Parent ne null'],
  [isNull('ID'), 'no', ''],
])

table('whole numbers', 'salesinvoice.SalesInvoices', [
  [compare('InvoiceNumber', '=', int(5)), 'exact', 'InvoiceNumber eq 5'],
  [compare('InvoiceNumber', '<', int(-5)), 'exact', 'InvoiceNumber lt -5'],
  [compare('InvoiceNumber', '>=', big(5n)), 'exact', 'InvoiceNumber ge 5'],
  [compare('InvoiceNumber', '>=', big(3_000_000_000n)), 'exact', 'InvoiceNumber ge 3000000000L'],
  [compare('InvoiceNumber', '=', big(2n ** 70n)), 'no', ''],
  [compare('InvoiceNumber', '<>', int(5)), 'exact', 'InvoiceNumber ne 5 and InvoiceNumber ne null'],
  [compare('InvoiceNumber', '<', decimal('5.5')), 'exact', 'InvoiceNumber le 5'],
  [compare('InvoiceNumber', '>', double(-5.5)), 'exact', 'InvoiceNumber gt -6'],
  [compare('InvoiceNumber', '>', decimal('-5.5000000000')), 'exact', 'InvoiceNumber gt -6'],
  [compare('InvoiceNumber', '=', decimal('5.0000000000')), 'exact', 'InvoiceNumber eq 5'],
  [compare('InvoiceNumber', '=', double(5.5)), 'no', ''],
  [compare('InvoiceNumber', '<', double(Number.POSITIVE_INFINITY)), 'no', ''],
  [compare('InvoiceNumber', '=', text('5')), 'no', ''],
  [oneOf('Status', int(20), int(50)), 'exact', 'Status eq 20 or Status eq 50'],
  [not(oneOf('Status', int(20))), 'exact', 'Status ne 20 and Status ne null'],
])

table('64-bit numbers', 'sync_crm.Accounts', [
  [compare('Timestamp', '>', int(5)), 'exact', 'Timestamp gt 5L'],
  [compare('Timestamp', '>', big(9_007_199_254_740_993n)), 'exact', 'Timestamp gt 9007199254740993L'],
])

table('doubles', 'salesinvoice.SalesInvoices', [
  [compare('AmountDC', '>', int(0)), 'exact', 'AmountDC gt 0d'],
  [compare('AmountDC', '<=', decimal('-12.5')), 'exact', 'AmountDC le -12.5d'],
  [
    compare('AmountDC', '=', double(100)),
    'superset',
    'AmountDC ge 99.999999999d and AmountDC le 100.000000001d',
  ],
  [
    compare('AmountDC', '=', double(0)),
    'superset',
    'AmountDC ge -0.0000000010d and AmountDC le 0.0000000010d',
  ],
  [compare('AmountDC', '<>', double(0)), 'superset', 'AmountDC ne 0d'],
  [compare('AmountDC', '<', double(1e22)), 'exact', 'AmountDC lt 1e+22d'],
  [compare('AmountDC', '<', double(Number.NaN)), 'no', ''],
])

table('booleans', 'crm.Accounts', [
  [compare('Blocked', '=', bool(true)), 'exact', 'Blocked eq true'],
  [not(compare('Blocked', '=', bool(true))), 'exact', 'Blocked ne true and Blocked ne null'],
  [compare('Blocked', '<', bool(true)), 'no', ''],
])

table('moments', 'crm.Accounts', [
  [
    compare('Created', '>=', moment('2026-01-01T00:00:00')),
    'exact',
    "Created ge datetime'2026-01-01T00:00:00'",
  ],
  [
    compare('Created', '<', moment('2026-01-01T00:00:00')),
    'exact',
    "Created lt datetime'2026-01-01T00:00:00'",
  ],
  [
    compare('Created', '<=', moment('2026-01-01T00:00:00')),
    'exact',
    "Created lt datetime'2026-01-01T00:00:00.001'",
  ],
  [
    compare('Created', '>', moment('2026-01-01T00:00:00')),
    'exact',
    "Created ge datetime'2026-01-01T00:00:00.001'",
  ],
  [
    compare('Created', '=', moment('2026-01-01T12:30:00')),
    'exact',
    "Created ge datetime'2026-01-01T12:30:00' and Created lt datetime'2026-01-01T12:30:00.001'",
  ],
  [
    compare('Created', '<>', moment('2026-01-01T12:30:00')),
    'exact',
    "Created lt datetime'2026-01-01T12:30:00' or Created ge datetime'2026-01-01T12:30:00.001'",
  ],
  [
    compare('Created', '>=', moment('2026-01-01T00:00:00.207')),
    'superset',
    "Created ge datetime'2026-01-01T00:00:00.203'",
  ],
  [
    compare('Created', '<=', moment('2026-01-01T00:00:00.207')),
    'superset',
    "Created lt datetime'2026-01-01T00:00:00.212'",
  ],
  [
    compare('Created', '<', moment('2026-01-01T00:00:00', 500)),
    'exact',
    "Created lt datetime'2026-01-01T00:00:00.001'",
  ],
  [
    compare('Created', '>=', moment('1960-06-01T00:00:00', -1)),
    'exact',
    "Created ge datetime'1960-06-01T00:00:00'",
  ],
  [compare('Created', '=', moment('2026-01-01T00:00:00', 500)), 'no', ''],
  [compare('Created', '>=', moment('1700-01-01T00:00:00')), 'no', ''],
  [isNull('EndDate'), 'exact', 'EndDate eq null'],
])

table('strings', 'crm.Accounts', [
  [compare('Name', '=', text("Bakker's  ")), 'superset', "Name eq 'Bakker''s' or Name eq 'Bakker''s  '"],
  [compare('Name', '<>', text('x')), 'no', ''],
  [compare('Name', '<', text('x')), 'no', ''],
  [not(compare('Name', '=', text('x'))), 'no', ''],
  [compare('Name', '=', text('a\nb')), 'no', ''],
  [compare('Name', '=', text('\ud800')), 'no', ''],
  [compare('Name', '=', text('x'.repeat(401))), 'no', ''],
  [
    oneOf('Name', text('a'), text('b'), text('A'), text('a')),
    'superset',
    "Name eq 'a' or Name eq 'A' or Name eq 'b'",
  ],
  [isNull('Name'), 'superset', 'Name eq null'],
  [{ kind: 'starts-with', column: 'Name', text: 'Ba ' }, 'superset', "startswith(Name,'Ba') eq true"],
  [{ kind: 'starts-with', column: 'Name', text: 'B[1' }, 'superset', "startswith(Name,'B') eq true"],
  [{ kind: 'starts-with', column: 'Name', text: '[x' }, 'no', ''],
  [{ kind: 'contains', column: 'Name', text: "o'k[ker" }, 'superset', "substringof('o''k',Name) eq true"],
  [{ kind: 'ends-with', column: 'Name', text: 'bv' }, 'superset', "substringof('bv',Name) eq true"],
  [{ kind: 'contains', column: 'Name', text: ' ' }, 'no', ''],
  [not({ kind: 'starts-with', column: 'Name', text: 'B' }), 'no', ''],
  [{ kind: 'contains', column: 'ID', text: '7' }, 'no', ''],
])

table('padded codes', 'crm.Accounts', [
  [compare('Code', '=', text('8')), 'superset', "Code eq '                 8'"],
  [
    oneOf('Code', text('8'), text('12')),
    'superset',
    "Code eq '                 8' or Code eq '                12'",
  ],
  [{ kind: 'starts-with', column: 'Code', text: '8' }, 'superset', "substringof('8',Code) eq true"],
  [compare('Country', '=', text('NL')), 'superset', "Country eq 'NL' or Country eq 'NL '"],
  [compare('ResellerCode', '=', text('8')), 'superset', "trim(ResellerCode) eq '8'"],
])

table('what is not in the page or no value', 'documents.DocumentAttachments', [
  [compare('Attachment', '=', text('x')), 'no', ''],
  [compare('Nothing', '=', text('x')), 'no', ''],
])

const blocked = compare('Blocked', '=', bool(true))
const named = compare('Name', '=', text('x'))
const parent = compare('Parent', '=', uuid())
table('conjunctions', 'crm.Accounts', [
  [and(blocked, parent), 'exact', `Blocked eq true and Parent eq guid'${id}'`],
  [and(blocked, named), 'superset', "Blocked eq true and Name eq 'x'"],
  [and(blocked, opaque), 'superset', 'Blocked eq true'],
  [and(opaque, opaque), 'no', ''],
  [or(blocked, parent), 'exact', `Blocked eq true or Parent eq guid'${id}'`],
  [or(blocked, opaque), 'no', ''],
  [or(blocked, and(parent, opaque)), 'superset', `Blocked eq true or Parent eq guid'${id}'`],
  [or(and(blocked, parent), named), 'superset', `(Blocked eq true and Parent eq guid'${id}') or Name eq 'x'`],
  [and(or(blocked, parent), named), 'superset', `(Blocked eq true or Parent eq guid'${id}') and Name eq 'x'`],
  [
    not(or(isNull('EndDate'), parent)),
    'exact',
    `EndDate ne null and Parent ne guid'${id}' and Parent ne null`,
  ],
  [not(and(isNull('EndDate'), not(parent))), 'exact', `EndDate ne null or Parent eq guid'${id}'`],
  [not(and(blocked, named)), 'no', ''],
  [not(or(blocked, named)), 'superset', 'Blocked ne true and Blocked ne null'],
  [not(opaque), 'no', ''],
  [opaque, 'no', ''],
])

const division = (code: number) => compare('Division', '=', int(code))
table('the company', 'crm.Accounts', [
  [division(5), 'exact', ''],
  [or(division(5), compare('Division', '>', int(9))), 'exact', ''],
  [not(oneOf('Division', int(5))), 'exact', ''],
  [and(division(5), blocked), 'superset', 'Blocked eq true'],
  [or(division(5), blocked), 'no', ''],
])
table('the company as a column of its own', 'users.UserRolesPerDivision', [
  [division(5), 'exact', 'Division eq 5'],
])
table('the company where there is none', 'current.Me', [[division(5), 'no', '']])

test('an empty list takes no row, which needs no request', () => {
  const rendered = render(oneOf('ID'))
  assert.equal(rendered.judgement, 'exact')
  assert.deepEqual(rendered.list?.parts, [])
})

const disjoint: readonly (readonly [string, Predicate, boolean])[] = [
  ['GUIDs', oneOf('Parent', uuid(), uuid(other)), true],
  ['plain texts', oneOf('Name', text('a'), text('b')), true],
  // The source may find ß and ss equal, or e and é: then a row would answer two requests.
  ['texts beyond ASCII', oneOf('Name', text('ß'), text('ss')), false],
  ['amounts', oneOf('DiscountSales', double(1), double(2)), false],
  ['moments between the steps', oneOf('Created', moment('2026-01-01T00:00:00.203')), false],
]
for (const [name, term, expected] of disjoint) {
  test(`a list of ${name} may ${expected ? '' : 'not '}be cut into several requests`, () => {
    assert.equal(render(term).list?.isDisjoint, expected)
  })
}
