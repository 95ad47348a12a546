import { inverse } from './books/deal-order.ts'

const factors = [7919, 104_729, 611_953, 15_485_863]

/**
 * Spreads rows over the rows of another entity so that the way back is arithmetic too: row `index` refers to row
 * `(index * factor + offset) mod size`.
 */
export class LinearReference {
  readonly #factor: number
  readonly #inverse: number
  readonly #offset: number
  readonly size: number

  constructor(size: number, salt: number) {
    this.size = size
    this.#factor = (factors.find((factor) => size % factor !== 0) ?? 1) % size || 1
    this.#inverse = inverse(this.#factor, size)
    this.#offset = salt % size
  }

  targetOf(index: number, division: number): number {
    return ((index % this.size) * this.#factor + this.#offset + division) % this.size
  }

  /** The first row that refers to `target`; the others follow every `size` rows. */
  firstSourceOf(target: number, division: number): number {
    const distance = (((target - this.#offset - division) % this.size) + this.size) % this.size
    return Number((BigInt(distance) * BigInt(this.#inverse)) % BigInt(this.size))
  }
}
