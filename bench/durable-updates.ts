import type { EmbeddedPostgres } from '@sluis/store/testing'
import pg from 'pg'

/** Durable single-row updates a second of 1 KB rows, 32 connections: what the disk and PostgreSQL give bare. */
export async function measureDurableUpdates(
  connection: EmbeddedPostgres['connection'],
  durationMs: number,
): Promise<number> {
  const pool = new pg.Pool({ ...connection, max: 32 })
  try {
    await pool.query('CREATE TABLE IF NOT EXISTS bench_row (id integer PRIMARY KEY, n integer, filler text)')
    await pool.query(
      "INSERT INTO bench_row SELECT i, 0, repeat('x', 1000) FROM generate_series(1, 3200) i ON CONFLICT DO NOTHING",
    )
    const endsAt = performance.now() + durationMs
    let done = 0
    const lane = async (lane: number) => {
      for (let turn = 0; performance.now() < endsAt; turn++, done++) {
        await pool.query('UPDATE bench_row SET n = n + 1 WHERE id = $1', [lane * 100 + (turn % 100) + 1])
      }
    }
    await Promise.all(Array.from({ length: 32 }, (_, index) => lane(index)))
    return done / (durationMs / 1000)
  } finally {
    await pool.query('DROP TABLE IF EXISTS bench_row')
    await pool.end()
  }
}
