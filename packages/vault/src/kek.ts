import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { type RandomBytes, SluisError } from '@sluis/shared'
import { type SealContext, seal, unseal } from './seal.ts'

/**
 * The key that seals all other keys, wherever it lives: a file, the environment, or a key management service, whose
 * key never leaves it. It seals seldom (a new organisation, a rotation) and opens each data key once a process.
 */
export interface KeyEncryptionKey {
  /** The id of the key that seals now: a short name that gives nothing away. */
  currentId(): Promise<string>
  /** Seals with the current key and says which that is; the form of the blob is its own. */
  seal(plain: Buffer, context: SealContext, random: RandomBytes): Promise<SealedKey>
  /**
   * Opens what the key `id` sealed, which may be an earlier one; `KEY_UNUSABLE` when it is not to be had. The context
   * must be the one that it was sealed with: a blob that was moved to another key's row does not open, which is
   * `KEY_UNUSABLE` too. Any other error says that it cannot be asked now: what needs the answer is tried again.
   */
  unseal(id: string, blob: Buffer, context: SealContext): Promise<Buffer>
  /** Makes a new current key and keeps the earlier ones; null where that is done elsewhere. */
  readonly rotate: ((random: RandomBytes) => Promise<void>) | null
}

/** A key under the key-encryption key `id`. */
export interface SealedKey {
  readonly id: string
  readonly blob: Buffer
}

interface LocalKey {
  readonly id: string
  readonly bytes: Buffer
}

const unusable = (message: string, hint: string) => new SluisError('KEY_UNUSABLE', message, { hint })

function parseKey(text: string): LocalKey {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  if (bytes.length !== 32) {
    throw unusable(
      'The key-encryption key is not 32 bytes in hex or base64.',
      'Restore the key file from your backup; without it no token can be read.',
    )
  }
  return { id: createHash('sha256').update('kek id').update(bytes).digest('hex').slice(0, 16), bytes }
}

/** Keys in the order of the text: the first one seals, all open. Separated by line breaks, blanks or commas. */
function parseKeys(text: string): readonly [LocalKey, ...LocalKey[]] {
  const [first, ...rest] = text
    .split(/[\s,]+/)
    .filter((line) => line !== '')
    .map(parseKey)
  return [first ?? parseKey(''), ...rest]
}

/** Keys that are read again when one is asked for that is not among them: another process may have added it. */
class LocalKek implements KeyEncryptionKey {
  readonly #read: () => string
  readonly rotate: KeyEncryptionKey['rotate']
  #keys: readonly [LocalKey, ...LocalKey[]]

  constructor(read: () => string, rotate: ((random: RandomBytes) => Promise<void>) | null) {
    this.#read = read
    this.#keys = parseKeys(read())
    this.rotate =
      rotate &&
      (async (random) => {
        await rotate(random)
        this.#keys = parseKeys(read())
      })
  }

  async currentId(): Promise<string> {
    this.#keys = parseKeys(this.#read())
    return this.#keys[0].id
  }

  async seal(plain: Buffer, context: SealContext, random: RandomBytes): Promise<SealedKey> {
    // Another process may have replaced the key; to seal with an earlier one would keep that alive.
    this.#keys = parseKeys(this.#read())
    const [{ id, bytes }] = this.#keys
    return { id, blob: seal(bytes, id, plain, context, random) }
  }

  async unseal(id: string, blob: Buffer, context: SealContext): Promise<Buffer> {
    let key = this.#keys.find((each) => each.id === id)
    if (!key) {
      this.#keys = parseKeys(this.#read())
      key = this.#keys.find((each) => each.id === id)
    }
    if (!key) {
      throw unusable(
        'The key file is not the one that this database was sealed with.',
        'Restore the original key file (SLUIS_KEK_FILE), or put its key beside the new one. Nothing is lost as long as it exists.',
      )
    }
    return unseal(key.bytes, blob, context)
  }
}

/** The key in 32 bytes as base64 or hex; after it, where it was rotated, the earlier ones. */
export function parseKek(text: string): KeyEncryptionKey {
  return new LocalKek(() => text, null)
}

/**
 * Reads the key file, creating it once: of several processes that start together exactly one makes the key and all
 * read the same. A file that others may read is refused, and none is made where `mayCreate` is false.
 */
export function loadOrCreateKek(
  file: string,
  random: RandomBytes,
  { mayCreate = true }: { readonly mayCreate?: boolean } = {},
): KeyEncryptionKey {
  for (;;) {
    try {
      return new LocalKek(
        () => readKeyFile(file),
        async (newRandom) => rotateKeyFile(file, newRandom),
      )
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    if (!mayCreate) {
      throw unusable(
        `The key file ${file} is not there, and the database holds data that are sealed with it.`,
        'Restore the key file from your backup, or name the right one with SLUIS_KEK_FILE. No new key is made.',
      )
    }
    const draft = writeDraft(file, `${newKey(random)}\n`)
    try {
      // The link appears whole or fails because another process was first.
      linkSync(draft, file)
      syncFolder(file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft, { force: true })
    }
  }
}

function readKeyFile(file: string): string {
  const { mode } = statSync(file)
  if ((mode & 0o077) !== 0) {
    throw unusable(`The key file ${file} may be read by others.`, `Run: chmod 600 ${file}`)
  }
  return readFileSync(file, 'utf8')
}

/** The new key stands first and the earlier ones below it; the file is replaced whole. */
function rotateKeyFile(file: string, random: RandomBytes): void {
  const draft = writeDraft(file, `${newKey(random)}\n${readKeyFile(file).trim()}\n`)
  renameSync(draft, file)
  syncFolder(file)
}

const newKey = (random: RandomBytes) => Buffer.from(random(32)).toString('base64')

function writeDraft(file: string, text: string): string {
  const draft = `${file}.${process.pid}.new`
  rmSync(draft, { force: true })
  const handle = openSync(draft, 'wx', 0o600)
  writeSync(handle, text)
  fsyncSync(handle)
  closeSync(handle)
  chmodSync(draft, 0o600)
  return draft
}

function syncFolder(file: string): void {
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
}
