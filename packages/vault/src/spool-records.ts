import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { sealedColumns } from './grant-row.ts'
import { sealedKeyId } from './seal.ts'

/** One row as it was when it reached a generation, sealed as in the database. */
export interface GrantRecord {
  readonly kind: 'grant'
  readonly at: number
  readonly row: Record<string, unknown>
}

/** A data key as it stands in the database, under the key-encryption key `kekId`. */
export interface SpooledKey {
  readonly id: string
  readonly organisation: string
  readonly kekId: string
  /** In base64. */
  readonly sealed: string
}

/** Stands in each file before the first record that only this key opens: a file is complete in itself. */
export interface KeyRecord {
  readonly kind: 'key'
  readonly at: number
  readonly key: SpooledKey
}

/** The keys of this organisation were destroyed: they stay so when the database forgets. */
export interface ShreddedRecord {
  readonly kind: 'shredded'
  readonly at: number
  readonly organisation: string
}

/** What stood where a key was before its organisation's keys were destroyed. */
interface ErasedRecord {
  readonly kind: 'erased'
  readonly at: number
}

export type SpoolRecord = GrantRecord | KeyRecord | ShreddedRecord | ErasedRecord

const headerBytes = 8

export function frame(record: SpoolRecord): Buffer {
  return framed(Buffer.from(JSON.stringify(record)))
}

function framed(body: Buffer): Buffer {
  const all = Buffer.alloc(headerBytes + body.length)
  all.writeUInt32BE(body.length, 0)
  all.writeUInt32BE(crc32(body), 4)
  body.copy(all, headerBytes)
  return all
}

/** The ids of the keys that open what a grant's record holds. */
export function keyIdsOf(row: Record<string, unknown>): string[] {
  const blobs = sealedColumns.map((column) => row[column]).filter((blob) => typeof blob === 'string')
  // As `rowToJson` writes them: \x and hex. The id stands at the beginning.
  const ids = blobs.map((blob) => sealedKeyId(Buffer.from(blob.slice(2, 36), 'hex')))
  return [...new Set(ids)].filter((id) => id !== '')
}

/** All whole records; a damaged one, and what a crash cut off and was never answered for, is passed over. */
function* wholeRecords(bytes: Buffer): Generator<{ readonly start: number; readonly body: Buffer }> {
  for (let start = 0; start + headerBytes <= bytes.length; ) {
    const length = bytes.readUInt32BE(start)
    const body = bytes.subarray(start + headerBytes, start + headerBytes + length)
    if (length === 0 || body.length !== length) return
    if (crc32(body) === bytes.readUInt32BE(start + 4)) yield { start, body }
    start += headerBytes + length
  }
}

/** The records of one spool file, oldest first. */
export async function readSpool(path: string): Promise<SpoolRecord[]> {
  return [...wholeRecords(await readFile(path))].map(({ body }) => JSON.parse(body.toString()))
}

/** Overwrites an organisation's keys in one file; whatever else stands there stays where it is. */
export async function eraseKeys(path: string, organisation: string): Promise<void> {
  const found = [...wholeRecords(await readFile(path))].flatMap(({ start, body }) => {
    const record: SpoolRecord = JSON.parse(body.toString())
    return record.kind === 'key' && record.key.organisation === organisation ? [{ start, body, record }] : []
  })
  if (found.length === 0) return
  const file = await open(path, 'r+')
  try {
    for (const { start, body, record } of found) {
      // The length stays: if this is cut off, the records behind it are read all the same.
      const blank = Buffer.alloc(body.length, ' ')
      blank.write(JSON.stringify({ kind: 'erased', at: record.at } satisfies ErasedRecord))
      await writeAll(file, framed(blank), start)
    }
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** A disk that fills up takes a part first, and says so only at the next write. */
export async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
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
  eraseKeys(file: SpoolFile, organisation: string): Promise<void>
  remove(file: SpoolFile): Promise<void>
}

export function spoolShelf(folder: string): SpoolShelf {
  return {
    list: () => listSpools(folder),
    read: ({ path }) => readSpool(path),
    eraseKeys: ({ path }, organisation) => eraseKeys(path, organisation),
    remove: ({ path }) => rm(path, { force: true }),
  }
}
