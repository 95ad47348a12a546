import { type CatalogueEntry, type CatalogueProperty, exactOnlineCatalogue } from '@sluis/facts'
import { attachmentValue } from './attachments.ts'
import { balanced } from './balanced-lines.ts'
import { type BookValue, bookValue } from './books/books.ts'
import { streamName } from './books/document-chain.ts'
import { countOpen, openLists } from './books/open-items.ts'
import { foreignKeyOf, pathOf, twinOf, typeNameOf } from './catalogue-paths.ts'
import { companyValue } from './company-values.ts'
import {
  type Collection,
  type Division,
  type EntitySet,
  noRows,
  oneRow,
  type Property,
  targets,
} from './entity-set.ts'
import {
  balancedEntities,
  defaultRows,
  entitySizes,
  headerLines,
  headlessLines,
  mandatoryReferences,
  references,
  setUpSizes,
} from './entity-sizes.ts'
import { generated } from './generated-values.ts'
import { repeated, summed } from './header-lines.ts'
import {
  balancedLines,
  countLines,
  documentLines,
  headerOf,
  type LinePattern,
  linesOf,
  wholeLines,
} from './line-numbering.ts'
import { LinearReference } from './linear-reference.ts'
import { namedValues, valueByType } from './named-values.ts'
import { RowGuids } from './row-guid.ts'
import { hashRow, hashText } from './seeded-hash.ts'
import { mixedStream, mixedStreams } from './sync-stream.ts'
import { currencies } from './words.ts'
import { WrittenRows, type WrittenView } from './written-rows.ts'

export interface DatasetOptions {
  readonly seed: number
  readonly divisions: number
  readonly scale: number
}

const firstTimestamp = 1000

/** All endpoints of the catalogue with generated data, the same for the same seed. */
export class Dataset {
  readonly divisions: readonly Division[]
  readonly entitySets: ReadonlyMap<string, EntitySet>
  readonly written: WrittenRows
  readonly #guids: RowGuids
  readonly #seed: number
  readonly #scale: number
  readonly #numbers = new Map<string, number>()

  constructor({ seed, divisions, scale }: DatasetOptions, written = new WrittenRows()) {
    this.written = written
    this.#guids = new RowGuids(seed)
    this.#seed = hashText(`seed ${seed}`)
    this.#scale = scale
    this.divisions = Array.from({ length: divisions }, (_, index) => ({
      code: 2_100_001 + index * 13 + (hashRow(this.#seed, 0) % 1000) * 100,
      name:
        ['Zeezicht Handel B.V.', 'Zeezicht België', 'Stichting De Duinen'][index] ??
        `Administratie ${index + 1} B.V.`,
      country: index % 3 === 1 ? 'BE' : 'NL',
      index,
    }))
    const catalogue = exactOnlineCatalogue()
    const paths = new Map(catalogue.map((entry) => [pathOf(entry), entry]))
    for (const path of paths.keys()) this.#numbers.set(path, this.#numbers.size + 1)
    const sets = new Map<string, EntitySet>()
    const build = (path: string): EntitySet => {
      const known = sets.get(path)
      if (known) return known
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
        rows: this.#rowsOf(twin ?? path, paths),
        written: written.of(twin ?? path),
        rowsIn: (division) => set.rows + set.written.addedIn(division),
      }
      sets.set(path, set)
      for (const property of entry.properties) {
        if (!property.name || !property.type.startsWith('Edm.')) continue
        properties.set(property.name, this.#property(property, set, twin, paths, build))
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
    for (const path of paths.keys()) build(path)
    this.entitySets = sets
  }

  /** The GUID of the n-th user of the emulated customer. */
  userGuid(index: number): string {
    return this.#guids.guidOf({ entity: this.#numbers.get('system/users') ?? 0, division: 0, index })
  }

  /** The row whose key this is, of whatever entity. */
  rowOfGuid(guid: string): { set: EntitySet; division: number; index: number } | null {
    const address = this.#guids.addressOf(guid)
    const path = address && [...this.#numbers].find(([, number]) => number === address.entity)?.[0]
    const set = path === null || path === undefined ? undefined : this.entitySets.get(path)
    if (!address || !set || address.division >= this.divisions.length) return null
    const { division, index } = address
    const isThere = index < set.rowsIn(division) && !set.written.isDeleted(division, index)
    return isThere ? { set, division, index } : null
  }

  #rowsOf(path: string, paths: ReadonlyMap<string, CatalogueEntry>): number {
    if (path in setUpSizes) return setUpSizes[path] ?? defaultRows
    const pair = headerLines.find(([, lines]) => lines === path)
    if (pair && paths.has(pair[0])) return countLines(this.#rowsOf(pair[0], paths), patternOf(path))
    const open = openLists[path]
    if (open) return countOpen(open.chain, this.#rowsOf(open.entries, paths))
    const rows = Math.max(1, Math.round((entitySizes[path] ?? defaultRows) * this.#scale))
    return path === headlessLines ? wholeLines(rows, patternOf(path)) : rows
  }

  #property(
    { name, type, key }: CatalogueProperty,
    set: EntitySet,
    twin: string | null,
    paths: ReadonlyMap<string, CatalogueEntry>,
    build: (path: string) => EntitySet,
  ): Property {
    const { written } = set
    // What clients wrote wins. An added row has nothing else, but for what follows from its place or its references.
    const made = (
      value: Property['value'],
      rowsWith: Property['rowsWith'],
      isDerived: boolean,
    ): Property => ({
      name,
      type,
      isKey: key === true,
      value: (division, index) => {
        const row = written.rowOf(division, index)
        if (row === undefined) return value(division, index)
        const own = row.values.get(name)
        if (own !== undefined) return own
        return row.isAdded && !isDerived ? null : value(division, index)
      },
      rowsWith,
    })
    const make = (value: Property['value'], rowsWith: Property['rowsWith'] = null) =>
      made(value, rowsWith, false)
    const derive = (value: Property['value'], rowsWith: Property['rowsWith'] = null) =>
      made(value, rowsWith, true)
    const path = twin ?? set.path
    const entity = this.#numbers.get(path) ?? 0
    const salt = hashText(streamName(path, name)) ^ this.#seed
    const saltOf = (division: number) => (salt + Math.imul(division, 0x51ed27)) | 0

    if (twin && name !== 'Timestamp') {
      const same = build(twin).properties.get(name)
      const inherit = ({ value, rowsWith }: Property): Property => ({
        name,
        type,
        isKey: key === true,
        value,
        rowsWith,
      })
      if (same && same.type === type) return inherit(same)
      // A sync endpoint names the stable id `ID` where the plain one has a key of another name.
      const [stable] = build(twin).keys
      if (name === 'ID' && stable?.type === 'Edm.Guid') return inherit(stable)
    }
    if (name === 'Timestamp') {
      return derive(
        (division, index) => written.rowOf(division, index)?.version ?? firstTimestamp + index,
        (division, value) => {
          const row = written.rowOfVersion(division, Number(value))
          return row
            ? oneRow(row.index, set.rowsIn(division))
            : oneRow(Number(value) - firstTimestamp, set.rows)
        },
      )
    }
    const company = /divisions$/i.test(set.entry.entity) ? companyValue(name, this.divisions) : null
    if (company) return make(company)
    if (name === 'Division' && type === 'Edm.Int32')
      return derive((division) => this.divisions[division]?.code ?? null)
    if (key && type === 'Edm.Guid') {
      return derive(
        (division, index) => this.#guids.guidOf({ entity, division, index }),
        (division, value) => {
          const address = typeof value === 'string' ? this.#guids.addressOf(value) : null
          const isOurs = address && address.entity === entity && address.division === division
          return isOurs && !written.isDeleted(division, address.index)
            ? oneRow(address.index, set.rowsIn(division))
            : noRows
        },
      )
    }
    if (key) return this.#plainKey(name, type, set, make)
    const book = bookValue(path, name, {
      seed: this.#seed,
      isBelgian: (division) => this.divisions[division]?.country === 'BE',
      rows: (other) => this.#rowsOf(other, paths),
      other: (other, wanted) => build(other).properties.get(wanted),
    })
    if (book) return this.#fromBooks(book, make, build)

    const pattern = patternOf(path)
    if (path === headlessLines) {
      const shared = this.#ofEntry(name, type, path, pattern, saltOf, set.rows, make)
      if (shared) return shared
    }
    if (pattern === balancedLines && /^Amount[DF]C$/.test(name)) {
      return make(balanced(generated(name, type, path, saltOf), pattern, saltOf))
    }
    const pair = headerLines.find(([, lines]) => lines === path)
    const header = pair && paths.has(pair[0]) ? build(pair[0]) : null
    if (header) {
      const foreignKey = foreignKeyOf(header.entry, set.entry)
      if (name === foreignKey) {
        const [headerKey] = header.keys
        return make(
          (division, index) => headerKey?.value(division, headerOf(index, pattern).header) ?? null,
          (division, value) => {
            const found = headerKey?.rowsWith?.(division, value) ?? noRows
            return found.count === 0 ? noRows : { ...linesOf(found.first, pattern), step: 1 }
          },
        )
      }
      if (name === 'LineNumber') return make((_, index) => headerOf(index, pattern).lineNumber)
      const same = repeated.test(name) ? header.properties.get(name) : undefined
      if (same && same.type === type)
        return make((division, index) => same.value(division, headerOf(index, pattern).header))
    }
    if (summed.test(name)) {
      const lines = headerLines.find(([owner]) => owner === path)?.[1]
      if (lines && paths.get(lines)?.properties.some((property) => property.name === name)) {
        // Looked up late: the lines themselves look at their header while they are built.
        let line: Property | undefined
        return make((division, index) => {
          line ??= build(lines).properties.get(name)
          const { first, count } = linesOf(index)
          let sum = 0
          for (let at = 0; at < count; at++)
            sum += Math.round(Number(line?.value(division, first + at) ?? 0) * 100)
          return sum / 100
        })
      }
    }
    if (type === 'Edm.Guid') {
      if (/^(Creator|Modifier|CreatedBy|ModifiedBy|User|UserID|Approver)$/.test(name)) {
        return make((division, index) => this.userGuid(hashRow(saltOf(division), index) % 3))
      }
      const target = references.find(([pattern]) => pattern.test(name))?.[1]
      if (!target || !paths.has(target) || target === path) return make(() => null)
      return this.#reference(name, target, saltOf, build, make, written)
    }
    const file =
      path === 'documents/documentattachments'
        ? attachmentValue(name, hashText('attachments') ^ this.#seed)
        : null
    if (file) return make(file)
    const companion = this.#companion(name, type, set, build)
    if (companion) return derive(companion)
    return make(generated(name, type, path, saltOf))
  }

  /** A value of the books, with the way to the row that it refers to where it is another row's reference. */
  #fromBooks(
    { value, from }: BookValue,
    make: (value: Property['value']) => Property,
    build: (path: string) => EntitySet,
  ): Property {
    const property = make(value)
    if (!from) return property
    let source: Property | undefined
    const target = () => {
      source ??= build(from.path).properties.get(from.name)
      return source && targets.get(source)
    }
    targets.set(property, {
      get path() {
        return target()?.path ?? ''
      },
      rowOf(division, index) {
        const row = from.rowOf(division, index)
        return row === null ? null : (target()?.rowOf(division, row) ?? null)
      },
    })
    return property
  }

  /** What all lines of an entry without an endpoint of its own have in common; null for what is each line's own. */
  #ofEntry(
    name: string,
    type: string,
    path: string,
    pattern: LinePattern,
    saltOf: (division: number) => number,
    rows: number,
    make: (value: Property['value'], rowsWith?: Property['rowsWith']) => Property,
  ): Property | null {
    const entryOf = (index: number) => headerOf(index, pattern).header
    if (name === 'LineNumber') return make((_, index) => headerOf(index, pattern).lineNumber)
    if (name === 'EntryID') {
      return make(
        (division, index) => this.#guids.guidOf({ entity: entryEntity, division, index: entryOf(index) }),
        (division, value) => {
          const entry = typeof value === 'string' ? this.#guids.addressOf(value) : null
          if (entry?.entity !== entryEntity || entry.division !== division) return noRows
          const lines = linesOf(entry.index, pattern)
          return lines.first < rows ? { ...lines, step: 1 } : noRows
        },
      )
    }
    if (name === 'EntryNumber') return make((_, index) => 20_000_001 + entryOf(index))
    const dateSalt = hashText(`${path}.Date`) ^ this.#seed
    const dateAt = (division: number, index: number) =>
      Number(entryDate((dateSalt + Math.imul(division, 0x51ed27)) | 0, entryOf(index)))
    if (name === 'Date') return make(dateAt)
    if (name === 'FinancialYear')
      return make((division, index) => new Date(dateAt(division, index)).getUTCFullYear())
    if (name === 'FinancialPeriod')
      return make((division, index) => new Date(dateAt(division, index)).getUTCMonth() + 1)
    if (/^(JournalCode|Currency)$/.test(name)) {
      const value = generated(name, type, path, saltOf)
      return make((division, index) => value(division, entryOf(index)))
    }
    return null
  }

  #plainKey(
    name: string,
    type: string,
    set: EntitySet,
    make: (value: Property['value'], rowsWith?: Property['rowsWith']) => Property,
  ): Property {
    if (/^(Year|CurrentYear|ReportingYear)$/.test(name))
      return make((_, index) => 2020 + (Math.floor(index / 12) % 7))
    if (name === 'Period') return make((_, index) => 1 + (index % 12))
    if (type === 'Edm.String') {
      if (/Currenc/.test(set.path + name))
        return make((_, index) => currencies[index % currencies.length] ?? 'EUR')
      return make((_, index) => String(10 + Math.floor(index / 84) * 5))
    }
    return make(
      (_, index) => index + 1,
      (_, value) => oneRow(Number(value) - 1, set.rows),
    )
  }

  #reference(
    name: string,
    target: string,
    saltOf: (division: number) => number,
    build: (path: string) => EntitySet,
    make: (value: Property['value'], rowsWith?: Property['rowsWith']) => Property,
    written: WrittenView,
  ): Property {
    const isMandatory = mandatoryReferences.test(name)
    let linear: LinearReference | undefined
    let targetKey: Property | undefined
    const prepare = () => {
      const set = build(target)
      targetKey ??= set.keys[0]
      linear ??= new LinearReference(set.rows, saltOf(0) >>> 0)
      return linear
    }
    const targetOf = (division: number, index: number): number | null =>
      !isMandatory && hashRow(saltOf(division) + 5, index) % 4 === 0
        ? null
        : prepare().targetOf(index, division)
    const property = make(
      (division, index) => {
        const row = targetOf(division, index)
        return row === null ? null : (targetKey?.value(division, row) ?? null)
      },
      (division, value) => {
        const reference = prepare()
        const found = targetKey?.rowsWith?.(division, value) ?? noRows
        if (found.count === 0) return noRows
        return { first: reference.firstSourceOf(found.first, division), step: reference.size, count: null }
      },
    )
    targets.set(property, {
      path: target,
      rowOf(division, index) {
        if (written.rowOf(division, index) === undefined) return targetOf(division, index)
        prepare()
        const found = targetKey?.rowsWith?.(division, property.value(division, index))
        return found?.count === 1 ? found.first : null
      },
    })
    return property
  }

  /** `InvoiceToName` beside the reference `InvoiceTo`: the referred row's own value. */
  #companion(
    name: string,
    type: string,
    set: EntitySet,
    build: (path: string) => EntitySet,
  ): Property['value'] | null {
    const [, stem, suffix] =
      /^(.+?)(Code|Name|Description|FullName|Barcode|Subject|SearchCode)$/.exec(name) ?? []
    if (!stem || !suffix) return null
    if (suffix === 'FullName' && /^(Creator|Modifier|CreatedBy|ModifiedBy|User)$/.test(stem)) {
      const salt = hashText('user names')
      const personOf = namedValues.find(([pattern]) => pattern.test('FullName'))?.[1]
      const guid = hashText(`${set.path}.${stem}`) ^ this.#seed
      return (division, index) => {
        const user = hashRow((guid + Math.imul(division, 0x51ed27)) | 0, index) % 3
        return personOf?.(salt, user) ?? null
      }
    }
    const property = [stem, `${stem}ID`, `${stem}Id`]
      .map((known) => set.properties.get(known))
      .find((known) => known)
    const target = property && targets.get(property)
    if (!target) return null
    let value: Property | undefined
    if (target.path === '') return null
    const targetSet = build(target.path)
    const wanted =
      suffix === 'Name' && !targetSet.entry.properties.some((known) => known.name === 'Name')
        ? 'Description'
        : suffix
    const described = targetSet.entry.properties.find((known) => known.name === wanted)
    if (!described || described.type !== type) return null
    return (division, index) => {
      value ??= targetSet.properties.get(wanted)
      const row = target.rowOf(division, index)
      return row === null ? null : (value?.value(division, row) ?? null)
    }
  }
}

/** Number of the entity that stands for entries without an endpoint. No endpoint of the catalogue reaches it. */
const entryEntity = 60_000

const entryDate = valueByType('Edm.DateTime')

const patternOf = (path: string): LinePattern =>
  balancedEntities.includes(path) ? balancedLines : documentLines
