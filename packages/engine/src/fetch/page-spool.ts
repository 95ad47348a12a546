import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'

/** A file is closed at this size and the next one begun: several files are read in parallel, one is not. */
const fileBytes = 16 << 20

/**
 * Pages of one partition of one scan, written as files that each hold one JSON array (`.json`) or one row a line
 * (`.ndjson`). Rows are copied as bytes and never parsed.
 */
export class PageSpool {
  readonly files: string[] = []
  readonly #folder: string
  #file: FileHandle | null = null
  #written = 0
  #isLines = false
  #last: Promise<void> = Promise.resolve()

  constructor(scanFolder: string, partition: string | null) {
    this.#folder = join(scanFolder, `p${partition ?? ''}`)
  }

  /**
   * Adds the rows of a page: the inside of its array, one object, or with `isLines` one row a line. Pages that come
   * together are written in turn.
   */
  append(rows: Buffer, isLines = false): Promise<void> {
    this.#last = this.#last.then(() => this.#write(rows, isLines))
    return this.#last
  }

  async #write(rows: Buffer, isLines: boolean): Promise<void> {
    if (isBlank(rows)) return
    if (this.#file !== null && this.#isLines !== isLines) await this.#end()
    if (this.#file === null) {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      const path = join(this.#folder, `${this.files.length + 1}.${isLines ? 'ndjson' : 'json'}`)
      this.#file = await open(path, 'wx', 0o600)
      this.files.push(path)
      this.#written = 0
      this.#isLines = isLines
    }
    const before = Buffer.from(isLines ? (this.#written === 0 ? '' : '\n') : this.#written === 0 ? '[' : ',')
    await this.#file.writev([before, rows])
    this.#written += rows.length + 1
    if (this.#written >= fileBytes) await this.#end()
  }

  /** Ends the file at hand; more pages begin another one. */
  close(): Promise<void> {
    this.#last = this.#last.then(() => this.#end())
    return this.#last
  }

  async #end(): Promise<void> {
    const file = this.#file
    if (file === null) return
    this.#file = null
    if (!this.#isLines) await file.write(']')
    await file.close()
  }
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x0d && byte !== 0x0a && byte !== 0x09) return false
  return true
}
