import type { IncomingResponse, OutgoingRequest } from '@sluis/shared'
import type { Partition, PlatformTable } from './table.ts'

/** What may be said of one column, or of one member of its lines, when a row is written. */
export interface ColumnWrite {
  readonly isInsertable: boolean
  readonly isUpdatable: boolean
  /** A new row needs a value, and an existing one keeps one. */
  readonly isMandatory: boolean
  /** For a line collection: the members of a line. */
  readonly lines?: ReadonlyMap<string, ColumnWrite>
}

/** How a table can be written, as the platform documents it. */
export interface TableWrite {
  readonly canInsert: boolean
  readonly canUpdate: boolean
  readonly canDelete: boolean
  /** By the table's spelling; a column that is not here is read-only. */
  readonly columns: ReadonlyMap<string, ColumnWrite>
  /** The columns whose values name one row, which the platform holds unique; empty where there are none. */
  readonly naturalKey: readonly string[]
  /** An insert writes over a row that has the natural key: whether one is there is looked before. */
  readonly insertReplaces?: true
}

export type WriteVerb = 'insert' | 'update' | 'delete'

/**
 * A value on its way out, in one lossless form per type: BIGINT, DECIMAL and UUID as text, TIMESTAMP as
 * `2026-01-31 12:00:00`, lines as objects of such values.
 */
export type WriteValue = null | boolean | number | string | readonly Readonly<Record<string, unknown>>[]

/** One row to be written. */
export interface RowWrite {
  readonly verb: WriteVerb
  readonly table: PlatformTable
  readonly partition: Partition | null
  /** Of the row that is there already; null for a new one. */
  readonly key: string | null
  readonly values: ReadonlyMap<string, WriteValue>
}

/** What an answer says of a write. */
export type WriteAnswer =
  | { readonly kind: 'done' }
  /** Certainly not done, and asking again changes nothing. */
  | { readonly kind: 'refused'; readonly text: string }
  /** Certainly not done; to be asked again with another token, or later. */
  | { readonly kind: 'token-refused'; readonly text: string }
  | { readonly kind: 'rate-limited'; readonly retryAt: number | null }
  /** Certainly not done: the grant's data are at another host now. */
  | { readonly kind: 'moved'; readonly text: string }
  /** Perhaps done. */
  | { readonly kind: 'unknown'; readonly text: string }

/** Writing, as far as a connector knows of it. Like reading, it sends nothing itself. */
export interface ConnectorWrites {
  /** Null for a table that is only read. */
  describe(table: PlatformTable): TableWrite | null
  request(baseUrl: string, write: RowWrite): OutgoingRequest
  judge(response: IncomingResponse, receivedAt: number): WriteAnswer
  /** The row that an insert's answer shows, as it would stand in a page, and its key. */
  readInserted(table: PlatformTable, body: Buffer): { readonly row: string; readonly key: string | null }
}
