import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerApi } from './api/api-endpoint.ts'
import type { Collation } from './api/collation.ts'
import { Limits } from './api/limits.ts'
import { answerControl } from './control.ts'
import { Dataset } from './data/dataset.ts'
import { WrittenRows } from './data/written-rows.ts'
import { EmulatedClock } from './emulated-clock.ts'
import { type Fault, Faults } from './faults.ts'
import { Journal } from './journal.ts'
import { Ledger } from './ledger.ts'
import { answerAuthorize } from './oauth/authorize-endpoint.ts'
import { Issuer } from './oauth/issuer.ts'
import { tokenId } from './oauth/token-codec.ts'
import { answerTokenRequest } from './oauth/token-endpoint.ts'
import { type DataOptions, Settings } from './settings.ts'

export interface ExactOnlineEmulatorOptions {
  /** 0 takes a free one. */
  readonly port?: number
  readonly host?: string
  readonly seed?: number
  readonly divisions?: number
  /** Rows per table, as a factor. */
  readonly scale?: number
  /** Folder that keeps apps, chains, clock and ledger over restarts. */
  readonly home?: string
  /** The time that the emulator's own clock starts from; the machine's unless told. */
  readonly now?: () => number
}

export interface ExactOnlineEmulator {
  /** `http://127.0.0.1:4010`: base of log-in, token endpoint, API and `/_control`. */
  readonly url: string
  close(): Promise<void>
}

/** Everything that a request may look at or change. */
export interface EmulatorState {
  readonly clock: EmulatedClock
  readonly issuer: Issuer
  readonly ledger: Ledger
  readonly limits: Limits
  readonly faults: Faults
  dataset: Dataset
  readonly settings: Settings
  data: DataOptions
  collation: Collation
}

/** Starts an imitation of Exact Online: log-in and consent, token endpoint, REST API with generated companies. */
export async function startExactOnlineEmulator(
  options: ExactOnlineEmulatorOptions = {},
): Promise<ExactOnlineEmulator> {
  const { port = 0, host = '127.0.0.1', seed = 1, divisions = 3, scale = 1, home } = options
  const clock = new EmulatedClock(options.now)
  const issuerJournal = new Journal(home, 'issuer')
  const ledgerJournal = new Journal(home, 'ledger')
  const settings = new Settings(new Journal(home, 'settings'), {
    data: { seed, divisions, scale },
    collation: 'sql-server',
  })
  const { data, collation } = settings.current
  const state: EmulatorState = {
    clock,
    settings,
    issuer: new Issuer(clock, issuerJournal),
    ledger: new Ledger(ledgerJournal),
    limits: new Limits(),
    faults: new Faults(),
    dataset: new Dataset(data, new WrittenRows(new Journal(home, 'rows'))),
    data,
    collation,
  }
  const server = createServer((request, response) => {
    handle(request, response, state).catch((error: Error) => {
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
      issuerJournal.close()
      ledgerJournal.close()
      settings.close()
      state.dataset.written.close()
    },
  }
}

/** Percent signs decoded where that can be done; else the text as it came, which no endpoint has as its name. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const largestBody = 38 << 20

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largestBody) throw new Error('the body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
): Promise<void> {
  const origin = `http://${request.headers.host ?? 'localhost'}`
  const url = new URL(request.url ?? '/', origin)
  const path = url.pathname
  if (path.startsWith('/_control/')) {
    const isLoopback = /^(::ffff:)?127\.|^::1$/.test(request.socket.remoteAddress ?? '')
    const answer = isLoopback
      ? answerControl(
          request.method ?? 'GET',
          path.slice('/_control/'.length),
          url.searchParams,
          await readBody(request),
          state,
        )
      : { status: 403, body: { error: '/_control answers on the loopback interface only' } }
    response
      .writeHead(answer.status, { 'Content-Type': 'application/json' })
      .end(`${JSON.stringify(answer.body)}\n`)
  } else if (path === '/api/oauth2/token') await token(request, response, state, path)
  else if (/^\/api\/oauth2\/(auth|login|consent)$/.test(path)) await authorize(request, response, state, url)
  else if (path.startsWith('/api/v1/')) await api(request, response, state, url, origin)
  else {
    response
      .writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
      .end('Not found. The API is below /api/v1/, the controls below /_control/.\n')
  }
}

/** Plays a fault; true when the request is thereby done with. */
async function play(fault: Fault | null, response: ServerResponse): Promise<boolean> {
  switch (fault?.kind) {
    case 'reset':
      response.socket?.resetAndDestroy()
      return true
    case 'status':
    case 'body':
      response
        .writeHead(fault.status ?? (fault.kind === 'body' ? 200 : 500), {
          'Content-Type': 'application/json',
          ...fault.headers,
        })
        .end(fault.body ?? '')
      return true
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1000))
      return false
    default:
      return false
  }
}

async function token(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
  path: string,
): Promise<void> {
  const body = await readBody(request)
  const asked = new URLSearchParams(body)
  const fault = state.faults.take(
    'token',
    `${path}?grant_type=${asked.get('grant_type') ?? ''}&client_id=${asked.get('client_id') ?? ''}`,
  )
  const at = state.clock.now()
  const common = { at, kind: 'token', method: request.method ?? 'POST', route: 'oauth2/token' } as const
  if (fault?.kind === 'reset' || fault?.kind === 'status' || fault?.kind === 'body') {
    state.ledger.add({
      ...common,
      clientId: null,
      user: null,
      outcome: 'not-processed',
      status: fault.status ?? null,
      fault: fault.kind,
    })
    await play(fault, response)
    return
  }
  // The answer is made first and sent late: the issuer has rotated while the client still waits.
  const answer = answerTokenRequest(
    body,
    request.method ?? 'POST',
    request.headers['content-type'],
    request.headers.authorization,
    state.issuer,
  )
  const spent = answer.fields.get('refresh_token') ?? answer.fields.get('code')
  state.ledger.add({
    ...common,
    clientId: answer.clientId,
    user: answer.user,
    outcome: answer.outcome,
    status: answer.status,
    generation: answer.generation,
    ...(answer.fields.has('grant_type') ? { grantType: answer.fields.get('grant_type') ?? '' } : {}),
    ...(spent ? { tokenId: tokenId(spent) } : {}),
    ...(fault ? { fault: fault.kind } : {}),
  })
  if (fault?.kind === 'drop-response') {
    response.socket?.resetAndDestroy()
    return
  }
  await play(fault, response)
  response
    .writeHead(answer.status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      ...answer.headers,
    })
    .end(answer.body)
}

async function authorize(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
  url: URL,
): Promise<void> {
  const form = request.method === 'POST' ? new URLSearchParams(await readBody(request)) : url.searchParams
  const step = url.pathname.split('/').at(-1) ?? 'auth'
  const answer = answerAuthorize(
    step,
    form,
    request.headers['accept-language'],
    state.issuer,
    state.dataset.divisions,
  )
  state.ledger.add({
    at: state.clock.now(),
    kind: 'authorize',
    clientId: answer.clientId,
    user: answer.user,
    method: request.method ?? 'GET',
    route: `oauth2/${step}`,
    outcome: answer.outcome,
    status: answer.status,
  })
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    ...(answer.location ? { Location: answer.location } : {}),
  }
  response.writeHead(answer.status, headers).end(answer.html ?? '')
}

async function api(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
  url: URL,
  origin: string,
): Promise<void> {
  const body = request.method === 'GET' || request.method === 'HEAD' ? '' : await readBody(request)
  const fault = state.faults.take('api', url.pathname + url.search, request.method)
  const isReplaced = fault?.kind === 'status' || fault?.kind === 'body' || fault?.kind === 'reset'
  const now = state.clock.now()
  const apiPath = decoded(url.pathname.slice('/api/v1/'.length))
  const answer = answerApi(
    {
      method: request.method ?? 'GET',
      path: apiPath,
      query: url.searchParams,
      origin,
      authorization: request.headers.authorization,
      accept: request.headers.accept,
      prefer: String(request.headers.prefer ?? ''),
      body,
      isReplaced,
      now,
    },
    state,
  )
  state.ledger.add({
    at: now,
    kind: 'api',
    clientId: answer.clientId,
    user: answer.user,
    method: request.method ?? 'GET',
    route: answer.route,
    outcome: isReplaced ? 'not-processed' : answer.status < 300 ? 'answered' : 'refused',
    status: isReplaced ? (fault.status ?? null) : answer.status,
    division: answer.division,
    query: decoded(url.search.replaceAll('+', ' ')),
    rows: isReplaced ? null : answer.rows,
    bytes: isReplaced ? 0 : Buffer.byteLength(answer.body),
    ...(fault ? { fault: fault.kind } : {}),
  })
  if (fault?.kind === 'drop-response') {
    response.socket?.resetAndDestroy()
    return
  }
  if (await play(fault, response)) return
  // The date is the emulated one: clients read the limits' reset times relative to it.
  response.writeHead(answer.status, { ...answer.headers, Date: new Date(now).toUTCString() }).end(answer.body)
}
