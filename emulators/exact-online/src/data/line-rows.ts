import type { EntitySet, Property } from './entity-set.ts'

/** The property of the lines that names their header. */
export function foreignKeyTo(header: EntitySet, lines: EntitySet): Property | undefined {
  return [...lines.properties.values()].find(
    (property) =>
      property.rowsWith && !property.isKey && property.name !== 'Timestamp' && isForeignKey(property, header),
  )
}

function isForeignKey(property: Property, header: EntitySet): boolean {
  const key = header.keys[0]?.value(0, 0) ?? null
  return property.type === 'Edm.Guid' && property.value(0, 0) === key
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

/** The same where it is known which generated lines a header has: nothing is looked up unless clients wrote lines. */
export function lineRowsOf(
  header: EntitySet,
  lines: EntitySet,
  division: number,
  index: number,
  generatedOf: (header: number) => { readonly first: number; readonly count: number },
): readonly number[] {
  if (lines.written.touched(division).length > 0)
    return lineRows(header, lines, foreignKeyTo(header, lines), division, index)
  const { first, count } = index < header.rows ? generatedOf(index) : { first: 0, count: 0 }
  return Array.from({ length: count }, (_, at) => first + at)
}
