import type { EntitySet } from '../data/entity-set.ts'
import type { Value } from '../data/named-values.ts'

/**
 * How a key stands in an address: `guid'…'`, `5`, `5L`, `'EUR'`, several as `Name=value`; with the value that replaces
 * the data's, where the key depends on the user.
 */
export function keyText(
  set: EntitySet,
  division: number,
  index: number,
  overrides?: ReadonlyMap<string, Value>,
): string {
  const texts = set.keys.map((key) => {
    const value = overrides?.get(key.name) ?? key.value(division, index)
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
