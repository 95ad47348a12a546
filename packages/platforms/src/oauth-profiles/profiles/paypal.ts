import type { OAuthProfileInput } from '../oauth-profile.ts'
import { noIdToken, noRevoke, unknownPkce, whole } from './notes.ts'

const payPalAt = (id: string, label: string, host: string, api: string): OAuthProfileInput => ({
  id,
  label,
  authorize: {
    url: `https://${host}/signin/authorize`,
    parameters: { flowEntry: 'static' },
    scope: { delimiter: ' ', always: ['openid'], usual: ['email'] },
    pkce: false,
    nonce: 'sent',
  },
  token: { url: `https://${api}/v1/oauth2/token`, auth: 'basic', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: `https://${api}/v1/identity/openidconnect/userinfo?schema=openid`,
    id: ['user_id', 'sub'],
    name: ['name', 'email', 'user_id'],
    email: ['email'],
  },
  revoke: null,
  regions: whole(label),
  gaps: [noIdToken, noRevoke, unknownPkce],
})

export const paypal: OAuthProfileInput = payPalAt('paypal', 'PayPal', 'www.paypal.com', 'api-m.paypal.com')

export const paypalSandbox: OAuthProfileInput = payPalAt(
  'paypal-sandbox',
  'PayPal test',
  'www.sandbox.paypal.com',
  'api-m.sandbox.paypal.com',
)
