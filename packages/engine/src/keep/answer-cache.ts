import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, GrantId, OrganisationId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { ClientBase } from 'pg'
import { longestMaxAgeSeconds } from './freshness.ts'

/** The pages of one request, complete and kept. */
export interface CacheEntry {
  readonly organisationId: OrganisationId
  readonly grant: GrantId
  readonly platform: string
  /** `crm.Accounts`. */
  readonly table: string
  /** That the pages hold. */
  readonly columns: readonly string[]
  /** Empty where the table has none. */
  readonly partition: string
  readonly chain: string
  readonly calls: number
  readonly bytes: number
  /** When the oldest of its pages came. */
  readonly fetchedAt: number
}

/** Files younger than this may belong to an entry that is just being written down. */
const graceMs = 600_000

/**
 * Which answers are kept, in PostgreSQL; their pages, sealed, in a folder of this installation's data folder. Servers
 * that share the folder share what it holds, others have their own; a write is heard by all.
 */
export class AnswerCache {
  readonly #store: Store
  readonly #clock: Clock
  readonly #folder: string
  readonly #folderId: string
  readonly #maxBytes: number

  constructor(options: {
    readonly store: Store
    readonly clock: Clock
    readonly folder: string
    /** 0: nothing is kept. */
    readonly maxBytes: number
  }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#folder = options.folder
    this.#maxBytes = options.maxBytes
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    this.#folderId = idOf(options.folder)
  }

  /** Names the data folder for good. */
  get folderId(): string {
    return this.#folderId
  }

  get isOn(): boolean {
    return this.#maxBytes > 0
  }

  pathOf(chain: string): string {
    return join(this.#folder, chain.slice(0, 2), `${chain}.pages`)
  }

  /** Those of these chains that are kept and not older than told. */
  async find(chains: readonly string[], maxAgeSeconds: number): Promise<ReadonlyMap<string, CacheEntry>> {
    if (!this.isOn || chains.length === 0) return new Map()
    const { rows } = await this.#store.pool.query<CacheEntry>(
      `SELECT organisation_id AS "organisationId", grant_id AS "grant", platform, table_name AS "table", columns,
         partition, chain, calls, bytes, fetched_at AS "fetchedAt"
       FROM answer_cache WHERE folder_id = $1 AND chain = ANY($2) AND fetched_at >= $3`,
      [this.#folderId, chains, this.#clock.now() - maxAgeSeconds * 1000],
    )
    return new Map(rows.map((row) => [row.chain, row]))
  }

  /** Sets of columns with which this table of a grant is kept and that hold more than these. */
  async widerColumns(
    grant: GrantId,
    table: string,
    columns: readonly string[],
    maxAgeSeconds: number,
  ): Promise<readonly (readonly string[])[]> {
    if (!this.isOn) return []
    const { rows } = await this.#store.pool.query<{ columns: string[] }>(
      `SELECT DISTINCT columns FROM answer_cache
       WHERE folder_id = $1 AND grant_id = $2 AND table_name = $3 AND fetched_at >= $4
         AND columns @> $5 AND NOT columns <@ $5 LIMIT 5`,
      [this.#folderId, grant, table, this.#clock.now() - maxAgeSeconds * 1000, columns],
    )
    return rows.map((row) => row.columns)
  }

  async touch(chains: readonly string[]): Promise<void> {
    if (chains.length === 0) return
    await this.#store.pool.query(
      'UPDATE answer_cache SET last_used_at = $3 WHERE folder_id = $1 AND chain = ANY($2)',
      [this.#folderId, chains, this.#clock.now()],
    )
  }

  /** Changes whenever something of the platform was written: what was read before that is not kept after it. */
  async epoch(organisationId: OrganisationId, platform: string): Promise<number> {
    const { rows } = await this.#store.pool.query<{ epoch: number }>(
      'SELECT epoch FROM answer_cache_epoch WHERE organisation_id = $1 AND platform = $2',
      [organisationId, platform],
    )
    return rows[0]?.epoch ?? 0
  }

  /** Takes a file of pages over, unless something was written since `epoch` was asked. */
  async keep(file: string, entry: CacheEntry, epoch: number): Promise<void> {
    if (entry.bytes > this.#maxBytes) return rm(file, { force: true })
    const path = this.pathOf(entry.chain)
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
    await rename(file, path)
    const { rowCount } = await this.#store.pool.query(
      `INSERT INTO answer_cache (folder_id, chain, organisation_id, grant_id, platform, table_name, columns, partition,
         calls, bytes, fetched_at, last_used_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
       WHERE coalesce((SELECT epoch FROM answer_cache_epoch WHERE organisation_id = $3 AND platform = $5), 0) = $13
       ON CONFLICT (folder_id, chain) DO UPDATE SET calls = excluded.calls, bytes = excluded.bytes,
         columns = excluded.columns, fetched_at = excluded.fetched_at, last_used_at = excluded.last_used_at`,
      [
        this.#folderId,
        entry.chain,
        entry.organisationId,
        entry.grant,
        entry.platform,
        entry.table,
        [...entry.columns].sort(),
        entry.partition,
        entry.calls,
        entry.bytes,
        entry.fetchedAt,
        this.#clock.now(),
        epoch,
      ],
    )
    if (!rowCount) await rm(path, { force: true })
    else await this.#evict()
  }

  /** The least recently used go until the rest has room. */
  async #evict(): Promise<void> {
    const { rows } = await this.#store.pool.query<{ chain: string }>(
      `DELETE FROM answer_cache WHERE folder_id = $1 AND chain IN (
         SELECT chain FROM (
           SELECT chain, sum(bytes) OVER (ORDER BY last_used_at DESC, chain) AS total
           FROM answer_cache WHERE folder_id = $1) used
         WHERE total > $2) RETURNING chain`,
      [this.#folderId, this.#maxBytes],
    )
    await this.#remove(rows)
  }

  /**
   * Forgets what is kept of these partitions of a platform, of all tables: what one table is told, others show. Called
   * before the first call of a write and after its last.
   */
  async forgetWritten(
    organisationId: OrganisationId,
    platform: string,
    partitions: readonly string[],
  ): Promise<void> {
    const rows = await this.#store.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO answer_cache_epoch (organisation_id, platform, epoch) VALUES ($1, $2, 1)
         ON CONFLICT (organisation_id, platform) DO UPDATE SET epoch = answer_cache_epoch.epoch + 1`,
        [organisationId, platform],
      )
      const gone = await tx.query<{ chain: string; folder_id: string }>(
        `DELETE FROM answer_cache WHERE organisation_id = $1 AND platform = $2 AND (partition = '' OR partition = ANY($3))
         RETURNING chain, folder_id`,
        [organisationId, platform, partitions],
      )
      return gone.rows
    })
    await this.#remove(rows.filter(({ folder_id }) => folder_id === this.#folderId))
  }

  /**
   * Forgets all of a grant, in somebody else's transaction, and what is being read through it is not kept either. Pages
   * in folders of other servers go with their next sweep; without the entry they open for nobody.
   */
  async forgetGrant(tx: ClientBase, grant: GrantId): Promise<void> {
    await tx.query(
      `INSERT INTO answer_cache_epoch (organisation_id, platform, epoch)
       SELECT DISTINCT organisation_id, platform, 1 FROM answer_cache WHERE grant_id = $1
       ON CONFLICT (organisation_id, platform) DO UPDATE SET epoch = answer_cache_epoch.epoch + 1`,
      [grant],
    )
    const { rows } = await tx.query<{ chain: string; folder_id: string }>(
      'DELETE FROM answer_cache WHERE grant_id = $1 RETURNING chain, folder_id',
      [grant],
    )
    // Should the transaction come to nothing, an entry without pages is asked for anew.
    await this.#remove(rows.filter(({ folder_id }) => folder_id === this.#folderId))
  }

  async #remove(rows: readonly { readonly chain: string }[]): Promise<void> {
    for (const { chain } of rows) await rm(this.pathOf(chain), { force: true })
  }

  /** Removes what is too old for anybody, and pages that belong to no entry: of a crash, a grant that is gone, a write elsewhere. */
  async sweep(): Promise<void> {
    const now = this.#clock.now()
    await this.#store.pool.query('DELETE FROM answer_cache WHERE folder_id = $1 AND fetched_at < $2', [
      this.#folderId,
      now - longestMaxAgeSeconds * 1000,
    ])
    const { rows } = await this.#store.pool.query<{ chain: string }>(
      'SELECT chain FROM answer_cache WHERE folder_id = $1',
      [this.#folderId],
    )
    const known = new Set(rows.map(({ chain }) => `${chain}.pages`))
    for (const name of readdirSync(this.#folder, { recursive: true }).map(String)) {
      const file = name.split('/').at(-1) ?? ''
      if (!file.endsWith('.pages') || known.has(file)) continue
      const path = join(this.#folder, name)
      const age = Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? 0)
      if (age > graceMs) await rm(path, { force: true })
    }
  }
}

/** Names a folder for good: made once, also when several processes begin at the same time. */
function idOf(folder: string): string {
  const file = join(folder, 'id')
  try {
    writeFileSync(file, randomUUID(), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(file, 'utf8').trim()
}
