/** An id and when its time comes; `order` is how it was entered. */
interface Entry {
  readonly at: number
  readonly order: number
  readonly id: string
}

const isBefore = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order)

/** What a database's index on a time is to a table: finds what is due without looking at what is not. A binary heap. */
export class TimeIndex {
  readonly #heap: Entry[] = []
  /** What is true of each id; entries of the heap that say otherwise are leftovers. */
  readonly #current = new Map<string, Entry>()
  #order = 0

  /** `null` takes the id out. */
  set(id: string, at: number | null): void {
    const known = this.#current.get(id)
    if (at === null) {
      this.#current.delete(id)
      return
    }
    if (known?.at === at) return
    const entry = { at, order: known?.order ?? this.#order++, id }
    this.#current.set(id, entry)
    this.#push(entry)
  }

  /** Ids whose time has come and that `isWanted`, the earliest first, `limit` at the most. */
  due(now: number, limit: number, isWanted: (id: string) => boolean): readonly string[] {
    const seen: Entry[] = []
    const found: string[] = []
    for (let first = this.#heap[0]; first && first.at <= now && found.length < limit; first = this.#heap[0]) {
      this.#pop()
      if (this.#current.get(first.id) !== first) continue
      seen.push(first)
      if (isWanted(first.id)) found.push(first.id)
    }
    for (const entry of seen) this.#push(entry)
    return found
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as Entry
      if (!isBefore(entry, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      const [left, right] = [heap[below], heap[below + 1]]
      if (left === undefined) break
      if (right !== undefined && isBefore(right, left)) below++
      const smaller = heap[below] as Entry
      if (!isBefore(smaller, last)) break
      heap[at] = smaller
      at = below
    }
    heap[at] = last
  }
}
