import { createHash } from 'node:crypto'
import type { Clock } from '@sluis/shared'
import type { Store } from '@sluis/store'

const mostFailures = 10
const lockedMs = 15 * 60_000

/**
 * Counts wrong passwords per address, in the database, so that many servers and many callers at once count as one. An
 * attempt is counted before it is judged: guesses side by side cannot slip past the tenth.
 */
export class LockOut {
  readonly #store: Store
  readonly #clock: Clock

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Counts an attempt; null, or until when the address is locked. */
  async begin(email: string): Promise<number | null> {
    const now = this.#clock.now()
    const { rowCount } = await this.#store.pool.query(
      `INSERT INTO login_failure AS f (subject, failures, last_at) VALUES ($1, 1, $2)
       ON CONFLICT (subject) DO UPDATE SET
         failures = CASE WHEN f.last_at <= $3 THEN 1 ELSE f.failures + 1 END, last_at = $2
       WHERE f.failures < $4 OR f.last_at <= $3`,
      [subjectOf(email), now, now - lockedMs, mostFailures],
    )
    if (rowCount) return null
    const { rows } = await this.#store.pool.query<{ last_at: number }>(
      'SELECT last_at FROM login_failure WHERE subject = $1',
      [subjectOf(email)],
    )
    return (rows[0]?.last_at ?? now) + lockedMs
  }

  /** The password was right: what came before is forgotten. */
  async clear(email: string): Promise<void> {
    await this.#store.pool.query('DELETE FROM login_failure WHERE subject = $1 OR last_at <= $2', [
      subjectOf(email),
      this.#clock.now() - lockedMs,
    ])
  }

  /** The attempt was not judged at all and does not count. */
  async undo(email: string): Promise<void> {
    await this.#store.pool.query(
      'UPDATE login_failure SET failures = greatest(failures - 1, 0) WHERE subject = $1',
      [subjectOf(email)],
    )
  }
}

const subjectOf = (email: string) => createHash('sha256').update(email.trim().toLowerCase()).digest()
