import { type CatalogueEntry, exactOnlineCatalogue } from '@sluis/facts'
import { pathOf, twinOf, typeNameOf } from './catalogue-paths.ts'
import { entityProperty, userGuid } from './entity-property.ts'
import { EntityRows } from './entity-rows.ts'
import type { Collection, Division, EntitySet, Property } from './entity-set.ts'
import { headerLines } from './entity-sizes.ts'
import type { Making } from './making.ts'
import { RowGuids } from './row-guid.ts'
import { hashRow, hashText } from './seeded-hash.ts'
import { mixedStream, mixedStreams } from './sync-stream.ts'
import { WrittenRows } from './written-rows.ts'

export interface DatasetOptions {
  readonly seed: number
  readonly divisions: number
  readonly scale: number
}

/** All endpoints of the catalogue with generated data, the same for the same seed. */
export class Dataset {
  readonly divisions: readonly Division[]
  readonly entitySets: ReadonlyMap<string, EntitySet>
  readonly written: WrittenRows
  readonly making: Making
  readonly #numbers = new Map<string, number>()

  constructor(options: DatasetOptions, written = new WrittenRows()) {
    const seed = hashText(`seed ${options.seed}`)
    this.written = written
    this.divisions = Array.from({ length: options.divisions }, (_, index) => companyAt(index, seed))
    const paths = new Map(exactOnlineCatalogue().map((entry) => [pathOf(entry), entry]))
    for (const path of paths.keys()) this.#numbers.set(path, this.#numbers.size + 1)
    const rows = new EntityRows(paths, options.scale)
    const sets = new Map<string, EntitySet>()
    const build = (path: string): EntitySet => sets.get(path) ?? this.#build(path, paths, rows, sets)
    this.making = {
      seed,
      guids: new RowGuids(options.seed),
      numberOf: (path) => this.#numbers.get(path) ?? 0,
      divisions: this.divisions,
      paths,
      build,
      books: {
        seed,
        isBelgian: (division) => this.divisions[division]?.country === 'BE',
        rows: rows.of,
        set: build,
      },
      firstTimestamp: 1000,
    }
    for (const path of paths.keys()) build(path)
    this.entitySets = sets
  }

  /** The GUID of the n-th user of the emulated customer. */
  userGuid(index: number): string {
    return userGuid(this.making, index)
  }

  /** The row whose key this is, of whatever entity. */
  rowOfGuid(guid: string): { set: EntitySet; division: number; index: number } | null {
    const address = this.making.guids.addressOf(guid)
    const path = address && [...this.#numbers].find(([, number]) => number === address.entity)?.[0]
    const set = path === null || path === undefined ? undefined : this.entitySets.get(path)
    if (!address || !set || address.division >= this.divisions.length) return null
    const { division, index } = address
    const isThere = index < set.rowsIn(division) && !set.written.isDeleted(division, index)
    return isThere ? { set, division, index } : null
  }

  /** Builds an entity set, and keeps it among the others before its properties look for it. */
  #build(
    path: string,
    paths: ReadonlyMap<string, CatalogueEntry>,
    rows: EntityRows,
    sets: Map<string, EntitySet>,
  ): EntitySet {
    const { build, firstTimestamp } = this.making
    const entry = paths.get(path)
    if (!entry) throw new TypeError(`no endpoint ${path}`)
    const mixed = mixedStreams[path]
    if (mixed) {
      const stream = mixedStream(entry, path, build(mixed[0]), build(mixed[1]), firstTimestamp)
      sets.set(path, stream)
      return stream
    }
    const twin = twinOf(entry, path, paths)
    const properties = new Map<string, Property>()
    const set: EntitySet = {
      entry,
      path,
      properties,
      keys: [],
      collections: [],
      typeName: typeNameOf(entry),
      rows: rows.of(twin ?? path),
      written: this.written.of(twin ?? path),
      rowsIn: (division) => set.rows + set.written.addedIn(division),
    }
    sets.set(path, set)
    for (const property of entry.properties) {
      if (!property.name || !property.type.startsWith('Edm.')) continue
      properties.set(property.name, entityProperty(property, set, twin, this.making))
    }
    const keys = entry.properties.filter(({ key }) => key)
    // Before the collections: their lines ask for the key of their header while they are built.
    Object.assign(set, { keys: keys.flatMap(({ name }) => properties.get(name) ?? []) })
    Object.assign(set, {
      collections: entry.properties
        .filter(({ type }) => type.startsWith('Collection('))
        .map(({ name }): Collection => {
          const pair = headerLines.find(
            ([header, , collection]) => header === (twin ?? path) && collection === name,
          )
          return { name, lines: pair && paths.has(pair[1]) ? build(pair[1]) : null }
        }),
    })
    return set
  }
}

const companyNames = ['Zeezicht Handel B.V.', 'Zeezicht België', 'Stichting De Duinen']

/** The n-th company of the emulated customer: every third is Belgian. */
const companyAt = (index: number, seed: number): Division => ({
  code: 2_100_001 + index * 13 + (hashRow(seed, 0) % 1000) * 100,
  name: companyNames[index] ?? `Administratie ${index + 1} B.V.`,
  country: index % 3 === 1 ? 'BE' : 'NL',
  index,
})
