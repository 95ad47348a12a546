import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BodyBuffer } from './body-buffer.ts'

test('a body is what came, whatever its length was said to be', () => {
  const chunks = fc.array(
    fc.uint8Array({ maxLength: 50_000 }).map((bytes) => Buffer.from(bytes)),
    { maxLength: 12 },
  )
  const told = fc.oneof(fc.constant(undefined), fc.constant('x'), fc.nat(500_000).map(String))
  fc.assert(
    fc.property(chunks, told, (parts, length) => {
      const taken: Buffer[] = []
      const body = new BodyBuffer((bytes) => {
        // Memory that held another page before.
        const memory = Buffer.alloc(bytes + 7, 0xee)
        taken.push(memory)
        return memory
      })
      body.expect(length)
      for (const part of parts) body.add(part)
      assert.deepEqual(body.bytes(), Buffer.concat(parts))
      const whole = parts.reduce((sum, part) => sum + part.length, 0)
      if (whole <= Number(length)) assert.ok(taken.length <= 1, 'a body of its told length moved')
    }),
  )
})

test('a header alone sets no gigabytes aside', () => {
  let asked = 0
  const body = new BodyBuffer((bytes) => {
    asked = bytes
    return Buffer.alloc(Math.min(bytes, 1024))
  })
  body.expect('99999999999999')
  assert.ok(asked <= 16 << 20, `${asked} bytes`)
})
