import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SluisError } from '@sluis/shared'
import { writeDemoFile } from './demo-home.ts'

export type DemoPlatform = 'exact-online' | 'twinfield'

/** Process file, log and folder of an emulator begin with this. */
const stems: Readonly<Record<DemoPlatform, string>> = { 'exact-online': 'emulator', twinfield: 'twinfield' }
const pidFile = (platform: DemoPlatform) => `${stems[platform]}.pid`
const logFile = (platform: DemoPlatform) => `${stems[platform]}.log`

export interface EmulatorWish {
  readonly folder: string
  readonly platform: DemoPlatform
  readonly port: number
  /** Keeps the time of the emulator at this address. */
  readonly followClock?: string
}

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
export async function startEmulatorProcess(wish: EmulatorWish): Promise<EmulatorProcess> {
  return (
    (await adopt(wish)) ??
    (await spawnEmulator(wish)) ??
    (await spawnEmulator({ ...wish, port: 0 })) ??
    notStarted(wish)
  )
}

/** Null when the process ended before it had an address. */
async function spawnEmulator(wish: EmulatorWish): Promise<EmulatorProcess | null> {
  const { folder, platform, port, followClock } = wish
  const log = openSync(join(folder, logFile(platform)), 'w', 0o600)
  const main = fileURLToPath(new URL('../../emulators/main.ts', import.meta.url))
  const home = join(folder, stems[platform])
  const child = spawn(
    process.execPath,
    [
      ...[main, platform, '--port', String(port), '--home', home, '--json'],
      ...(followClock === undefined ? [] : ['--follow-clock', followClock]),
    ],
    { stdio: ['ignore', log, log], detached: true },
  )
  closeSync(log)
  child.unref()
  // Written before anything else: an emulator that nobody knows of would be a second one on the same folder.
  writeDemoFile(folder, pidFile(platform), `${child.pid}\n`)
  const ended = () => child.exitCode !== null || child.signalCode !== null
  return child.pid === undefined ? null : whenReady(wish, child.pid, ended)
}

/** Waits for the address that the process writes to its log; at a wanted port somebody else's might answer. */
async function whenReady(at: Place, pid: number, ended: () => boolean): Promise<EmulatorProcess | null> {
  while (!ended()) {
    const url = /^\{"url":"([^"]+)"\}$/m.exec(
      readFileSync(join(at.folder, logFile(at.platform)), 'utf8'),
    )?.[1]
    if (url !== undefined) return handle(at, url, pid)
    await delay(25)
  }
  return null
}

function notStarted({ folder, platform }: Place): never {
  throw new SluisError('RUNTIME_INCOMPLETE', `The emulator of ${platform} did not start.`, {
    hint: `Its log is ${join(folder, logFile(platform))}.`,
  })
}

/** Ends the emulators that an earlier run left behind, if they still run. */
export async function stopEmulatorsOf(folder: string): Promise<void> {
  for (const platform of ['exact-online', 'twinfield'] as const) {
    await (await adopt({ folder, platform }))?.stop()
  }
}

type Place = Pick<EmulatorWish, 'folder' | 'platform'>

async function adopt(at: Place): Promise<EmulatorProcess | null> {
  const file = join(at.folder, pidFile(at.platform))
  if (!existsSync(file)) return null
  const pid = Number(readFileSync(file, 'utf8'))
  if (!isAlive(pid)) return null
  const running = await whenReady(at, pid, () => !isAlive(pid))
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

function handle({ folder, platform }: Place, url: string, pid: number): EmulatorProcess {
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
      rmSync(join(folder, pidFile(platform)), { force: true })
      if (!isAlive(pid)) return
      process.kill(pid, 'SIGTERM')
      for (let round = 0; round < 200 && isAlive(pid); round++) await delay(25)
    },
  }
}
