import { createHmac } from 'node:crypto'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const stepSeconds = 30

/** The bytes of a base32 text, as authenticator apps take it; null where it is none. */
export function readBase32(text: string): Buffer | null {
  const clean = text.replace(/[\s=-]/g, '').toUpperCase()
  if (clean === '' || /[^A-Z2-7]/.test(clean)) return null
  let [bits, count] = [0, 0]
  const bytes: number[] = []
  for (const character of clean) {
    bits = ((bits << 5) | alphabet.indexOf(character)) & 0xffff
    count += 5
    if (count < 8) continue
    count -= 8
    bytes.push((bits >> count) & 0xff)
  }
  return Buffer.from(bytes)
}

/** The six digits that an authenticator shows at a time. @see RFC 6238; RFC 4226 § 5.3 */
export function oneTimeCode(secret: string, now: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 1000 / stepSeconds)))
  const hash = createHmac('sha1', readBase32(secret) ?? '')
    .update(counter)
    .digest()
  const at = (hash.at(-1) ?? 0) & 0xf
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Whether the digits are those of now, or of half a minute before or after. */
export function isOneTimeCode(secret: string, digits: string, now: number): boolean {
  const given = digits.replace(/\s/g, '')
  return [-1, 0, 1].some((step) => oneTimeCode(secret, now + step * stepSeconds * 1000) === given)
}
