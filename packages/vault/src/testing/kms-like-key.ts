import { createCipheriv, createDecipheriv } from 'node:crypto'
import { type RandomBytes, SluisError } from '@sluis/shared'
import type { KeyEncryptionKey, SealedKey } from '../kek.ts'
import type { SealContext } from '../seal.ts'

interface KeyVersion {
  readonly id: string
  readonly key: Buffer
}

/**
 * What a key management service is to the vault, for tests: its keys never leave it, each call is one to somewhere else
 * and may fail, it has its own form of ciphertext, and it is told the context of each.
 */
export class KmsLikeKey implements KeyEncryptionKey {
  readonly #versions: KeyVersion[] = []
  readonly #random: RandomBytes
  /** Refuses everything, in its own words. */
  isAway = false
  /** So many calls are answered before it goes away. */
  callsLeft = Number.POSITIVE_INFINITY
  calls = 0

  constructor(random: RandomBytes) {
    this.#random = random
    this.#addVersion()
  }

  #addVersion(): void {
    const id = `projects/lab/keys/sluis/versions/${this.#versions.length + 1}`
    this.#versions.push({ id, key: Buffer.from(this.#random(32)) })
  }

  /** As over a network: later, and not always. */
  async #call<T>(work: () => T): Promise<T> {
    await new Promise((resolve) => setImmediate(resolve))
    if (this.isAway || this.callsLeft-- <= 0)
      throw new Error('503 kms.example: try again (request canary-kms-7)')
    this.calls++
    return work()
  }

  #newest(): KeyVersion {
    return this.#versions.at(-1) as KeyVersion
  }

  currentId(): Promise<string> {
    return this.#call(() => this.#newest().id)
  }

  seal(plain: Buffer, context: SealContext): Promise<SealedKey> {
    return this.#call(() => {
      const { id, key } = this.#newest()
      const nonce = Buffer.from(this.#random(12))
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(JSON.stringify(context)))
      return { id, blob: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]) }
    })
  }

  unseal(id: string, blob: Buffer, context: SealContext): Promise<Buffer> {
    return this.#call(() => {
      const version = this.#versions.find((each) => each.id === id)
      if (version === undefined) throw new SluisError('KEY_UNUSABLE', 'The service has no such key.')
      const decipher = createDecipheriv('aes-256-gcm', version.key, blob.subarray(0, 12))
        .setAAD(Buffer.from(JSON.stringify(context)))
        .setAuthTag(blob.subarray(-16))
      try {
        return Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()])
      } catch {
        throw new SluisError('KEY_UNUSABLE', 'The service does not open this ciphertext.')
      }
    })
  }

  readonly rotate = (): Promise<void> => this.#call(() => this.#addVersion())
}
