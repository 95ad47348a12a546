import { SluisError } from '@sluis/shared'
import type { PlatformTable } from '../catalog/table.ts'
import { type CatalogueRelation, findCatalogueRelation } from './catalogue-relations.ts'
import { didYouMean, nearestNames } from './nearest-names.ts'

/** A source as a statement sees it: its alias and tables. The first of a list may go without its alias. */
export interface PlanSource {
  readonly alias: string
  readonly tables: readonly PlatformTable[]
}

/** What a name stands for. */
export type ResolvedName =
  | { readonly kind: 'table'; readonly source: string; readonly table: PlatformTable }
  | { readonly kind: 'catalogue'; readonly relation: CatalogueRelation }

interface IndexedSource {
  readonly alias: string
  readonly byName: ReadonlyMap<string, readonly PlatformTable[]>
}

/** Looks names up without case: built once for a list of sources, used for many statements. */
export class TableNames {
  readonly #sources: readonly IndexedSource[]

  constructor(sources: readonly PlanSource[]) {
    this.#sources = sources.map(({ alias, tables }) => {
      const byName = new Map<string, PlatformTable[]>()
      for (const table of tables) {
        const key = table.name.toLowerCase()
        const same = byName.get(key)
        if (same === undefined) byName.set(key, [table])
        else same.push(table)
      }
      return { alias, byName }
    })
  }

  /**
   * What `catalog.schema.name` stands for; empty parts were left out. `position` (from 1) goes into the error.
   * @throws SluisError SQL_UNKNOWN_TABLE with the nearest names, or with the candidates of an ambiguous name.
   */
  resolve(catalog: string, schema: string, name: string, position: number): ResolvedName {
    if (catalog === '') {
      const relation = findCatalogueRelation(schema, name)
      if (relation !== null) return { kind: 'catalogue', relation }
    }
    // Surfaces with two levels write the source and the service as one quoted schema.
    const dot = catalog === '' ? schema.indexOf('.') : -1
    const alias = dot < 0 ? catalog : schema.slice(0, dot)
    const service = dot < 0 ? schema : schema.slice(dot + 1)
    const named = this.#candidates(alias, service, name)
    const found = named.filter(({ table }) => table.parameters === undefined)
    const [called] = named
    if (found.length === 0 && called !== undefined) {
      const name = this.#shortName(called.source, called.table)
      throw new SluisError('SQL_UNKNOWN_TABLE', `${name} is a function.`, {
        hint: `Call it: ${name}(…).`,
        details: { position, table: name, nearest: [name] },
      })
    }
    const [only] = found
    if (only !== undefined && found.length === 1) return { kind: 'table', ...only }
    const written = [catalog, schema, name].filter((part) => part !== '').join('.')
    if (only !== undefined) {
      const names = found.map(({ source, table }) => this.#shortName(source, table))
      throw new SluisError('SQL_UNKNOWN_TABLE', `The table name ${written} fits several tables.`, {
        hint: `Write one of ${names.join(', ')}.`,
        details: { position, table: written, nearest: names },
      })
    }
    const nearest = this.#nearest(service, name)
    throw new SluisError('SQL_UNKNOWN_TABLE', `There is no table ${written}.`, {
      hint: didYouMean(nearest, 'List the tables of the database, or select from information_schema.tables.'),
      details: { position, table: written, nearest },
    })
  }

  /**
   * The function that `catalog.schema.name(…)` calls.
   * @throws SluisError SQL_UNKNOWN_TABLE with the nearest functions
   */
  resolveFunction(
    catalog: string,
    schema: string,
    name: string,
    position: number,
  ): { readonly source: string; readonly table: PlatformTable } {
    const dot = catalog === '' ? schema.indexOf('.') : -1
    const alias = dot < 0 ? catalog : schema.slice(0, dot)
    const service = dot < 0 ? schema : schema.slice(dot + 1)
    const found = this.#candidates(alias, service, name).find(({ table }) => table.parameters !== undefined)
    if (found !== undefined) return found
    const functions = this.#sources.flatMap(({ alias: source, byName }) =>
      [...byName.values()]
        .flat()
        .filter(({ parameters }) => parameters !== undefined)
        .map((table) => this.#shortName(source, table)),
    )
    const nearest = nearestNames(`${service}.${name}`, functions)
    const written = [catalog, schema, name].filter((part) => part !== '').join('.')
    throw new SluisError('SQL_UNKNOWN_TABLE', `There is no function ${written}.`, {
      hint: didYouMean(nearest, 'List the tables of the database: its functions are among them.'),
      details: { position, function: written, nearest },
    })
  }

  #candidates(alias: string, service: string, name: string): { source: string; table: PlatformTable }[] {
    const wanted = service.toLowerCase()
    const inSource = (source: IndexedSource) =>
      (source.byName.get(name.toLowerCase()) ?? [])
        .filter((table) => wanted === '' || table.schema.toLowerCase() === wanted)
        .map((table) => ({ source: source.alias, table }))
    if (alias !== '') {
      return this.#sources.filter((source) => isSame(source.alias, alias)).flatMap(inSource)
    }
    const [first, ...others] = this.#sources
    const inFirst = first === undefined ? [] : withoutRawForms(inSource(first))
    if (inFirst.length > 0 || wanted !== '') return inFirst
    return withoutRawForms(others.flatMap(inSource))
  }

  #nearest(service: string, name: string): string[] {
    const named = this.#sources.flatMap(({ alias, byName }) =>
      [...byName.values()].flat().map((table) => ({ short: this.#shortName(alias, table), table })),
    )
    const sameName = named.filter(({ table }) => isSame(table.name, name)).map(({ short }) => short)
    if (sameName.length > 0) return nearestFirst(service, sameName)
    const likely = nearestNames(
      name,
      named.map(({ table }) => table.name),
    )
    const shorts = likely.flatMap((near) =>
      named.filter(({ table }) => table.name === near).map(({ short }) => short),
    )
    return nearestFirst(service, shorts)
  }

  #shortName(alias: string, table: PlatformTable): string {
    const name = `${table.schema}.${table.name}`
    return isSame(alias, this.#sources[0]?.alias ?? '') ? name : `${alias}.${name}`
  }
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** Up to three names, those of the service that was asked for first. */
function nearestFirst(service: string, names: readonly string[]): string[] {
  const wanted = `${service.toLowerCase()}.`
  const isOfService = (name: string) =>
    service !== '' && (name.toLowerCase().startsWith(wanted) || name.toLowerCase().includes(`.${wanted}`))
  const isPlain = (name: string) => !name.includes('_')
  const rank = (name: string) => (isOfService(name) ? 0 : isPlain(name) ? 1 : 2)
  return [...names].sort((a, b) => rank(a) - rank(b)).slice(0, 3)
}

/**
 * A table beside which stands the same name in a schema `<something>_<its schema>` is meant when the name stands
 * alone: the other is a raw endpoint of it.
 */
function withoutRawForms<T extends { readonly table: PlatformTable }>(found: readonly T[]): T[] {
  return found.filter(
    ({ table }) =>
      !found.some((other) => other.table !== table && table.schema.endsWith(`_${other.table.schema}`)),
  )
}
