import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { EmulatedClock } from '@sluis/emulator-exact-online'
import { answerAuthorize } from './authorize.ts'
import { answerControl } from './control.ts'
import { type DataOptions, makeOffices, type Office } from './dataset.ts'
import { Issuer, type JsonAnswer } from './issuer.ts'
import { Limits } from './limits.ts'
import { answerService, wsdl } from './services.ts'

export interface TwinfieldEmulatorOptions extends Partial<DataOptions> {
  /** 0 takes a free one. */
  readonly port?: number
  readonly host?: string
  /** The time that the emulator's own clock starts from; the machine's unless told. */
  readonly now?: () => number
}

export interface TwinfieldEmulator {
  readonly url: string
  close(): Promise<void>
}

/** One request that the emulator saw, without any secret. */
export interface LedgerEntry {
  readonly seq: number
  readonly at: number
  readonly kind: 'authorize' | 'token' | 'api'
  readonly clientId: string | null
  readonly user: string | null
  readonly route: string
  readonly outcome: string
  readonly status: number | null
  readonly office?: string | null
  readonly rows?: number | null
  readonly grantType?: string
  readonly fault?: string
}

export interface OrderedFault {
  readonly at: 'token' | 'api'
  readonly kind: 'drop-response' | 'delay' | 'status' | 'body' | 'reset' | 'soap'
  readonly times: number
  readonly matching?: string
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly delayMs?: number
  /** Of a SOAP fault. */
  readonly code?: number
}

/** Everything that a request may look at or change. */
export interface EmulatorState {
  readonly clock: EmulatedClock
  readonly issuer: Issuer
  readonly limits: Limits
  readonly ledger: LedgerEntry[]
  faults: (OrderedFault & { left: number })[]
  data: DataOptions
  offices: readonly Office[]
  seq: number
}

/** Starts an imitation of Twinfield: log-in server, one cluster, and controls. */
export async function startTwinfieldEmulator(
  options: TwinfieldEmulatorOptions = {},
): Promise<TwinfieldEmulator> {
  const { port = 0, host = '127.0.0.1', seed = 1, offices = 2, scale = 1, vatNumbers = [] } = options
  const clock = new EmulatedClock(options.now)
  const data: DataOptions = { seed, offices, scale, vatNumbers }
  const state: EmulatorState = {
    clock,
    issuer: new Issuer(clock),
    limits: new Limits(),
    ledger: [],
    faults: [],
    data,
    offices: makeOffices(data),
    seq: 0,
  }
  const server = createServer((request, response) => {
    handle(request, response, state).catch((error: Error) => {
      process.stderr.write(`${error.stack}\n`)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
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

const connect = '/auth/authentication/connect/'

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
): Promise<void> {
  const origin = `http://${request.headers.host ?? 'localhost'}`
  const url = new URL(request.url ?? '/', origin)
  const body = await readText(request)
  const path = url.pathname
  const method = request.method ?? 'GET'
  if (path.startsWith('/_control/')) {
    const isLoopback = /^(::ffff:)?127\.|^::1$/.test(request.socket.remoteAddress ?? '')
    const answer = isLoopback
      ? answerControl(method, path.slice('/_control/'.length), url.searchParams, body, state)
      : { status: 403, body: { error: '/_control answers on the loopback interface only' } }
    return sendJson(response, answer.status, answer.body)
  }
  if (path === `${connect}authorize`) {
    const isPost = method === 'POST'
    const answer = answerAuthorize(
      isPost,
      isPost ? new URLSearchParams(body) : url.searchParams,
      state.issuer,
    )
    note(state, { ...who(answer), kind: 'authorize', route: 'connect/authorize', status: answer.status })
    response
      .writeHead(answer.status, {
        'Content-Type': 'text/html; charset=utf-8',
        ...(answer.location === undefined ? {} : { Location: answer.location }),
      })
      .end(answer.html ?? '')
    return
  }
  const step = /^\/auth\/authentication\/connect\/(token|userinfo|accesstokenvalidation)$/.exec(path)?.[1]
  if (step !== undefined) return logIn(step, request, response, url, body, state)
  const called = /^(?:\/([^/]+))?\/webservices\/(processxml|finder|session)\.asmx$/i.exec(path)
  if (called)
    return serve(called[1] ?? '', (called[2] ?? '').toLowerCase(), request, response, url, body, state)
  response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found.\n')
}

const who = ({ clientId, user, outcome }: Pick<JsonAnswer, 'clientId' | 'user' | 'outcome'>) => ({
  clientId,
  user,
  outcome,
})

function note(state: EmulatorState, entry: Omit<LedgerEntry, 'seq' | 'at'>): void {
  state.ledger.push({ seq: ++state.seq, at: state.clock.now(), ...entry })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' })
    .end(`${JSON.stringify(body)}\n`)
}

function takeFault(state: EmulatorState, at: OrderedFault['at'], text: string): OrderedFault | null {
  const found = state.faults.find(
    (fault) => fault.at === at && (fault.matching === undefined || text.includes(fault.matching)),
  )
  if (!found) return null
  found.left--
  if (found.left <= 0) state.faults = state.faults.filter((fault) => fault !== found)
  return found
}

/** Whether a fault takes the place of processing. */
const replaces = (fault: OrderedFault | null) =>
  fault !== null && ['status', 'body', 'reset'].includes(fault.kind)

function playInstead(fault: OrderedFault, response: ServerResponse): void {
  if (fault.kind === 'reset') response.socket?.resetAndDestroy()
  else
    response
      .writeHead(fault.status ?? (fault.kind === 'body' ? 200 : 500), {
        'Content-Type': 'text/plain',
        ...fault.headers,
      })
      .end(fault.body ?? '')
}

/** True when the answer that was made must not be sent. */
async function playAfter(fault: OrderedFault | null, response: ServerResponse): Promise<boolean> {
  if (fault?.kind === 'drop-response') {
    response.socket?.resetAndDestroy()
    return true
  }
  if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1000))
  return false
}

async function logIn(
  step: string,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: string,
  state: EmulatorState,
): Promise<void> {
  const { issuer } = state
  const form = new URLSearchParams(body)
  const isToken = step === 'token'
  // Validation and userinfo are calls with an access token: `api`, like whatever else is called with one.
  const kind = isToken ? 'token' : 'api'
  const route = `connect/${step}`
  const grantType = isToken ? { grantType: form.get('grant_type') ?? '' } : {}
  const fault = takeFault(state, kind, `${url.pathname}?grant_type=${form.get('grant_type') ?? ''}`)
  if (fault && replaces(fault)) {
    note(state, {
      kind,
      route,
      clientId: null,
      user: null,
      outcome: 'not-processed',
      status: fault.status ?? null,
      fault: fault.kind,
      ...grantType,
    })
    return playInstead(fault, response)
  }
  const answer = answerStep()
  note(state, {
    ...who(answer),
    kind,
    route,
    status: answer.status,
    ...grantType,
    ...(fault ? { fault: fault.kind } : {}),
  })
  if (await playAfter(fault, response)) return
  sendJson(response, answer.status, answer.body)

  function answerStep(): JsonAnswer {
    const nobody = { clientId: null, user: null, outcome: 'refused' }
    if (isToken) {
      return request.method === 'POST'
        ? issuer.answerToken(form, request.headers.authorization)
        : { ...nobody, status: 405, body: {} }
    }
    if (step === 'accesstokenvalidation')
      return issuer.answerValidation(url.searchParams.get('token') ?? '', url.origin)
    const access = issuer.accessOf(/^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '')
    if (!access) return { ...nobody, status: 401, body: { error: 'invalid_token' } }
    if (!access.scopes.includes('openid'))
      return { ...nobody, status: 403, body: { error: 'insufficient_scope' } }
    return {
      status: 200,
      outcome: 'answered',
      clientId: access.clientId,
      user: access.user,
      body: issuer.claimsOf(access, url.origin),
    }
  }
}

async function serve(
  cluster: string,
  service: string,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: string,
  state: EmulatorState,
): Promise<void> {
  const address = `${url.origin}${url.pathname}`
  if (request.method === 'GET') {
    response.writeHead(200, { 'Content-Type': 'text/xml; charset=utf-8' }).end(wsdl(service, address))
    return
  }
  const fault = takeFault(state, 'api', `${url.pathname} ${body}`)
  const now = state.clock.now()
  if (fault && replaces(fault)) {
    note(state, {
      kind: 'api',
      route: service,
      clientId: null,
      user: null,
      outcome: 'not-processed',
      status: fault.status ?? null,
      fault: fault.kind,
    })
    return playInstead(fault, response)
  }
  const orderedFault = fault?.kind === 'soap' ? (fault.code ?? 100) : null
  const answer = answerService({ cluster, service, text: body, url: address, now, orderedFault }, state)
  const { clientId, user, outcome, route, status, office, rows } = answer
  const app = clientId === null ? undefined : state.issuer.apps.get(clientId)
  const isBusy = app !== undefined && !state.limits.enter(app)
  note(state, {
    kind: 'api',
    clientId,
    user,
    route,
    outcome: isBusy ? 'refused' : outcome,
    status: isBusy ? 429 : status,
    office,
    rows: isBusy ? null : rows,
    ...(fault ? { fault: fault.kind } : {}),
  })
  if (isBusy) {
    response
      .writeHead(429, { 'Content-Type': 'text/plain', 'Retry-After': '1' })
      .end('Too many concurrent requests.')
    return
  }
  try {
    if (await playAfter(fault, response)) return
    response
      .writeHead(status, {
        'Content-Type': answer.contentType,
        ...answer.headers,
        Date: new Date(now).toUTCString(),
      })
      .end(answer.body)
  } finally {
    if (app) state.limits.leave(app)
  }
}
