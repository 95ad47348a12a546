import type { BookValue } from './books/book-value.ts'
import { type EntitySet, noRows, type Property, type RowSteps, targets } from './entity-set.ts'
import { mandatoryReferences } from './entity-sizes.ts'
import { LinearReference } from './linear-reference.ts'
import { type Make, type Making, saltIn } from './making.ts'
import { namedValues } from './named-values.ts'
import { hashRow, hashText } from './seeded-hash.ts'
import type { WrittenView } from './written-rows.ts'

/** A GUID that refers to rows of another entity, spread over them evenly. */
export function reference(
  name: string,
  target: string,
  salt: number,
  { build }: Making,
  make: Make,
  written: WrittenView,
): Property {
  const isMandatory = mandatoryReferences.test(name)
  let linear: LinearReference | undefined
  let targetKey: Property | undefined
  const prepare = () => {
    const set = build(target)
    targetKey ??= set.keys[0]
    linear ??= new LinearReference(set.rows, saltIn(salt, 0) >>> 0)
    return linear
  }
  const targetOf = (division: number, index: number): number | null =>
    !isMandatory && hashRow(saltIn(salt, division) + 5, index) % 4 === 0
      ? null
      : prepare().targetOf(index, division)
  const property = make(
    (division, index) => {
      const row = targetOf(division, index)
      return row === null ? null : (targetKey?.value(division, row) ?? null)
    },
    (division, value) => {
      const spread = prepare()
      const found = targetKey?.rowsWith?.(division, value) ?? noRows
      if (found.count === 0) return noRows
      return { first: spread.firstSourceOf(found.first, division), step: spread.size, count: null }
    },
  )
  return referring(property, target, targetOf, written, () => {
    prepare()
    return targetKey
  })
}

/** Notes which row a property refers to: what a client wrote wins. */
function referring(
  property: Property,
  path: string,
  rowOf: (division: number, index: number) => number | null,
  written: WrittenView | null,
  keyOf: () => Property | undefined,
): Property {
  targets.set(property, {
    path,
    rowOf(division, index) {
      if (written === null || written.rowOf(division, index) === undefined) return rowOf(division, index)
      const found = keyOf()?.rowsWith?.(division, property.value(division, index))
      return found?.count === 1 ? found.first : null
    },
  })
  return property
}

const anyRow: RowSteps = { first: 0, step: 1, count: null }

/** A property that the books say, with the way to the row that it refers to. */
export function fromBooks(
  book: BookValue,
  { build }: Making,
  make: Make,
  derive: Make,
  written: WrittenView,
): Property {
  const makeIt = book.isDerived ? derive : make
  if ('to' in book) {
    const { path, rowOf } = book.to
    let key: Property | undefined
    const keyOf = () => {
      key ??= build(path).keys[0]
      return key
    }
    const property = makeIt(
      (division, index) => {
        const row = rowOf(division, index)
        return row === null ? null : (keyOf()?.value(division, row) ?? null)
      },
      // Which rows refer to it, only a look at each tells; but nothing refers to what is not there.
      (division, value) => (keyOf()?.rowsWith?.(division, value).count === 1 ? anyRow : noRows),
    )
    return referring(property, path, rowOf, book.isDerived ? null : written, keyOf)
  }
  const property = makeIt(book.value, book.rowsWith ?? null)
  const { from } = book
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

/** `InvoiceToName` beside the reference `InvoiceTo`: the referred row's own value. */
export function companion(
  name: string,
  type: string,
  set: EntitySet,
  { build, seed }: Making,
): Property['value'] | null {
  const [, stem, suffix] =
    /^(.+?)(Code|Name|Description|FullName|Barcode|Subject|SearchCode)$/.exec(name) ?? []
  if (!stem || !suffix) return null
  if (suffix === 'FullName' && /^(Creator|Modifier|CreatedBy|ModifiedBy|User)$/.test(stem)) {
    const salt = hashText('user names')
    const personOf = namedValues.find(([pattern]) => pattern.test('FullName'))?.[1]
    const guid = hashText(`${set.path}.${stem}`) ^ seed
    return (division, index) => personOf?.(salt, hashRow(saltIn(guid, division), index) % 3) ?? null
  }
  const property = [stem, `${stem}ID`, `${stem}Id`]
    .map((known) => set.properties.get(known))
    .find((known) => known)
  const target = property && targets.get(property)
  if (!target || target.path === '') return null
  let value: Property | undefined
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
