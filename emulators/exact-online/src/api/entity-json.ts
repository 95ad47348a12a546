import type { EntitySet, Property } from '../data/dataset.ts'
import type { Value } from '../data/named-values.ts'

/** How one value stands in a page: dates as `/Date(ms)/`, 64-bit integers as strings. */
export function valueJson(value: Value, type: string): string {
  if (value === null) return 'null'
  if (type === 'Edm.DateTime') return `"\\/Date(${value})\\/"`
  if (type === 'Edm.Int64') return `"${value}"`
  if (typeof value === 'string') return JSON.stringify(value)
  return String(value)
}

/** How a key stands in an address: `guid'…'`, `5`, `5L`, `'EUR'`, several as `Name=value`. */
export function keyText(set: EntitySet, division: number, index: number): string {
  const texts = set.keys.map((key) => {
    const value = key.value(division, index)
    const text =
      key.type === 'Edm.Guid'
        ? `guid'${value}'`
        : key.type === 'Edm.Int64'
          ? `${value}L`
          : typeof value === 'string'
            ? `'${value.replaceAll("'", "''")}'`
            : String(value)
    return set.keys.length > 1 ? `${key.name}=${text}` : text
  })
  return texts.join(',')
}

export type WriteEntity = (division: number, index: number) => string

/**
 * A function that writes one row as JSON, made once per request: `base` is the address of the entity set. Values of
 * `overrides` replace those of the data, for what depends on the user.
 */
export function entityWriter(
  set: EntitySet,
  base: string,
  select: ReadonlySet<string> | null,
  expand: ReadonlyMap<string, ReadonlySet<string> | null>,
  linesBase: (lines: EntitySet) => string,
  overrides: ReadonlyMap<string, Value> = new Map(),
): WriteEntity {
  const shown: readonly Property[] = [...set.properties.values()].filter(
    ({ name }) => select === null || select.has(name),
  )
  const names = shown.map(({ name }) => `,"${name}":`)
  const collections = set.collections.filter(({ name }) => select === null || select.has(name))
  const lineWriters = collections.map(({ name, lines }) => {
    if (!expand.has(name) || !lines) return null
    return {
      lines,
      foreignKey: foreignKeyTo(set, lines),
      write: entityWriter(lines, linesBase(lines), expand.get(name) ?? null, new Map(), linesBase),
    }
  })
  const type = JSON.stringify(set.typeName)
  return (division, index) => {
    const uri = `${base}(${keyText(set, division, index)})`
    let text = `{"__metadata":{"uri":${JSON.stringify(uri)},"type":${type}}`
    for (let at = 0; at < shown.length; at++) {
      const property = shown[at] as Property
      const value = overrides.has(property.name)
        ? (overrides.get(property.name) as Value)
        : property.value(division, index)
      text += names[at] + valueJson(value, property.type)
    }
    for (let at = 0; at < collections.length; at++) {
      const name = collections[at]?.name ?? ''
      const writer = lineWriters[at]
      if (!expand.has(name)) {
        text += `,"${name}":{"__deferred":{"uri":${JSON.stringify(`${uri}/${name}`)}}}`
        continue
      }
      const lines: string[] = []
      for (const line of writer ? lineRows(set, writer.lines, writer.foreignKey, division, index) : [])
        lines.push(writer?.write(division, line) ?? '')
      text += `,"${name}":{"results":[${lines.join(',')}]}`
    }
    return `${text}}`
  }
}

/** The property of the lines that names their header. */
export function foreignKeyTo(header: EntitySet, lines: EntitySet): Property | undefined {
  return [...lines.properties.values()].find(
    (property) =>
      property.rowsWith && !property.isKey && property.name !== 'Timestamp' && isForeignKey(property, header),
  )
}

/** The rows of the lines that belong to row `index` of the header. */
export function lineRows(
  header: EntitySet,
  lines: EntitySet,
  foreignKey: Property | undefined,
  division: number,
  index: number,
): readonly number[] {
  const key = header.keys[0]?.value(division, index) ?? null
  const isGenerated = index < header.rows
  const { first, count } = (isGenerated && foreignKey?.rowsWith?.(division, key)) || { first: 0, count: 0 }
  const generated = Array.from({ length: count ?? 0 }, (_, at) => first + at)
  const touched = lines.written.touched(division)
  if (touched.length === 0) return generated
  const own = touched.filter((row) => !row.isDeleted && foreignKey?.value(division, row.index) === key)
  return [
    ...generated.filter((line) => lines.written.rowOf(division, line) === undefined),
    ...own.map((row) => row.index),
  ].sort((a, b) => a - b)
}

function isForeignKey(property: Property, header: EntitySet): boolean {
  const key = header.keys[0]?.value(0, 0) ?? null
  return property.type === 'Edm.Guid' && property.value(0, 0) === key
}
