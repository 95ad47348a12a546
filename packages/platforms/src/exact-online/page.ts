import type { PageRows } from '@sluis/engine'
import { SluisError } from '@sluis/shared'
import { countElements, splitElements } from './count-elements.ts'

const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]
const [quote, backslash, colon, comma] = [0x22, 0x5c, 0x3a, 0x2c]

/**
 * Where the rows of a page stand, without parsing them: the envelope is read from its head and, backwards, from its
 * tail. Exact answers `{"d":{"results":[…],"__next":"…"}}`, with `$top` up to a page `{"d":[…]}`, and for one entity
 * `{"d":{…}}`, whose range is then that object.
 * @see OData v2, JSON format § 4 and § 7
 */
export function readPage(body: Buffer, { asLines = false } = {}): PageRows {
  const head = new Reader(body)
  head.expect(openBrace)
  if (head.string() !== 'd') throw unreadable('it does not begin with "d"')
  head.expect(colon)
  const isBare = head.peek() === openBracket
  const inner = head.at
  if (!isBare && !skipToResults(head)) return singleEntity(body, inner)
  const start = head.at
  if (head.peek() !== openBracket) throw unreadable('"results" is no list')

  const tail = new BackwardReader(body)
  tail.expect(closeBrace)
  let next: string | null = null
  if (!isBare) {
    tail.expect(closeBrace)
    while (tail.peek() !== closeBracket) {
      const value = tail.value()
      tail.expect(colon)
      if (tail.string() === '__next') next = value
      tail.expect(comma)
    }
  }
  const end = tail.at
  if (tail.peek() !== closeBracket || end <= start) throw unreadable('its end is not that of a list')
  const lines = asLines ? splitElements(body, start, end) : null
  return {
    start,
    end,
    rows: lines ?? countElements(body, start, end),
    next: next === '' ? null : next,
    isLines: lines !== null,
  }
}

/** The number that `/$count` answers. */
export function readCount(body: Buffer): number {
  // A byte order mark comes before the digits on some hosts.
  const text = body
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim()
  if (!/^\d{1,15}$/.test(text)) throw unreadable('it is no number')
  return Number(text)
}

/** Leaves the reader before the value of `results`, past `__count` and the like; false when there is none. */
function skipToResults(head: Reader): boolean {
  head.expect(openBrace)
  while (head.peek() === quote) {
    const name = head.string()
    head.expect(colon)
    head.skipBlanks()
    if (name === 'results') return true
    const value = head.peek()
    // Members of the envelope are numbers and texts; an object or list here is a member of an entity.
    if (value === openBrace || value === openBracket) return false
    if (value === quote) head.string()
    else head.skipScalar()
    if (head.peek() !== comma) return false
    head.expect(comma)
  }
  return false
}

/** The object of `{"d":{…}}`, or no rows for `{"d":null}`-like answers of services without data. */
function singleEntity(body: Buffer, start: number): PageRows {
  const tail = new BackwardReader(body)
  tail.expect(closeBrace)
  const end = tail.at
  if (body[start] !== openBrace || tail.peek() !== closeBrace)
    throw unreadable('"d" is neither list nor object')
  return { start, end, rows: 1, next: null, isLines: false }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function unreadable(why: string): SluisError {
  return new SluisError('PLATFORM_UNAVAILABLE', `Exact Online answered a page that cannot be read: ${why}.`, {
    hint: 'Ask again later. If it stays so, the service has changed: report this.',
  })
}

/** Reads JSON tokens from the beginning. */
class Reader {
  readonly #body: Buffer
  at = 0

  constructor(body: Buffer) {
    this.#body = body
    if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) this.at = 3
  }

  skipBlanks(): void {
    while (isBlank(this.#body[this.at])) this.at++
  }

  peek(): number | undefined {
    this.skipBlanks()
    return this.#body[this.at]
  }

  expect(byte: number): void {
    if (this.peek() !== byte) throw unreadable(`"${String.fromCharCode(byte)}" is missing at its beginning`)
    this.at++
    this.skipBlanks()
  }

  string(): string {
    if (this.peek() !== quote) throw unreadable('a name is missing at its beginning')
    const from = this.at
    let to = from + 1
    while (this.#body[to] !== quote) {
      if (to >= this.#body.length) throw unreadable('a text has no end')
      to += this.#body[to] === backslash ? 2 : 1
    }
    this.at = to + 1
    return parseText(this.#body.subarray(from, this.at))
  }

  skipScalar(): void {
    const from = this.at
    while (isScalarByte(this.#body[this.at])) this.at++
    if (this.at === from) throw unreadable('a value is missing at its beginning')
  }
}

/**
 * Reads JSON tokens from the end. A quote is the beginning of a text when an even number of backslashes stands before
 * it, so what a text holds is never taken for structure.
 */
class BackwardReader {
  readonly #body: Buffer
  /** One past the byte that comes next, backwards. */
  at: number

  constructor(body: Buffer) {
    this.#body = body
    this.at = body.length
  }

  peek(): number | undefined {
    while (isBlank(this.#body[this.at - 1])) this.at--
    return this.#body[this.at - 1]
  }

  expect(byte: number): void {
    if (this.peek() !== byte) throw unreadable(`"${String.fromCharCode(byte)}" is missing at its end`)
    this.at--
    this.peek()
  }

  string(): string {
    if (this.peek() !== quote) throw unreadable('a name is missing at its end')
    const to = this.at
    let from = to - 2
    for (;;) {
      while (from >= 0 && this.#body[from] !== quote) from--
      if (from < 0) throw unreadable('a text has no beginning')
      let slashes = 0
      while (this.#body[from - 1 - slashes] === backslash) slashes++
      if (slashes % 2 === 0) break
      from -= slashes + 1
    }
    this.at = from
    return parseText(this.#body.subarray(from, to))
  }

  /** A text, or the empty text for a number, `true`, `null`. */
  value(): string {
    if (this.peek() === quote) return this.string()
    const to = this.at
    while (isScalarByte(this.#body[this.at - 1])) this.at--
    if (this.at === to) throw unreadable('a value is missing at its end')
    return ''
  }
}

function isScalarByte(byte: number | undefined): boolean {
  return byte !== undefined && /[\w.+-]/.test(String.fromCharCode(byte))
}

function parseText(bytes: Buffer): string {
  try {
    return JSON.parse(bytes.toString('utf8')) as string
  } catch {
    throw unreadable('a text is malformed')
  }
}
