import type { Value } from '../data/named-values.ts'
import { type FunctionCall, type Functions, type Row, rowsOf, sumOf } from './function-call.ts'

/** Invoiced amounts of a year by month. */
function revenue(call: FunctionCall, passes: (row: Row) => boolean): Row[] {
  const year = Number(call.given('year') ?? new Date(call.now).getUTCFullYear())
  const cents = new Map<number, number>()
  for (const row of rowsOf(call, 'salesinvoice/salesinvoices', ['InvoiceDate', 'AmountDC', 'Status'])) {
    const date = new Date(Number(row.get('InvoiceDate')))
    if (date.getUTCFullYear() !== year || !passes(row)) continue
    const period = date.getUTCMonth() + 1
    cents.set(period, (cents.get(period) ?? 0) + Math.round(Number(row.get('AmountDC')) * 100))
  }
  return [...cents]
    .sort(([a], [b]) => a - b)
    .map(
      ([period, sum]) =>
        new Map([
          ['Period', period],
          ['Year', year],
          ['Amount', sum / 100],
        ]),
    )
}

const day = 86_400_000
const groups = ['0 - 30', '31 - 60', '61 - 90', '> 90']

/** 1 to 4: up to 30 days after the invoice's date, 60, 90 and older. The service's own groups can be changed. */
function ageGroup(row: Row, now: number): number {
  const days = Math.floor((now - Number(row.get('InvoiceDate'))) / day)
  return days <= 30 ? 1 : days <= 60 ? 2 : days <= 90 ? 3 : 4
}

function owed(call: FunctionCall, path: string): Row[] {
  const account = (call.given('accountId') ?? call.given('account'))?.toLowerCase()
  const group = call.given('ageGroup')
  return rowsOf(call, path).filter(
    (row) =>
      (account === undefined || row.get('AccountId') === account) &&
      (group === undefined || ageGroup(row, call.now) === Number(group)),
  )
}

/** What each account owes or is owed, its amounts spread over the groups; with an age group, those who have any in it. */
function aging(call: FunctionCall, path: string): Row[] {
  const wanted = call.given('ageGroup')
  const accounts = new Map<Value, Row[]>()
  for (const row of rowsOf(call, path)) {
    const account = row.get('AccountId') ?? null
    if (account !== null) accounts.set(account, [...(accounts.get(account) ?? []), row])
  }
  return [...accounts].flatMap(([account, rows]) => {
    const amounts = groups.map((_, at) => sumOf(rows.filter((row) => ageGroup(row, call.now) === at + 1)))
    if (wanted !== undefined && !rows.some((row) => ageGroup(row, call.now) === Number(wanted))) return []
    const cells = groups.flatMap((description, at): [string, Value][] => [
      [`AgeGroup${at + 1}`, at + 1],
      [`AgeGroup${at + 1}Amount`, amounts[at] ?? 0],
      [`AgeGroup${at + 1}Description`, description],
    ])
    const [first] = rows
    return [
      new Map<string, Value>([
        ['AccountId', account],
        ['AccountCode', first?.get('AccountCode') ?? null],
        ['AccountName', first?.get('AccountName') ?? null],
        ['CurrencyCode', 'EUR'],
        ['TotalAmount', sumOf(rows)],
        ...cells,
      ]),
    ]
  })
}

/** What one account owes and is owed, by age group. */
function agingOverview(call: FunctionCall): Row[] {
  const [receivable, payable] = ['read/financial/receivableslist', 'read/financial/payableslist'].map(
    (path) => owed(call, path),
  )
  const inGroup = (rows: readonly Row[] | undefined, group: number) =>
    sumOf((rows ?? []).filter((row) => ageGroup(row, call.now) === group))
  return groups.map(
    (description, at) =>
      new Map<string, Value>([
        ['AgeGroup', at + 1],
        ['AgeGroupDescription', description],
        ['AmountPayable', inGroup(payable, at + 1)],
        ['AmountReceivable', inGroup(receivable, at + 1)],
        ['CurrencyCode', 'EUR'],
      ]),
  )
}

/** The state of the journals, of one, or of one period. */
function journalStatus(call: FunctionCall): Row[] {
  const wanted = ['Journal', 'Year', 'Period'].flatMap((name) => {
    const value = call.given(name)
    return value === undefined ? [] : [[name, value.trim()] as const]
  })
  return rowsOf(call, 'read/financial/journalstatuslist').filter((row) =>
    wanted.every(([name, value]) => String(row.get(name)).trim() === value),
  )
}

/** Functions about revenue and open items. */
export const ledgerFunctions: Functions = {
  RevenueListByYear: (call) => revenue(call, () => true),
  RevenueListByYearAndStatus: (call) =>
    revenue(
      call,
      (row) => call.given('status') === undefined || row.get('Status') === Number(call.given('status')),
    ),
  AgingReceivablesListByAgeGroup: (call) => aging(call, 'read/financial/receivableslist'),
  AgingPayablesListByAgeGroup: (call) => aging(call, 'read/financial/payableslist'),
  AgingOverviewByAccount: agingOverview,
  ReceivablesListByAccount: (call) => owed(call, 'read/financial/receivableslist'),
  ReceivablesListByAgeGroup: (call) => owed(call, 'read/financial/receivableslist'),
  ReceivablesListByAccountAndAgeGroup: (call) => owed(call, 'read/financial/receivableslist'),
  PayablesListByAccount: (call) => owed(call, 'read/financial/payableslist'),
  PayablesListByAgeGroup: (call) => owed(call, 'read/financial/payableslist'),
  PayablesListByAccountAndAgeGroup: (call) => owed(call, 'read/financial/payableslist'),
  JournalStatusByFinancialPeriod: journalStatus,
}
