import type { EntitySet, Property } from '../data/entity-set.ts'
import { foreignKeyTo, lineRows } from '../data/line-rows.ts'
import type { Value } from '../data/named-values.ts'

/** What of an entity set is to be seen, and from which address. */
export interface EntityView {
  readonly set: EntitySet
  /** Address of the entity set as the client wrote it. */
  readonly base: string
  readonly select: ReadonlySet<string> | null
  readonly expand: ReadonlyMap<string, ReadonlySet<string> | null>
  readonly linesBase: (lines: EntitySet) => string
  /** Values that replace those of the data, for what depends on the user. */
  readonly overrides?: ReadonlyMap<string, Value>
}

/** A collection as it is shown: its lines, or only its address. */
export interface ShownCollection {
  readonly name: string
  readonly isExpanded: boolean
  /** The view of the lines; null where the emulator keeps none. */
  readonly lines: EntityView | null
  readonly rowsOf: (division: number, index: number) => readonly number[]
}

export interface Shown {
  readonly properties: readonly Property[]
  readonly collections: readonly ShownCollection[]
  readonly shownValue: (property: Property, division: number, index: number) => Value
}

/** Properties and collections that a view shows, looked up once per request. */
export function shownIn({ set, select, expand, linesBase, overrides, base }: EntityView): Shown {
  const origin = new URL(base).origin
  const properties = [...set.properties.values()].filter(({ name }) => select === null || select.has(name))
  const collections = set.collections
    .filter(({ name }) => select === null || select.has(name))
    .map(({ name, lines }): ShownCollection => {
      const isExpanded = expand.has(name)
      if (!isExpanded || !lines) return { name, isExpanded, lines: null, rowsOf: () => [] }
      const foreignKey = foreignKeyTo(set, lines)
      return {
        name,
        isExpanded,
        lines: {
          set: lines,
          base: linesBase(lines),
          select: expand.get(name) ?? null,
          expand: new Map(),
          linesBase,
        },
        rowsOf: (division, index) => lineRows(set, lines, foreignKey, division, index),
      }
    })
  return {
    properties,
    collections,
    shownValue(property, division, index) {
      const own = overrides?.get(property.name)
      if (own !== undefined) return own
      const value = property.value(division, index)
      // Binary values are written as base64 and read as an address.
      if (value === null || !isDownload(set, property)) return value
      return attachmentUrl(origin, String(set.keys[0]?.value(division, index)), property.name)
    },
  }
}

/** Properties that lead to a file: every binary one, and the address of a document's attachment. */
const isDownload = ({ path }: EntitySet, { name, type }: Property) =>
  type === 'Edm.Binary' || (name === 'Url' && /documentattachments$/.test(path))

/** Where a file is read from, with the bearer token. @see wire.md § 3.3, Binary */
export function attachmentUrl(origin: string, id: string, property: string): string {
  const which = /^(Attachment|Url)$/.test(property) ? '' : `&Property=${property}`
  return `${origin}/docs/SysAttachment.aspx?ID=${id}${which}`
}
