import { SluisError } from '@sluis/shared'

/** A picture that was looked into: what it says it is, it is. */
export interface BrandLogo {
  readonly type: 'image/png' | 'image/jpeg'
  readonly bytes: Buffer
}

const mostBytes = 100 << 10
const mostPixels = 2000
const pngMark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/**
 * A partner's logo, judged by its bytes: a PNG or a JPEG from its first to its last byte, with nothing behind it, of a
 * size that a page can show. SVG is no picture here: it can hold scripts and ask for other addresses.
 */
export function readBrandLogo(bytes: Buffer): BrandLogo {
  if (bytes.length > mostBytes) refuse(`is larger than ${mostBytes >> 10} kB`)
  const isPng = bytes.subarray(0, pngMark.length).equals(pngMark)
  const size = isPng ? pngSize(bytes) : jpegSize(bytes)
  if (size === null) refuse('is no whole PNG or JPEG')
  if (size.some((side) => side < 1 || side > mostPixels))
    refuse(`is wider or higher than ${mostPixels} pixels`)
  return { type: isPng ? 'image/png' : 'image/jpeg', bytes }
}

type Size = readonly [width: number, height: number]

/** @see PNG, third edition, § 5: chunks from IHDR to IEND, and nothing after that */
function pngSize(bytes: Buffer): Size | null {
  let size: Size | null = null
  for (let at = pngMark.length; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const name = bytes.toString('latin1', at + 4, at + 8)
    const next = at + 12 + length
    if (next > bytes.length || !/^[A-Za-z]{4}$/.test(name)) return null
    if (size === null) {
      if (name !== 'IHDR' || length !== 13) return null
      size = [bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)]
    }
    if (name === 'IEND') return next === bytes.length ? size : null
    at = next
  }
  return null
}

/** @see ITU T.81, B.1.1 and B.2.2: segments to the frame header, which has the size; the end of image is the end */
function jpegSize(bytes: Buffer): Size | null {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null
  if (bytes.readUInt16BE(bytes.length - 2) !== 0xffd9) return null
  for (let at = 2; at + 9 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return null
    const marker = bytes[at + 1] ?? 0
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)]
    if (marker < 0xc0 || marker === 0xd9 || marker === 0xda) return null
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return null
}

function refuse(what: string): never {
  throw new SluisError('INVALID_REQUEST', `The logo ${what}.`, {
    hint: `Give a PNG or JPEG of at most ${mostBytes >> 10} kB and ${mostPixels} by ${mostPixels} pixels, in base64.`,
    details: { field: 'logo' },
  })
}
