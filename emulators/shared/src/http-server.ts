import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerControl, type Controls } from './controls.ts'

export interface Listening {
  /** `http://127.0.0.1:4010` */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves until closed; port 0 takes a free one. Every answer's `Date` is the emulated time, which clients reckon with. A bug
 * in a handler is status 500 and stands on stderr.
 */
export async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  { host, port, now }: { readonly host: string; readonly port: number; readonly now: () => number },
): Promise<Listening> {
  const server = createServer((request, response) => {
    response.setHeader('Date', new Date(now()).toUTCString())
    handle(request, response).catch((error: Error) => {
      process.stderr.write(`${error.stack}\n`)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  // Long-lived connections: a client's pool must not race with our idle time-out.
  server.keepAliveTimeout = 75_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export class BodyTooLarge extends Error {}

/** The whole body as text; {@link BodyTooLarge} once it holds more than `most` bytes. */
export async function readBody(request: IncomingMessage, most = 38 << 20): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= most) chunks.push(chunk)
  }
  if (size > most) throw new BodyTooLarge(`the body has ${size} bytes`)
  return Buffer.concat(chunks).toString()
}

/** Answers `/_control/…`, on the loopback interface only. */
export async function serveControl(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  controls: Controls,
): Promise<void> {
  const isLoopback = /^(::ffff:)?127\.|^::1$/.test(request.socket.remoteAddress ?? '')
  const path = url.pathname.slice('/_control/'.length)
  const { status, body } = isLoopback
    ? answerControl(controls, request.method ?? 'GET', path, url.searchParams, await readBody(request))
    : { status: 403, body: { error: '/_control answers on the loopback interface only' } }
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
