import { type Clock, isSluisError, type Log, type ProcessId } from '@sluis/shared'
import type { DatabaseMemory } from './database-memory.ts'
import type { DueGrants } from './due-grants.ts'
import type { GrantRow } from './grant-row.ts'
import type { GrantStore } from './grant-store.ts'
import type { GrantWarnings } from './grant-warnings.ts'
import type { Idempotency } from './idempotency.ts'
import type { ProcessLiveness } from './process-liveness.ts'
import type { Spender } from './spender.ts'
import type { Spool } from './spool.ts'
import type { SpoolShelf } from './spool-records.ts'
import type { SpoolReplay } from './spool-replay.ts'

export interface RepairParts {
  readonly store: GrantStore
  readonly spender: Spender
  readonly dueGrants: Pick<DueGrants, 'begin'>
  readonly warnings: Pick<GrantWarnings, 'tell'>
  readonly liveness: Pick<ProcessLiveness, 'id' | 'findDead' | 'forget'>
  readonly memory: Pick<DatabaseMemory, 'check' | 'openRecovery' | 'noteReplayed' | 'endRecovery'>
  readonly replay: SpoolReplay
  readonly spool: Pick<Spool, 'prune'>
  readonly idempotency: Pick<Idempotency, 'prune'>
  readonly clock: Clock
  readonly log: Log
  readonly shelf: SpoolShelf
  /** Above this a send is lost whoever holds it. */
  readonly lostAfterMs: number
}

/** Spool records are kept this long after the database took them. */
const spoolKeptMs = 7 * 86_400_000
const pruneEveryMs = 3_600_000

/** What the vault does by itself: goes on with what is open, keeps chains alive, repairs what dead processes left. */
export class Repair {
  readonly #parts: RepairParts
  /** Spools of dead processes that were replayed, with their last write: they do not change any more. */
  readonly #replayed = new Map<string, number>()
  #pruneAt = 0

  constructor(parts: RepairParts) {
    this.#parts = parts
  }

  /** What comes before anything else at start and after the database was away. */
  async recover(): Promise<void> {
    await this.#parts.memory.check()
    await this.#replayDead()
    await this.#takePartInRecovery()
  }

  /** One look at everything whose time has come; settles when all of it is done. */
  async tick(): Promise<void> {
    await (await this.look()).attended
  }

  /** The same, without waiting for issuers: `attended` settles when they have answered. */
  async look(): Promise<{ readonly attended: Promise<void> }> {
    const { clock } = this.#parts
    await this.recover()
    await this.#judgeHolders()
    const { attended } = await this.#parts.dueGrants.begin()
    await this.#parts.warnings.tell()
    if (clock.now() >= this.#pruneAt) await this.#prune()
    return { attended }
  }

  /** Sends whose holder is dead, or that are older than any answer could be, are declared lost. */
  async #judgeHolders(): Promise<void> {
    const { store, spender, liveness, clock, lostAfterMs } = this.#parts
    const open = (await store.openSends()).filter(({ spend_id: id }) => !spender.isBusyWith(id ?? ''))
    if (open.length === 0) return
    const holders = [...new Set(open.map(({ spend_process: holder }) => holder ?? ''))]
    const dead = new Set(await liveness.findDead(holders.filter((holder) => holder !== liveness.id)))
    // What a dead holder still wrote down counts before its sends are called lost.
    const found = dead.size === 0 ? new Set<string>() : await this.#replayDead()
    // An overdue send counts as lost whether or not anybody may judge its holder: its spool is read all the same.
    const isOverdue = (row: GrantRow) => clock.now() - (row.spend_started_at ?? 0) > lostAfterMs
    const overdue = new Set(open.filter(isOverdue).map(({ spend_process: holder }) => holder))
    if (overdue.size > 0) {
      for (const file of await this.#parts.shelf.list()) {
        if (!overdue.has(file.processId)) continue
        found.add(file.processId)
        await this.#parts.replay.replay(file)
      }
    }
    for (const row of open) {
      const holder = row.spend_process ?? ''
      // Our own, and nothing of ours works on it any more: its answer could not be written down.
      const isAbandoned = holder === liveness.id
      if (!dead.has(holder) && !isOverdue(row) && !isAbandoned) continue
      const current = await store.get(row.id)
      const isSame = current?.spend_id === row.spend_id && current?.spend_sends === row.spend_sends
      if (!current || !isSame || current.spend_process === null || spender.isBusyWith(current.spend_id ?? ''))
        continue
      const text = dead.has(holder)
        ? 'The process that was refreshing ended before it had an answer.'
        : 'No answer came from the token endpoint.'
      await spender.lose(current, text, { isSpoolMissing: dead.has(holder) && !found.has(holder) })
    }
  }

  /** Replays the spools of processes that are dead; says whose spools there are. */
  async #replayDead(): Promise<Set<string>> {
    const { liveness, shelf } = this.#parts
    const files = (await shelf.list()).filter(({ processId }) => processId !== liveness.id)
    const dead = new Set(await liveness.findDead([...new Set(files.map(({ processId }) => processId))]))
    const ofDead = files.filter(({ processId }) => dead.has(processId))
    let away: unknown = null
    for (const file of ofDead) {
      if (this.#replayed.get(file.path) === file.writtenAt) continue
      try {
        await this.#parts.replay.replay(file)
        this.#replayed.set(file.path, file.writtenAt)
      } catch (error) {
        // What the other files know need not wait for the keys of this one.
        if (!isSluisError(error, 'KEY_SERVICE_UNAVAILABLE')) throw error
        away ??= error
      }
    }
    // Nobody may be judged by a spool that was not read to its end.
    if (away !== null) throw away
    return new Set(ofDead.map(({ processId }) => processId))
  }

  /** When the database forgot: this process, and in the name of dead ones it, says what the spools know. */
  async #takePartInRecovery(): Promise<void> {
    const { memory, liveness, replay, shelf, log } = this.#parts
    const recovery = await memory.openRecovery(liveness.id)
    if (recovery !== null) {
      const files = await shelf.list()
      const others = [...new Set(files.map(({ processId }) => processId))].filter((id) => id !== liveness.id)
      const mine = new Set<string>([...(await liveness.findDead(others)), liveness.id])
      const unfinished = new Set<string>()
      for (const file of files) {
        if (mine.has(file.processId) && !(await replay.replay(file)).isWhole) unfinished.add(file.processId)
      }
      if (unfinished.size > 0) {
        log.error(
          { processes: [...unfinished] },
          'spools of these processes know newer tokens than the database, and their keys are not to be had; bring the keys back, or give the processes up: sluis vault assume-lost <process>',
        )
      }
      await memory.noteReplayed(
        recovery,
        [...mine].filter((id) => !unfinished.has(id)),
      )
    }
    await memory.endRecovery()
  }

  /** Removes spools of which every record is old, and forgets processes and keys that have no use any more. */
  async #prune(): Promise<void> {
    const { spool, liveness, replay, idempotency, clock, shelf } = this.#parts
    this.#pruneAt = clock.now() + pruneEveryMs
    const before = clock.now() - spoolKeptMs
    await spool.prune(before)
    const files = (await shelf.list()).filter(({ processId }) => processId !== liveness.id)
    const dead = new Set(await liveness.findDead([...new Set(files.map(({ processId }) => processId))]))
    const kept = new Set<string>(
      files.filter(({ processId }) => !dead.has(processId)).map((file) => file.processId),
    )
    for (const file of files) {
      if (!dead.has(file.processId)) continue
      const newest = (await replay.replay(file)).newest ?? file.writtenAt
      if (newest >= before) kept.add(file.processId)
      else await shelf.remove(file)
    }
    const gone = [...dead].filter((id) => !kept.has(id))
    await liveness.forget(gone as ProcessId[])
    await idempotency.prune()
  }
}
