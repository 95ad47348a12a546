import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'

export interface RowAddress {
  readonly entity: number
  readonly division: number
  readonly index: number
}

/**
 * GUIDs that look random and yet lead back to their row without any table: entity, division and index encrypted as
 * one block. A GUID that nobody made here decodes to null.
 */
export class RowGuids {
  readonly #encrypt
  readonly #decrypt

  constructor(seed: number) {
    const key = createHash('sha256').update(`row guid ${seed}`).digest().subarray(0, 16)
    this.#encrypt = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
    this.#decrypt = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false)
  }

  guidOf({ entity, division, index }: RowAddress): string {
    const block = Buffer.alloc(16)
    block.writeUInt16LE(entity, 0)
    block.writeUInt32LE(division, 2)
    block.writeUInt32LE(index, 6)
    const hex = this.#encrypt.update(block).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  addressOf(guid: string): RowAddress | null {
    const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex')
    if (bytes.length !== 16) return null
    const block = this.#decrypt.update(bytes)
    // Six bytes of zeros are the proof that we made it: a foreign GUID passes with a chance of 2^-48.
    if (block.readUIntLE(10, 6) !== 0) return null
    return { entity: block.readUInt16LE(0), division: block.readUInt32LE(2), index: block.readUInt32LE(6) }
  }
}
