import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SluisError } from '@sluis/shared'
import { freePort, writeDemoFile } from './demo-home.ts'

export interface EmulatorProcess {
  readonly url: string
  control(path: string, body?: object): Promise<Readonly<Record<string, unknown>>>
  stop(): Promise<void>
}

/**
 * The emulator in a process of its own, which survives the server as the real platform would: what an earlier run left
 * running is used again, and what it kept (token chains, clock, ledger) is found again by a new process.
 */
export async function startEmulatorProcess(folder: string, wantedPort: number): Promise<EmulatorProcess> {
  const running = await adopt(folder)
  if (running) return running
  const port = await freePort(wantedPort)
  const log = openSync(join(folder, 'emulator.log'), 'a', 0o600)
  const main = fileURLToPath(new URL('../../emulators/main.ts', import.meta.url))
  const home = join(folder, 'emulator')
  const child = spawn(
    process.execPath,
    [main, 'exact-online', '--port', String(port), '--home', home, '--json'],
    { stdio: ['ignore', log, log], detached: true },
  )
  closeSync(log)
  child.unref()
  const url = `http://127.0.0.1:${port}`
  writeDemoFile(folder, 'emulator.json', JSON.stringify({ url, pid: child.pid }))
  for (let round = 0; round < 400; round++) {
    if (child.exitCode !== null) break
    if (await answers(url)) return handle(folder, url, child.pid ?? 0)
    await delay(25)
  }
  throw new SluisError('RUNTIME_INCOMPLETE', 'The emulator of Exact Online did not start.', {
    hint: `Its log is ${join(folder, 'emulator.log')}.`,
  })
}

/** Ends the emulator that an earlier run left behind, if it still runs. */
export async function stopEmulatorOf(folder: string): Promise<void> {
  await (await adopt(folder))?.stop()
}

async function adopt(folder: string): Promise<EmulatorProcess | null> {
  const file = join(folder, 'emulator.json')
  if (!existsSync(file)) return null
  const { url, pid } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; pid: number }
  return isAlive(pid) && (await answers(url)) ? handle(folder, url, pid) : null
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/_control/clock`, { signal: AbortSignal.timeout(1000) }).then(
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
      rmSync(join(folder, 'emulator.json'), { force: true })
      if (!isAlive(pid)) return
      process.kill(pid, 'SIGTERM')
      for (let round = 0; round < 200 && isAlive(pid); round++) await delay(25)
    },
  }
}
