import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { ProcessId } from '@sluis/shared'

/** Room is made in steps of this size, as written zeros: a full disk shows before a token is spent, not after. */
const step = 1 << 20
/** The largest answer we would store; room for it is held while a spend is on its way. */
const reservedBytes = 96 * 1024
const headerBytes = 8

/**
 * This process's spool: a file of records, each complete in itself. `append` returns when the record is on the disk;
 * appends that come together share one fsync.
 */
export class Spool {
  readonly path: string
  readonly #file: FileHandle
  #end = 0
  #capacity = 0
  #reserved = 0
  #queue: { record: Buffer; done: () => void; fail: (error: unknown) => void }[] = []
  #writing: Promise<void> | null = null
  #growing: Promise<void> | null = null

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.#file = file
  }

  static async open(folder: string, processId: ProcessId): Promise<Spool> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, `${processId}.spool`)
    const spool = new Spool(path, await open(path, 'wx', 0o600))
    await spool.#grow()
    const directory = await open(folder, 'r')
    await directory.sync()
    await directory.close()
    return spool
  }

  /** Holds room for one answer; rejects when the disk has none. Give it back with the function returned. */
  async reserve(): Promise<() => void> {
    this.#reserved += reservedBytes
    try {
      while (this.#capacity - this.#end < this.#reserved) {
        this.#growing ??= this.#grow().finally(() => {
          this.#growing = null
        })
        await this.#growing
      }
    } catch (error) {
      this.#reserved -= reservedBytes
      throw error
    }
    let isHeld = true
    return () => {
      if (isHeld) this.#reserved -= reservedBytes
      isHeld = false
    }
  }

  async #grow(): Promise<void> {
    await this.#file.write(Buffer.alloc(step), 0, step, this.#capacity)
    await this.#file.datasync()
    this.#capacity += step
  }

  append(record: object): Promise<void> {
    const body = Buffer.from(JSON.stringify(record))
    const framed = Buffer.alloc(headerBytes + body.length)
    framed.writeUInt32BE(body.length, 0)
    framed.writeUInt32BE(crc32(body), 4)
    body.copy(framed, headerBytes)
    return new Promise((done, fail) => {
      this.#queue.push({ record: framed, done, fail })
      this.#writing ??= this.#drain()
    })
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue
      this.#queue = []
      try {
        const bytes = Buffer.concat(batch.map(({ record }) => record))
        while (this.#capacity - this.#end < bytes.length) await this.#grow()
        await this.#file.write(bytes, 0, bytes.length, this.#end)
        await this.#file.datasync()
        this.#end += bytes.length
        for (const { done } of batch) done()
      } catch (error) {
        for (const { fail } of batch) fail(error)
      }
    }
    this.#writing = null
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file.close()
  }
}

/** All whole records of one spool file, oldest first; what a crash cut off was never answered for. */
export async function readSpool(path: string): Promise<unknown[]> {
  const bytes = await readFile(path)
  const records: unknown[] = []
  let at = 0
  while (at + headerBytes <= bytes.length) {
    const length = bytes.readUInt32BE(at)
    const body = bytes.subarray(at + headerBytes, at + headerBytes + length)
    if (length === 0 || body.length !== length || crc32(body) !== bytes.readUInt32BE(at + 4)) break
    records.push(JSON.parse(body.toString()))
    at += headerBytes + length
  }
  return records
}

/** The spool files in a folder with the processes that wrote them and when they last did. */
export async function listSpools(
  folder: string,
): Promise<{ path: string; processId: string; writtenAt: number }[]> {
  const names = await readdir(folder).catch(() => [])
  const spools = names.filter((name) => name.endsWith('.spool'))
  return Promise.all(
    spools.map(async (name) => {
      const path = join(folder, name)
      return { path, processId: name.slice(0, -'.spool'.length), writtenAt: (await stat(path)).mtimeMs }
    }),
  )
}

export function removeSpool(path: string): Promise<void> {
  return rm(path, { force: true })
}
