import type { Issuer } from './issuer.ts'
import { escapeXml } from './xml.ts'

export interface PageAnswer {
  readonly status: number
  readonly html?: string
  readonly location?: string
  readonly outcome: string
  readonly clientId: string | null
  readonly user: string | null
}

/**
 * The browser's part: a page with user name and two buttons, then back to the app. `nonce` is demanded for every
 * flow; PKCE and other parameters are not looked at. @see wire facts § 1.2
 */
export function answerAuthorize(isPost: boolean, form: URLSearchParams, issuer: Issuer): PageAnswer {
  const get = (name: string) => form.get(name) ?? ''
  const clientId = get('client_id')
  const app = issuer.apps.get(clientId)
  const page = (status: number, outcome: string, inner: string): PageAnswer => ({
    status,
    outcome,
    clientId: app ? clientId : null,
    user: null,
    html: `<!doctype html><html lang="nl"><meta charset="utf-8"><title>Twinfield</title><body><h1>Twinfield</h1>${inner}</body></html>`,
  })
  const error = (code: string) => page(400, code, `<p role="alert">${code}</p>`)
  if (!app) return error('unauthorized_client')
  const redirectUri = get('redirect_uri')
  if (!app.redirectUris.includes(redirectUri)) return error('invalid_request: redirect_uri')
  if (get('response_type') !== 'code') return error('unsupported_response_type')
  if (get('nonce') === '') return error('invalid_request: nonce is required')
  const scopes = get('scope').split(/[ +]/).filter(Boolean)
  if (scopes.length === 0) return error('invalid_scope')
  const back = (values: Record<string, string>, user: string | null, outcome: string): PageAnswer => {
    const url = new URL(redirectUri)
    for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value)
    if (form.has('state')) url.searchParams.set('state', get('state'))
    return { status: 302, location: url.href, outcome, clientId, user }
  }
  if (isPost && get('decision') === 'no') return back({ error: 'access_denied' }, null, 'refused')
  const user = get('user').trim()
  if (isPost && user !== '') {
    const code = issuer.issueCode(app, { user, redirectUri, scopes, nonce: get('nonce') })
    return back({ code }, user, 'consented')
  }
  const kept = ['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'nonce']
    .filter((name) => form.has(name))
    .map((name) => `<input type="hidden" name="${name}" value="${escapeXml(get(name))}">`)
    .join('')
  return page(
    200,
    'asked',
    `<form method="post">${kept}<p>${escapeXml(clientId)} vraagt toegang: ${escapeXml(scopes.join(', '))}</p><label>Gebruiker <input name="user" autocomplete="username"></label> <button name="decision" value="yes">Toestaan</button> <button name="decision" value="no">Weigeren</button></form>`,
  )
}
