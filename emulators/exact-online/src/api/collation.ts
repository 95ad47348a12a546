import type { Value } from '../data/named-values.ts'

/** `sql-server`: strings without case and trailing blanks, as the live service probably does. `binary`: byte by byte. */
export type Collation = 'sql-server' | 'binary'

const folded = (text: string) => text.trimEnd().toLowerCase()

/** SQL Server sorts GUIDs by the last group first, then backwards, the first three groups byte-reversed. */
function guidSortKey(guid: string): string {
  const [a = '', b = '', c = '', d = '', e = ''] = guid.split('-')
  const reversed = (hex: string) => (hex.match(/../g) ?? []).reverse().join('')
  return e + d + reversed(c) + reversed(b) + reversed(a)
}

/** Negative, zero or positive; both values of type `type` and not null. */
export function compareValues(left: Value, right: Value, type: string, collation: Collation): number {
  if (typeof left === 'string' && typeof right === 'string') {
    if (type === 'Edm.Guid') {
      const [a, b] = [guidSortKey(left), guidSortKey(right)]
      return a < b ? -1 : a > b ? 1 : 0
    }
    const [a, b] = collation === 'binary' ? [left, right] : [folded(left), folded(right)]
    return a < b ? -1 : a > b ? 1 : 0
  }
  return Number(left) - Number(right)
}

/** NULL sorts lowest. */
export function compareForOrder(left: Value, right: Value, type: string, collation: Collation): number {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null)
  return compareValues(left, right, type, collation)
}

/** For `startswith`, `substringof`, `endswith`: case folded, blanks kept, as LIKE does. */
export function foldForSearch(text: string, collation: Collation): string {
  return collation === 'binary' ? text : text.toLowerCase()
}
