import type { Clock, Log, ProcessId } from '@sluis/shared'
import type { AnswerJudge } from './answer-judge.ts'
import type { DatabaseMemory } from './database-memory.ts'
import type { GrantRow } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import type { GrantStore } from './grant-store.ts'
import type { Handovers } from './handovers.ts'
import type { Idempotency } from './idempotency.ts'
import type { Leases } from './leases.ts'
import type { ProcessLiveness } from './process-liveness.ts'
import type { Spender } from './spender.ts'
import type { Spool, SpoolShelf } from './spool.ts'
import type { SpoolReplay } from './spool-replay.ts'

export interface RepairParts {
  readonly store: GrantStore
  readonly spender: Spender
  readonly judge: AnswerJudge
  readonly leases: Leases
  readonly handovers: Pick<Handovers, 'verify'>
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

/** Grants that one look takes on, and how many at the same time. */
const perLook = 200
const atOnce = 8
/** Spool records are kept this long after the database took them. */
const spoolKeptMs = 7 * 86_400_000
/** A grant that cannot be attended at all is looked at again after this. */
const restMs = 60_000
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

  /** One look at everything whose time has come. */
  async tick(): Promise<void> {
    const { store, clock } = this.#parts
    await this.recover()
    await this.#judgeHolders()
    const rows = await store.due(clock.now(), perLook)
    let at = 0
    const lane = async () => {
      for (let row = rows[at++]; row; row = rows[at++]) await this.#attendSafely(row)
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    if (clock.now() >= this.#pruneAt) await this.#prune()
  }

  async #attendSafely(row: GrantRow): Promise<void> {
    const { store, clock, log } = this.#parts
    try {
      await this.#attend(row)
    } catch (error) {
      log.warn({ grant: row.id, error: (error as Error).message }, 'a grant could not be attended')
      await store.postpone(row, clock.now() + restMs).catch(() => {})
    }
  }

  async #attend(row: GrantRow): Promise<void> {
    const { store, spender, judge, leases, handovers, clock } = this.#parts
    switch (row.state) {
      case 'ambiguous':
        if (row.spend_kind === 'code') await judge.giveUpCode(row)
        else await spender.resend(row)
        return
      case 'pending':
        await handovers.verify(row, { isHandover: false })
        return
      case 'active': {
        if (!row.has_refresh) return this.#runOut(row)
        const notBefore = spender.notBefore(row)
        if (notBefore > clock.now()) await store.postpone(row, notBefore)
        else await leases.spend(row)
        return
      }
      default:
        await store.postpone(row, clock.now() + restMs)
    }
  }

  async #runOut(row: GrantRow): Promise<void> {
    const { store, clock } = this.#parts
    const problem = {
      code: 'GRANT_NEEDS_CONSENT',
      detail: 'The access token has run out, and there is no refresh token.',
      hint: 'Hand new credentials over, with a refresh token.',
    }
    await store.change(
      row,
      { state: nextState(row.state, 'refused-for-good'), due_at: null, problem },
      { action: 'grant.needs_consent', at: clock.now(), facts: { detail: problem.detail } },
    )
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
    for (const file of ofDead) {
      if (this.#replayed.get(file.path) === file.writtenAt) continue
      await this.#parts.replay.replay(file)
      this.#replayed.set(file.path, file.writtenAt)
    }
    return new Set(ofDead.map(({ processId }) => processId))
  }

  /** When the database forgot: this process, and in the name of dead ones it, says what the spools know. */
  async #takePartInRecovery(): Promise<void> {
    const { memory, liveness, replay, shelf } = this.#parts
    const recovery = await memory.openRecovery(liveness.id)
    if (recovery !== null) {
      const files = await shelf.list()
      const others = [...new Set(files.map(({ processId }) => processId))].filter((id) => id !== liveness.id)
      const mine = new Set<string>([...(await liveness.findDead(others)), liveness.id])
      for (const file of files) if (mine.has(file.processId)) await replay.replay(file)
      await memory.noteReplayed(recovery, [...mine])
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
      const newest = (await replay.replay(file)) ?? file.writtenAt
      if (newest >= before) kept.add(file.processId)
      else await shelf.remove(file)
    }
    const gone = [...dead].filter((id) => !kept.has(id))
    await liveness.forget(gone as ProcessId[])
    await idempotency.prune()
  }
}
