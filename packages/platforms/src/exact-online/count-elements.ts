const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]
const [quote, backslash, colon, comma] = [0x22, 0x5c, 0x3a, 0x2c]
const lineFeed = 0x0a
const rowStart = Buffer.from('{"__metadata":{"uri":')

/**
 * How many elements the JSON array in `body[start, end)` has.
 *
 * Entities all begin with their metadata, and the bytes of that beginning cannot stand inside a text, where quotes
 * are escaped: counting them is many times as fast as walking. It is done where the first row begins so and no list
 * stands inside a row, since expanded lines begin so too. Everything else is walked.
 * @see OData v2, JSON format § 5: entries
 */
export function countElements(body: Buffer, start: number, end: number): number {
  const first = firstOf(body, start, end)
  if (body[first] === closeBracket) return 0
  return isUniform(body, first, end) ? countStarts(body, first, end) : walk(body, start, end)
}

/**
 * Puts each entity of the array in `body[start, end)` on a line of its own, by turning the commas between them into
 * line feeds where they stand; gives how many there are. Null, and nothing changed, where rows cannot be told from
 * what is inside them, or the body has lines already.
 */
export function splitElements(body: Buffer, start: number, end: number): number | null {
  const first = firstOf(body, start, end)
  if (body[first] === closeBracket || !isUniform(body, first, end)) return null
  const line = body.indexOf(lineFeed, first)
  if (line >= 0 && line < end) return null
  return countStarts(body, first, end, (comma) => {
    body[comma] = lineFeed
  })
}

function firstOf(body: Buffer, start: number, end: number): number {
  let first = start + 1
  while (first < end && isBlank(body[first])) first++
  return first
}

function isUniform(body: Buffer, first: number, end: number): boolean {
  return body.subarray(first, first + rowStart.length).equals(rowStart) && !hasList(body, first, end)
}

/**
 * Whether a member's value is a list: a bracket after a name's end. In a text the quote before it would be an escaped
 * one. Looked for by the bracket, which is rare; a pattern that begins with a quote takes ten times as long.
 */
function hasList(body: Buffer, first: number, end: number): boolean {
  for (
    let at = body.indexOf(openBracket, first);
    at >= 0 && at < end;
    at = body.indexOf(openBracket, at + 1)
  ) {
    const before = lastBefore(body, at)
    if (body[before] !== colon) continue
    const nameEnd = lastBefore(body, before)
    if (body[nameEnd] !== quote) continue
    let slashes = 0
    while (body[nameEnd - 1 - slashes] === backslash) slashes++
    if (slashes % 2 === 0) return true
  }
  return false
}

/** Where the last byte before `at` stands that is no blank. */
function lastBefore(body: Buffer, at: number): number {
  let before = at - 1
  while (isBlank(body[before])) before--
  return before
}

function countStarts(
  body: Buffer,
  first: number,
  end: number,
  onComma: (at: number) => void = () => {},
): number {
  let count = 1
  let at = first
  for (;;) {
    at = body.indexOf(rowStart, at + rowStart.length)
    if (at < 0 || at >= end) return count
    const before = lastBefore(body, at)
    // After a colon it is an entity inside a row.
    if (body[before] !== comma) continue
    count++
    onComma(before)
  }
}

function walk(body: Buffer, start: number, end: number): number {
  let depth = 0
  let commas = 0
  for (let at = start; at < end; at++) {
    switch (body[at]) {
      case quote:
        at++
        while (at < end && body[at] !== quote) at += body[at] === backslash ? 2 : 1
        break
      case openBrace:
      case openBracket:
        depth++
        break
      case closeBrace:
      case closeBracket:
        depth--
        break
      case comma:
        if (depth === 1) commas++
        break
    }
  }
  return commas + 1
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
