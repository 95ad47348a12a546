import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
let home: string

before(() => {
  home = mkdtempSync(join(tmpdir(), 'sluis-demo-'))
  // As root the database runs under another account, which must pass through here.
  chmodSync(home, 0o711)
})
after(() => {
  for (const emulator of emulatorPids()) process.kill(emulator, 'SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

/** Processes of the emulators that run: Exact Online's, Twinfield's. */
function emulatorPids(): readonly number[] {
  return ['emulator.pid', 'twinfield.pid'].flatMap((name) => {
    const file = join(home, 'demo', name)
    if (!existsSync(file)) return []
    const pid = Number(readFileSync(file, 'utf8'))
    try {
      process.kill(pid, 0)
      return [pid]
    } catch {
      return []
    }
  })
}

interface Run {
  readonly status: number | null
  readonly output: string
}

/** Runs the demo; `killAt` ends it with signal 9 as soon as it has printed these words. */
function demo(flags: readonly string[], killAt?: string): Promise<Run> {
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(process.execPath, [main, ...flags], {
      env: { ...process.env, SLUIS_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const read = (text: string) => {
      output += text
      if (killAt !== undefined && output.includes(killAt)) child.kill('SIGKILL')
    }
    child.stdout?.setEncoding('utf8').on('data', read)
    child.stderr?.setEncoding('utf8').on('data', read)
    child.once('exit', (status) => resolve({ status, output }))
  })
}

const succeeds = ({ status, output }: Run) => {
  assert.equal(status, 0, output)
  assert.equal(output.match(/5 rows for \d+ API calls/g)?.length, 2, output)
}
const obtainsTokens = /consents at/

describe('the demo', () => {
  test('shows the whole path from a consent to rows, and stops', async () => {
    const run = await demo(['--once'])
    succeeds(run)
    assert.match(run.output, obtainsTokens)
    assert.match(run.output, /the refresh token is not spent/)
    assert.deepEqual(emulatorPids(), [], 'the emulators have stopped too')
    // Two books in one statement: each table is read once for each company or office, and nothing else is.
    const cost = run.output.slice(run.output.indexOf('databases/both/query'))
    assert.match(cost, /browse\/130_1 +2 .*head_code like VRK and head_yearperiod/)
    assert.match(cost, /read\/dimensions\/DEB +2 /)
    assert.match(cost, /5 rows for 10 API calls/)
  })

  test('goes on at the second run without another consent', async () => {
    const run = await demo(['--once'])
    succeeds(run)
    assert.doesNotMatch(run.output, obtainsTokens)
    // Where Twinfield's data are is known from the first run.
    assert.match(run.output, /5 rows for 10 API calls/)
  })

  test('says what to do when it runs already', async () => {
    const first = demo([], 'Sluis goes on serving')
    const [blocked] = await Promise.all([
      new Promise<Run>((resolve) => {
        const wait = setInterval(() => {
          if (!existsSync(join(home, 'demo', 'emulator.pid'))) return
          clearInterval(wait)
          resolve(demo(['--once']))
        }, 20)
      }),
      first,
    ])
    assert.equal(blocked.status, 1)
    assert.match(blocked.output, /is in use by process \d+/)
    succeeds(await demo(['--once']))
  })

  for (const killAt of [
    'Exact Online, emulated',
    'with a PostgreSQL of its own',
    'consents at Exact Online',
    'hands them over',
    'A database on that grant',
    'A database on both grants',
  ]) {
    test(`killed with signal 9 at "${killAt}" and started again loses nothing`, async () => {
      await demo(['--reset'], killAt)
      const again = await demo(['--once'])
      succeeds(again)
      // Once the grant is in the vault no second consent may be needed.
      if (/database on|query/i.test(killAt)) assert.doesNotMatch(again.output, /consents at Exact Online/)
      if (/both/.test(killAt)) assert.doesNotMatch(again.output, obtainsTokens)
    })
  }

  test('stops its emulator also when nobody reads its output any more', async () => {
    const child = spawn(process.execPath, [main], {
      env: { ...process.env, SLUIS_HOME: home },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let output = ''
    await new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text) => {
        output += text
        if (output.includes('Sluis goes on serving')) resolve()
      })
    })
    child.stdout.destroy()
    child.kill('SIGTERM')
    const [status] = await once(child, 'exit')
    assert.equal(status, 0)
    assert.deepEqual(emulatorPids(), [])
  })

  test('killed together with the emulator goes on from what both have kept', async () => {
    await demo(['--reset'], 'POST /databases/both/query')
    const emulators = emulatorPids()
    assert.equal(emulators.length, 2)
    for (const emulator of emulators) process.kill(emulator, 'SIGKILL')
    const again = await demo(['--once'])
    succeeds(again)
    assert.doesNotMatch(again.output, obtainsTokens)
  })
})
