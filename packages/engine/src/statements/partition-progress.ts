import type { ChosenRead } from '../catalog/connector.ts'

/** How many partitions a statement's scans read, and how many they have read to the end. */
export class PartitionProgress {
  readonly #scans = new Map<number, { total: number; done: number }>()
  readonly #onChange: (counts: { readonly done: number; readonly total: number }) => void

  constructor(
    reads: readonly ChosenRead[],
    onChange: (counts: { readonly done: number; readonly total: number }) => void,
  ) {
    this.#onChange = onChange
    for (const { scan, partitions, calls, sharedWith, isKept } of reads) {
      const isSkipped = scan.limit === 0 || (calls.max === 0 && !isKept) || sharedWith !== undefined
      this.#scans.set(scan.id, { total: isSkipped ? 0 : (partitions?.length ?? 1), done: 0 })
    }
    this.#tell()
  }

  /** Keys of another scan may have left fewer partitions than were foreseen. */
  plan(scan: number, total: number): void {
    this.#scans.set(scan, { total, done: 0 })
    this.#tell()
  }

  done(scan: number): void {
    const known = this.#scans.get(scan)
    if (!known) return
    known.done++
    this.#tell()
  }

  /** Nothing more is read of a scan, also where a limit was met before its last partition. */
  end(scan: number): void {
    const known = this.#scans.get(scan)
    if (!known) return
    known.done = known.total
    this.#tell()
  }

  #tell(): void {
    const all = [...this.#scans.values()]
    this.#onChange({
      done: all.reduce((sum, one) => sum + one.done, 0),
      total: all.reduce((sum, one) => sum + one.total, 0),
    })
  }
}
