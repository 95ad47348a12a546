import type { Clock, GrantId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { Partition } from '../catalog/table.ts'

/** The partitions that each grant reaches, as they were read last. */
export class PartitionStore {
  readonly #store: Store
  readonly #clock: Clock

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Null when they were never read. */
  async get(grant: GrantId): Promise<readonly Partition[] | null> {
    const { rows } = await this.#store.pool.query<{ partitions: Partition[] }>(
      'SELECT partitions FROM partition_list WHERE grant_id = $1',
      [grant],
    )
    return rows[0]?.partitions ?? null
  }

  async put(grant: GrantId, partitions: readonly Partition[]): Promise<void> {
    await this.#store.pool.query(
      `INSERT INTO partition_list (grant_id, partitions, read_at) VALUES ($1, $2, $3)
       ON CONFLICT (grant_id) DO UPDATE SET partitions = excluded.partitions, read_at = excluded.read_at`,
      [grant, JSON.stringify(partitions), this.#clock.now()],
    )
  }

  async forget(grant: GrantId): Promise<void> {
    await this.#store.pool.query('DELETE FROM partition_list WHERE grant_id = $1', [grant])
  }
}
