import type { PlatformTable, ScalarType, TableColumn } from '@sluis/engine'
import { type BrowseColumn, twinfieldBrowseCodes } from '@sluis/facts'
import { bankStatementsTable } from './bank-statements.ts'
import { column, divided, office } from './columns.ts'
import { deletedTransactionsTable } from './deleted.ts'
import { finderTables, type ServedFinder } from './finder.ts'
import { neededByWrites } from './write-dimensions.ts'
import { salesInvoicesTable } from './write-invoices.ts'
import { matchesTable } from './write-matches.ts'
import { transactionsTable } from './writes.ts'

/** A table and what is asked for its rows. */
export type ServedTable =
  | {
      readonly kind: 'browse'
      readonly table: PlatformTable
      readonly code: string
      readonly columns: ReadonlyMap<string, BrowseColumn>
      /** Its rows are lines of bookings, each with a key; the others sum up. */
      readonly hasKey: boolean
    }
  | ServedFinder
  | { readonly kind: 'written'; readonly table: PlatformTable }
  | { readonly kind: 'invoices'; readonly table: PlatformTable }
  | { readonly kind: 'deleted'; readonly table: PlatformTable }
  | { readonly kind: 'bank-statements'; readonly table: PlatformTable }
  | { readonly kind: 'dimensions'; readonly table: PlatformTable; readonly dimensionType: string }

const types: Readonly<Record<BrowseColumn['type'], ScalarType>> = {
  String: 'VARCHAR',
  Number: 'INTEGER',
  Long: 'BIGINT',
  Decimal: 'DECIMAL(38,10)',
  Value: 'DECIMAL(38,10)',
  Date: 'TIMESTAMP',
  Datetime: 'TIMESTAMP',
}

/** `fin.trs.head.yearperiod` as a column: `head_yearperiod`. */
const columnName = (field: string) => field.replace(/^fin\.trs\./, '').replaceAll('.', '_')

/** `Customers` of code 130_1 as a table: `Customers_130_1`. */
function tableName(name: string, code: string): string {
  const words = name.replace(/\(v\d+\)/, '').match(/[A-Za-z]+/g) ?? []
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}_${code}`
}

const dimensionTables = [
  ['BAS', 'BalanceAccounts'],
  ['PNL', 'ProfitAndLossAccounts'],
  ['DEB', 'Customers'],
  ['CRD', 'Suppliers'],
  ['KPL', 'CostCentres'],
  ['PRJ', 'Projects'],
  ['AST', 'Assets'],
  ['ACT', 'Activities'],
] as const

/** The three letters of a table of dimensions. */
export const dimensionTypes: ReadonlyMap<string, string> = new Map(
  dimensionTables.map(([type, name]) => [name, type]),
)

const dimensionColumns: readonly TableColumn[] = [
  column('Code', 'code', 'VARCHAR', true),
  column('Name', 'name', 'VARCHAR'),
  column('ShortName', 'shortname', 'VARCHAR'),
  column('Status', '@status', 'VARCHAR'),
  column('Uid', 'uid', 'UUID'),
  column('VatNumber', 'vatnumber', 'VARCHAR'),
  column('CocNumber', 'cocnumber', 'VARCHAR'),
  column('Website', 'website', 'VARCHAR'),
  column('InUse', 'inuse', 'BOOLEAN'),
  column('Behaviour', 'behaviour', 'VARCHAR'),
  column('Modified', 'modified', 'TIMESTAMP'),
  column('MatchType', 'financials/matchtype', 'VARCHAR'),
  column('AccountType', 'financials/accounttype', 'VARCHAR'),
  column('DueDays', 'financials/duedays', 'INTEGER'),
  column('CreditLimit', 'creditmanagement/basecreditlimit', 'DECIMAL(38,10)'),
  column('AddressName', 'addresses/address/name', 'VARCHAR'),
  column('Country', 'addresses/address/country', 'VARCHAR'),
  column('City', 'addresses/address/city', 'VARCHAR'),
  column('Postcode', 'addresses/address/postcode', 'VARCHAR'),
  column('Telephone', 'addresses/address/telephone', 'VARCHAR'),
  column('Email', 'addresses/address/email', 'VARCHAR'),
  column('Iban', 'banks/bank/iban', 'VARCHAR'),
]

/** The tables of Twinfield: browse codes with their known columns, dimensions by type, and finder types. */
export function servedTables(): readonly ServedTable[] {
  const browse = twinfieldBrowseCodes().map(({ code, name, columns }): ServedTable => {
    const hasKey = columns.some(({ field }) => field === 'fin.trs.head.number')
    const keys = hasKey
      ? [
          column('key_code', 'key.code', 'VARCHAR', true),
          column('key_number', 'key.number', 'BIGINT', true),
          column('key_line', 'key.line', 'BIGINT', true),
        ]
      : []
    const own = columns.map(({ field, type }) => column(columnName(field), field, types[type]))
    return {
      kind: 'browse',
      code,
      hasKey,
      columns: new Map(columns.map((one) => [columnName(one.field), one])),
      table: {
        schema: 'browse',
        name: tableName(name, code),
        columns: [office, ...keys, ...own],
        ...divided,
      },
    }
  })
  const dimensions = dimensionTables.map(
    ([dimensionType, name]): ServedTable => ({
      kind: 'dimensions',
      dimensionType,
      table: {
        schema: 'dimensions',
        name,
        columns: [office, ...dimensionColumns],
        neededByWrites,
        ...divided,
      },
    }),
  )
  return [
    ...browse,
    ...dimensions,
    ...finderTables(),
    { kind: 'written', table: transactionsTable },
    { kind: 'written', table: matchesTable },
    { kind: 'invoices', table: salesInvoicesTable },
    { kind: 'deleted', table: deletedTransactionsTable },
    { kind: 'bank-statements', table: bankStatementsTable },
  ]
}
