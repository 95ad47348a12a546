import type { EntitySet } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'
import { ApiFault } from './api-fault.ts'
import { atomFunction, propertyXml } from './entity-atom.ts'
import { valueJson } from './entity-json.ts'
import { type FunctionCall, type Functions, givenId, lookUp, type Row, rowsOf } from './function-call.ts'
import { ledgerFunctions } from './ledger-functions.ts'
import { contentTypes } from './media.ts'
import { projectFunctions } from './project-functions.ts'
import type { Page, ReadContext } from './read-entities.ts'

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

const functions: Functions = {
  ...ledgerFunctions,
  ...projectFunctions,
  UserHasRights: ({ context, given }) => {
    const path = (given('endpoint') ?? '').toLowerCase()
    const action = (given('action') ?? 'GET').toUpperCase()
    const isOffered = context.dataset.entitySets.get(path)?.entry.methods.includes(action) ?? false
    return isOffered && context.hasRight(path, action)
  },
  SyncTimestamp: syncTimestamp,
  StockPosition: stockPosition,
  ItemDetailsByID: (call) => byId(call, 'logistics/items', 'itemId'),
  TimeAndBillingItemDetailsByID: (call) => byId(call, 'logistics/items', 'itemId'),
  TimeAndBillingAccountDetailsByID: (call) => byId(call, 'crm/accounts', 'accountId'),
  TimeAndBillingProjectDetailsByID: (call) => byId(call, 'project/projects', 'projectId'),
  SalesItemPrice: salesItemPrice,
  AccountDocuments: (call) => belonging(call, 'documents/documents', 'Account'),
  AccountDocumentsCount: (call) => belonging(call, 'documents/documents', 'Account').length,
  AccountDocumentFolders: documentFolders,
  OpportunityDocuments: (call) => belonging(call, 'documents/documents', 'Opportunity'),
  OpportunityDocumentsCount: (call) => belonging(call, 'documents/documents', 'Opportunity').length,
  DefaultAddressForAccount: (call) => belonging(call, 'crm/addresses', 'Account').slice(0, 1),
  ProjectWBSByProject: (call) => belonging(call, 'bulk/project/projectwbs', 'Project'),
  ProjectWBSByProjectAndWBS: (call) => {
    const id = givenId(call, 'wbsId', 'wbs')
    return belonging(call, 'bulk/project/projectwbs', 'Project').filter((row) => row.get('ID') === id)
  },
  PreferredMailboxForOperation: (call) => rowsOf(call, 'read/mailbox/preferredmailbox').slice(0, 1),
  EmploymentContractFlexPhasesOnFocusDate: (call) => coded(call, 'payroll/employmentcontractflexphases'),
  EmploymentEndReasonsOnFocusDate: (call) => coded(call, 'payroll/employmentendreasons'),
}

function byId(call: FunctionCall, path: string, parameter: string): Row[] {
  const id = givenId(call, parameter, 'id') ?? ''
  return rowsOf(call, path)
    .filter((row) => row.get('ID') === id)
    .map((row) => new Map<string, Value>([...row, ['SalesPrice', row.get('StandardSalesPrice') ?? null]]))
}

/** The rows that belong to the account, opportunity or project of the parameter. */
function belonging(call: FunctionCall, path: string, owner: 'Account' | 'Opportunity' | 'Project'): Row[] {
  const id = givenId(call, `${owner}Id`, owner) ?? ''
  return rowsOf(call, path).filter((row) => row.get(owner) === id)
}

/** Lists that are told by number. */
const coded = (call: FunctionCall, path: string) =>
  rowsOf(call, path).map((row) => new Map<string, Value>([...row, ['Code', row.get('ID') ?? null]]))

/** The folders with how many documents of the account each holds. */
function documentFolders(call: FunctionCall): Row[] {
  const documents = belonging(call, 'documents/documents', 'Account')
  return rowsOf(call, 'documents/documentfolders').map((row) => {
    const own = documents.filter((document) => document.get('DocumentFolder') === row.get('ID'))
    return new Map<string, Value>([...row, ['CountOfDocuments', own.length]])
  })
}

/** What an item is sold for, with and without the VAT of its code. */
function salesItemPrice(call: FunctionCall): Row[] {
  const codes = rowsOf(call, 'vat/vatcodes', ['Code', 'Percentage'])
  return byId(call, 'logistics/items', 'itemId').map((item) => {
    const price = Number(item.get('SalesPrice') ?? 0)
    const code = item.get('SalesVatCode') ?? null
    const percentage = Number(codes.find((row) => row.get('Code') === code)?.get('Percentage') ?? 0)
    return new Map<string, Value>([
      ['CurrencyCode', 'EUR'],
      ['ItemId', item.get('ID') ?? null],
      ['ItemCode', item.get('Code') ?? null],
      ['ItemDescription', lookUp(call, 'logistics/items', item.get('ID') ?? null, 'Description')],
      ['PriceExcludingVAT', price],
      ['PriceIncludingVAT', Math.round(price * (1 + percentage) * 100) / 100],
      ['UnitCode', item.get('Unit') ?? null],
      ['UnitDescription', item.get('UnitDescription') ?? null],
      ['VATCode', code],
    ])
  })
}

/**
 * The row version behind which everything stands that was changed from a time on.
 * @see wire.md § 4.1: parameters `modified` and `endPoint`; the shape of the answer is nowhere documented
 */
function syncTimestamp({ context, given }: FunctionCall): string | readonly Row[] {
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
function stockPosition(call: FunctionCall): Row[] {
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
