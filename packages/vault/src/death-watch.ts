/** Whoever loses its connection takes a new one, and with it its lock, in this time. */
export const graceMs = 15_000

/** A process that holds no lock, and how often it has connected so far; null for one that is not on record. */
export interface Absentee {
  readonly id: string
  readonly connects: number | null
}

/**
 * Tells the dead from those whose connection broke: a process is dead when it was without its lock for fifteen seconds
 * and has not connected in between. One look shows that a lock is missing, and nothing about who lost it.
 */
export class DeathWatch {
  readonly #missing = new Map<string, { readonly since: number; readonly connects: number | null }>()

  /** What one look at the locks of `asked` saw; gives those that are dead. */
  judge(asked: readonly string[], absent: readonly Absentee[], now: number): readonly string[] {
    const known = new Map(asked.map((id) => [id, this.#missing.get(id)]))
    for (const id of asked) this.#missing.delete(id)
    const dead: string[] = []
    for (const { id, connects } of absent) {
      const before = known.get(id)
      const isSame = before !== undefined && before.connects === connects && before.since <= now
      const since = isSame ? before.since : now
      this.#missing.set(id, { since, connects })
      if (now - since >= graceMs) dead.push(id)
    }
    return dead
  }
}
