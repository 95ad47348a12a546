import type { CatalogueProperty } from '@sluis/facts'
import { attachmentValue } from './attachments.ts'
import { bookValue } from './books/books.ts'
import { streamName } from './books/document-chain.ts'
import { foreignKeyOf } from './catalogue-paths.ts'
import { companyValue } from './company-values.ts'
import { type EntitySet, noRows, oneRow, type Property } from './entity-set.ts'
import { headerLines, references } from './entity-sizes.ts'
import { generated } from './generated-values.ts'
import { repeated, summed } from './header-lines.ts'
import { headerOf, linesOf, patternOf } from './line-numbering.ts'
import { type Make, type Making, saltIn } from './making.ts'
import { companion, fromBooks, reference } from './references.ts'
import { hashRow, hashText } from './seeded-hash.ts'
import { currencies } from './words.ts'

/** A property of an entity set: the first rule that fits says what it holds. `twin` has the same rows. */
export function entityProperty(
  { name, type, key }: CatalogueProperty,
  set: EntitySet,
  twin: string | null,
  making: Making,
): Property {
  const { build, paths, seed } = making
  const { written } = set
  const isKey = key === true
  // What clients wrote wins. An added row has nothing else, but for what follows from its place or its references.
  const made = (value: Property['value'], rowsWith: Property['rowsWith'], isDerived: boolean): Property => ({
    name,
    type,
    isKey,
    generated: value,
    value: (division, index) => {
      const row = written.rowOf(division, index)
      if (row === undefined) return value(division, index)
      const own = row.values.get(name)
      if (own !== undefined) return own
      return row.isAdded && !isDerived ? null : value(division, index)
    },
    rowsWith,
  })
  const make: Make = (value, rowsWith = null) => made(value, rowsWith, false)
  const derive: Make = (value, rowsWith = null) => made(value, rowsWith, true)

  if (twin && name !== 'Timestamp') {
    const inherit = (property: Property): Property => ({ ...property, name, type, isKey })
    const same = build(twin).properties.get(name)
    if (same && same.type === type) return inherit(same)
    // A sync endpoint names the stable id `ID` where the plain one has a key of another name.
    const [stable] = build(twin).keys
    if (name === 'ID' && stable?.type === 'Edm.Guid') return inherit(stable)
  }
  if (name === 'Timestamp') return timestamp(set, making, derive)
  const company = /divisions$/i.test(set.entry.entity) ? companyValue(name, making.divisions) : null
  if (company) return make(company)
  if (name === 'Division' && type === 'Edm.Int32')
    return derive((division) => making.divisions[division]?.code ?? null)

  const path = twin ?? set.path
  if (isKey) return type === 'Edm.Guid' ? guidKey(path, set, making, derive) : plainKey(name, type, set, make)
  const book = bookValue(path, name, making.books)
  if (book) return fromBooks(book, making, make, derive, written)
  const ofHeader = lineProperty(name, type, path, set, making, make)
  if (ofHeader) return ofHeader
  const sum = summed.test(name) ? sumOfLines(name, path, making) : null
  if (sum) return make(sum)

  const salt = hashText(streamName(path, name)) ^ seed
  const saltOf = (division: number) => saltIn(salt, division)
  if (type === 'Edm.Guid') {
    if (/^(Creator|Modifier|CreatedBy|ModifiedBy|User|UserID|Approver)$/.test(name))
      return make((division, index) => userGuid(making, hashRow(saltOf(division), index) % 3))
    const target = references.find(([pattern]) => pattern.test(name))?.[1]
    if (!target || !paths.has(target) || target === path) return make(() => null)
    return reference(name, target, salt, making, make, written)
  }
  const file =
    path === 'documents/documentattachments' ? attachmentValue(name, hashText('attachments') ^ seed) : null
  if (file) return make(file)
  const beside = companion(name, type, set, making)
  if (beside) return derive(beside)
  return make(generated(name, type, path, saltOf))
}

/** The GUID of the n-th user of the emulated customer. */
export const userGuid = ({ guids, numberOf }: Pick<Making, 'guids' | 'numberOf'>, index: number): string =>
  guids.guidOf({ entity: numberOf('system/users'), division: 0, index })

/** The row version: of what clients wrote the moment of that, of the rest its place. */
function timestamp(set: EntitySet, { firstTimestamp }: Making, derive: Make): Property {
  const { written } = set
  return derive(
    (division, index) => written.rowOf(division, index)?.version ?? firstTimestamp + index,
    (division, value) => {
      const row = written.rowOfVersion(division, Number(value))
      return row ? oneRow(row.index, set.rowsIn(division)) : oneRow(Number(value) - firstTimestamp, set.rows)
    },
  )
}

function guidKey(path: string, set: EntitySet, { guids, numberOf }: Making, derive: Make): Property {
  const entity = numberOf(path)
  return derive(
    (division, index) => guids.guidOf({ entity, division, index }),
    (division, value) => {
      const address = typeof value === 'string' ? guids.addressOf(value) : null
      const isOurs = address && address.entity === entity && address.division === division
      return isOurs && !set.written.isDeleted(division, address.index)
        ? oneRow(address.index, set.rowsIn(division))
        : noRows
    },
  )
}

function plainKey(name: string, type: string, set: EntitySet, make: Make): Property {
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

/** What a line has of its header: the key, its number in it, and what is repeated; null where it is no such line. */
function lineProperty(
  name: string,
  type: string,
  path: string,
  set: EntitySet,
  { build, paths }: Making,
  make: Make,
): Property | null {
  const pair = headerLines.find(([, lines]) => lines === path)
  const header = pair && paths.has(pair[0]) ? build(pair[0]) : null
  if (!header) return null
  const pattern = patternOf(path)
  if (name === foreignKeyOf(header.entry, set.entry)) {
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
  return same && same.type === type
    ? make((division, index) => same.value(division, headerOf(index, pattern).header))
    : null
}

/** An amount of a header whose lines have the same one. */
function sumOfLines(name: string, path: string, { build, paths }: Making): Property['value'] | null {
  const lines = headerLines.find(([owner]) => owner === path)?.[1]
  if (!lines || !paths.get(lines)?.properties.some((property) => property.name === name)) return null
  // Looked up late: the lines themselves look at their header while they are built.
  let line: Property | undefined
  return (division, index) => {
    line ??= build(lines).properties.get(name)
    const { first, count } = linesOf(index)
    let sum = 0
    for (let at = 0; at < count; at++) sum += Math.round(Number(line?.value(division, first + at) ?? 0) * 100)
    return sum / 100
  }
}
