import { createHmac, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'

/** One key per process: fingerprints in logs compare within a run and are worthless outside it. */
const fingerprintKey = randomBytes(32)

/**
 * A secret in plain text. Its string, JSON and inspect forms print a short keyed fingerprint, so that a log line,
 * an error or a snapshot that holds it by accident gives nothing away. Only `reveal()` gives the text.
 */
export class PlainSecret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The secret itself: only for the bytes of a request to a pinned origin, or to be sealed. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return `secret:${createHmac('sha256', fingerprintKey).update(this.#text).digest('hex').slice(0, 8)}`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}
