import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSluisError } from '@sluis/shared'
import fc from 'fast-check'
import { readBrandLogo } from './brand-logo.ts'

// One red pixel, as two encoders wrote it.
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
)
const jpeg = Buffer.from(
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
  'base64',
)
const wholeJpeg = Buffer.concat([
  jpeg.subarray(0, jpeg.lastIndexOf(0xda) + 8),
  Buffer.from([0x3f, 0xff, 0xd9]),
])
const isRefused = (error: unknown) => isSluisError(error, 'INVALID_REQUEST')
const wide = (width: number) => {
  const copy = Buffer.from(png)
  copy.writeUInt32BE(width, 16)
  return copy
}

test('a PNG and a JPEG are known by their bytes', () => {
  assert.equal(readBrandLogo(png).type, 'image/png')
  assert.equal(readBrandLogo(wholeJpeg).type, 'image/jpeg')
})

test('what is no picture, is cut off, has something behind it or is too large is refused', () => {
  for (const [what, bytes] of Object.entries({
    nothing: Buffer.alloc(0),
    svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    html: Buffer.from('<!doctype html><script>alert(1)</script>'),
    gif: Buffer.from('GIF89a\x01\x00\x01\x00', 'latin1'),
    'a cut PNG': png.subarray(0, -3),
    'a PNG with a page behind it': Buffer.concat([png, Buffer.from('<script>')]),
    'a cut JPEG': wholeJpeg.subarray(0, -2),
    'a JPEG with a page behind it': Buffer.concat([wholeJpeg, Buffer.from('<script>')]),
    'no pixels': wide(0),
    'a pixel bomb': wide(60_000),
    'too many bytes': Buffer.concat([png, Buffer.alloc(200_000)]),
  })) {
    assert.throws(() => readBrandLogo(bytes), isRefused, what)
  }
})

test('no bytes, also nearly right ones, bring it down', () => {
  const nearly = fc
    .tuple(fc.constantFrom(png, wholeJpeg), fc.nat(), fc.nat(255), fc.nat(40))
    .map(([good, at, byte, cut]) => {
      const copy = Buffer.from(good.subarray(0, good.length - cut))
      if (copy.length > 0) copy[at % copy.length] = byte
      return copy
    })
  fc.assert(
    fc.property(fc.oneof(nearly, fc.uint8Array({ maxLength: 200 }).map(Buffer.from)), (bytes) => {
      try {
        return readBrandLogo(bytes).bytes === bytes
      } catch (error) {
        return isRefused(error)
      }
    }),
    { numRuns: 3000 },
  )
})
