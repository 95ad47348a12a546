import { connectionLost } from './http-caller.ts'

/** The lines of each piece that arrives. Leaving off closes the connection; an end inside a line is a lost one. */
export async function* linesOf(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<string[]> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        signal?.throwIfAborted()
        throw connectionLost(error)
      })
      if (done) break
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      yield lines
    }
    // Every line is ended by a line break: what has none was cut short.
    if (rest.trim() !== '') throw connectionLost(undefined)
  } finally {
    // Closes the connection of an answer that nobody reads any more, which is what cancels a statement.
    await reader.cancel().catch(() => {})
  }
}
