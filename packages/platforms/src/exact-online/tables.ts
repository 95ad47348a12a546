import type { LineCollection, PlatformTable, TableColumn } from '@sluis/engine'
import { type CatalogueEntry, exactOnlineCatalogue } from '@sluis/facts'
import { type Endpoint, type Field, readableEndpoints } from './endpoint.ts'
import { pageOf } from './page-expression.ts'

/** A table with the endpoints that can serve it, the one with most columns first. */
export interface ServedTable {
  readonly table: PlatformTable
  readonly endpoints: readonly Endpoint[]
}

/** Bulk endpoints whose plain twin stands in another service. */
const twins: ReadonlyMap<string, string> = new Map([
  ['financial/transactionlines', 'financialtransaction/transactionlines'],
])

/**
 * Entities whose `Division` names the company that a row is about, not the one it was read from. Everywhere else it
 * repeats the company of the address, and is therefore not fetched: the engine knows which one it read.
 */
const ownDivision = new Set(['users/UserRolesPerDivision', 'hrm/DivisionClassValues'])

let served: readonly ServedTable[] | undefined

/**
 * All tables of Exact Online, built once: logical ones by service and entity (`crm.Accounts`, served by the plain
 * and bulk endpoints), then the raw endpoints (`bulk_crm.Accounts`, `sync_crm.Accounts`, `read_financial.…`).
 */
export function servedTables(): readonly ServedTable[] {
  served ??= buildTables(exactOnlineCatalogue())
  return served
}

export function buildTables(catalogue: readonly CatalogueEntry[]): readonly ServedTable[] {
  const endpoints = readableEndpoints(catalogue)
  const logical = new Map<string, Endpoint[]>()
  const raw: ServedTable[] = []
  for (const endpoint of endpoints) {
    const isPrefixed = endpoint.kind !== 'plain'
    if (isPrefixed) {
      const schema =
        endpoint.service === endpoint.kind ? endpoint.kind : `${endpoint.kind}_${endpoint.service}`
      raw.push({ table: toTable(schema, endpoint), endpoints: [endpoint] })
    }
    // Sync streams mix headers with lines and hold rows by their last change: never a stand-in for the entity.
    if (endpoint.kind === 'sync') continue
    const own = `${endpoint.service}/${endpoint.entity}`.toLowerCase()
    const key = endpoint.kind === 'bulk' ? (twins.get(own) ?? own) : own
    const group = logical.get(key)
    if (group === undefined) logical.set(key, [endpoint])
    else group.push(endpoint)
  }
  const tables = [...logical.values()].flatMap((group): ServedTable[] => {
    const ordered = [...group].sort((a, b) => rank(a) - rank(b))
    const [main] = ordered
    if (main === undefined) return []
    const table = toTable(main.service, main)
    const lines = linesOf(main, endpoints)
    return [{ table: lines.length === 0 ? table : { ...table, lines }, endpoints: ordered }]
  })
  return [...tables, ...raw]
}

/**
 * The collections of an entity that hold another entity of the same service, each row of which names its header by the
 * header's own key: `SalesInvoiceLines` of `SalesInvoices` by `InvoiceID`. A key that is called `ID` says nothing of
 * whose it is.
 */
function linesOf(header: Endpoint, endpoints: readonly Endpoint[]): readonly LineCollection[] {
  const [key, ...others] = header.keys
  if (key === undefined || others.length > 0 || key.name === 'ID') return []
  return [...header.fields.values()].flatMap((field) => {
    if (field.kind !== 'lines' || field.fields === null) return []
    const lines = endpoints.find(
      ({ kind, service, entity }) =>
        kind === 'plain' && service === header.service && entity.toLowerCase() === field.name.toLowerCase(),
    )
    const names = lines?.fields.get(key.name)
    if (lines === undefined || names?.kind !== 'scalar' || names.isKey) return []
    return [
      {
        column: field.name,
        table: { schema: lines.service, name: lines.entity },
        lineKey: key.name,
        headerKey: key.name,
      },
    ]
  })
}

const rank = ({ kind }: Endpoint) => ['plain', 'read', 'bulk', 'sync'].indexOf(kind)

/** What lists companies, users or their rights tells of more than the company in its address. */
const tellsOfOthers = ({ service, entity }: Endpoint) =>
  /^(system|users)$/i.test(service) ||
  /^hrm\/division/i.test(`${service}/${entity}`) ||
  /^accountancy\/(account|involved)/i.test(`${service}/${entity}`)

export function toTable(schema: string, endpoint: Endpoint): PlatformTable {
  const isOwn = ownDivision.has(endpoint.name)
  const isFromUrl = endpoint.isDivided && !isOwn
  const fields = [...endpoint.fields.values()]
  const columns = fields.map((field) =>
    field.name === 'Division' && isFromUrl ? division(true, field) : toColumn(field),
  )
  if (!endpoint.fields.has('Division')) columns.push(division(isFromUrl))
  return {
    schema,
    name: endpoint.entity,
    columns,
    // Only pages whose rows begin with their metadata are put on lines.
    rowMark: '__metadata',
    partitionColumn: endpoint.isDivided ? 'Division' : null,
    ...(tellsOfOthers(endpoint) ? { tellsOfOthers: true as const } : {}),
    isPartitionFromUrl: isFromUrl,
  }
}

/** Every table has it; where there is no company in the address (`current/Me`) it is NULL. */
function division(isFromUrl: boolean, field?: Field): TableColumn {
  const isKey = field?.kind === 'scalar' && field.isKey
  if (isFromUrl) return { name: 'Division', type: 'INTEGER', isNullable: false, isKey }
  const page = { field: 'Division', jsonType: 'VARCHAR', expression: 'CAST(NULL AS INTEGER)' }
  return { name: 'Division', type: 'INTEGER', isNullable: true, isKey, page }
}

function toColumn(field: Field): TableColumn {
  const page = pageOf(field)
  switch (field.kind) {
    case 'scalar':
      return { name: field.name, type: field.type, isNullable: !field.isKey, isKey: field.isKey, page }
    case 'lines':
      return {
        name: field.name,
        type: field.fields === null ? 'VARCHAR' : { list: field.fields.map(toLineColumn) },
        isNullable: true,
        isKey: false,
        page,
      }
  }
}

/** A member of a line: the expression of the whole list makes its value, so it has none of its own. */
function toLineColumn(field: Field & { kind: 'scalar' }): TableColumn {
  return { name: field.name, type: field.type, isNullable: true, isKey: field.isKey }
}
