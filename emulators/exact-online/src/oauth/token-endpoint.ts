import type { Issuer, TokenAnswer } from './issuer.ts'

/**
 * Reads a token request and lets the issuer answer. Client credentials come in the body or as Basic; anything but a
 * form is refused.
 * @see Exact support, OAuth steps 3 and 4
 */
export function answerTokenRequest(
  body: string,
  contentType: string | undefined,
  authorization: string | undefined,
  issuer: Issuer,
): TokenAnswer & { readonly fields: ReadonlyMap<string, string> } {
  const isForm = (contentType ?? '').toLowerCase().startsWith('application/x-www-form-urlencoded')
  const fields = new Map(isForm ? new URLSearchParams(body) : [])
  const basic = /^Basic (.+)$/i.exec(authorization ?? '')?.[1]
  if (basic && !fields.has('client_id')) {
    const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':')
    fields.set('client_id', decodeURIComponent(id))
    fields.set('client_secret', decodeURIComponent(secret))
  }
  return { ...issuer.answer(fields), fields }
}
