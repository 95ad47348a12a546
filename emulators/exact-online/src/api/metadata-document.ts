import type { Dataset } from '../data/dataset.ts'
import type { EntitySet } from '../data/entity-set.ts'
import { metadataNamespace } from './xml.ts'

const edmx = 'http://schemas.microsoft.com/ado/2007/06/edmx'
const edm = 'http://schemas.microsoft.com/ado/2008/09/edm'

interface NavigationEnd {
  readonly header: EntitySet
  readonly name: string
  readonly lineType: string
  readonly lineSet: string
}

/**
 * The `$metadata` of one service: a schema of types for each namespace, and the container `DataSource` in
 * `Exact.Web.Api.Entity.<Service>`. Null where there is no such service.
 * @see wire.md § 3.4
 */
export function metadataDocument(service: string, dataset: Dataset): string | null {
  const sets = [...dataset.entitySets.values()].filter(({ path }) => serviceOf(path) === service)
  const [first] = sets
  if (!first) return null
  const entities = sets.filter(({ entry }) => entry.kind !== 'function')
  const functions = sets.filter(({ entry }) => entry.kind === 'function')
  const ends = entities.flatMap((header) =>
    header.collections.map(({ name, lines }): NavigationEnd => {
      const type = header.entry.properties.find((property) => property.name === name)?.type ?? ''
      const element = type.slice('Collection('.length, -1)
      return {
        header,
        name,
        lineType: lines?.typeName ?? `Exact.Web.Api.Models.${singular(element)}`,
        lineSet: lines?.entry.entity ?? element,
      }
    }),
  )
  const container = `Exact.Web.Api.Entity.${containerName(first)}`
  const types = new Map<string, string>()
  for (const set of entities) if (!types.has(set.typeName)) types.set(set.typeName, entityType(set, ends))
  for (const set of functions) if (!types.has(set.typeName)) types.set(set.typeName, complexType(set))
  for (const { lineType } of ends) {
    if (types.has(lineType)) continue
    const lines = [...dataset.entitySets.values()].find((set) => set.typeName === lineType)
    types.set(lineType, lines ? entityType(lines, []) : bareType(lineType))
  }
  const names = new Map(entities.map(({ entry, typeName }) => [entry.entity, typeName]))
  for (const { lineSet, lineType } of ends) if (!names.has(lineSet)) names.set(lineSet, lineType)
  const schemas = [...Map.groupBy(types, ([name]) => namespaceOf(name))].map(
    ([namespace, members]) =>
      `<Schema Namespace="${namespace}" xmlns="${edm}">${members.map(([, text]) => text).join('')}${ends
        .filter(({ header }) => namespaceOf(header.typeName) === namespace)
        .map(association)
        .join('')}</Schema>`,
  )
  const content = [
    ...[...names].map(([name, type]) => `<EntitySet Name="${name}" EntityType="${type}" />`),
    ...ends.map(
      (end) =>
        `<AssociationSet Name="${associationName(end)}Set" Association="${namespaceOf(end.header.typeName)}.${associationName(end)}"><End Role="Header" EntitySet="${end.header.entry.entity}" /><End Role="Lines" EntitySet="${end.lineSet}" /></AssociationSet>`,
    ),
    ...functions.map(
      ({ entry, typeName }) =>
        `<FunctionImport Name="${entry.entity}" ReturnType="${entry.entity === 'UserHasRights' ? 'Edm.Boolean' : `Collection(${typeName})`}" m:HttpMethod="GET" />`,
    ),
    // @see wire.md § 3.8
    ...(service === 'current'
      ? ['UserSettings', 'ClientId'].map(
          (name) => `<FunctionImport Name="${name}" ReturnType="Edm.String" m:HttpMethod="GET" />`,
        )
      : []),
  ]
  return `<?xml version="1.0" encoding="utf-8" standalone="yes"?><edmx:Edmx Version="1.0" xmlns:edmx="${edmx}"><edmx:DataServices m:DataServiceVersion="1.0" xmlns:m="${metadataNamespace}">${schemas.join('')}<Schema Namespace="${container}" xmlns="${edm}"><EntityContainer Name="DataSource" m:IsDefaultEntityContainer="true">${content.join('')}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`
}

/** `crm` of `crm/accounts`, `sync/crm` of `sync/crm/accounts`: what stands before the entity set. */
const serviceOf = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** `CRM`, `Sync.CRM`: the service as the address or, for plain ones, the catalogue spells it. */
function containerName({ entry }: EntitySet): string {
  const parts = entry.uri.replace('/api/v1/', '').replace('{division}/', '').split('/').slice(0, -1)
  return parts.length === 1
    ? entry.service
    : parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('.')
}

const namespaceOf = (typeName: string) => typeName.slice(0, typeName.lastIndexOf('.'))
const nameOf = (typeName: string) => typeName.slice(typeName.lastIndexOf('.') + 1)
const singular = (name: string) => name.replace(/ies$/, 'y').replace(/([^s])s$/, '$1')
const associationName = ({ header, name }: NavigationEnd) => `${nameOf(header.typeName)}_${name}`

function property(name: string, type: string, isNullable: boolean): string {
  return `<Property Name="${name}" Type="${type}" Nullable="${isNullable}" />`
}

function entityType(set: EntitySet, ends: readonly NavigationEnd[]): string {
  const keys = set.keys.map(({ name }) => `<PropertyRef Name="${name}" />`).join('')
  const properties = [...set.properties.values()].map(({ name, type, isKey }) =>
    property(name, type, !isKey && !isNeverNull(set, name, type)),
  )
  const navigation = ends
    .filter(({ header }) => header === set)
    .map(
      (end) =>
        `<NavigationProperty Name="${end.name}" Relationship="${namespaceOf(set.typeName)}.${associationName(end)}" FromRole="Header" ToRole="Lines" />`,
    )
  return `<EntityType Name="${nameOf(set.typeName)}"><Key>${keys}</Key>${properties.join('')}${navigation.join('')}</EntityType>`
}

/** @see wire.md § 3.8: what `Me` never leaves empty */
function isNeverNull({ path }: EntitySet, name: string, type: string): boolean {
  return (
    path === 'current/me' &&
    (/^(CurrentDivision|UserID|Legislation|ServerUtcOffset|EmployeeID)$/.test(name) || type === 'Edm.Boolean')
  )
}

function complexType(set: EntitySet): string {
  const properties = [...set.properties.values()].map(({ name, type }) => property(name, type, true))
  return `<ComplexType Name="${nameOf(set.typeName)}">${properties.join('')}</ComplexType>`
}

/** Lines whose properties no source tells: they have a key at least. */
const bareType = (typeName: string) =>
  `<EntityType Name="${nameOf(typeName)}"><Key><PropertyRef Name="ID" /></Key>${property('ID', 'Edm.Guid', false)}</EntityType>`

function association(end: NavigationEnd): string {
  return `<Association Name="${associationName(end)}"><End Role="Header" Type="${end.header.typeName}" Multiplicity="*" /><End Role="Lines" Type="${end.lineType}" Multiplicity="*" /></Association>`
}
