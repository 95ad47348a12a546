import { createHash } from 'node:crypto'
import type { RandomBytes } from '@sluis/shared'

/** A new API key: 32 random bytes as text, with a prefix that secret scanners can know. */
export function newKeyText(random: RandomBytes): string {
  return keyTextOf(random(32))
}

/** A key as text, of 32 bytes that nobody can guess. */
export function keyTextOf(secret: Uint8Array): string {
  return `sluis_${Buffer.from(secret).toString('base64url')}`
}

/** What is stored of a key. The key has 256 bits of its own, so a fast hash is as good as a slow one. */
export function hashKey(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** The form of `SLUIS_BOOTSTRAP_API_KEY`. */
export const bootstrapKeyForm = /^[A-Za-z0-9_-]{32,128}$/
