import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { ProcessId } from '@sluis/shared'

/** Room is made in steps of this size, as written zeros: a full disk shows before a token is spent, not after. */
const step = 1 << 20
/** A file that is longer than this is closed and the next one begun, so that old ones can go. */
const segmentBytes = 32 * step
/** The largest answer we would store; room for it is held while a spend is on its way. */
const reservedBytes = 96 * 1024
const headerBytes = 8

/** One row as it was when it reached a generation, sealed as in the database, complete in itself. */
export interface SpoolRecord {
  readonly kind: 'grant'
  readonly at: number
  readonly row: Record<string, unknown>
}

interface Waiting {
  done(): void
  fail(error: unknown): void
}

interface Segment {
  readonly path: string
  readonly file: FileHandle
  end: number
  capacity: number
}

/**
 * This process's spool: records in files that nobody else writes. `append` returns when the record is on the disk;
 * appends that come together share one fsync.
 */
export class Spool {
  readonly #folder: string
  readonly #processId: ProcessId
  readonly #segmentBytes: number
  readonly #closed: { readonly path: string; readonly lastAt: number }[] = []
  #segment: Segment
  #number = 1
  #lastAt = 0
  #reserved = 0
  #queue: (Waiting & { readonly record: SpoolRecord })[] = []
  #askers: Waiting[] = []
  #writing: Promise<void> | null = null

  private constructor(folder: string, processId: ProcessId, segment: Segment, bytes: number) {
    this.#folder = folder
    this.#processId = processId
    this.#segment = segment
    this.#segmentBytes = bytes
  }

  static async open(folder: string, processId: ProcessId, bytes = segmentBytes): Promise<Spool> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return new Spool(folder, processId, await openSegment(folder, processId, 1), bytes)
  }

  /** Holds room for one answer; rejects when the disk has none. Give it back with the function returned. */
  async reserve(): Promise<() => void> {
    this.#reserved += reservedBytes
    let isHeld = true
    const release = () => {
      if (isHeld) this.#reserved -= reservedBytes
      isHeld = false
    }
    if (this.#segment.capacity - this.#segment.end < this.#reserved) {
      await this.#enqueue(null).catch((error) => {
        release()
        throw error
      })
    }
    return release
  }

  append(record: SpoolRecord): Promise<void> {
    return this.#enqueue(record)
  }

  #enqueue(record: SpoolRecord | null): Promise<void> {
    return new Promise((done, fail) => {
      if (record === null) this.#askers.push({ done, fail })
      else this.#queue.push({ record, done, fail })
      this.#writing ??= this.#drain()
    })
  }

  /** The one writer: writes what has gathered, forces it to the disk, answers, and makes room for what is to come. */
  async #drain(): Promise<void> {
    while (this.#queue.length + this.#askers.length > 0) {
      const batch = this.#queue
      const askers = this.#askers
      this.#queue = []
      this.#askers = []
      await settleAll(batch, async () => {
        if (batch.length === 0) return
        if (this.#segment.end >= this.#segmentBytes) await this.#roll()
        const bytes = Buffer.concat(batch.map(({ record }) => frame(record)))
        while (this.#segment.capacity - this.#segment.end < bytes.length) await grow(this.#segment)
        await this.#segment.file.write(bytes, 0, bytes.length, this.#segment.end)
        await this.#segment.file.datasync()
        this.#segment.end += bytes.length
        this.#lastAt = Math.max(this.#lastAt, ...batch.map(({ record }) => record.at))
      })
      await settleAll(askers, async () => {
        while (this.#segment.capacity - this.#segment.end < this.#reserved) await grow(this.#segment)
      })
    }
    this.#writing = null
  }

  async #roll(): Promise<void> {
    const next = await openSegment(this.#folder, this.#processId, this.#number + 1)
    this.#number++
    this.#closed.push({ path: this.#segment.path, lastAt: this.#lastAt })
    await this.#segment.file.close()
    this.#segment = next
  }

  /** Removes the files of this process whose newest record is older than `before`. */
  async prune(before: number): Promise<void> {
    while (this.#closed[0] && this.#closed[0].lastAt < before) {
      const old = this.#closed.shift()
      if (old) await rm(old.path, { force: true })
    }
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#segment.file.close()
  }
}

async function settleAll(waiting: readonly Waiting[], work: () => Promise<void>): Promise<void> {
  try {
    await work()
    for (const { done } of waiting) done()
  } catch (error) {
    for (const { fail } of waiting) fail(error)
  }
}

async function openSegment(folder: string, processId: ProcessId, number: number): Promise<Segment> {
  const path = join(folder, `${processId}.${String(number).padStart(6, '0')}.spool`)
  const segment = { path, file: await open(path, 'wx', 0o600), end: 0, capacity: 0 }
  await grow(segment)
  // The name itself must survive a crash, too.
  const directory = await open(folder, 'r')
  await directory.sync()
  await directory.close()
  return segment
}

async function grow(segment: Segment): Promise<void> {
  await segment.file.write(Buffer.alloc(step), 0, step, segment.capacity)
  await segment.file.datasync()
  segment.capacity += step
}

function frame(record: SpoolRecord): Buffer {
  const body = Buffer.from(JSON.stringify(record))
  const framed = Buffer.alloc(headerBytes + body.length)
  framed.writeUInt32BE(body.length, 0)
  framed.writeUInt32BE(crc32(body), 4)
  body.copy(framed, headerBytes)
  return framed
}

/** All whole records of one spool file, oldest first; what a crash cut off was never answered for. */
export async function readSpool(path: string): Promise<SpoolRecord[]> {
  const bytes = await readFile(path)
  const records: SpoolRecord[] = []
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

export interface SpoolFile {
  readonly path: string
  readonly processId: string
  readonly writtenAt: number
}

/** The spool files in a folder with the processes that wrote them and when they last did. */
export async function listSpools(folder: string): Promise<SpoolFile[]> {
  const names = await readdir(folder).catch(() => [])
  const spools = names.filter((name) => name.endsWith('.spool')).sort()
  const found = await Promise.all(
    spools.map(async (name) => {
      const path = join(folder, name)
      // Another process may have removed it since.
      const facts = await stat(path).catch(() => null)
      return facts && { path, processId: name.split('.')[0] ?? '', writtenAt: facts.mtimeMs }
    }),
  )
  return found.filter((spool) => spool !== null)
}

/** The spools of all processes that share a folder. */
export interface SpoolShelf {
  list(): Promise<readonly SpoolFile[]>
  read(file: SpoolFile): Promise<readonly SpoolRecord[]>
  remove(file: SpoolFile): Promise<void>
}

export function spoolShelf(folder: string): SpoolShelf {
  return {
    list: () => listSpools(folder),
    read: ({ path }) => readSpool(path),
    remove: ({ path }) => rm(path, { force: true }),
  }
}
