import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessId } from '@sluis/shared'
import {
  eraseKeys,
  frame,
  type GrantRecord,
  type KeyRecord,
  keyIdsOf,
  listSpools,
  type ShreddedRecord,
  type SpooledKey,
  writeAll,
} from './spool-records.ts'

/** Room is made in steps of this size, as written zeros: a full disk shows before a token is spent, not after. */
const step = 1 << 20
/** A file that is longer than this is closed and the next one begun, so that old ones can go. */
const segmentBytes = 32 * step
/** The largest answer we would store, with its keys; room for it is held while a spend is on its way. */
const reservedBytes = 96 * 1024

export interface SpoolOptions {
  readonly bytes?: number
  /** Those of these keys that are at hand, sealed: never asks anybody, as an answer must be on the disk soon. */
  readonly keysOf?: (ids: readonly string[]) => readonly SpooledKey[]
}

type Kept = GrantRecord | ShreddedRecord

interface Waiting {
  done(): void
  fail(error: unknown): void
}

interface Segment {
  readonly path: string
  readonly file: FileHandle
  /** Keys that stand in it, each with the key-encryption key that it is under. */
  readonly keys: Set<string>
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
  readonly #keysOf: NonNullable<SpoolOptions['keysOf']>
  readonly #closed: { readonly path: string; readonly lastAt: number }[] = []
  #segment: Segment
  #number = 1
  #lastAt = 0
  #reserved = 0
  #queue: (Waiting & { readonly record: Kept })[] = []
  #askers: Waiting[] = []
  #writing: Promise<void> | null = null

  private constructor(folder: string, processId: ProcessId, segment: Segment, options: SpoolOptions) {
    this.#folder = folder
    this.#processId = processId
    this.#segment = segment
    this.#segmentBytes = options.bytes ?? segmentBytes
    this.#keysOf = options.keysOf ?? (() => [])
  }

  static async open(folder: string, processId: ProcessId, options: SpoolOptions = {}): Promise<Spool> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return new Spool(folder, processId, await openSegment(folder, processId, 1, step), options)
  }

  /** Holds room for one answer; rejects when the disk has none. Give it back with the function returned. */
  async reserve(): Promise<() => void> {
    this.#reserved += reservedBytes
    let isHeld = true
    const release = () => {
      if (isHeld) this.#reserved -= reservedBytes
      isHeld = false
    }
    if (this.#isFull || this.#room < this.#reserved) {
      await this.#enqueue(null).catch((error) => {
        release()
        throw error
      })
    }
    return release
  }

  append(record: Kept): Promise<void> {
    return this.#enqueue(record)
  }

  /** Overwrites an organisation's keys in all files of this folder, whoever wrote them. */
  async eraseKeys(organisation: string): Promise<void> {
    // What is being written now may hold one.
    await this.#enqueue(null).catch(() => {})
    for (const { path } of await listSpools(this.#folder)) {
      await eraseKeys(path, organisation).catch((error: NodeJS.ErrnoException) => {
        // Removed since, for its age.
        if (error.code !== 'ENOENT') throw error
      })
    }
  }

  #enqueue(record: Kept | null): Promise<void> {
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
        await this.#rollIfFull()
        const records = batch.map(({ record }) => record)
        const keys = this.#keysFor(records)
        const bytes = Buffer.concat([...keys, ...records].map(frame))
        await this.#makeRoom(bytes.length)
        await writeAll(this.#segment.file, bytes, this.#segment.end)
        await this.#segment.file.datasync()
        this.#segment.end += bytes.length
        for (const { key } of keys) this.#segment.keys.add(nameOf(key))
        this.#lastAt = Math.max(this.#lastAt, ...records.map(({ at }) => at))
      })
      await settleAll(askers, async () => {
        await this.#rollIfFull()
        while (this.#room < this.#reserved) await grow(this.#segment)
      })
    }
    this.#writing = null
  }

  get #room(): number {
    return this.#segment.capacity - this.#segment.end
  }

  get #isFull(): boolean {
    return this.#segment.end >= this.#segmentBytes
  }

  /** The keys of these records that do not stand in this file yet: no record is of use without its key. */
  #keysFor(records: readonly Kept[]): KeyRecord[] {
    const ids = new Set(records.flatMap((record) => (record.kind === 'grant' ? keyIdsOf(record.row) : [])))
    if (ids.size === 0) return []
    const at = Math.max(...records.map((record) => record.at))
    return this.#keysOf([...ids])
      .filter((key) => !this.#segment.keys.has(nameOf(key)))
      .map((key) => ({ kind: 'key', at, key }))
  }

  /** Room for these bytes and, where the disk has it, for all that is reserved beside them. */
  async #makeRoom(bytes: number): Promise<void> {
    while (this.#room < bytes + this.#reserved) {
      try {
        await grow(this.#segment)
      } catch (error) {
        if (this.#room < bytes) throw error
        return
      }
    }
  }

  /** Begins the next file once that has all the room which is reserved; until one is to be had, this one goes on. */
  async #rollIfFull(): Promise<void> {
    if (!this.#isFull) return
    const room = Math.max(step, this.#reserved)
    const next = await openSegment(this.#folder, this.#processId, this.#number + 1, room).catch(() => null)
    if (next === null) return
    this.#number++
    const full = this.#segment
    this.#segment = next
    this.#closed.push({ path: full.path, lastAt: this.#lastAt })
    await full.file.close().catch(() => {})
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

const nameOf = ({ id, kekId }: SpooledKey) => `${id} ${kekId}`

async function openSegment(
  folder: string,
  processId: ProcessId,
  number: number,
  room: number,
): Promise<Segment> {
  const path = join(folder, `${processId}.${String(number).padStart(6, '0')}.spool`)
  const file = await open(path, 'wx', 0o600)
  const segment: Segment = { path, file, keys: new Set(), end: 0, capacity: 0 }
  try {
    while (segment.capacity < room) await grow(segment)
    // The name itself must survive a crash, too.
    const directory = await open(folder, 'r')
    await directory.sync().finally(() => directory.close())
    return segment
  } catch (error) {
    // Half a file would stand in the way of the next attempt.
    await file.close().catch(() => {})
    await rm(path, { force: true }).catch(() => {})
    throw error
  }
}

async function grow(segment: Segment): Promise<void> {
  await writeAll(segment.file, Buffer.alloc(step), segment.capacity)
  await segment.file.datasync()
  segment.capacity += step
}
