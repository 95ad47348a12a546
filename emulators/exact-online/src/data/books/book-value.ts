import type { EntitySet, Property } from '../entity-set.ts'

/** What the books of a company are computed from. */
export interface Books {
  readonly seed: number
  readonly isBelgian: (division: number) => boolean
  /** Generated rows of an entity. */
  readonly rows: (path: string) => number
  /** Another entity, looked up when it is first asked for. */
  readonly set: (path: string) => EntitySet
}

type RowOf = (division: number, index: number) => number | null

/** A value of the books. */
export type BookValue =
  | {
      readonly value: Property['value']
      readonly rowsWith?: Property['rowsWith']
      /** Also of rows that clients added: it follows from their place. */
      readonly isDerived?: boolean
      /** Where it is another row's own, so that names and codes beside it follow. */
      readonly from?: { readonly path: string; readonly name: string; readonly rowOf: RowOf }
    }
  /** The key of a row of another entity. */
  | { readonly to: { readonly path: string; readonly rowOf: RowOf }; readonly isDerived?: boolean }

/** A value of a property of another entity; null where it has no such property. */
export const readValue = (
  books: Books,
  path: string,
  name: string,
  division: number,
  index: number,
): string | number | boolean | null => books.set(path).properties.get(name)?.value(division, index) ?? null
