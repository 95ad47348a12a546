import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type Controls,
  commonControls,
  controlFault,
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
import { type App, Issuer, type TokenAnswer } from './issuer.ts'
import { emulatedPlatforms } from './platform-facts.ts'
import { atlassianMe, atlassianSites, whoAmIAnswers } from './who-am-i.ts'

export interface OAuthEmulatorOptions {
  readonly port?: number
  readonly host?: string
  readonly now?: () => number
}

export interface OAuthEmulator {
  readonly url: string
  close(): Promise<void>
}

interface OAuthLedgerEntry extends LedgerEntry {
  readonly kind: 'authorize' | 'token' | 'api'
  readonly platform: string
  readonly grantType?: string
}

interface State {
  readonly clock: EmulatedClock
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly ledger: Ledger<OAuthLedgerEntry>
  readonly faults: Faults
}

/** Starts the authorization servers of all platforms of the matrix, each below a path of its own. */
export async function startOAuthEmulator(options: OAuthEmulatorOptions = {}): Promise<OAuthEmulator> {
  const { port = 0, host = '127.0.0.1', now } = options
  const clock = new EmulatedClock(now)
  const state: State = {
    clock,
    issuers: new Map([...emulatedPlatforms()].map(([id, facts]) => [id, new Issuer(facts, clock)])),
    ledger: new Ledger(new Journal(undefined, 'ledger')),
    faults: new Faults(),
  }
  const controls = controlsOf(state)
  return listen((request, response) => handle(request, response, state, controls), {
    host,
    port,
    now: () => clock.now(),
  })
}

function controlsOf(state: State): Controls {
  const issuerOf = (platform: unknown) =>
    typeof platform === 'string' ? state.issuers.get(platform) : undefined
  const consent = (body: Readonly<Record<string, unknown>>) => {
    const issuer = issuerOf(body.platform)
    if (!issuer) return `no platform ${String(body.platform)}`
    const app = issuer.apps.get(String(body.clientId))
    if (!app) return `no app ${String(body.clientId)}`
    const { facts } = issuer
    const scopes = Array.isArray(body.scopes)
      ? body.scopes.map(String)
      : [facts.offline, facts.needsScope].filter((each) => each != null)
    const parameters = new URLSearchParams({
      client_id: app.clientId,
      redirect_uri: String(body.redirectUri ?? app.redirectUris[0]),
      response_type: 'code',
      scope: scopes.join(facts.delimiter),
      ...(facts.needsNonce ? { nonce: 'of-the-control' } : {}),
      ...facts.needs,
      ...facts.refreshNeeds,
    })
    const fault = issuer.authorizeFault(parameters)
    if (fault !== null) return fault
    const code = issuer.issueCode(parameters, String(body.user))
    return { issuer, app, code, redirectUri: parameters.get('redirect_uri') ?? '' }
  }
  return {
    ...commonControls(state),
    'POST apps': ({ platform, clientId, clientSecret, redirectUris }) => {
      const issuer = issuerOf(platform)
      if (!issuer || !clientId || !clientSecret || !Array.isArray(redirectUris))
        return controlFault('an app has platform, clientId, clientSecret and redirectUris')
      issuer.apps.set(String(clientId), { clientId, clientSecret, redirectUris } as unknown as App)
      return { status: 201, body: { platform, clientId } }
    },
    'POST consents': (body) => {
      const made = consent(body)
      if (typeof made === 'string') return controlFault(made)
      return {
        status: 201,
        body: { code: made.code, extra: made.issuer.facts.callback?.(String(body.user)) ?? {} },
      }
    },
    'POST tokens': (body) => {
      const made = consent(body)
      if (typeof made === 'string') return controlFault(made)
      const { clientId, clientSecret } = made.app
      const usesBasic = !made.issuer.facts.auth.includes('post')
      const answer = made.issuer.answerToken({
        fields: {
          grant_type: 'authorization_code',
          code: made.code,
          redirect_uri: made.redirectUri,
          ...(usesBasic ? {} : { client_id: clientId, client_secret: clientSecret }),
        },
        basic: usesBasic ? { id: clientId, secret: clientSecret } : null,
        isJson: false,
      })
      return {
        status: answer.status,
        body: { ...answer.body, extra: made.issuer.facts.callback?.(String(body.user)) ?? {} },
      }
    },
    'POST revocations': ({ platform, clientId, user }) => {
      const ended = issuerOf(platform)?.withdraw(String(clientId), String(user))
      return ended === undefined ? controlFault('no such platform') : { status: 200, body: { ended } }
    },
  }
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  state: State,
  controls: Controls,
): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`)
  if (url.pathname.startsWith('/_control/')) return serveControl(request, response, url, controls)
  const [, id = '', ...rest] = url.pathname.split('/')
  const issuer = state.issuers.get(id)
  const path = `/${rest.join('/')}`
  const body = await readBody(request)
  const json = (status: number, value: unknown) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(value)}\n`)
  if (!issuer) return void json(404, { error: 'not_found' })
  const { facts } = issuer
  const note = (entry: Omit<OAuthLedgerEntry, 'seq' | 'at' | 'platform'>) =>
    state.ledger.add({ at: state.clock.now(), platform: id, ...entry })
  if (fits(path, facts.authorizePath)) return authorize(request, response, url, body, issuer, note)
  if (fits(path, facts.tokenPath)) return token(request, response, path, body, issuer, state, note)
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (facts.revoke !== null && request.method === facts.revoke.method && fits(path, facts.revoke.path)) {
    const isGone = issuer.revokeToken(revokedToken(body, path, facts.revoke.path))
    note({
      kind: 'token',
      route: 'revoke',
      clientId: null,
      user: null,
      outcome: isGone ? 'revoked' : 'unknown',
      status: 200,
    })
    return void json(200, { revoked: isGone })
  }
  const isMe = path === '/me' && id.startsWith('atlassian-')
  if (!isMe && !fits(path, facts.whoAmIPath)) return void json(404, { error: 'not_found' })
  const fault = state.faults.take('api', `${id}${path}`)
  if (isInstead(fault)) return playInstead(fault, response)
  const inPath = path.split('/').at(-1) ?? ''
  const given = bearer ?? url.searchParams.get('token') ?? inPath
  const user = issuer.userOf(given)
  note({
    kind: 'api',
    route: 'who-am-i',
    clientId: null,
    user,
    outcome: user === null ? 'refused' : 'answered',
    status: user === null ? 401 : 200,
  })
  if (user === null) return void json(401, { error: 'invalid_token' })
  if (id.startsWith('atlassian-')) return void json(200, isMe ? atlassianMe(user) : atlassianSites(user))
  json(200, whoAmIAnswers[id]?.(user))
}

/** A path as documented, where `~` stands for one part. */
function fits(path: string, pattern: string): boolean {
  const [parts, wanted] = [path.split('/'), pattern.split('/')]
  return (
    parts.length === wanted.length && wanted.every((part, index) => part === '~' || part === parts[index])
  )
}

function revokedToken(body: string, path: string, pattern: string): string {
  const at = pattern.split('/').lastIndexOf('~')
  if (body === '') return decodeURIComponent(path.split('/')[at] ?? '')
  if (!body.startsWith('{')) return new URLSearchParams(body).get('token') ?? ''
  const fields = JSON.parse(body) as Record<string, string>
  return fields.token ?? fields.access_token ?? ''
}

type Note = (entry: Omit<OAuthLedgerEntry, 'seq' | 'at' | 'platform'>) => void

/** The page with two buttons, and the way back. */
function authorize(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: string,
  issuer: Issuer,
  note: Note,
): void {
  const isPost = request.method === 'POST'
  const parameters = isPost ? new URLSearchParams(body) : url.searchParams
  const clientId = parameters.get('client_id')
  const page = (status: number, outcome: string, inner: string) => {
    note({ kind: 'authorize', route: 'authorize', clientId, user: null, outcome, status })
    response
      .writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' })
      .end(
        `<!doctype html><html lang="en"><meta charset="utf-8"><title>${issuer.facts.id}</title><body>${inner}</body></html>`,
      )
  }
  const fault = issuer.authorizeFault(parameters)
  if (fault !== null) {
    page(400, fault, `<p role="alert">${fault}</p>`)
    return
  }
  const user = (parameters.get('user') ?? '').trim()
  const isYes = parameters.get('decision') === 'yes'
  if (isPost && (user !== '' || !isYes)) {
    const back = new URL(parameters.get('redirect_uri') ?? '')
    if (parameters.has('state')) back.searchParams.set('state', parameters.get('state') ?? '')
    if (!isYes) back.searchParams.set('error', 'access_denied')
    else {
      back.searchParams.set('code', issuer.issueCode(parameters, user))
      for (const [name, value] of Object.entries(issuer.facts.callback?.(user) ?? {}))
        back.searchParams.set(name, value)
    }
    note({
      kind: 'authorize',
      route: 'authorize',
      clientId,
      user,
      outcome: isYes ? 'consented' : 'refused',
      status: 302,
    })
    response.writeHead(302, { Location: back.href }).end()
    return
  }
  const hidden = [...parameters]
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('')
  page(
    200,
    'asked',
    `<form method="post" action="${escapeHtml(url.pathname)}">${hidden}<label>User <input name="user"></label> <button name="decision" value="yes">Allow</button> <button name="decision" value="no">Deny</button></form>`,
  )
}

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')

async function token(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  body: string,
  issuer: Issuer,
  state: State,
  note: Note,
): Promise<void> {
  const isJson = /json/.test(request.headers['content-type'] ?? '')
  const fields = isJson
    ? (JSON.parse(body) as Record<string, string>)
    : Object.fromEntries(new URLSearchParams(body))
  const grantType = fields.grant_type ?? ''
  const fault = state.faults.take('token', `${issuer.facts.id}${path}?grant_type=${grantType}`)
  const common = { kind: 'token', route: 'token', grantType } as const
  if (isInstead(fault)) {
    note({
      ...common,
      clientId: null,
      user: null,
      outcome: 'not-processed',
      status: fault.status ?? null,
      fault: fault.kind,
    })
    return playInstead(fault, response)
  }
  const answer: TokenAnswer = issuer.answerToken({
    fields,
    basic: basicOf(request.headers.authorization),
    isJson,
  })
  const { clientId, user, outcome, status } = answer
  note({ ...common, clientId, user, outcome, status, ...(fault ? { fault: fault.kind } : {}) })
  if (await playAfter(fault, response)) return
  const wantsJson = /json/.test(request.headers.accept ?? '')
  if (issuer.facts.isForm && !wantsJson) {
    const form = new URLSearchParams(
      Object.entries(answer.body).map(([name, value]) => [name, String(value)]),
    )
    response.writeHead(status, { 'Content-Type': 'application/x-www-form-urlencoded' }).end(form.toString())
    return
  }
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(answer.body)}\n`)
}

/** @see RFC 6749 § 2.3.1 */
function basicOf(header: string | undefined): { id: string; secret: string } | null {
  const text = /^Basic (.+)$/i.exec(header ?? '')?.[1]
  if (text === undefined) return null
  const [id = '', ...secret] = Buffer.from(text, 'base64').toString().split(':')
  return { id: decodeURIComponent(id), secret: decodeURIComponent(secret.join(':')) }
}
