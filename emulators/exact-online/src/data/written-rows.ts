import type { Journal } from '@sluis/emulator-shared'
import type { Value } from './named-values.ts'

/** What clients made of one row: values that replace the generated ones, or all values of a row that they added. */
export interface WrittenRow {
  readonly index: number
  readonly isAdded: boolean
  readonly isDeleted: boolean
  /** The row's place in the sync feeds of its company: grows with every write. */
  readonly version: number
  readonly values: ReadonlyMap<string, Value>
}

interface JournalRecord {
  readonly path: string
  readonly division: number
  readonly row: Omit<WrittenRow, 'values'> & { readonly values: readonly (readonly [string, Value])[] }
}

/** Above the timestamps of all generated rows. */
const firstVersion = 5_000_000_000

const none: readonly WrittenRow[] = []

/** What is written of the rows of one endpoint. */
export interface WrittenView {
  rowOf(division: number, index: number): WrittenRow | undefined
  rowOfVersion(division: number, version: number): WrittenRow | undefined
  /** Rows that are not as they were generated. */
  touched(division: number): readonly WrittenRow[]
  addedIn(division: number): number
  lastVersion(division: number): number
  isDeleted(division: number, index: number): boolean
  put(division: number, row: WrittenRow): void
}

/** The written rows of one entity, company by company. */
export class WrittenSet implements WrittenView {
  readonly #divisions = new Map<number, Map<number, WrittenRow>>()
  readonly #added = new Map<number, number>()

  rowOf(division: number, index: number): WrittenRow | undefined {
    return this.#divisions.size === 0 ? undefined : this.#divisions.get(division)?.get(index)
  }

  rowOfVersion(division: number, version: number): WrittenRow | undefined {
    return this.touched(division).find((row) => row.version === version)
  }

  /** Rows that are not as they were generated. */
  touched(division: number): readonly WrittenRow[] {
    const rows = this.#divisions.get(division)
    return rows ? [...rows.values()] : none
  }

  /** The highest version of a company, or the one below which all generated rows are. */
  lastVersion(division: number): number {
    return Math.max(firstVersion, ...this.touched(division).map(({ version }) => version))
  }

  addedIn(division: number): number {
    return this.#added.get(division) ?? 0
  }

  isDeleted(division: number, index: number): boolean {
    return this.rowOf(division, index)?.isDeleted === true
  }

  put(division: number, row: WrittenRow): void {
    const rows = this.#divisions.get(division) ?? new Map<number, WrittenRow>()
    if (row.isAdded && !rows.has(row.index)) this.#added.set(division, this.addedIn(division) + 1)
    rows.set(row.index, row)
    this.#divisions.set(division, rows)
  }

  clear(): void {
    this.#divisions.clear()
    this.#added.clear()
  }
}

/** All that clients wrote, kept over restarts. */
export class WrittenRows {
  readonly #sets = new Map<string, WrittenSet>()
  readonly #versions = new Map<number, number>()
  readonly #journal: Journal | null

  constructor(journal: Journal | null = null) {
    this.#journal = journal
    for (const { path, division, row } of journal?.read<JournalRecord>() ?? [])
      this.#apply(path, division, { ...row, values: new Map(row.values) })
  }

  /** The rows of the entity with this path, the same object each time. */
  of(path: string): WrittenSet {
    let set = this.#sets.get(path)
    if (!set) {
      set = new WrittenSet()
      this.#sets.set(path, set)
    }
    return set
  }

  /** Keeps a row for good under the next version of its company. */
  put(path: string, division: number, row: Omit<WrittenRow, 'version'>): void {
    const version = (this.#versions.get(division) ?? firstVersion) + 1
    const kept = { ...row, version }
    this.#apply(path, division, kept)
    this.#journal?.append({ path, division, row: { ...kept, values: [...row.values] } }, { isDurable: true })
  }

  #apply(path: string, division: number, row: WrittenRow): void {
    this.of(path).put(division, row)
    this.#versions.set(division, Math.max(row.version, this.#versions.get(division) ?? firstVersion))
  }

  /** Back to what was generated. */
  clear(): void {
    for (const set of this.#sets.values()) set.clear()
    this.#versions.clear()
    this.#journal?.clear()
  }

  close(): void {
    this.#journal?.close()
  }
}
