/** Nothing larger is set aside on the word of a header alone. */
const mostAheadBytes = 16 << 20
const leastBytes = 64 << 10

/** Gathers a body in one piece of memory: of the length that was told, or grown by doubling. */
export class BodyBuffer {
  readonly #takeMemory: (bytes: number) => Buffer
  #memory: Buffer = Buffer.alloc(0)
  #length = 0

  constructor(takeMemory: (bytes: number) => Buffer) {
    this.#takeMemory = takeMemory
  }

  /** Sets aside what `Content-Length` tells. */
  expect(contentLength: string | undefined): void {
    const told = Number(contentLength)
    if (told > 0) this.#memory = this.#takeMemory(Math.min(told, mostAheadBytes))
  }

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length
    if (length > this.#memory.length) {
      const larger = this.#takeMemory(Math.max(length, this.#memory.length * 2, leastBytes))
      this.#memory.copy(larger, 0, 0, this.#length)
      this.#memory = larger
    }
    chunk.copy(this.#memory, this.#length)
    this.#length = length
  }

  /** What has come, without a copy. */
  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }
}
