import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type Controls,
  EmulatedClock,
  Faults,
  isInstead,
  Journal,
  Ledger,
  type LedgerEntry,
  listen,
  playAfter,
  playInstead,
  readBody,
  serveControl,
} from '@sluis/emulator-shared'
import { answerAuthorize } from './authorize.ts'
import { Books } from './books.ts'
import { twinfieldControls } from './control.ts'
import type { DataOptions } from './dataset.ts'
import { Issuer, type JsonAnswer } from './issuer.ts'
import { Limits } from './limits.ts'
import { answerService, wsdl } from './services.ts'

export interface TwinfieldEmulatorOptions extends Partial<DataOptions> {
  /** 0 takes a free one. */
  readonly port?: number
  readonly host?: string
  /** Folder that keeps apps, consents, tokens, data options, clock and ledger over restarts. */
  readonly home?: string
  /** The time that the emulator's own clock starts from; the machine's unless told. */
  readonly now?: () => number
}

export interface TwinfieldEmulator {
  readonly url: string
  close(): Promise<void>
}

/** One request that the emulator of Twinfield saw, without any secret. */
export interface TwinfieldLedgerEntry extends LedgerEntry {
  readonly kind: 'authorize' | 'token' | 'api'
  readonly office?: string | null
  readonly rows?: number | null
  readonly grantType?: string
}

/** Everything that a request may look at or change. */
export interface EmulatorState {
  readonly clock: EmulatedClock
  readonly issuer: Issuer
  readonly limits: Limits
  readonly ledger: Ledger<TwinfieldLedgerEntry>
  /** `soap` answers with the SOAP fault of that number. */
  readonly faults: Faults<'soap'>
  data: DataOptions
  /** What `POST /_control/data` chose; it wins over the options of the next start. */
  readonly dataJournal: Journal
  /** Offices and what was written into them. */
  readonly books: Books
  /** Browse questions with more rows than so many end in Cloudflare's time-out; null: none do. */
  heavyRows: number | null
}

/** Starts an imitation of Twinfield: log-in server, one cluster, and controls. */
export async function startTwinfieldEmulator(
  options: TwinfieldEmulatorOptions = {},
): Promise<TwinfieldEmulator> {
  const { port = 0, host = '127.0.0.1', seed = 1, offices = 2, scale = 1, vatNumbers = [] } = options
  const clock = new EmulatedClock(options.now)
  const dataJournal = new Journal(options.home, 'settings')
  const data = dataJournal.read<DataOptions>().at(-1) ?? { seed, offices, scale, vatNumbers }
  const state: EmulatorState = {
    clock,
    issuer: new Issuer(clock, new Journal(options.home, 'issuer')),
    limits: new Limits(),
    ledger: new Ledger(new Journal(options.home, 'ledger')),
    faults: new Faults(),
    data,
    dataJournal,
    books: new Books(data, new Journal(options.home, 'written')),
    heavyRows: null,
  }
  const controls = twinfieldControls(state)
  const listening = await listen((request, response) => handle(request, response, state, controls), {
    host,
    port,
    now: () => state.clock.now(),
  })
  return {
    url: listening.url,
    async close() {
      await listening.close()
      state.issuer.close()
      state.ledger.close()
      dataJournal.close()
      state.books.close()
    },
  }
}

const connect = '/auth/authentication/connect/'

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
  controls: Controls,
): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`)
  const path = url.pathname
  if (path.startsWith('/_control/')) return serveControl(request, response, url, controls)
  const body = await readBody(request)
  if (path === `${connect}authorize`) {
    const isPost = request.method === 'POST'
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
  const called =
    /^(?:\/([^/]+))?\/webservices\/((?:processxml|finder|session)\.asmx|(?:deletedtransactions|bankstatement)service\.svc)$/i.exec(
      path,
    )
  if (called)
    return serve(
      called[1] ?? '',
      (called[2] ?? '').toLowerCase().replace(/\.\w+$/, ''),
      request,
      response,
      url,
      body,
      state,
    )
  response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found.\n')
}

const who = ({ clientId, user, outcome }: Pick<JsonAnswer, 'clientId' | 'user' | 'outcome'>) => ({
  clientId,
  user,
  outcome,
})

function note(state: EmulatorState, entry: Omit<TwinfieldLedgerEntry, 'seq' | 'at'>): void {
  state.ledger.add({ at: state.clock.now(), ...entry })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' })
    .end(`${JSON.stringify(body)}\n`)
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
  const fault = state.faults.take(kind, `${url.pathname}?grant_type=${form.get('grant_type') ?? ''}`)
  if (isInstead(fault)) {
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
    return playInstead(fault, response, 'text/plain')
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
  const fault = state.faults.take('api', `${url.pathname} ${body}`)
  const now = state.clock.now()
  if (isInstead(fault)) {
    note(state, {
      kind: 'api',
      route: service,
      clientId: null,
      user: null,
      outcome: 'not-processed',
      status: fault.status ?? null,
      fault: fault.kind,
    })
    return playInstead(fault, response, 'text/plain')
  }
  const orderedFault = fault?.kind === 'soap' ? (fault.code ?? 100) : null
  const from = request.socket.remoteAddress ?? ''
  const answer = answerService(
    { cluster, service, text: body, url: address, address: from, now, orderedFault },
    state,
  )
  const { clientId, user, outcome, route, status, office, rows, asker } = answer
  const isBusy = asker !== null && !state.limits.enter(asker)
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
    response.writeHead(status, { 'Content-Type': answer.contentType, ...answer.headers }).end(answer.body)
  } finally {
    if (asker) state.limits.leave(asker)
  }
}
