import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { createSend } from './undici-send.ts'

/** Answers after 100 ms, in a process of its own: it goes on while ours stands still. */
const program = `
const server = require('node:http').createServer((_, answer) => setTimeout(() => answer.end('kept'), 100))
server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'))
process.stdin.on('end', () => process.exit()).resume()`

test('an answer that came while the process was paused is read, though its deadline has passed', async () => {
  const server = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const { send, close } = createSend()
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer]
    const request = { method: 'GET', url: `http://127.0.0.1:${String(port).trim()}/`, headers: {} }
    // Opens the connection that the paused request will use.
    await send(request, { timeoutMs: 5000 })
    const answer = send(request, { timeoutMs: 300 })
    await new Promise((resolve) => setTimeout(resolve, 50))
    // From here the event loop comes to its timers before it comes to its sockets.
    await new Promise((resolve) => setImmediate(resolve))
    // As SIGSTOP does: nothing of this process runs, and its timers are late.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
    assert.equal((await answer).body.toString(), 'kept')
  } finally {
    await close()
    const ended = once(server, 'exit')
    server.stdin.end()
    await ended
  }
})
