import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EmulatedClock } from './emulated-clock.ts'
import { listen } from './http-server.ts'

test('the Date of every answer, a token answer too, is the emulated time and not the machine’s', async () => {
  const clock = new EmulatedClock()
  const server = await listen(async (_, response) => void response.writeHead(200).end(), {
    host: '127.0.0.1',
    port: 0,
    now: () => clock.now(),
  })
  try {
    clock.set(Date.UTC(2031, 4, 6, 7, 8, 9))
    const { headers } = await fetch(server.url)
    assert.match(headers.get('date') ?? '', /^Tue, 06 May 2031 07:08:/)
  } finally {
    await server.close()
  }
})
