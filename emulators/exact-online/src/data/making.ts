import type { CatalogueEntry } from '@sluis/facts'
import type { Books } from './books/book-value.ts'
import type { Division, EntitySet, Property } from './entity-set.ts'
import type { RowGuids } from './row-guid.ts'

/** What properties are made of. */
export interface Making {
  readonly seed: number
  readonly guids: RowGuids
  /** The number by which an entity's GUIDs are told from those of others. */
  readonly numberOf: (path: string) => number
  readonly divisions: readonly Division[]
  readonly paths: ReadonlyMap<string, CatalogueEntry>
  readonly build: (path: string) => EntitySet
  readonly books: Books
  readonly firstTimestamp: number
}

/** Makes a property of a value and the way back from it to its rows. */
export type Make = (value: Property['value'], rowsWith?: Property['rowsWith']) => Property

/** The stream of random numbers of a company. */
export const saltIn = (salt: number, division: number) => (salt + Math.imul(division, 0x51ed27)) | 0
