import type { CatalogueEntry } from '@sluis/facts'

/** The path below the division, lower case: `crm/accounts`, `bulk/crm/accounts`, `beta/…`. */
export function pathOf({ uri }: CatalogueEntry): string {
  return uri.replace('/api/v1/', '').replace('{division}/', '').toLowerCase()
}

/** The plain endpoint that shows the same rows as a bulk or sync endpoint. */
export function twinOf(
  entry: CatalogueEntry,
  path: string,
  paths: ReadonlyMap<string, CatalogueEntry>,
): string | null {
  if (entry.kind !== 'bulk' && entry.kind !== 'sync') return null
  const plain = path.replace(/^(bulk|sync)\//, '')
  if (paths.has(plain)) return plain
  const name = plain.split('/').at(-1)
  return (
    [...paths].find(([other, { kind }]) => kind === 'rest' && other.split('/').at(-1) === name)?.[0] ?? null
  )
}

/** The name of the property by which lines point at their header. */
export function foreignKeyOf(header: CatalogueEntry, lines: CatalogueEntry): string | undefined {
  const keyName = header.properties.find(({ key }) => key)?.name ?? 'ID'
  const singular = header.entity.replace(/ies$/, 'y').replace(/s$/, '')
  return [keyName, `${singular}ID`, singular].find((name) =>
    lines.properties.some(
      (property) => property.name === name && !property.key && property.type === 'Edm.Guid',
    ),
  )
}

/** @see wire.md § 3.3 */
export function typeNameOf({ service, entity, kind, uri }: CatalogueEntry): string {
  const singular = entity
    .replace(/ies$/, 'y')
    .replace(/sses$/, 'ss')
    .replace(/([^s])s$/, '$1')
  if (entity === 'Deleted') return 'Exact.Web.Api.Models.Sync.Deleted.DeletedEntity'
  if (kind === 'sync') return `Exact.Web.Api.Models.Sync.${uri.split('/').at(-2)}.${singular}Sync`
  if (service === 'Webhooks') return `Exact.Web.Api.Models.Webhooks.${singular}`
  return entity === 'Me' ? 'Exact.Web.Api.Models.System.Me' : `Exact.Web.Api.Models.${singular}`
}
