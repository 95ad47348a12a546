import type { Issuer, TokenAnswer } from './issuer.ts'

/**
 * Reads a token request and lets the issuer answer. Client credentials come in the body or as Basic; anything but a
 * form is refused.
 * @see Exact support, OAuth steps 3 and 4
 */
export function answerTokenRequest(
  body: string,
  method: string,
  contentType: string | undefined,
  authorization: string | undefined,
  issuer: Issuer,
  isShutOut: (user: string) => boolean,
): TokenAnswer & { readonly fields: ReadonlyMap<string, string> } {
  const isForm =
    method === 'POST' && (contentType ?? '').toLowerCase().startsWith('application/x-www-form-urlencoded')
  const fields = new Map(isForm ? new URLSearchParams(body) : [])
  const basic = /^Basic (.+)$/i.exec(authorization ?? '')?.[1]
  if (basic && !fields.has('client_id')) {
    // RFC 6749 § 2.3.1: both parts are form-encoded before they are joined.
    const [id = '', ...secret] = Buffer.from(basic, 'base64').toString().split(':')
    const pair = new URLSearchParams(`id=${id}&secret=${secret.join(':')}`)
    fields.set('client_id', pair.get('id') ?? '')
    fields.set('client_secret', pair.get('secret') ?? '')
  }
  return { ...issuer.answer(fields, isShutOut), fields }
}
