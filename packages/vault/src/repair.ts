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
  readonly liveness: Pick<ProcessLiveness, 'id' | 'look' | 'forget'>
  readonly memory: Pick<DatabaseMemory, 'check' | 'openRecovery' | 'noteReplayed' | 'awaited' | 'endRecovery'>
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
  /** What could not be judged or put back, told of once each. */
  readonly #unjudged = new Set<string>()
  /** The recovery that others are waited for in. */
  #recovery: number | null = null
  #pruneAt = 0

  constructor(parts: RepairParts) {
    this.#parts = parts
  }

  /** What comes before anything else at start and after the database was away. */
  async recover(): Promise<void> {
    await this.#parts.memory.check()
    await this.#replayAbsent()
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
    const { store, spender, liveness, clock, log, lostAfterMs } = this.#parts
    const open = (await store.openSends()).filter(({ spend_id: id }) => !spender.isBusyWith(id ?? ''))
    if (open.length === 0) return
    const holders = [...new Set(open.map(({ spend_process: holder }) => holder ?? ''))]
    const look = await liveness.look(holders.filter((holder) => holder !== liveness.id))
    const dead = new Set(look.dead)
    // What a dead holder still wrote down counts before its sends are called lost.
    const found = look.absent.length === 0 ? new Set<string>() : await this.#replayAbsent()
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
      try {
        await spender.lose(current, text, { isSpoolMissing: dead.has(holder) && !found.has(holder) })
      } catch (error) {
        if (!isSluisError(error, 'GRANT_MISCONFIGURED')) throw error
        // Its region was taken from this server: others may have it, and all other grants must go on.
        const name = `${current.id} ${current.spend_id}`
        if (!this.#unjudged.has(name))
          log.warn({ grant: current.id, error: error.message }, 'a send of a dead process waits')
        this.#unjudged.add(name)
      }
    }
  }

  /**
   * Replays the spools of processes that have no lock; says whose spools there are. One that lives after all is done no
   * harm: what is put back is what it is about to save itself.
   */
  async #replayAbsent(): Promise<Set<string>> {
    const { liveness, shelf } = this.#parts
    const files = (await shelf.list()).filter(({ processId }) => processId !== liveness.id)
    const look = await liveness.look([...new Set(files.map(({ processId }) => processId))])
    const absent = new Set(look.absent)
    const ofAbsent = files.filter(({ processId }) => absent.has(processId))
    let away: unknown = null
    for (const file of ofAbsent) {
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
    return new Set(ofAbsent.map(({ processId }) => processId))
  }

  /** When the database forgot: this process, and in the name of dead ones it, says what the spools know. */
  async #takePartInRecovery(): Promise<void> {
    const { memory, liveness } = this.#parts
    const recovery = await memory.openRecovery(liveness.id)
    if (recovery !== null) {
      this.#recovery = recovery
      await this.#replayFor(recovery, [liveness.id])
    }
    if (this.#recovery !== null) {
      // Who is dead shows after a while.
      const awaited = await memory.awaited()
      if (awaited.length === 0) this.#recovery = null
      else await this.#replayFor(this.#recovery, (await liveness.look(awaited)).dead)
    }
    await memory.endRecovery()
  }

  /** Replays what these processes wrote down, of those whose spools are here. */
  async #replayFor(recovery: number, processes: readonly string[]): Promise<void> {
    if (processes.length === 0) return
    const { memory, liveness, replay, shelf, log } = this.#parts
    const files = (await shelf.list()).filter(({ processId }) => processes.includes(processId))
    const done = new Set([
      ...processes.filter((id) => id === liveness.id),
      ...files.map(({ processId }) => processId),
    ])
    const unfinished = new Set<string>()
    for (const file of files) if (!(await replay.replay(file)).isWhole) unfinished.add(file.processId)
    for (const id of unfinished) {
      done.delete(id)
      const name = `${recovery} ${id}`
      if (!this.#unjudged.has(name)) {
        log.error(
          { process: id },
          'the spool of this process knows newer tokens than the database, and their keys are not to be had; bring the keys back, or give the process up: sluis vault assume-lost <process>',
        )
      }
      this.#unjudged.add(name)
    }
    await memory.noteReplayed(recovery, [...done])
  }

  /** Removes spools of which every record is old, and forgets processes and keys that have no use any more. */
  async #prune(): Promise<void> {
    const { spool, liveness, replay, idempotency, clock, shelf } = this.#parts
    this.#pruneAt = clock.now() + pruneEveryMs
    const before = clock.now() - spoolKeptMs
    await spool.prune(before)
    const files = (await shelf.list()).filter(({ processId }) => processId !== liveness.id)
    const dead = new Set((await liveness.look([...new Set(files.map(({ processId }) => processId))])).dead)
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
