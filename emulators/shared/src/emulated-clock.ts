/** The emulator's time: the machine's, moved by an offset that only ever grows or is set by hand. */
export class EmulatedClock {
  readonly #base: () => number
  #offset = 0

  constructor(base: () => number = Date.now) {
    this.#base = base
  }

  now(): number {
    return this.#base() + this.#offset
  }

  advance(seconds: number): void {
    this.#offset += seconds * 1000
  }

  set(now: number): void {
    this.#offset = now - this.#base()
  }

  get offset(): number {
    return this.#offset
  }

  restore(offset: number): void {
    this.#offset = offset
  }
}
