/** A 32-bit hash of text (FNV-1a), for turning names into streams of pseudo-random numbers. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}

/** A well-mixed unsigned 32-bit number for row `index` of the stream `salt` (finaliser of MurmurHash3). */
export function hashRow(salt: number, index: number): number {
  let hash = (salt ^ Math.imul(index + 1, 0x9e3779b1)) | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
