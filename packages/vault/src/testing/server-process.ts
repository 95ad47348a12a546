import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach } from 'node:test'
import type { GrantId } from '@sluis/shared'
import { until, type VaultLab } from './vault-lab.ts'

const servers: ServerProcess[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.kill()
})

/** A server in a process of its own, which does what it is told and can be killed at any moment. */
export class ServerProcess {
  readonly process: ChildProcess
  readonly #lab: VaultLab
  readonly #clockFile: string
  #output = ''

  constructor(lab: VaultLab, grantId: GrantId, { hangs = false } = {}) {
    this.#lab = lab
    this.#clockFile = join(lab.folder, `clock-${servers.length}`)
    this.setClock()
    const settings = {
      databaseUrl: lab.store.databaseUrl,
      emulatorUrl: lab.url,
      kekFile: join(lab.folder, 'kek'),
      spoolFolder: lab.spoolFolder,
      clockFile: this.#clockFile,
      organisationId: lab.organisationId,
      grantId,
      hangs,
    }
    const script = new URL('./vault-process.ts', import.meta.url).pathname
    this.process = spawn(process.execPath, [script, JSON.stringify(settings)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.process.stdout?.on('data', (text) => {
      this.#output += text
    })
    servers.push(this)
  }

  /** Sets the process's clock to the lab's, also while it stands still. */
  setClock(): void {
    writeFileSync(this.#clockFile, String(this.#lab.clock.now()))
  }

  says(text: string): boolean {
    return this.#output.includes(text)
  }

  async tell(words: string): Promise<void> {
    await until(() => this.says('ready'))
    this.process.stdin?.write(`${words}\n`)
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const ended = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await ended
  }
}
