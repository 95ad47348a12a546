import type { Division } from '../data/entity-set.ts'
import { consentPage, faultPage, languageOf, loginPage, secondFactorPage } from './consent-pages.ts'
import type { App, Issuer } from './issuer.ts'
import type { LogIns } from './log-ins.ts'
import { isOneTimeCode } from './one-time-code.ts'

export interface PageAnswer {
  readonly status: number
  readonly html?: string
  readonly location?: string
  readonly outcome: string
  readonly clientId: string | null
  readonly user: string | null
  /** A session that the browser keeps from now on. */
  readonly session?: string
}

export interface AuthorizeRequest {
  /** `auth`, `login`, `verify` or `consent`: the page whose form was sent. */
  readonly step: string
  readonly form: URLSearchParams
  readonly acceptLanguage: string | undefined
  /** What the browser's cookie says. */
  readonly session: string | null
  readonly now: number
}

export interface AuthorizeState {
  readonly issuer: Issuer
  readonly logIns: LogIns
  readonly divisions: readonly Division[]
}

/**
 * The browser's side: log-in page, second factor for users who have one, consent with a choice of companies, redirect
 * with the code.
 * @see wire.md § 1.3
 */
export function answerAuthorize(request: AuthorizeRequest, state: AuthorizeState): PageAnswer {
  const { form } = request
  const { issuer, logIns, divisions } = state
  const language = languageOf(request.acceptLanguage, form.get('lang'))
  const clientId = (form.get('client_id') ?? '').replace(/^\{(.*)\}$/, '$1')
  const redirectUri = form.get('redirect_uri') ?? ''
  const echo = form.get('state')
  const user = form.get('user')
  const app = issuer.apps.get(clientId)
  const fault = (status: number, message: string, outcome: string): PageAnswer => ({
    status,
    html: faultPage(language, message),
    outcome,
    clientId: clientId || null,
    user,
  })
  if (!app) return fault(400, `Client with identifier '${clientId}' not found.`, 'client-unknown')
  if (isInsecure(redirectUri)) return fault(401, 'Invalid authorization request', 'redirect-insecure')
  if (!isAskedRightly(form, app, redirectUri))
    return fault(400, 'Invalid authorization request', 'redirect-refused')
  const fields = {
    client_id: clientId,
    redirect_uri: redirectUri,
    lang: language,
    ...(echo === null ? {} : { state: echo }),
  }
  const common = { clientId, user }
  const login = (): PageAnswer => ({
    status: 200,
    html: loginPage(language, fields),
    outcome: 'login-shown',
    clientId,
    user: null,
  })
  const consentOf = (name: string): PageAnswer => {
    const proof = logIns.prove(name, 'log-in', request.now)
    const html = consentPage(language, clientId, divisions, { ...fields, user: name, proof })
    return { status: 200, html, outcome: 'consent-shown', clientId, user: name }
  }
  const loggedIn = (name: string): PageAnswer => ({ ...consentOf(name), session: logIns.open(name) })
  const secondFactor = (name: string, isRefused: boolean): PageAnswer => {
    const proof = logIns.prove(name, 'password', request.now)
    return {
      status: isRefused ? 401 : 200,
      html: secondFactorPage(language, { ...fields, user: name, proof }, isRefused),
      outcome: isRefused ? 'second-factor-refused' : 'second-factor-shown',
      clientId,
      user: name,
    }
  }

  if (request.step === 'auth' || !user) {
    const known = form.get('force_login') === '1' ? null : logIns.userOf(request.session)
    return known === null ? login() : consentOf(known)
  }
  const totpSecret = issuer.totpSecretOf(user)
  if (request.step === 'login') {
    if (!issuer.isPasswordOf(user, form.get('password') ?? '')) {
      const html = loginPage(language, fields, user)
      return { status: 401, html, outcome: 'password-refused', ...common }
    }
    return totpSecret === null ? loggedIn(user) : secondFactor(user, false)
  }
  const isPast = (step: 'password' | 'log-in') => logIns.isProof(form.get('proof'), user, step, request.now)
  if (request.step === 'verify') {
    if (totpSecret === null || !isPast('password')) return login()
    return isOneTimeCode(totpSecret, form.get('code') ?? '', request.now)
      ? loggedIn(user)
      : secondFactor(user, true)
  }
  // Whoever has no second factor may come straight with a form, as scripts do.
  if (totpSecret !== null && !isPast('log-in')) return login()
  const back = (parameters: Record<string, string>) => {
    const target = new URL(redirectUri)
    for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
    if (echo !== null) target.searchParams.set('state', echo)
    return target.href
  }
  if (form.get('choice') !== 'allow')
    return { status: 302, location: back({ error: 'access_denied' }), outcome: 'cancelled', ...common }
  const chosen = form.getAll('division').map(Number)
  if (chosen.length === 0) {
    const proof = form.get('proof') ?? ''
    const html = consentPage(language, clientId, divisions, { ...fields, user, proof }, true)
    return { status: 400, html, outcome: 'no-division', ...common }
  }
  const isAll = chosen.length === divisions.length
  const code = issuer.issueCode(clientId, user, redirectUri, isAll ? null : chosen)
  return { status: 302, location: back({ code }), outcome: 'consented', ...common }
}

const isAskedRightly = (form: URLSearchParams, app: App, redirectUri: string) =>
  app.redirectUris.includes(redirectUri) && (form.get('response_type') ?? 'code') === 'code'

/** The service sends nobody to an address without encryption; the emulator does on the loopback interface alone. */
function isInsecure(redirectUri: string): boolean {
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : null
  return url?.protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)
}
