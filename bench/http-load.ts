import { connect, type Socket } from 'node:net'

/** What one run of load measured. */
export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Milliseconds of each request. */
  readonly samples: readonly number[]
  /** Answers other than 2xx, by status. */
  readonly failures: Readonly<Record<string, number>>
}

export interface LoadOptions {
  readonly url: string
  readonly connections: number
  /** The next request's path and body, or null when there is no more to ask. */
  readonly next: () => { readonly path: string; readonly body: string; readonly headers?: string } | null
  readonly key: string
  /** Requests that are on their way on one connection at once (HTTP pipelining). */
  readonly pipelined?: number
  readonly durationMs?: number
}

/**
 * Sends POST requests over so many keep-alive connections until `next` has none or the time is over. Bare sockets: on
 * a machine that the server shares with its load, a client library would take half of what is measured.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { connections, durationMs = Number.POSITIVE_INFINITY } = options
  const samples: number[] = []
  const failures: Record<string, number> = {}
  const startedAt = performance.now()
  const endsAt = startedAt + durationMs
  await Promise.all(
    Array.from({ length: connections }, () => runConnection(options, endsAt, samples, failures)),
  )
  return { requests: samples.length, seconds: (performance.now() - startedAt) / 1000, samples, failures }
}

function runConnection(
  { url, next, key, pipelined = 1 }: LoadOptions,
  endsAt: number,
  samples: number[],
  failures: Record<string, number>,
): Promise<void> {
  const { hostname, port, host } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(Number(port), hostname)
    socket.setNoDelay(true)
    const sentAt: number[] = []
    let pending: Buffer = Buffer.alloc(0)
    const send = () => {
      while (sentAt.length < pipelined) {
        const request = performance.now() < endsAt ? next() : null
        if (request === null) break
        const { path, body, headers = '' } = request
        sentAt.push(performance.now())
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`,
        )
      }
      if (sentAt.length === 0) {
        socket.destroy()
        resolve()
      }
    }
    socket.once('connect', send)
    socket.once('error', reject)
    socket.once('close', () =>
      sentAt.length === 0 ? resolve() : reject(new Error('the server closed a connection')),
    )
    socket.on('data', (part: Buffer) => {
      pending = pending.length === 0 ? part : Buffer.concat([pending, part])
      for (;;) {
        const end = pending.indexOf('\r\n\r\n')
        if (end < 0) break
        const head = pending.toString('latin1', 0, end)
        const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
        if (pending.length < end + 4 + length) break
        const status = head.slice(9, 12)
        if (!status.startsWith('2')) failures[status] = (failures[status] ?? 0) + 1
        pending = pending.subarray(end + 4 + length)
        samples.push(performance.now() - (sentAt.shift() ?? 0))
      }
      send()
    })
  })
}
