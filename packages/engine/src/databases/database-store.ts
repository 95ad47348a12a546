import {
  type Clock,
  type GrantId,
  newId,
  type OrganisationId,
  type RandomBytes,
  SluisError,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { Database, DatabaseSettings, DatabaseSource, LimitsOf } from '../engine.ts'

interface DatabaseRow {
  readonly id: string
  readonly name: string
  readonly title: string | null
  readonly is_strict: boolean
  readonly max_age_seconds: number | null
  readonly created_at: number
  readonly sources: readonly {
    alias: string
    grant: GrantId
    platform: string
    partitions: string[] | null
  }[]
}

const selectDatabase = `
  SELECT d.id, d.name, d.title, d.is_strict, d.max_age_seconds, d.created_at, coalesce(s.sources, '[]') AS sources
  FROM sql_database d LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('alias', alias, 'grant', grant_id, 'platform', platform, 'partitions', partitions)
                    ORDER BY position) AS sources
    FROM database_source WHERE database_id = d.id) s ON true`

function toDatabase(row: DatabaseRow): Database {
  return {
    name: row.name,
    title: row.title,
    strict: row.is_strict,
    maxAgeSeconds: row.max_age_seconds,
    createdAt: new Date(row.created_at).toISOString(),
    sources: row.sources.map(({ partitions, ...source }) => ({ ...source, partitions: partitions ?? 'all' })),
  }
}

const nameForm = /^[a-z][a-z0-9_-]{0,62}$/

/** The name if it may name a database, else `INVALID_REQUEST`. */
export function checkDatabaseName(name: string): string {
  if (nameForm.test(name)) return name
  throw new SluisError('INVALID_REQUEST', `"${name.slice(0, 80)}" cannot name a database.`, {
    hint: 'A name starts with a small letter and goes on with small letters, digits, _ and -, 63 at most.',
    details: { field: 'name' },
  })
}

const taken = (name: string) =>
  new SluisError('DATABASE_NAME_TAKEN', `A database named "${name}" exists already.`, {
    hint: 'Choose another name, or delete that database first.',
    details: { name },
  })

/** Databases and their sources, in PostgreSQL. */
export class DatabaseStore {
  readonly #store: Store
  readonly #clock: Clock
  readonly #random: RandomBytes
  readonly #limitsOf: LimitsOf

  constructor(store: Store, clock: Clock, random: RandomBytes, limitsOf: LimitsOf = async () => new Map()) {
    this.#limitsOf = limitsOf
    this.#store = store
    this.#clock = clock
    this.#random = random
  }

  /** Refuses a name that is taken: a courtesy before anything is spent; `insert` is what guarantees it. */
  async assertFree(organisationId: OrganisationId, name: string): Promise<void> {
    const { rowCount } = await this.#store.pool.query(
      'SELECT FROM sql_database WHERE organisation_id = $1 AND name = $2',
      [organisationId, checkDatabaseName(name)],
    )
    if (rowCount) throw taken(name)
  }

  async insert(
    tx: pg.ClientBase,
    organisationId: OrganisationId,
    database: {
      readonly name: string
      readonly title?: string
      readonly sources: readonly DatabaseSource[]
    } & DatabaseSettings,
  ): Promise<void> {
    const now = this.#clock.now()
    const id = newId('db', now, this.#random)
    const { rowCount } = await tx.query(
      `INSERT INTO sql_database (id, organisation_id, name, title, created_at, is_strict, max_age_seconds)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (organisation_id, name) DO NOTHING`,
      [
        id,
        organisationId,
        checkDatabaseName(database.name),
        database.title ?? null,
        now,
        database.strict ?? false,
        database.maxAgeSeconds ?? null,
      ],
    )
    if (!rowCount) throw taken(database.name)
    await this.#insertSources(tx, id, database.sources)
  }

  async #insertSources(tx: pg.ClientBase, id: string, sources: readonly DatabaseSource[]): Promise<void> {
    checkSources(sources)
    for (const [position, { alias, grant, platform, partitions }] of sources.entries()) {
      await tx.query(
        `INSERT INTO database_source (database_id, position, alias, grant_id, platform, partitions)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [id, position, alias, grant, platform, partitions === 'all' ? null : partitions],
      )
    }
  }

  async get(organisationId: OrganisationId, name: string): Promise<Database> {
    const { rows } = await this.#store.pool.query<DatabaseRow>(
      `${selectDatabase} WHERE d.organisation_id = $1 AND d.name = $2`,
      [organisationId, name],
    )
    const [row] = rows
    if (!row) {
      throw new SluisError('NOT_FOUND', `There is no database named "${name.slice(0, 80)}".`, {
        hint: 'GET /api/v1/databases lists them.',
      })
    }
    return this.#limited(organisationId, toDatabase(row))
  }

  /** What is lent is read within what is lent now, whatever was chosen when the database was made. */
  async #limited(organisationId: OrganisationId, database: Database): Promise<Database> {
    const limits = await this.#limitsOf(
      organisationId,
      database.sources.map(({ grant }) => grant),
    )
    if (limits.size === 0) return database
    return {
      ...database,
      sources: database.sources.map((source) => withinLimit(source, limits.get(source.grant))),
    }
  }

  async list(organisationId: OrganisationId): Promise<readonly Database[]> {
    const { rows } = await this.#store.pool.query<DatabaseRow>(
      `${selectDatabase} WHERE d.organisation_id = $1 ORDER BY d.name LIMIT 1000`,
      [organisationId],
    )
    return Promise.all(rows.map((row) => this.#limited(organisationId, toDatabase(row))))
  }

  async update(
    organisationId: OrganisationId,
    name: string,
    change: {
      readonly name?: string
      readonly title?: string | null
      readonly sources?: readonly DatabaseSource[]
    } & DatabaseSettings,
  ): Promise<Database> {
    const newName = change.name === undefined ? name : checkDatabaseName(change.name)
    await this.#store.transaction(async (tx) => {
      if (newName !== name) {
        const { rowCount } = await tx.query(
          'SELECT FROM sql_database WHERE organisation_id = $1 AND name = $2',
          [organisationId, newName],
        )
        if (rowCount) throw taken(newName)
      }
      const { rows } = await tx.query<{ id: string }>(
        `UPDATE sql_database SET name = $3, title = CASE WHEN $4 THEN $5 ELSE title END,
           is_strict = coalesce($6, is_strict), max_age_seconds = CASE WHEN $7 THEN $8 ELSE max_age_seconds END
         WHERE organisation_id = $1 AND name = $2 RETURNING id`,
        [
          organisationId,
          name,
          newName,
          change.title !== undefined,
          change.title ?? null,
          change.strict ?? null,
          change.maxAgeSeconds !== undefined,
          change.maxAgeSeconds ?? null,
        ],
      )
      const [row] = rows
      if (!row) throw new SluisError('NOT_FOUND', `There is no database named "${name.slice(0, 80)}".`)
      if (change.sources) {
        await tx.query('DELETE FROM database_source WHERE database_id = $1', [row.id])
        await this.#insertSources(tx, row.id, change.sources)
      }
    })
    return this.get(organisationId, newName)
  }

  async delete(organisationId: OrganisationId, name: string): Promise<void> {
    const { rowCount } = await this.#store.pool.query(
      'DELETE FROM sql_database WHERE organisation_id = $1 AND name = $2',
      [organisationId, name],
    )
    if (!rowCount) throw new SluisError('NOT_FOUND', `There is no database named "${name.slice(0, 80)}".`)
  }

  /** Names of the databases that read through each of these grants. */
  async namesByGrant(grants: readonly GrantId[]): Promise<Map<GrantId, string[]>> {
    const { rows } = await this.#store.pool.query<{ grant_id: GrantId; names: string[] }>({
      name: 'database-names-of-grants',
      text: `SELECT s.grant_id, array_agg(DISTINCT d.name ORDER BY d.name) AS names
       FROM database_source s JOIN sql_database d ON d.id = s.database_id
       WHERE s.grant_id = ANY($1) GROUP BY s.grant_id`,
      values: [grants],
    })
    return new Map(rows.map(({ grant_id, names }) => [grant_id, names]))
  }

  /** Removes databases that have no other source than this grant. */
  async dropDatabasesOf(tx: pg.ClientBase, grant: GrantId): Promise<void> {
    await tx.query(
      `DELETE FROM sql_database d WHERE EXISTS (SELECT FROM database_source s WHERE s.database_id = d.id AND s.grant_id = $1)
         AND NOT EXISTS (SELECT FROM database_source s WHERE s.database_id = d.id AND s.grant_id <> $1)`,
      [grant],
    )
  }

  /** Two grants became one: what read through `from` reads through `to`. */
  async moveSources(tx: pg.ClientBase, from: GrantId, to: GrantId): Promise<void> {
    await tx.query('UPDATE database_source SET grant_id = $2 WHERE grant_id = $1', [from, to])
    await tx.query('DELETE FROM partition_list WHERE grant_id = ANY($1)', [[from, to]])
  }
}

function withinLimit(source: DatabaseSource, lent: readonly string[] | undefined): DatabaseSource {
  const { partitions } = source
  if (lent === undefined) return source
  if (partitions === 'all') return { ...source, partitions: lent }
  const withheld = partitions.filter((id) => !lent.includes(id))
  return {
    ...source,
    partitions: partitions.filter((id) => lent.includes(id)),
    ...(withheld.length === 0 ? {} : { withheld }),
  }
}

function checkSources(sources: readonly DatabaseSource[]): void {
  const aliases = new Set<string>()
  for (const { alias } of sources) {
    const isFree =
      !aliases.has(alias) && !/^(main|temp|system|pg_catalog|information_schema|sluis|scan_\d+)$/.test(alias)
    if (!/^[a-z][a-z0-9_]{0,30}$/.test(alias) || !isFree) {
      throw new SluisError('INVALID_REQUEST', `"${alias.slice(0, 40)}" cannot be the alias of a source.`, {
        hint: 'An alias starts with a small letter, goes on with small letters, digits and _, and is used once.',
        details: { field: 'sources.alias' },
      })
    }
    aliases.add(alias)
  }
  if (sources.length === 0) {
    throw new SluisError('INVALID_REQUEST', 'A database has at least one source.', {
      details: { field: 'sources' },
    })
  }
}
