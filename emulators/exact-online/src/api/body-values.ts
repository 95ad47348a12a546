import type { EntitySet, Property } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'
import { ApiFault } from './api-fault.ts'

/** What a POST or PUT says of one row: values of its properties, rows of its collections. */
export interface BodyValues {
  readonly values: ReadonlyMap<Property, Value>
  readonly lines: ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>
}

const unreadable = () =>
  new ApiFault(
    400,
    'Error processing request stream. The request should be a valid top-level resource object.',
  )

/** The object that a body holds. Nothing but JSON is read. @see wire.md § 3.5 */
export function parseBody(text: string, contentType?: string): Readonly<Record<string, unknown>> {
  if (contentType !== undefined && !/json/i.test(contentType)) throw unreadable()
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return body as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw unreadable()
}

/** Reads what an object says of a row of this set; properties that cannot be set by this method are passed over. */
export function readBody(
  body: Readonly<Record<string, unknown>>,
  set: EntitySet,
  method: 'c' | 'u',
): BodyValues {
  const values = new Map<Property, Value>()
  const lines = new Map<string, readonly Readonly<Record<string, unknown>>[]>()
  for (const [name, value] of Object.entries(body)) {
    if (name === '__metadata') continue
    const entry = set.entry.properties.find((property) => property.name === name)
    if (!entry) {
      throw new ApiFault(
        400,
        `Error processing request stream. The property name '${name}' specified for type '${set.typeName}' is not valid.`,
      )
    }
    if (!entry.w?.includes(method) || entry.key) continue
    if (entry.type.startsWith('Collection(')) {
      const rows = typeof value === 'object' && value !== null && 'results' in value ? value.results : value
      if (!Array.isArray(rows) || rows.some((row) => typeof row !== 'object' || row === null))
        throw unreadable()
      if (method === 'u' && rows.length > 0) {
        throw new ApiFault(
          400,
          'Error processing request stream. Binding to new entities is not supported on update.',
        )
      }
      lines.set(name, rows as Record<string, unknown>[])
      continue
    }
    const property = set.properties.get(name)
    if (property) values.set(property, readValue(value, property))
  }
  return { values, lines }
}

function readValue(value: unknown, { name, type }: Property): Value {
  if (value === null) return null
  const wrong = () =>
    new ApiFault(
      400,
      `Error processing request stream. Error encountered in converting the value from request payload for property '${name}' to type '${type}', which is the property's expected type.`,
    )
  switch (type) {
    case 'Edm.String':
      if (typeof value !== 'string') throw wrong()
      return value
    case 'Edm.Binary':
      if (typeof value !== 'string' || /[^A-Za-z0-9+/=\s]/.test(value)) throw wrong()
      return value
    case 'Edm.Boolean':
      if (typeof value !== 'boolean') throw wrong()
      return value
    case 'Edm.Guid': {
      const text = typeof value === 'string' ? value.toLowerCase().replace(/^\{|\}$/g, '') : ''
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) throw wrong()
      return text
    }
    case 'Edm.DateTime': {
      const milliseconds = typeof value === 'string' ? /^\/Date\((-?\d+)\)\/$/.exec(value)?.[1] : undefined
      if (milliseconds !== undefined) return Number(milliseconds)
      // Wall-clock time: a zone is written by many clients and means nothing.
      const iso =
        typeof value === 'string'
          ? /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?/.exec(value)
          : null
      const time = iso ? Date.parse(`${iso[1]}T${iso[2] ?? '00:00:00'}Z`) : Number.NaN
      if (Number.isNaN(time)) throw wrong()
      return time
    }
    default: {
      const number =
        typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN
      if (!Number.isFinite(number) || value === '') throw wrong()
      if (/Int|Byte/.test(type) && !Number.isInteger(number)) throw wrong()
      return number
    }
  }
}
