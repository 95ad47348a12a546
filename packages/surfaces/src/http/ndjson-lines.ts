import { SluisError } from '@sluis/shared'

export interface NumberedLine {
  /** From 1, counting empty lines too, as an editor does. */
  readonly line: number
  readonly text: string
}

/** The lines of a stream of UTF-8, without empty ones. One that is longer than `mostBytes` ends it. */
export async function* ndjsonLines(
  chunks: AsyncIterable<Buffer>,
  mostBytes: number,
): AsyncGenerator<NumberedLine> {
  let line = 0
  let held: Buffer[] = []
  let heldBytes = 0
  const assertFits = (bytes: number): void => {
    if (bytes <= mostBytes) return
    throw new SluisError('REQUEST_TOO_LARGE', `Line ${line + 1} is longer than ${mostBytes} bytes.`, {
      hint: 'Send one JSON object a line, each ended with a line break.',
    })
  }
  const take = (rest: Buffer): NumberedLine => {
    // Also where its end came with it: how the stream was cut decides nothing.
    assertFits(heldBytes + rest.length)
    const text = Buffer.concat([...held, rest])
      .toString('utf8')
      .trim()
    held = []
    heldBytes = 0
    return { line: ++line, text }
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const next = take(chunk.subarray(from, end))
      from = end + 1
      if (next.text !== '') yield next
    }
    const rest = chunk.subarray(from)
    held.push(rest)
    heldBytes += rest.length
    assertFits(heldBytes)
  }
  const last = take(Buffer.alloc(0))
  if (last.text !== '') yield last
}
