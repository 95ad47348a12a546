import type { GrantRow } from '../grant-row.ts'
import { noSpend, type SpendIntent, type StoreEvent } from '../grant-store.ts'
import { MemoryGrantStore } from './memory-grant-store.ts'
import type { World, WorldOptions } from './world.ts'

type Break = Pick<WorldOptions, 'makeStore' | 'isSpoolLazy'>

/** A row as a process sees it that takes an open spend for none. */
const unspent = (row: GrantRow): GrantRow =>
  row.state === 'refreshing' ? { ...row, ...noSpend, state: 'active' } : row

/** Forgets the intents that `isIgnored` names: everybody may spend as if nobody did. */
class ForgetfulStore extends MemoryGrantStore {
  readonly #isIgnored: (row: GrantRow) => boolean

  constructor(world: World, isIgnored: (row: GrantRow) => boolean) {
    super((row) => world.onRow(row))
    this.#isIgnored = isIgnored
  }

  #seen(row: GrantRow): GrantRow {
    return this.#isIgnored(row) ? unspent(row) : row
  }

  override async get(...of: Parameters<MemoryGrantStore['get']>): Promise<GrantRow | null> {
    const row = await super.get(...of)
    return row && this.#seen(row)
  }

  override async beginSpend(row: GrantRow, spend: SpendIntent): Promise<GrantRow | null> {
    const current = this.rows.get(row.id)
    if (current) this.write(this.#seen(current))
    return super.beginSpend(row, spend)
  }
}

/** Says that an answer is in the database, and puts it there a minute later if its process still lives. */
class LazyStore extends MemoryGrantStore {
  readonly #world: World

  constructor(world: World) {
    super((row) => world.onRow(row))
    this.#world = world
  }

  override async advance(
    spent: GrantRow,
    next: GrantRow,
    fingerprint: Buffer | null,
    event: StoreEvent,
  ): Promise<boolean> {
    const { scheduler } = this.#world
    scheduler.add({
      process: this.#world.processNamed(spent.spend_process),
      kind: 'time',
      name: 'saves at last',
      at: scheduler.now + 60_000,
      run: () => void super.advance(spent, next, fingerprint, event),
    })
    return true
  }
}

/** The protocol with one of its promises broken: a proof that does not notice is none. */
export const brokenProtocols: Readonly<Record<string, Break>> = {
  'without intents': { makeStore: (world) => new ForgetfulStore(world, () => true) },
  'with a lock that times out after 10 s': {
    makeStore: (world) =>
      new ForgetfulStore(world, (row) => (row.spend_started_at ?? 0) < world.scheduler.now - 10_000),
  },
  'that saves after use': { makeStore: (world) => new LazyStore(world), isSpoolLazy: true },
}
