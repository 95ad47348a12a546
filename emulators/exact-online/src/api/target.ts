import type { Dataset } from '../data/dataset.ts'
import type { EntitySet } from '../data/entity-set.ts'

/** What a path of the API leads to. */
export interface Target {
  readonly division: number | null
  readonly set: EntitySet | null
  readonly route: string
  readonly key: string | null
  /** `crm/Accounts(guid'…')/BankAccounts`: the collection behind the key. */
  readonly collection: string | null
  readonly isCount: boolean
  /** `crm/$metadata`: the service that is to be described. */
  readonly describes: string | null
}

/**
 * Finds the endpoint of a path. The service may be written in any case, the entity set not.
 * @see wire.md § 3.1
 */
export function targetOf(path: string, dataset: Dataset): Target {
  const described = /^(beta\/)?(?:(\d+)\/)?(.+)\/\$metadata\/?$/i.exec(path)
  if (described) {
    const [, beta = '', division, service = ''] = described
    return {
      division: division === undefined ? null : Number(division),
      set: null,
      route: `${beta}${service}/$metadata`,
      key: null,
      collection: null,
      isCount: false,
      describes: `${beta}${service}`.toLowerCase(),
    }
  }
  const parts = /^(beta\/)?(?:(\d+)\/)?(.*?)(?:\(([^)]*)\)(?:\/(\w+))?)?(\/\$count)?\/?$/i.exec(path)
  const [, beta = '', division, name = '', key, collection, count] = parts ?? []
  const found = dataset.entitySets.get(`${beta}${name}`.toLowerCase()) ?? null
  const entity = name.split('/').at(-1)
  const needsDivision = found?.entry.uri.includes('{division}') ?? division !== undefined
  const isRight = found?.entry.uri.endsWith(`/${entity}`) && needsDivision === (division !== undefined)
  return {
    division: division === undefined ? null : Number(division),
    set: isRight ? found : null,
    route: `${beta}${name}`,
    key: key ?? null,
    collection: collection ?? null,
    isCount: count !== undefined,
    describes: null,
  }
}
