import { createReadStream, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, SluisError, type StatementId } from '@sluis/shared'
import type { QueryStats, StatementRun } from '../engine.ts'

type Finished = Omit<StatementRun, 'stats' | 'body'> & { readonly stats: QueryStats }
/** A finished statement with the file that holds its rows. */
export type KeptResult = Finished & { readonly file: string }

const keptMs = 3_600_000

/** Results of statements that ran without a listener, kept for an hour. */
export class StoredResults {
  readonly #folder: string
  readonly #clock: Clock
  readonly #finished = new Map<StatementId, KeptResult & { readonly at: number }>()
  readonly #writing = new Map<StatementId, Promise<void>>()

  constructor(folder: string, clock: Clock) {
    this.#folder = folder
    this.#clock = clock
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  /** Lets `work`, which begins at once, write the result to a file and keeps it. */
  async keep(id: StatementId, work: (file: string) => Promise<Finished>): Promise<void> {
    const writing = this.#write(id, work)
    this.#writing.set(id, writing)
    try {
      await writing
    } finally {
      this.#writing.delete(id)
      await this.#prune()
    }
  }

  async #write(id: StatementId, work: (file: string) => Promise<Finished>): Promise<void> {
    const file = join(this.#folder, id)
    try {
      const finished = await work(file)
      this.#finished.set(id, { ...finished, file, at: this.#clock.now() })
    } catch (error) {
      await rm(file, { force: true })
      throw error
    }
  }

  /** The kept rows; of a statement that has just ended, once its last bytes are written. */
  async get(id: StatementId): Promise<KeptResult> {
    await this.#writing.get(id)
    const kept = this.#finished.get(id)
    if (!kept) {
      throw new SluisError('NOT_FOUND', 'The rows of this statement are not kept here any more.', {
        hint: 'Results are kept for an hour on the server that ran them; run the statement again.',
      })
    }
    return kept
  }

  /** The rows as they were kept. */
  static open({ id, columns, format, warnings, file, stats }: KeptResult): StatementRun {
    return {
      id,
      columns,
      format,
      warnings,
      body: createReadStream(file),
      stats: Promise.resolve(stats),
    }
  }

  /** Removes the rows of these statements before their time. */
  async forget(ids: readonly StatementId[]): Promise<void> {
    for (const id of ids) {
      const file = this.#finished.get(id)?.file
      this.#finished.delete(id)
      if (file !== undefined) await rm(file, { force: true })
    }
  }

  async #prune(): Promise<void> {
    const now = this.#clock.now()
    for (const [id, { file, at }] of this.#finished) {
      if (now - at < keptMs) continue
      this.#finished.delete(id)
      await rm(file, { force: true })
    }
  }
}
