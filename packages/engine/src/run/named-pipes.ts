import { execFile, execFileSync } from 'node:child_process'
import { constants, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'

/** Making a pipe takes a process, so they are made in batches and moved to where they are needed. */
const batch = 32
const mode = ['-m', '600']

/** Named pipes through which DuckDB writes rows to us without a thread waiting on either side. */
export class NamedPipes {
  readonly #folder: string
  readonly #ready: string[] = []
  #made = 0
  #isRefilling = false

  constructor(folder: string) {
    this.#folder = join(folder, 'pipes')
    rmSync(this.#folder, { recursive: true, force: true })
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
  }

  /** Puts a pipe at `path` and opens its reading end. Destroying the reader frees a writer that is blocked. */
  open(path: string): Socket {
    if (this.#ready.length === 0) {
      const names = this.#names()
      execFileSync('mkfifo', [...mode, ...names])
      this.#ready.push(...names)
    } else if (this.#ready.length < batch / 2 && !this.#isRefilling) {
      // In time, so that nobody has to wait for the process.
      this.#isRefilling = true
      const names = this.#names()
      execFile('mkfifo', [...mode, ...names], (error) => {
        this.#isRefilling = false
        if (!error) this.#ready.push(...names)
      })
    }
    renameSync(this.#ready.pop() ?? '', path)
    // Non-blocking: the open returns although nobody writes yet, and the event loop reads it like a socket.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const reader = new Socket({ fd: file, readable: true, writable: false })
    // A statement may fail before anybody listens; without a listener that would end the process.
    reader.on('error', () => {})
    return reader
  }

  #names(): string[] {
    return Array.from({ length: batch }, () => join(this.#folder, String(++this.#made)))
  }
}
