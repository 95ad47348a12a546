/** @see wire.md § 2.1: 10.0 MB a POST, binary counted unencoded; addresses of 6,000 characters */
export const largestBody = 10_000_000
export const longestUrl = 6000

/** The size of a body with its long base64 texts counted as the bytes that they stand for. */
export function unencodedSize(body: string): number {
  let size = Buffer.byteLength(body)
  for (let start = body.indexOf('"'); start >= 0; ) {
    const end = body.indexOf('"', start + 1)
    if (end < 0) break
    const length = end - start - 1
    // Looked at one wrong character after another: a pattern with a count would run out of stack here.
    if (length > 1000 && !/[^A-Za-z0-9+/=]/.test(body.slice(start + 1, end)))
      size -= length - Math.floor((length * 3) / 4)
    start = end
  }
  return size
}
