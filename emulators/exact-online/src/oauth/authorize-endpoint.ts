import type { Division } from '../data/dataset.ts'
import { consentPage, faultPage, languageOf, loginPage } from './consent-pages.ts'
import type { Issuer } from './issuer.ts'

export interface PageAnswer {
  readonly status: number
  readonly html?: string
  readonly location?: string
  readonly outcome: string
  readonly clientId: string | null
  readonly user: string | null
}

/** The browser's side: log-in page, consent with a choice of companies, redirect with the code. */
export function answerAuthorize(
  step: string,
  form: URLSearchParams,
  acceptLanguage: string | undefined,
  issuer: Issuer,
  divisions: readonly Division[],
): PageAnswer {
  const language = languageOf(acceptLanguage, form.get('lang'))
  const clientId = (form.get('client_id') ?? '').replace(/^\{(.*)\}$/, '$1')
  const redirectUri = form.get('redirect_uri') ?? ''
  const state = form.get('state')
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
  if (!app.redirectUris.includes(redirectUri) || (form.get('response_type') ?? 'code') !== 'code') {
    return fault(400, 'Invalid authorization request', 'redirect-refused')
  }
  const fields = {
    client_id: clientId,
    redirect_uri: redirectUri,
    lang: language,
    ...(state === null ? {} : { state }),
  }
  const back = (parameters: Record<string, string>) => {
    const target = new URL(redirectUri)
    for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
    if (state !== null) target.searchParams.set('state', state)
    return target.href
  }
  if (step === 'login' && user && !issuer.isPasswordOf(user, form.get('password') ?? '')) {
    const html = loginPage(language, fields, user)
    return { status: 401, html, outcome: 'password-refused', clientId, user }
  }
  if (step === 'auth' || !user) {
    return { status: 200, html: loginPage(language, fields), outcome: 'login-shown', clientId, user: null }
  }
  const withUser = { ...fields, user }
  if (step === 'login') {
    const html = consentPage(language, clientId, divisions, withUser)
    return { status: 200, html, outcome: 'consent-shown', clientId, user }
  }
  if (form.get('choice') !== 'allow') {
    return { status: 302, location: back({ error: 'access_denied' }), outcome: 'cancelled', clientId, user }
  }
  const chosen = form.getAll('division').map(Number)
  if (chosen.length === 0) {
    const html = consentPage(language, clientId, divisions, withUser, true)
    return { status: 400, html, outcome: 'no-division', clientId, user }
  }
  const code = issuer.issueCode(
    clientId,
    user,
    redirectUri,
    chosen.length === divisions.length ? null : chosen,
  )
  return { status: 302, location: back({ code }), outcome: 'consented', clientId, user }
}
