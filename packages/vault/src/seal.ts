import { createCipheriv, createDecipheriv } from 'node:crypto'
import { type RandomBytes, SluisError } from '@sluis/shared'

const version = 1
const nonceBytes = 12
const tagBytes = 16
const keyIdBytes = 16
const headerBytes = 1 + keyIdBytes + nonceBytes

/**
 * What a blob belongs to. It is authenticated and not stored, so that a blob moved to another row, field or
 * generation does not open.
 */
export interface SealContext {
  readonly organisation: string
  readonly grant: string
  readonly field: string
  readonly chain: number
  readonly generation: number
}

function associatedData(context: SealContext): Buffer {
  const parts = [
    context.organisation,
    context.grant,
    context.field,
    String(context.chain),
    String(context.generation),
    String(version),
  ]
  // Length-prefixed: two different contexts never give the same bytes.
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

/** `plain` under AES-256-GCM: version, key id, nonce, ciphertext, tag. @see NIST SP 800-38D */
export function seal(
  key: Buffer,
  keyId: string,
  plain: Buffer,
  context: SealContext,
  random: RandomBytes,
): Buffer {
  const nonce = Buffer.from(random(nonceBytes))
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(associatedData(context))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  const id = Buffer.alloc(keyIdBytes)
  id.write(keyId, 'latin1')
  return Buffer.concat([Buffer.from([version]), id, nonce, body, cipher.getAuthTag()])
}

/** The id of the key that a blob was sealed with. */
export function sealedKeyId(blob: Buffer): string {
  return blob
    .subarray(1, 1 + keyIdBytes)
    .toString('latin1')
    .replace(/\0+$/, '')
}

/** The plain bytes; a blob that was changed, moved or sealed with another key does not open. */
export function unseal(key: Buffer, blob: Buffer, context: SealContext): Buffer {
  if (blob[0] !== version || blob.length < headerBytes + tagBytes) {
    throw new SluisError('KEY_UNUSABLE', 'A sealed value has a form that this version does not know.')
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(1 + keyIdBytes, headerBytes))
    decipher.setAAD(associatedData(context))
    decipher.setAuthTag(blob.subarray(-tagBytes))
    return Buffer.concat([decipher.update(blob.subarray(headerBytes, -tagBytes)), decipher.final()])
  } catch (cause) {
    throw new SluisError(
      'KEY_UNUSABLE',
      `A sealed value (${context.field} of ${context.grant}) does not open.`,
      {
        hint: 'The key file or the database was exchanged, or a row was tampered with.',
        cause,
      },
    )
  }
}
