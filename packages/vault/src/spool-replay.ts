import { type Clock, isSluisError, type Log } from '@sluis/shared'
import type { AnswerKeeper } from './answer-keeper.ts'
import type { GrantRow, GrantSeals } from './grant-row.ts'
import { type GrantStore, rowFromJson } from './grant-store.ts'
import type { KeyRing } from './key-ring.ts'
import type { SpoolFile, SpoolRecord, SpoolShelf } from './spool.ts'

export interface SpoolReplayParts {
  readonly store: GrantStore
  readonly seals: GrantSeals
  readonly keys: Pick<KeyRing, 'fingerprint'>
  readonly keeper: AnswerKeeper
  readonly shelf: Pick<SpoolShelf, 'read'>
  readonly clock: Clock
  readonly log: Log
}

/** Puts back into the database what a spool knows and the database does not: idempotent, and older never wins. */
export class SpoolReplay {
  readonly #parts: SpoolReplayParts

  constructor(parts: SpoolReplayParts) {
    this.#parts = parts
  }

  /** Replays one file; the time of its newest record, or null when it holds none. */
  async replay(file: SpoolFile): Promise<number | null> {
    const records = await this.#parts.shelf.read(file)
    for (const record of newestOfEachChain(records)) {
      const row = rowFromJson(record.row)
      try {
        await this.#putBack(record, row)
      } catch (error) {
        // The database went away: nothing may count as replayed, or what the spool knows would be forgotten.
        if (!isOfRecord(error)) throw error
        // One record that does not fit must not keep the others out.
        this.#parts.log.error(
          { grant: row.id, generation: row.generation, error: (error as Error).message },
          'a spooled answer does not fit the database',
        )
      }
    }
    return records.length === 0 ? null : Math.max(...records.map(({ at }) => at))
  }

  async #putBack(record: SpoolRecord, row: GrantRow): Promise<void> {
    const { store, seals, keys, keeper, clock, log } = this.#parts
    const { refreshToken } = row.sealed_tokens === null ? {} : await seals.openTokens(row)
    const fingerprint = refreshToken === undefined ? null : await keys.fingerprint(refreshToken)
    if (await store.replay(record.row, clock.now(), fingerprint)) {
      log.info({ grant: row.id, generation: row.generation }, 'an answer was put back from the spool')
      return
    }
    if (fingerprint === null || refreshToken === undefined) return
    // Its place is taken, by another answer or by a new consent. A token that never reached the database may be the
    // living one all the same.
    if (await store.knowsFingerprint(fingerprint)) return
    const current = await store.get(row.id)
    if (current === null || (current.chain > row.chain && current.proven_refresh)) return
    await keeper.addAlternate(current, { tokens: { refreshToken }, receivedAt: row.received_at })
    log.info({ grant: row.id, generation: row.generation }, 'a late answer was kept beside its chain')
  }
}

/** Whether this record is at fault, and will be next time: it does not open, or no row can hold it. */
function isOfRecord(error: unknown): boolean {
  if (isSluisError(error, 'KEY_UNUSABLE') || error instanceof TypeError || error instanceof SyntaxError)
    return true
  // Data exceptions, broken constraints, and columns that are unknown. @see PostgreSQL manual, appendix A
  return /^(?:22|23|42)...$/.test((error as { code?: string }).code ?? '')
}

/** Records are complete in themselves: of each chain only the last one matters. */
function newestOfEachChain(records: readonly SpoolRecord[]): SpoolRecord[] {
  const newest = new Map<string, SpoolRecord>()
  for (const record of records) {
    const name = `${record.row.id} ${record.row.chain}`
    // Deleted and set again, so that the order is that of the last records.
    newest.delete(name)
    newest.set(name, record)
  }
  return [...newest.values()]
}
