import type { EntitySet } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'
import { ApiFault } from './api-fault.ts'
import { atomFunction, propertyXml } from './entity-atom.ts'
import { valueJson } from './entity-json.ts'
import { contentTypes } from './media.ts'
import { parseQueryOptions } from './query-options.ts'
import { matchingRows, type Page, type ReadContext } from './read-entities.ts'

type Row = ReadonlyMap<string, Value>
/** Rows, or one value; a text is a 64-bit number. */
type Answer = readonly Row[] | boolean | number | string

interface Call {
  readonly context: ReadContext
  readonly now: number
  /** A parameter's value without quotes and type, by its name without case; undefined where it is not given. */
  readonly given: (name: string) => string | undefined
}

/**
 * What a function answers: computed from the company's rows where it has the data for it, else an empty list.
 * Parameter names are documented nowhere: those that callers are known to use are read, and GUIDs under any name.
 */
export function answerFunction(
  set: EntitySet,
  query: URLSearchParams,
  context: ReadContext,
  now: number,
): Page {
  const named = new Map([...query].map(([name, value]) => [name.toLowerCase(), bare(value)]))
  const compute = functions[set.entry.entity]
  const answer = compute?.({ context, now, given: (name) => named.get(name.toLowerCase()) }) ?? []
  const { entity } = set.entry
  const isAtom = context.format === 'atom'
  const contentType = isAtom ? contentTypes.xml : contentTypes.json
  if (typeof answer !== 'object') {
    const type = { boolean: 'Edm.Boolean', number: 'Edm.Int32' }[String(typeof answer)] ?? 'Edm.Int64'
    const body = isAtom
      ? atomFunction(entity, type, String(answer))
      : `{"d":{"${entity}":${valueJson(answer, type)}}}`
    return { body, rows: 1, contentType, version: '1.0;' }
  }
  const properties = [...set.properties.values()]
  const rows = answer.map((row) => {
    const values = properties.map(({ name, type }) => ({ name, type, value: row.get(name) ?? null }))
    if (isAtom) {
      const members = values.map(({ name, type, value }) => propertyXml(name, type, value, ''))
      return `<element m:type="${set.typeName}">${members.join('')}</element>`
    }
    const members = values.map(({ name, type, value }) => `,"${name}":${valueJson(value, type)}`)
    return `{"__metadata":{"type":${JSON.stringify(set.typeName)}}${members.join('')}}`
  })
  const body = isAtom
    ? atomFunction(entity, '', rows.join(''))
    : `{"d":{"results":[\r\n${rows.join(',')}\r\n]}}`
  return { body, rows: rows.length, contentType, version: '2.0;' }
}

/** `guid'…'`, `datetime'…'`, `'text'` and plain values without what is around them. */
const bare = (text: string) =>
  /^(?:guid|datetime)?'(.*)'$/i.exec(text)?.[1]?.replaceAll("''", "'") ?? text.replace(/[LMD]$/i, '')

const functions: Readonly<Record<string, (call: Call) => Answer>> = {
  UserHasRights: ({ context, given }) => {
    const path = (given('endpoint') ?? '').toLowerCase()
    const action = (given('action') ?? 'GET').toUpperCase()
    const isOffered = context.dataset.entitySets.get(path)?.entry.methods.includes(action) ?? false
    return isOffered && context.hasRight(path, action)
  },
  SyncTimestamp: syncTimestamp,
  RevenueListByYear: (call) => revenue(call, () => true),
  RevenueListByYearAndStatus: (call) =>
    revenue(
      call,
      (row) => call.given('status') === undefined || row.get('Status') === Number(call.given('status')),
    ),
  AgingReceivablesListByAgeGroup: (call) => aging(call, 'read/financial/receivableslist'),
  AgingPayablesListByAgeGroup: (call) => aging(call, 'read/financial/payableslist'),
  ReceivablesListByAccount: (call) => owed(call, 'read/financial/receivableslist'),
  ReceivablesListByAgeGroup: (call) => owed(call, 'read/financial/receivableslist'),
  ReceivablesListByAccountAndAgeGroup: (call) => owed(call, 'read/financial/receivableslist'),
  PayablesListByAccount: (call) => owed(call, 'read/financial/payableslist'),
  PayablesListByAgeGroup: (call) => owed(call, 'read/financial/payableslist'),
  PayablesListByAccountAndAgeGroup: (call) => owed(call, 'read/financial/payableslist'),
  StockPosition: stockPosition,
  ItemDetailsByID: (call) => byId(call, 'logistics/items', 'itemId'),
  TimeAndBillingItemDetailsByID: (call) => byId(call, 'logistics/items', 'itemId'),
  TimeAndBillingAccountDetailsByID: (call) => byId(call, 'crm/accounts', 'accountId'),
  TimeAndBillingProjectDetailsByID: (call) => byId(call, 'project/projects', 'projectId'),
  AccountDocuments: (call) => ofAccount(call, 'documents/documents'),
  AccountDocumentsCount: (call) => ofAccount(call, 'documents/documents').length,
  DefaultAddressForAccount: (call) => ofAccount(call, 'crm/addresses').slice(0, 1),
}

/** The rows of an entity set with the properties named, as the API shows them. */
function rowsOf({ context }: Call, path: string, names: readonly string[] | null = null): Row[] {
  const set = context.dataset.entitySets.get(path)
  if (!set) return []
  const options = parseQueryOptions(new URLSearchParams({ $top: '1' }), set, false)
  const properties = [...set.properties.values()].filter(({ name }) => names?.includes(name) ?? true)
  const indexes = matchingRows(set, { ...options, top: null }, { ...context, visible: null }, -1)
  return [...indexes].map(
    (index) => new Map(properties.map(({ name, value }) => [name, value(context.division, index)])),
  )
}

function byId(call: Call, path: string, parameter: string): Row[] {
  const id = (call.given(parameter) ?? call.given('id') ?? '').toLowerCase()
  return rowsOf(call, path).filter((row) => row.get('ID') === id)
}

function ofAccount(call: Call, path: string): Row[] {
  const account = (call.given('accountId') ?? call.given('account') ?? '').toLowerCase()
  return rowsOf(call, path).filter((row) => row.get('Account') === account)
}

/** Invoiced amounts of a year by month. */
function revenue(call: Call, passes: (row: Row) => boolean): Row[] {
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

function owed(call: Call, path: string): Row[] {
  const account = (call.given('accountId') ?? call.given('account'))?.toLowerCase()
  const group = call.given('ageGroup')
  return rowsOf(call, path).filter(
    (row) =>
      (account === undefined || row.get('AccountId') === account) &&
      (group === undefined || ageGroup(row, call.now) === Number(group)),
  )
}

/** What each account owes or is owed, its amounts spread over the groups; with an age group, those who have any in it. */
function aging(call: Call, path: string): Row[] {
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

const sumOf = (rows: readonly Row[]) =>
  rows.reduce((sum, row) => sum + Math.round(Number(row.get('Amount')) * 100), 0) / 100

/**
 * The row version behind which everything stands that was changed from a time on.
 * @see wire.md § 4.1: parameters `modified` and `endPoint`; the shape of the answer is nowhere documented
 */
function syncTimestamp({ context, given }: Call): string | readonly Row[] {
  if (given('endPoint') === undefined || given('modified') === undefined) return []
  const wanted = (given('endPoint') ?? '').toLowerCase().replace(/^sync\//, '')
  const modified = Date.parse(`${(given('modified') ?? '').replace(/Z$/, '')}Z`)
  const set = [...context.dataset.entitySets.values()].find(
    ({ path, entry }) =>
      entry.kind === 'sync' && (path === `sync/${wanted}` || path.split('/').at(-1) === wanted),
  )
  const changed = set?.properties.get('Modified')
  const version = set?.properties.get('Timestamp')
  if (!set || !changed || !version || Number.isNaN(modified))
    throw new ApiFault(400, 'Bad Request - Error in query syntax.')
  const { division } = context
  let least = Number.MAX_SAFE_INTEGER
  for (let index = 0; index < set.rowsIn(division); index++)
    if (Number(changed.value(division, index)) >= modified)
      least = Math.min(least, Number(version.value(division, index)))
  return String(least === Number.MAX_SAFE_INTEGER ? set.written.lastVersion(division) : least - 1)
}

/** Stock of an item with what orders still bring in and take out. */
function stockPosition(call: Call): Row[] {
  const id = call.given('itemId')?.toLowerCase()
  const total = (path: string, quantity: string, done: string) =>
    rowsOf(call, path, ['Item', quantity, done])
      .filter((row) => row.get('Item') === id)
      .reduce((sum, row) => sum + Math.max(0, Number(row.get(quantity)) - Number(row.get(done) ?? 0)), 0)
  return rowsOf(call, 'logistics/items', ['ID', 'Stock'])
    .filter((row) => row.get('ID') === id)
    .map(
      (row) =>
        new Map<string, Value>([
          ['ItemId', row.get('ID') ?? null],
          ['InStock', row.get('Stock') ?? 0],
          ['PlanningIn', total('purchaseorder/purchaseorderlines', 'Quantity', 'ReceivedQuantity')],
          ['PlanningOut', total('salesorder/salesorderlines', 'Quantity', 'QuantityDelivered')],
        ]),
    )
}
