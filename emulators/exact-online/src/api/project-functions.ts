import type { Value } from '../data/named-values.ts'
import {
  type FunctionCall,
  type Functions,
  givenId,
  lookUp,
  numberIn,
  type Row,
  rowsOf,
} from './function-call.ts'

// Hours and costs as the screens of projects show them, computed from the transactions. Whose they are: the service shows
// the caller's own, here they are everybody's, as the generated employees are nobody who logs in.

const day = 86_400_000
const hours = 'project/timetransactions'
const costs = 'project/costtransactions'

/** States of an hour or cost, as transactions tell them in `HourStatus`. */
const states = [
  ['Approved', 20],
  ['Submitted', 10],
  ['Rejected', 2],
  ['Draft', 1],
] as const

/** ISO 8601: the week that has the year's first Thursday is the first. */
function weekOf(time: number): number {
  const date = new Date(time)
  const thursday = time + (3 - ((date.getUTCDay() + 6) % 7)) * day
  const start = Date.UTC(new Date(thursday).getUTCFullYear(), 0, 1)
  return Math.floor((thursday - start) / (7 * day)) + 1
}

/** The transactions that the parameters mean: of a project, an account, a day, the last weeks, or one of them. */
function transactions(call: FunctionCall, path: string): Row[] {
  const project = givenId(call, 'projectId', 'project')
  const account = givenId(call, 'accountId', 'account')
  const id = givenId(call, 'entryId', 'id')
  const date = call.given('checkDate') ?? call.given('date')
  const weeks = call.given('numberOfWeeks')
  const until = date === undefined ? call.now : Date.parse(`${date.slice(0, 10)}T00:00:00Z`) + day
  const since =
    weeks !== undefined ? until - Number(weeks) * 7 * day : date !== undefined ? until - day : -Infinity
  return rowsOf(call, path).filter((row) => {
    const at = numberIn(row, 'Date')
    return (
      (project === undefined || row.get('Project') === project) &&
      (account === undefined || row.get('Account') === account) &&
      (id === undefined || row.get('ID') === id) &&
      at >= since &&
      (date === undefined && weeks === undefined ? true : at < until)
    )
  })
}

function shown(call: FunctionCall, path: string): Row[] {
  return transactions(call, path).map((row) => {
    const of = (name: string) => row.get(name) ?? null
    const measured = states.flatMap(([state, number]): [string, Value][] => {
      const isSo = of('HourStatus') === number
      const quantity = isSo ? numberIn(row, 'Quantity') : 0
      const amount = isSo ? numberIn(row, 'AmountFC') : 0
      return path === hours
        ? [
            [`Hours${state}`, quantity],
            [`Hours${state}Billable`, amount === 0 ? 0 : quantity],
          ]
        : [
            [`Quantity${state}`, quantity],
            [`Amount${state}`, amount],
          ]
    })
    return new Map<string, Value>([
      ...measured,
      ['Id', of('EntryNumber')],
      ['EntryId', of('ID')],
      ['AccountId', of('Account')],
      ['AccountCode', lookUp(call, 'crm/accounts', of('Account'), 'Code')],
      ['AccountName', of('AccountName')],
      ['Activity', of('Activity')],
      ['ActivityDescription', of('ActivityDescription')],
      ['Expense', of('Expense')],
      ['ExpenseDescription', of('ExpenseDescription')],
      ['CurrencyCode', of('Currency')],
      ['Date', of('Date')],
      ['WeekNumber', weekOf(numberIn(row, 'Date'))],
      ['ItemId', of('Item')],
      ['ItemCode', lookUp(call, 'logistics/items', of('Item'), 'Code')],
      ['ItemDescription', of('ItemDescription')],
      ['Notes', of('Notes')],
      ['ProjectId', of('Project')],
      ['ProjectCode', lookUp(call, 'project/projects', of('Project'), 'Code')],
      ['ProjectDescription', of('ProjectDescription')],
    ])
  })
}

/** What transactions name, each once with the day of its last use, the latest first. */
function used(call: FunctionCall, paths: readonly string[], what: keyof typeof named): Row[] {
  const { reference, key, more } = named[what]
  const latest = new Map<Value, Row>()
  for (const row of paths.flatMap((path) => transactions(call, path))) {
    const id = row.get(reference) ?? null
    const known = latest.get(id)
    if (id !== null && (!known || numberIn(row, 'Date') > numberIn(known, 'Date'))) latest.set(id, row)
  }
  return [...latest]
    .sort(([, a], [, b]) => numberIn(b, 'Date') - numberIn(a, 'Date'))
    .map(
      ([id, row]) =>
        new Map<string, Value>([[key, id], ['DateLastUsed', row.get('Date') ?? null], ...more(call, row)]),
    )
}

interface Named {
  /** The property of a transaction that names it, and what the function calls it. */
  readonly reference: string
  readonly key: string
  readonly more: (call: FunctionCall, row: Row) => readonly [string, Value][]
}

const same =
  (from: string, to = from): Named['more'] =>
  (_, row) => [[to, row.get(from) ?? null]]

const named = {
  accounts: { reference: 'Account', key: 'AccountId', more: same('AccountName') },
  types: { reference: 'Item', key: 'ItemId', more: same('ItemDescription') },
  activities: { reference: 'Activity', key: 'ID', more: same('ActivityDescription', 'Description') },
  expenses: { reference: 'Expense', key: 'ID', more: same('ExpenseDescription', 'Description') },
  projects: {
    reference: 'Project',
    key: 'ProjectId',
    more: (call, row) => [
      ['ProjectCode', lookUp(call, 'project/projects', row.get('Project') ?? null, 'Code')],
      ['ProjectDescription', row.get('ProjectDescription') ?? null],
    ],
  },
} as const satisfies Record<string, Named>

const both = [hours, costs]

/** Functions about hours and costs of projects. */
export const projectFunctions: Functions = {
  HoursByDate: (call) => shown(call, hours),
  HoursById: (call) => shown(call, hours),
  RecentHoursByNumberOfWeeks: (call) => shown(call, hours),
  CostsByDate: (call) => shown(call, costs),
  CostsById: (call) => shown(call, costs),
  RecentCostsByNumberOfWeeks: (call) => shown(call, costs),
  HourTypes: (call) => used(call, [hours], 'types'),
  HourTypesByDate: (call) => used(call, [hours], 'types'),
  HourTypesByProjectAndDate: (call) => used(call, [hours], 'types'),
  CostTypes: (call) => used(call, [costs], 'types'),
  CostTypesByDate: (call) => used(call, [costs], 'types'),
  CostTypesByProjectAndDate: (call) => used(call, [costs], 'types'),
  HourEntryRecentAccounts: (call) => used(call, [hours], 'accounts'),
  HourEntryRecentAccountsByProject: (call) => used(call, [hours], 'accounts'),
  HourEntryRecentHourTypes: (call) => used(call, [hours], 'types'),
  HourEntryRecentHourTypesByProject: (call) => used(call, [hours], 'types'),
  HourEntryRecentActivitiesByProject: (call) => used(call, [hours], 'activities'),
  HourEntryActivitiesByProject: (call) => used(call, [hours], 'activities'),
  HourEntryRecentProjects: (call) => used(call, [hours], 'projects'),
  CostEntryRecentAccounts: (call) => used(call, [costs], 'accounts'),
  CostEntryRecentAccountsByProject: (call) => used(call, [costs], 'accounts'),
  CostEntryRecentCostTypes: (call) => used(call, [costs], 'types'),
  CostEntryRecentCostTypesByProject: (call) => used(call, [costs], 'types'),
  CostEntryRecentExpensesByProject: (call) => used(call, [costs], 'expenses'),
  CostEntryExpensesByProject: (call) => used(call, [costs], 'expenses'),
  CostEntryRecentProjects: (call) => used(call, [costs], 'projects'),
  TimeAndBillingRecentProjects: (call) => used(call, both, 'projects'),
  TimeAndBillingEntryAccountsByDate: (call) => used(call, both, 'accounts'),
  TimeAndBillingEntryAccountsByProjectAndDate: (call) => used(call, both, 'accounts'),
  TimeAndBillingEntryProjectsByDate: (call) => used(call, both, 'projects'),
  TimeAndBillingEntryProjectsByAccountAndDate: (call) => used(call, both, 'projects'),
}
