import type { Property } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'
import { type EntityView, shownIn } from './entity-view.ts'
import { keyText } from './key-text.ts'

/** How one value stands in a page: dates as `/Date(ms)/`, 64-bit integers as strings. @see wire.md § 3.3 */
export function valueJson(value: Value, type: string): string {
  if (value === null) return 'null'
  if (type === 'Edm.DateTime') return `"\\/Date(${value})\\/"`
  if (type === 'Edm.Int64') return `"${value}"`
  if (typeof value === 'string') return JSON.stringify(value)
  return String(value)
}

export type WriteEntity = (division: number, index: number) => string

/** A function that writes one row as JSON, made once per request. */
export function jsonWriter(view: EntityView): WriteEntity {
  const { set, base, overrides } = view
  const { properties, collections, shownValue } = shownIn(view)
  const names = properties.map(({ name }) => `,"${name}":`)
  const lineWriters = collections.map(({ lines }) => lines && jsonWriter(lines))
  const type = JSON.stringify(set.typeName)
  return (division, index) => {
    const uri = `${base}(${keyText(set, division, index, overrides)})`
    let text = `{"__metadata":{"uri":${JSON.stringify(uri)},"type":${type}}`
    for (let at = 0; at < properties.length; at++) {
      const property = properties[at] as Property
      text += names[at] + valueJson(shownValue(property, division, index), property.type)
    }
    for (const [at, { name, isExpanded, rowsOf }] of collections.entries()) {
      if (!isExpanded) {
        text += `,"${name}":{"__deferred":{"uri":${JSON.stringify(`${uri}/${name}`)}}}`
        continue
      }
      const write = lineWriters[at]
      const lines = rowsOf(division, index).map((line) => write?.(division, line) ?? '')
      text += `,"${name}":{"results":[${lines.join(',')}]}`
    }
    return `${text}}`
  }
}
