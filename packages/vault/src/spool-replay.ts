import { type Clock, isSluisError, type Log, type OrganisationId } from '@sluis/shared'
import type { AnswerKeeper } from './answer-keeper.ts'
import type { GrantRow, GrantSeals } from './grant-row.ts'
import { type GrantStore, rowFromJson } from './grant-store.ts'
import type { KeyRing } from './key-ring.ts'
import {
  type GrantRecord,
  keyIdsOf,
  type SpoolFile,
  type SpoolRecord,
  type SpoolShelf,
} from './spool-records.ts'

export interface SpoolReplayParts {
  readonly store: GrantStore
  readonly seals: GrantSeals
  readonly keys: Pick<KeyRing, 'fingerprint' | 'shreddedOf' | 'putBack'>
  readonly keeper: AnswerKeeper
  readonly shelf: Pick<SpoolShelf, 'read' | 'eraseKeys'>
  /** Destroys an organisation's keys once more, where the database forgot that they were. */
  shred(organisation: OrganisationId): Promise<unknown>
  readonly clock: Clock
  readonly log: Log
}

/** What came of a file's replay. */
export interface Replayed {
  /** The time of its newest record; null when it holds none. */
  readonly newest: number | null
  /** False when it knows something newer than the database does, and its key is not to be had. */
  readonly isWhole: boolean
}

/** A record that is older than this is of no use any more, and its key may be gone for good reason. */
const usefulMs = 7 * 86_400_000

/** Puts back into the database what a spool knows and the database does not: idempotent, and older never wins. */
export class SpoolReplay {
  readonly #parts: SpoolReplayParts

  constructor(parts: SpoolReplayParts) {
    this.#parts = parts
  }

  /**
   * Replays one file. Rejects, when all else is put back, while something cannot be opened for a reason that passes:
   * then it has to be replayed again.
   */
  async replay(file: SpoolFile): Promise<Replayed> {
    const records = await this.#parts.shelf.read(file)
    const grants = newestOfEachChain(records)
    const shredded = await this.#keepShredded(file, records)
    const { unopened, failure } = await this.#putBackKeys(records, grants, shredded)
    let away = failure
    let isWhole = true
    for (const record of grants) {
      const row = rowFromJson(record.row)
      if (shredded.has(row.organisation_id) || keyIdsOf(record.row).some((id) => unopened.has(id))) continue
      try {
        await this.#putBack(record, row)
      } catch (error) {
        if (isSluisError(error, 'KEY_SERVICE_UNAVAILABLE')) {
          away ??= error
          continue
        }
        // The database went away: nothing may count as replayed, or what the spool knows would be forgotten.
        if (!isOfRecord(error)) throw error
        // One record that does not fit must not keep the others out.
        this.#parts.log.error(
          { grant: row.id, generation: row.generation, error: (error as Error).message },
          'a spooled answer does not fit the database',
        )
        if (isSluisError(error, 'KEY_UNUSABLE') && (await this.#isMissed(record, row))) isWhole = false
      }
    }
    if (away !== null) throw away
    return { newest: records.length === 0 ? null : Math.max(...records.map(({ at }) => at)), isWhole }
  }

  /** Organisations of this file whose keys were destroyed: they stay so, in the database and in the file. */
  async #keepShredded(file: SpoolFile, records: readonly SpoolRecord[]): Promise<Set<string>> {
    const { keys, shelf, shred, log } = this.#parts
    const shredded = new Set(await keys.shreddedOf([...new Set(records.flatMap(organisationOf))]))
    for (const record of records) {
      if (record.kind !== 'shredded' || shredded.has(record.organisation)) continue
      await shred(record.organisation as OrganisationId)
      shredded.add(record.organisation)
      log.info({ organisation: record.organisation }, 'a deleted organisation’s keys were destroyed again')
    }
    const found = records.flatMap((record) => (record.kind === 'key' ? [record.key.organisation] : []))
    for (const organisation of new Set(found)) {
      if (shredded.has(organisation)) await shelf.eraseKeys(file, organisation)
    }
    return shredded
  }

  /** The keys that the records need come before them; those that cannot be asked for now are tried again. */
  async #putBackKeys(
    records: readonly SpoolRecord[],
    grants: readonly GrantRecord[],
    shredded: ReadonlySet<string>,
  ): Promise<{ readonly unopened: ReadonlySet<string>; readonly failure: unknown }> {
    const { keys } = this.#parts
    const needed = new Set(grants.flatMap(({ row }) => keyIdsOf(row)))
    const newest = new Map(records.flatMap((each) => (each.kind === 'key' ? [[each.key.id, each.key]] : [])))
    const wanted = [...newest.values()].filter(
      ({ id, organisation }) => needed.has(id) && !shredded.has(organisation),
    )
    return keys.putBack(wanted)
  }

  /** Whether the database lacks what this record knows. */
  async #isMissed(record: GrantRecord, row: GrantRow): Promise<boolean> {
    const { store, clock } = this.#parts
    if (record.at < clock.now() - usefulMs) return false
    const current = await store.get(row.id)
    if (current === null || current.chain < row.chain) return true
    return current.chain === row.chain && current.generation < row.generation
  }

  async #putBack(record: GrantRecord, row: GrantRow): Promise<void> {
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

const organisationOf = (record: SpoolRecord): string[] => {
  if (record.kind === 'grant') return [String(record.row.organisation_id)]
  if (record.kind === 'key') return [record.key.organisation]
  return record.kind === 'shredded' ? [record.organisation] : []
}

/** A grant's records are complete in themselves: of each chain only the last one matters. */
function newestOfEachChain(records: readonly SpoolRecord[]): GrantRecord[] {
  const newest = new Map<string, GrantRecord>()
  for (const record of records) {
    if (record.kind !== 'grant') continue
    const name = `${record.row.id} ${record.row.chain}`
    // Deleted and set again, so that the order is that of the last records.
    newest.delete(name)
    newest.set(name, record)
  }
  return [...newest.values()]
}
