import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { type RandomBytes, SluisError } from '@sluis/shared'

/** The key that seals all other keys. */
export interface KeyEncryptionKey {
  /** A short name of the key that gives nothing away. */
  readonly id: string
  readonly bytes: Buffer
}

const unusable = (message: string, hint: string) => new SluisError('KEY_UNUSABLE', message, { hint })

/** The key in 32 bytes given as base64 or hex. */
export function parseKek(text: string): KeyEncryptionKey {
  const clean = text.trim()
  const bytes = /^[0-9a-f]{64}$/i.test(clean) ? Buffer.from(clean, 'hex') : Buffer.from(clean, 'base64')
  if (bytes.length !== 32) {
    throw unusable(
      'The key-encryption key is not 32 bytes in hex or base64.',
      'Restore the key file from your backup; without it no token can be read.',
    )
  }
  return { id: createHash('sha256').update('kek id').update(bytes).digest('hex').slice(0, 16), bytes }
}

/**
 * Reads the key file, creating it once: of several processes that start together exactly one makes the key and all
 * read the same. A file that others may read is refused.
 */
export function loadOrCreateKek(file: string, random: RandomBytes): KeyEncryptionKey {
  for (;;) {
    try {
      const { mode } = statSync(file)
      if ((mode & 0o077) !== 0) {
        throw unusable(`The key file ${file} may be read by others.`, `Run: chmod 600 ${file}`)
      }
      return parseKek(readFileSync(file, 'utf8'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    const draft = `${file}.${process.pid}.new`
    rmSync(draft, { force: true })
    const handle = openSync(draft, 'wx', 0o600)
    writeSync(handle, `${Buffer.from(random(32)).toString('base64')}\n`)
    fsyncSync(handle)
    closeSync(handle)
    chmodSync(draft, 0o600)
    try {
      // The link appears whole or fails because another process was first.
      linkSync(draft, file)
      const folder = openSync(dirname(file), 'r')
      fsyncSync(folder)
      closeSync(folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft, { force: true })
    }
  }
}
