import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isSluisError, silentLog, systemClock } from '@sluis/shared'
import { openStore, type Store } from './index.ts'
import { openTestStore } from './testing/index.ts'

const program = fileURLToPath(new URL('./testing/store-process.ts', import.meta.url))
const start = (home: string, mode: string, env: Record<string, string> = {}) =>
  spawn(process.execPath, [program, home, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
const firstLine = async (child: ChildProcess) => {
  const lines = createInterface({ input: child.stdout ?? process.stdin })
  const ended = once(child, 'close').then(() =>
    Promise.reject(new Error('the process ended before it was ready')),
  )
  ended.catch(() => {})
  await Promise.race([once(lines, 'line'), ended])
  return { lines }
}
const open = (home: string) => openStore({ home, clock: systemClock, log: silentLog })

describe('the embedded server', () => {
  let home: string
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'sluis-store-'))
  })
  after(() => rmSync(home, { recursive: true, force: true }))

  test('kill -9 under load loses no acknowledged row, and the next start just works', async () => {
    let before = 0
    for (let round = 0; round < 2; round++) {
      const child = start(home, 'hold')
      const { lines } = await firstLine(child)
      let acknowledged = -1
      lines.on('line', (line) => {
        acknowledged = Number(line)
        if (acknowledged === 200) child.kill('SIGKILL')
      })
      await once(child, 'close')
      const store = await open(home)
      const { rows } = await store.pool.query<{ n: number }>('SELECT count(*) AS n FROM audit_event')
      await store.close()
      // How many are acknowledged before the signal arrives differs from round to round.
      const count = rows[0]?.n ?? 0
      assert.ok(count >= before + acknowledged + 1, `${count} of ${before + acknowledged + 1}`)
      before = count
    }
  })

  test('a pid file that names a process of somebody else is no obstacle', async () => {
    writeFileSync(join(home, 'postgres/data/postmaster.pid'), `${process.pid}\n/somewhere\n1\n5432\n\n`)
    const store = await open(home)
    await store.close()
  })

  test('a postmaster killed with signal 9 is recovered by the next start', async () => {
    const child = start(home, 'hold')
    await firstLine(child)
    const pid = Number(readFileSync(join(home, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0])
    process.kill(pid, 'SIGKILL')
    child.kill('SIGKILL')
    await once(child, 'close')
    const store = await open(home)
    assert.equal((await store.pool.query('SELECT 1')).rowCount, 1)
    await store.close()
  })

  test('a second server on the same folder is refused by name, and the first goes on', async () => {
    const store = await open(home)
    await assert.rejects(
      open(home),
      (error) => isSluisError(error, 'STORE_UNAVAILABLE') && /in use by process/.test(error.message),
    )
    assert.equal((await store.pool.query('SELECT 1')).rowCount, 1)
    await store.close()
  })

  test('fsync is on and nothing listens on TCP', async () => {
    const store = await open(home)
    const { rows } = await store.pool.query(`SELECT name, setting FROM pg_settings
      WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses') ORDER BY name`)
    await store.close()
    assert.deepEqual(
      rows.map(({ setting }) => setting),
      ['on', 'on', '', 'on'],
    )
  })
})

describe('the schema', () => {
  let store: Store & { databaseUrl: string }
  before(async () => {
    store = await openTestStore()
  })
  after(() => store.close())

  test('two processes that start at once migrate once', async () => {
    await store.pool.query('DROP SCHEMA sluis CASCADE')
    const children = ['a', 'b'].map((name) => start(name, 'once', { DATABASE_URL: store.databaseUrl }))
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]))
    assert.deepEqual(codes, [0, 0])
    const { rows } = await store.pool.query(
      'SELECT number FROM migration GROUP BY number HAVING count(*) > 1',
    )
    assert.deepEqual(rows, [])
  })

  test('a newer schema is refused by an older program', async () => {
    await store.pool.query("INSERT INTO migration VALUES (9999, 'later', 'x', 0)")
    await assert.rejects(
      openStore({ home: '', databaseUrl: store.databaseUrl, clock: systemClock, log: silentLog }),
      (error) => isSluisError(error, 'STORE_SCHEMA_NEWER'),
    )
    await store.pool.query('DELETE FROM migration WHERE number = 9999')
  })

  test('an audit event can be neither changed nor deleted', async () => {
    await store.pool.query(
      "INSERT INTO audit_event (organisation_id, at, actor, action, subject) VALUES ('o', 1, 'a', 'b', 'c')",
    )
    await assert.rejects(store.pool.query('DELETE FROM audit_event'), /append-only/)
    await assert.rejects(store.pool.query("UPDATE audit_event SET actor = 'x'"), /append-only/)
  })

  test('identity tells the history and how far it has come', async () => {
    const first = await store.identity()
    await store.pool.query('CREATE TABLE moved (n int)')
    const second = await store.identity()
    assert.equal(first.systemIdentifier, second.systemIdentifier)
    assert.equal(first.timeline, 1)
    assert.ok(second.writeCounter > first.writeCounter)
  })

  test('a failed transaction leaves nothing and gives its connection back', async () => {
    await assert.rejects(
      store.transaction(async (client) => {
        await client.query('CREATE TABLE half (n int)')
        throw new Error('stop')
      }),
      /stop/,
    )
    await assert.rejects(store.pool.query('SELECT FROM half'), /does not exist/)
  })
})

test('a connection that breaks inside a transaction does not end the process', async () => {
  const store = await openTestStore()
  try {
    await assert.rejects(
      store.transaction(async (tx) => {
        const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
        const ended = new Promise((resolve) => tx.once('end', resolve))
        await store.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
        // Between two statements, as while an answer is waited for: nobody but the connection itself hears of it.
        await ended
        await tx.query('SELECT 1')
      }),
    )
    assert.equal((await store.pool.query('SELECT 1 AS one')).rows[0].one, 1)
  } finally {
    await store.close()
  }
})

test('a server that takes connections and says nothing is not waited for without end', async () => {
  const silent = createServer(() => {})
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  try {
    await assert.rejects(
      openStore({
        home: tmpdir(),
        databaseUrl: `postgres://u:p@127.0.0.1:${port}/d`,
        clock: systemClock,
        log: silentLog,
        connectTimeoutMs: 100,
      }),
      (error) => isSluisError(error, 'STORE_UNAVAILABLE'),
    )
  } finally {
    silent.close()
  }
})
