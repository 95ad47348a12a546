import { World, type WorldOptions } from './world.ts'

/** A schedule that broke a promise, as small as it could be made. */
export interface Violation {
  readonly seed: number
  readonly issuer: string
  readonly texts: readonly string[]
  readonly faults: readonly string[]
  /** Faults of the seed that are not needed. */
  readonly spared: readonly number[]
}

export interface Proof {
  readonly schedules: number
  readonly violations: readonly Violation[]
  /** How often what happened: events of the audit trail, outcomes at the issuer, kinds of faults. */
  readonly tally: Readonly<Record<string, number>>
}

export async function runSchedule(options: WorldOptions): Promise<World> {
  const world = new World(options)
  await world.run()
  return world
}

/** Runs schedules from `seed` on; each is decided by its number alone. Stops after `mostViolations`. */
export async function prove(
  options: Omit<WorldOptions, 'spared' | 'isTraced'> & {
    readonly schedules: number
    readonly mostViolations?: number
    readonly onProgress?: (done: number) => void
    /** Told at once: a long run that is broken off must not have been silent. */
    readonly onViolation?: (violation: Violation) => void
  },
): Promise<Proof> {
  const { schedules, seed: first, mostViolations = 1, onProgress, onViolation, ...world } = options
  const tally: Record<string, number> = {}
  const count = (what: string) => {
    tally[what] = (tally[what] ?? 0) + 1
  }
  const violations: Violation[] = []
  let done = 0
  while (done < schedules && violations.length < mostViolations) {
    const seed = first + done++
    const found = await runSchedule({ ...world, seed })
    for (const { action } of found.store.events) count(action)
    for (const { outcome, wasSpent } of found.issuer.ledger)
      count(`issuer: ${outcome}${wasSpent ? ' again' : ''}`)
    for (const { what } of found.faults) count(`fault: ${/^[a-z ]+/.exec(what)?.[0].trim()}`)
    if (found.violations.length > 0) {
      const violation = await shrink({ ...world, seed }, found)
      violations.push(violation)
      onViolation?.(violation)
    }
    onProgress?.(done)
    // A schedule never leaves the queue of microtasks: signals and output get their turn between two.
    if (done % 100 === 0) await new Promise(setImmediate)
  }
  return { schedules: done, violations, tally }
}

/** Leaves out one fault after the other as long as the promise stays broken. */
async function shrink(options: WorldOptions, found: World): Promise<Violation> {
  let smallest = found
  const spared = new Set<number>()
  for (const { number } of found.faults) {
    const fewer = await runSchedule({ ...options, spared: new Set([...spared, number]) })
    if (fewer.violations.length === 0) continue
    spared.add(number)
    smallest = fewer
  }
  return {
    seed: options.seed,
    issuer: smallest.issuerName,
    texts: smallest.violations,
    faults: smallest.faults.map(({ what }) => what),
    spared: [...spared],
  }
}
