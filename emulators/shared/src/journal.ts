import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** A line that a crash cut off must not grow into the next record. */
function dropTornLine(path: string): void {
  if (!existsSync(path)) return
  const bytes = readFileSync(path)
  const whole = bytes.lastIndexOf(10) + 1
  if (whole < bytes.length) truncateSync(path, whole)
}

/**
 * What survives the emulator's own death: an append-only file of JSON lines, fsynced before an answer leaves. Without
 * a folder nothing is kept.
 */
export class Journal {
  readonly #file: number | null
  readonly #path: string | null

  constructor(folder: string | undefined, name: string) {
    if (folder === undefined) {
      this.#file = null
      this.#path = null
      return
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#path = join(folder, `${name}.ndjson`)
    dropTornLine(this.#path)
    this.#file = openSync(this.#path, 'a', 0o600)
  }

  /** Every whole record kept so far; a last line cut off by a crash was never answered for and is left out. */
  read<T>(): T[] {
    if (this.#path === null || !existsSync(this.#path)) return []
    return readFileSync(this.#path, 'utf8')
      .split('\n')
      .flatMap((line) => {
        try {
          return line === '' ? [] : [JSON.parse(line) as T]
        } catch {
          return []
        }
      })
  }

  append(record: object, { isDurable }: { isDurable: boolean }): void {
    if (this.#file === null) return
    writeSync(this.#file, `${JSON.stringify(record)}\n`)
    if (isDurable) fsyncSync(this.#file)
  }

  /** Starts over with nothing kept. */
  clear(): void {
    if (this.#path === null) return
    appendFileSync(this.#path, '')
    const fresh = openSync(this.#path, 'w', 0o600)
    fsyncSync(fresh)
    closeSync(fresh)
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
  }
}
