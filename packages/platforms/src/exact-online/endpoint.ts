import type { ScalarType } from '@sluis/engine'
import type { CatalogueEntry, CatalogueProperty } from '@sluis/facts'
import { type Padding, paddingOf } from './padding.ts'

/** One property of an endpoint, as far as reading goes. */
export type Field = ScalarField | LinesField

export interface ScalarField {
  readonly kind: 'scalar'
  readonly name: string
  readonly edm: string
  readonly type: ScalarType
  readonly isKey: boolean
  readonly padding: Padding | null
}

/** A navigation collection: in the page only when expanded. `fields` is null where nobody documents its lines. */
export interface LinesField {
  readonly kind: 'lines'
  readonly name: string
  readonly fields: readonly ScalarField[] | null
}

/** A readable entity set: where it is, how it pages, what it demands. */
export interface Endpoint {
  readonly kind: 'plain' | 'read' | 'bulk' | 'sync'
  /** As people know it: `crm/Accounts`, `bulk/CRM/Accounts`. */
  readonly name: string
  /** The service in lower case, without prefix. */
  readonly service: string
  readonly entity: string
  /** Path below the host, with `{division}` where the company code goes. */
  readonly path: string
  readonly isDivided: boolean
  /** Infinity where answers are not paged. */
  readonly pageRows: number
  /** Rows that it has at most; null where there may be any number. */
  readonly mostRows: number | null
  /** By name, in the order of the documentation, `Division` included where the entity has it. */
  readonly fields: ReadonlyMap<string, Field>
  readonly keys: readonly ScalarField[]
  /** When not empty, one of these must stand in `$filter`. */
  readonly filterFields: readonly string[]
}

const scalarTypes: Readonly<Record<string, ScalarType>> = {
  'Edm.Boolean': 'BOOLEAN',
  'Edm.Byte': 'SMALLINT',
  'Edm.Int16': 'SMALLINT',
  'Edm.Int32': 'INTEGER',
  'Edm.Int64': 'BIGINT',
  'Edm.Decimal': 'DECIMAL(38,10)',
  'Edm.Double': 'DOUBLE',
  'Edm.Guid': 'UUID',
  'Edm.DateTime': 'TIMESTAMP',
  'Edm.String': 'VARCHAR',
  // The page holds the address of the file, not the file.
  'Edm.Binary': 'VARCHAR',
}

/** Whether a property of this type is one value. */
export const isScalarType = (edm: string): boolean => edm in scalarTypes

/** Every entity set of the catalogue that can be listed with GET; functions, which take parameters, are not here. */
export function readableEndpoints(catalogue: readonly CatalogueEntry[]): readonly Endpoint[] {
  return catalogue
    .filter((entry) => entry.kind !== 'function' && entry.methods.includes('GET'))
    .map((entry) => toEndpoint(entry, catalogue))
}

/**
 * Every function of the catalogue as an endpoint whose fields are what it answers. Where the documentation names no
 * property, the answer is one value named after the function, or has the properties of the function that this one
 * refines (`RecentCostsByNumberOfWeeks` of `…ByDate`).
 */
export function functionEndpoints(
  catalogue: readonly CatalogueEntry[],
): readonly { readonly endpoint: Endpoint; readonly isWrite: boolean }[] {
  const functions = catalogue.filter(({ kind }) => kind === 'function')
  const named = ({ properties }: CatalogueEntry) =>
    properties.filter(({ name, type }) => name && !type.startsWith('Collection('))
  return functions.map((entry) => {
    const refined = functions.find(({ entity }) => `${entity}ByDate` === entry.entity)
    const own = named(entry)
    const properties =
      own.length > 0
        ? own
        : refined
          ? named(refined)
          : [{ name: entry.entity, type: valueType(entry.entity) }]
    return {
      endpoint: toEndpoint({ ...entry, properties }, catalogue),
      isWrite: !entry.methods.includes('GET'),
    }
  })
}

const valueType = (name: string) =>
  name.endsWith('Count') ? 'Edm.Int32' : name === 'UserHasRights' ? 'Edm.Boolean' : 'Edm.String'

function toEndpoint(entry: CatalogueEntry, catalogue: readonly CatalogueEntry[]): Endpoint {
  const segments = entry.uri
    .replace('/api/v1/', '')
    .split('/')
    .filter((segment) => segment !== 'beta' && segment !== '{division}')
  const [first = ''] = segments
  const kind = first === 'read' || first === 'bulk' || first === 'sync' ? first : 'plain'
  const inner = kind === 'plain' ? segments : segments.slice(1)
  // `sync/Deleted` has no service: its prefix is the service then.
  const service = (inner.length > 1 ? (inner[0] ?? '') : first).toLowerCase()
  const entity = inner.length > 1 ? inner.slice(1).join('') : (inner[0] ?? '')
  // Properties of a complex type (`DivisionClass`) are left out: their members are documented nowhere, and asking for
  // one that the service takes for a navigation property would fail the whole read.
  const fields = entry.properties
    .map((property) => toField(property, entry, `${service}/${entity}`, catalogue))
    .filter((field) => field !== null)
  return {
    kind,
    name: segments.join('/'),
    service,
    entity,
    path: entry.uri,
    isDivided: entry.uri.includes('{division}'),
    pageRows: entry.pageSize ?? Number.POSITIVE_INFINITY,
    // It answers whom the token speaks for.
    mostRows: entry.uri === '/api/v1/current/Me' ? 1 : null,
    fields: new Map(fields.map((field) => [field.name, field])),
    keys: fields.filter((field) => field.kind === 'scalar').filter(({ isKey }) => isKey),
    filterFields: entry.filterFields ?? [],
  }
}

function toField(
  property: CatalogueProperty,
  entry: CatalogueEntry,
  entityPath: string,
  catalogue: readonly CatalogueEntry[],
): Field | null {
  const collection = /^Collection\((.+)\)$/.exec(property.type)?.[1]
  if (collection !== undefined) {
    return { kind: 'lines', name: property.name, fields: lineFields(collection, entry.service, catalogue) }
  }
  return toScalar(property, entityPath)
}

function toScalar(property: CatalogueProperty, entityPath: string): ScalarField | null {
  const type = scalarTypes[property.type]
  if (type === undefined) return null
  return {
    kind: 'scalar',
    name: property.name,
    edm: property.type,
    type,
    isKey: property.key === true,
    padding: property.type === 'Edm.String' ? paddingOf(entityPath, property.name) : null,
  }
}

/** The lines of a collection are an entity of their own; the one of the same service is meant where several fit. */
function lineFields(
  name: string,
  service: string,
  catalogue: readonly CatalogueEntry[],
): readonly ScalarField[] | null {
  const same = catalogue.filter(
    (entry) => entry.kind === 'rest' && entry.entity.toLowerCase() === name.toLowerCase(),
  )
  const entry = same.find((candidate) => candidate.service === service) ?? same[0]
  if (entry === undefined) return null
  const path = `${entry.service}/${entry.entity}`
  // Lines of lines are not in the page: Exact expands one level.
  return entry.properties.map((property) => toScalar(property, path)).filter((field) => field !== null)
}
