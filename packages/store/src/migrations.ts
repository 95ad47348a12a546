import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { SluisError } from '@sluis/shared'
import type pg from 'pg'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

/** Every migration in `folder`, in order. Files are named `NNNN-name.sql`, numbered from 1 without a gap. */
export function readMigrations(folder = new URL('../migrations/', import.meta.url)): Migration[] {
  const migrations = readdirSync(folder)
    .filter((file) => /^\d{4}-.+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(new URL(file, folder), 'utf8')
      return {
        number: Number(file.slice(0, 4)),
        name: file.slice(5, -4),
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      }
    })
  // Two changes that were made side by side may have taken the same number.
  const wrong = migrations.findIndex(({ number }, index) => number !== index + 1)
  if (wrong >= 0) throw new TypeError(`migration ${migrations[wrong]?.name} should have number ${wrong + 1}`)
  return migrations
}

/** Any constant will do, as long as nothing else in the database locks on it. */
const migrationLock = 7_304_118_351

/**
 * Brings the schema `sluis` up to date, all in one transaction and under one lock: of two processes that start at
 * once, one migrates and the other finds it done. A schema that is newer than this program is refused.
 */
export async function migrate(
  client: pg.ClientBase,
  migrations: readonly Migration[],
  now: number,
): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    await client.query(`
      CREATE SCHEMA IF NOT EXISTS sluis;
      CREATE TABLE IF NOT EXISTS sluis.migration (
        number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at bigint NOT NULL)`)
    const { rows } = await client.query<{ number: number; name: string; checksum: string }>(
      'SELECT number, name, checksum FROM sluis.migration ORDER BY number',
    )
    const applied = new Map(rows.map((row) => [row.number, row]))
    const newest = Math.max(0, ...migrations.map(({ number }) => number))
    const unknown = rows.find(({ number }) => number > newest)
    if (unknown) {
      throw new SluisError(
        'STORE_SCHEMA_NEWER',
        `The database was brought to schema ${unknown.number} (${unknown.name}) by a newer Sluis; this one knows ${newest}.`,
        { hint: 'Start the newer version, or restore a backup from before the upgrade.' },
      )
    }
    for (const migration of migrations) {
      const known = applied.get(migration.number)
      if (known && known.checksum !== migration.checksum) {
        throw new SluisError(
          'STORE_SCHEMA_NEWER',
          `Migration ${migration.number} (${known.name}) in the database is not the one in this program.`,
          { hint: 'The database was made by another build; start that one, or use another database.' },
        )
      }
      if (known) continue
      await client.query(migration.sql)
      await client.query(
        'INSERT INTO sluis.migration (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)',
        [migration.number, migration.name, migration.checksum, now],
      )
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}
