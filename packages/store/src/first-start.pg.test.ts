import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isSluisError, silentLog, systemClock } from '@sluis/shared'
import { openStore } from './index.ts'

const program = fileURLToPath(new URL('./testing/store-process.ts', import.meta.url))
const open = (home: string) => openStore({ home, clock: systemClock, log: silentLog })
/** Looks again until it is so, for half a minute at most. */
const until = async (isSo: () => boolean, what: string) => {
  for (let look = 0; !isSo(); look++) {
    if (look > 3000) throw new Error(`waited in vain until ${what}`)
    await delay(10)
  }
}

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sluis-first-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('a first start killed while the data folder is made is no obstacle to the next', async () => {
  const child = spawn(process.execPath, [program, home, 'hold'], { stdio: 'ignore' })
  const folder = join(home, 'postgres')
  await until(
    () => existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('data.new-')),
    'initdb has begun',
  )
  child.kill('SIGKILL')
  await once(child, 'exit')
  const store = await open(home)
  await store.close()
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('data.new-')),
    [],
  )
})

test('a folder with files but without a database is refused, and nothing of it deleted', async () => {
  const data = join(home, 'postgres', 'data')
  mkdirSync(data, { recursive: true })
  writeFileSync(join(data, 'precious'), 'x')
  await assert.rejects(
    open(home),
    (error) => isSluisError(error, 'STORE_UNAVAILABLE') && /no PostgreSQL database/.test(error.message),
  )
  assert.equal(readFileSync(join(data, 'precious'), 'utf8'), 'x')
})

test('PostgreSQL ends by itself when its server is killed with signal 9', async () => {
  const child = spawn(process.execPath, [program, home, 'hold'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  const pid = Number(readFileSync(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
  child.kill('SIGKILL')
  await once(child, 'exit')
  const isAlive = () => {
    try {
      process.kill(pid, 0)
      return true
    } catch {
      return false
    }
  }
  await until(() => !isAlive(), 'the postmaster is gone')
})

test('a data folder with a very long path works', async () => {
  const long = join(home, 'x'.repeat(120))
  const store = await open(long)
  assert.equal((await store.pool.query('SELECT 1')).rowCount, 1)
  await store.close()
})

test('of many that find a dead lock at once, one has it', async () => {
  const script = `
    import { lockFolder } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)}
    process.stdin.once('data', () => {
      try { lockFolder(${JSON.stringify(home)}, 'It'); console.log('got') } catch { console.log('refused') }
    })
    process.stdin.once('end', () => process.exit(0))
    console.log('ready')`
  for (let round = 0; round < 5; round++) {
    // The pid of a process that has ended, with a start time that no process has.
    const dead = spawnSync('true').pid
    writeFileSync(join(home, `owner.${round * 10 + 1}.lock`), `${dead} 1\n`)
    const takers = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
    )
    await Promise.all(takers.map(({ stdout }) => once(stdout, 'data')))
    const answers = takers.map(async ({ stdout }) => String((await once(stdout, 'data'))[0]).trim())
    for (const { stdin } of takers) stdin.write('go\n')
    const said = await Promise.all(answers)
    assert.equal(said.filter((word) => word === 'got').length, 1, said.join())
    for (const { stdin } of takers) stdin.end()
    await Promise.all(takers.map((taker) => once(taker, 'exit')))
  }
})
