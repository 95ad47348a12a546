import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SluisError } from '@sluis/shared'
import { writeDemoFile } from './demo-home.ts'

const pidFile = 'emulator.pid'
const logFile = 'emulator.log'

export interface EmulatorProcess {
  readonly url: string
  control(path: string, body?: object): Promise<Readonly<Record<string, unknown>>>
  stop(): Promise<void>
}

/**
 * The emulator in a process of its own, which survives the server as the real platform would: what an earlier run left
 * running is used again, and what it kept (token chains, clock, ledger) is found again by a new process. A taken port
 * is replaced by a free one.
 */
export async function startEmulatorProcess(folder: string, wantedPort: number): Promise<EmulatorProcess> {
  return (
    (await adopt(folder)) ??
    (await spawnEmulator(folder, wantedPort)) ??
    (await spawnEmulator(folder, 0)) ??
    notStarted(folder)
  )
}

/** Null when the process ended before it had an address. */
async function spawnEmulator(folder: string, port: number): Promise<EmulatorProcess | null> {
  const log = openSync(join(folder, logFile), 'w', 0o600)
  const main = fileURLToPath(new URL('../../emulators/main.ts', import.meta.url))
  const home = join(folder, 'emulator')
  const child = spawn(
    process.execPath,
    [main, 'exact-online', '--port', String(port), '--home', home, '--json'],
    { stdio: ['ignore', log, log], detached: true },
  )
  closeSync(log)
  child.unref()
  // Written before anything else: an emulator that nobody knows of would be a second one on the same folder.
  writeDemoFile(folder, pidFile, `${child.pid}\n`)
  const ended = () => child.exitCode !== null || child.signalCode !== null
  return child.pid === undefined ? null : whenReady(folder, child.pid, ended)
}

/** Waits for the address that the process writes to its log; at a wanted port somebody else's might answer. */
async function whenReady(folder: string, pid: number, ended: () => boolean): Promise<EmulatorProcess | null> {
  while (!ended()) {
    const url = /^\{"url":"([^"]+)"\}$/m.exec(readFileSync(join(folder, logFile), 'utf8'))?.[1]
    if (url !== undefined) return handle(folder, url, pid)
    await delay(25)
  }
  return null
}

function notStarted(folder: string): never {
  throw new SluisError('RUNTIME_INCOMPLETE', 'The emulator of Exact Online did not start.', {
    hint: `Its log is ${join(folder, logFile)}.`,
  })
}

/** Ends the emulator that an earlier run left behind, if it still runs. */
export async function stopEmulatorOf(folder: string): Promise<void> {
  await (await adopt(folder))?.stop()
}

async function adopt(folder: string): Promise<EmulatorProcess | null> {
  const file = join(folder, pidFile)
  if (!existsSync(file)) return null
  const pid = Number(readFileSync(file, 'utf8'))
  if (!isAlive(pid)) return null
  const running = await whenReady(folder, pid, () => !isAlive(pid))
  return running && (await answers(running.url)) ? running : null
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/_control/clock`, { signal: AbortSignal.timeout(2000) }).then(
    (response) => response.ok,
    () => false,
  )
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function handle(folder: string, url: string, pid: number): EmulatorProcess {
  return {
    url,
    async control(path, body) {
      const response = await fetch(
        `${url}/_control/${path}`,
        body ? { method: 'POST', body: JSON.stringify(body) } : {},
      )
      const answer = (await response.json()) as Record<string, unknown>
      if (!response.ok) throw new Error(`the emulator refuses ${path}: ${String(answer.error)}`)
      return answer
    },
    async stop() {
      rmSync(join(folder, pidFile), { force: true })
      if (!isAlive(pid)) return
      process.kill(pid, 'SIGTERM')
      for (let round = 0; round < 200 && isAlive(pid); round++) await delay(25)
    },
  }
}
