import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { lockFolder } from '@sluis/store'

/** What a second run needs to go on where the first stopped. */
export interface DemoSettings {
  readonly serverPort: number
  readonly emulatorPort: number
  readonly twinfieldPort: number
  /** The partner's app at the emulated platform. */
  readonly clientId: string
  readonly clientSecret: string
  readonly apiKey: string
}

export interface DemoHome {
  readonly folder: string
  readonly settings: DemoSettings
  readonly isResumed: boolean
  /** A file that holds the API key, for the command line. */
  readonly apiKeyFile: string
  release(): void
}

/**
 * Takes the demo's own folder for this process; throws when another demo has it. Settings are made at the first run and
 * kept, so that addresses, keys and the partner's app stay the same.
 */
export async function openDemoHome(folder: string, { isReset }: { isReset: boolean }): Promise<DemoHome> {
  mkdirSync(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  let lock = lockFolder(folder, 'The demo in')
  if (isReset) {
    await untilDatabaseEnded(folder)
    lock.release()
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
    lock = lockFolder(folder, 'The demo in')
  }
  const file = join(folder, 'demo.json')
  const isResumed = existsSync(file)
  const kept = isResumed ? (JSON.parse(readFileSync(file, 'utf8')) as DemoSettings) : null
  const settings: DemoSettings = {
    serverPort: kept?.serverPort ?? 8080,
    emulatorPort: kept?.emulatorPort ?? 4010,
    twinfieldPort: kept?.twinfieldPort ?? 4020,
    clientId: kept?.clientId ?? 'demo-partner',
    clientSecret: kept?.clientSecret ?? randomBytes(24).toString('base64url'),
    apiKey: kept?.apiKey ?? randomBytes(24).toString('base64url'),
  }
  writeDemoFile(folder, 'demo.json', JSON.stringify(settings))
  const apiKeyFile = writeDemoFile(folder, 'api-key', `${settings.apiKey}\n`)
  return { folder, settings, isResumed, apiKeyFile, release: () => lock.release() }
}

/** Writes a file for this user's eyes only, whole or not at all; returns its path. */
export function writeDemoFile(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return path
}

/** A database that ends while its folder is made anew would take the new one's socket with it. */
async function untilDatabaseEnded(folder: string): Promise<void> {
  const pidFile = join(folder, 'postgres', 'data', 'postmaster.pid')
  for (let round = 0; round < 200 && existsSync(pidFile); round++) {
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await delay(50)
  }
}
