import type { ColumnWrite, PlatformTable, TableWrite } from '@sluis/engine'
import { type CatalogueEntry, type CatalogueProperty, exactOnlineCatalogue } from '@sluis/facts'
import { type Endpoint, isScalarType } from './endpoint.ts'
import { servedTables } from './tables.ts'

/**
 * Entities taken to have a code that is unique in a company, so that a row whose POST was not answered can be looked
 * for by it. Our own list: no page of Exact's says it. What is not on it is reported as of unknown outcome.
 */
const withUniqueCode: ReadonlySet<string> = new Set(
  [
    'crm/Accounts',
    'logistics/Items',
    'logistics/ItemGroups',
    'financial/GLAccounts',
    'financial/Journals',
    'vat/VATCodes',
    'project/Projects',
    'hrm/Costcenters',
    'hrm/Costunits',
    'hrm/Departments',
    'inventory/Warehouses',
    'inventory/StorageLocations',
    'cashflow/PaymentConditions',
  ].map((name) => name.toLowerCase()),
)

/** An entity that can be written: where, and how. */
export interface WritableEntity {
  readonly endpoint: Endpoint
  readonly entry: CatalogueEntry
  readonly write: TableWrite
}

let writable: ReadonlyMap<string, WritableEntity> | undefined

/** The entity behind a table, or null where it is only read: raw endpoints, functions, lists of the licence. */
export function writableEntity(table: PlatformTable): WritableEntity | null {
  writable ??= new Map(
    servedTables().flatMap(({ table: { schema, name }, endpoints }) => {
      const [endpoint] = endpoints
      const entity = endpoint?.kind === 'plain' ? toWritable(endpoint) : null
      return entity ? [[`${schema}.${name}`, entity] as const] : []
    }),
  )
  return writable.get(`${table.schema}.${table.name}`) ?? null
}

function toWritable(endpoint: Endpoint): WritableEntity | null {
  const entry = exactOnlineCatalogue().find(({ uri }) => uri === endpoint.path)
  const offers = (method: string) => entry?.methods.includes(method) === true
  // A row of another form of key than one GUID is written nowhere in the catalogue.
  const [key, ...others] = endpoint.keys
  if (!entry || !endpoint.isDivided || key?.edm !== 'Edm.Guid' || others.length > 0) return null
  const [canInsert, canUpdate, canDelete] = [offers('POST'), offers('PUT'), offers('DELETE')]
  if (!canInsert && !canUpdate && !canDelete) return null
  const name = `${endpoint.service}/${endpoint.entity}`.toLowerCase()
  return {
    endpoint,
    entry,
    write: {
      canInsert,
      canUpdate,
      canDelete,
      columns: new Map(
        entry.properties
          .filter((property) => endpoint.fields.has(property.name) && property.name !== 'Division')
          .flatMap((property) => columnWrites(property, entry)),
      ),
      naturalKey: withUniqueCode.has(name) ? ['Code'] : [],
    },
  }
}

function columnWrites(
  property: CatalogueProperty,
  entry: CatalogueEntry,
): readonly (readonly [string, ColumnWrite])[] {
  const { name, type, key, mandatory, w = '' } = property
  if (key || w === '') return []
  const collection = /^Collection\((.+)\)$/.exec(type)?.[1]
  const lines = collection === undefined ? null : linesEntry(collection, entry)
  if (collection !== undefined && lines === null) return []
  const parent = lines && parentNames(entry)
  return [
    [
      name,
      {
        isInsertable: w.includes('c'),
        // Lines are added by a POST of the line itself: Exact refuses them in a PUT of the header.
        isUpdatable: w.includes('u') && collection === undefined,
        isMandatory: mandatory === true,
        ...(lines && parent
          ? {
              lines: new Map(
                lines.properties
                  .filter((line) => !line.key && !parent.has(line.name) && isScalarType(line.type))
                  .map((line): [string, ColumnWrite] => [
                    line.name,
                    {
                      isInsertable: line.w?.includes('c') === true,
                      isUpdatable: false,
                      isMandatory: line.mandatory === true,
                    },
                  ]),
              ),
            }
          : {}),
      },
    ],
  ]
}

/** The entity of a collection's lines; the one of the same service where several have the name. */
export function linesEntry(collection: string, { service }: CatalogueEntry): CatalogueEntry | null {
  const same = exactOnlineCatalogue().filter(
    ({ kind, entity }) => kind === 'rest' && entity.toLowerCase() === collection.toLowerCase(),
  )
  return same.find((entry) => entry.service === service) ?? same[0] ?? null
}

/** Names under which lines point to their header, which a line inside its header leaves out. */
function parentNames({ entity, properties }: CatalogueEntry): ReadonlySet<string> {
  const singular = entity.replace(/ies$/, 'y').replace(/s$/, '')
  return new Set([properties.find(({ key }) => key)?.name ?? 'ID', `${singular}ID`, singular])
}
