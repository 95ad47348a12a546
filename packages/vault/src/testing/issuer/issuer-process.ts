import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { IssuerModeName } from './issuer-modes.ts'
import { type LedgerEntry, LedgerIssuer } from './ledger-issuer.ts'

/** What becomes of token requests, one line each, taken in order: seconds are the lab's. */
export type IssuerFault =
  /** The answer is kept back so long after the request was worked on, or before. */
  | { readonly kind: 'slow-answer' | 'slow-work'; readonly seconds: number }
  /** The connection is reset: before the request is looked at, or after it was worked on. */
  | { readonly kind: 'reset-before' | 'reset-after' }
  | { readonly kind: 'status-500' }

export interface IssuerSettings {
  /** The lab's clock: `origin + (real - origin) / scale`. */
  readonly origin: number
  readonly scale: number
  /** Added to every token answer, in milliseconds of real time. */
  readonly latencyMs: number
  readonly padding: { readonly access: number; readonly refresh: number }
}

// An issuer in a process of its own, for the nemesis and for benchmarks. Speaks Exact Online's wire form (token
// endpoint, current/Me, system/Divisions); `/_lab` has the ledger, faults and consents.
const settings = JSON.parse(process.argv[2] ?? '{}') as IssuerSettings
let shiftMs = 0
let latencyMs = settings.latencyMs
const now = () => settings.origin + (Date.now() - settings.origin) / settings.scale + shiftMs
const issuer = new LedgerIssuer(now, settings.padding)
const faults: IssuerFault[] = []
const realMs = (seconds: number) => seconds * 1000 * settings.scale

createServer((request, response) => {
  handle(request, response).catch(() => response.destroy())
}).listen(0, '127.0.0.1', function (this: { address(): unknown }) {
  const { port } = this.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})
// Whoever started it holds the other end.
process.stdin.on('end', () => process.exit(0)).resume()

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? ''
  if (path === '/api/oauth2/token') return token(await textOf(request), request, response)
  if (path.startsWith('/_lab/'))
    return json(response, 200, await control(path.slice(6), await textOf(request)))
  if (path === '/_control/clock') return json(response, 200, { now: now() })
  const bearer = request.headers.authorization?.slice('Bearer '.length) ?? ''
  const user = issuer.userOf(bearer)
  if (user === null) return json(response, 401, {})
  if (path.endsWith('/current/Me')) {
    const id = `00000000-0000-4000-8000-${user.toString(16).padStart(12, '0')}`
    const me = { UserID: id, FullName: `User ${user}`, UserName: `user${user}`, CurrentDivision: 1000 + user }
    return json(response, 200, { d: { results: [me] } })
  }
  if (path.endsWith('/system/Divisions')) {
    const division = { Code: 1000 + user, Description: 'Lab', CustomerName: 'Lab', BlockingStatus: 0 }
    return json(response, 200, { d: { results: [division] } })
  }
  return json(response, 404, {})
}

async function token(body: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refreshToken = new URLSearchParams(body).get('refresh_token') ?? ''
  const sender = String(request.headers.sender ?? '')
  const fault = faults.shift()
  if (fault?.kind === 'reset-before') return reset(response)
  if (fault?.kind === 'slow-work') await delay(realMs(fault.seconds))
  if (fault?.kind === 'status-500') {
    return deliver(response, issuer.fail(refreshToken, sender), 500, { fault: { faultstring: 'gateway' } })
  }
  const { answer, entry } = issuer.refresh(refreshToken, sender)
  if (fault?.kind === 'reset-after') return reset(response)
  if (fault?.kind === 'slow-answer') await delay(realMs(fault.seconds))
  if (latencyMs > 0) await delay(latencyMs)
  return deliver(response, entry, answer.status, answer.body, answer.headers)
}

function deliver(
  response: ServerResponse,
  entry: LedgerEntry,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed) return
  response.once('finish', () => {
    entry.deliveredAt = Date.now()
  })
  json(response, status, body, headers)
}

/** A TCP reset, as a dying gateway gives it. */
function reset(response: ServerResponse): void {
  const { socket } = response
  if (socket && 'resetAndDestroy' in socket) socket.resetAndDestroy()
}

async function control(name: string, body: string): Promise<object> {
  const given = body === '' ? {} : JSON.parse(body)
  switch (name) {
    case 'mint': {
      const { mode, count, ageSeconds } = given as { mode: IssuerModeName; count: number; ageSeconds: number }
      return Array.from({ length: count }, () => issuer.mint(mode, ageSeconds))
    }
    case 'faults':
      faults.push(...(given as IssuerFault[]))
      return {}
    case 'ledger': {
      const { from } = given as { from: number }
      return { entries: issuer.ledger.slice(from) }
    }
    case 'honours':
      return (given as string[]).map((each) => ({ honours: issuer.honours(each), ...issuer.read(each) }))
    case 'clock':
      shiftMs += (given as { advanceSeconds: number }).advanceSeconds * 1000
      return { now: now() }
    case 'latency':
      latencyMs = (given as { ms: number }).ms
      return {}
    default:
      throw new TypeError(`no ${name}`)
  }
}

function json(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body)
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...headers,
    })
    .end(text)
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const part of request) text += part
  return text
}
