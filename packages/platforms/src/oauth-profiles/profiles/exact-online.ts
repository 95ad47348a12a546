import type { OAuthProfileInput } from '../oauth-profile.ts'
import { noRevoke, unknownPkce, whole } from './notes.ts'

export const exactOnline: OAuthProfileInput = {
  // Tokens, errors and who-am-I are `exact-online/oauth.ts`; of this only the consent is used.
  id: 'exact-online',
  label: 'Exact Online',
  authorize: {
    url: 'https://start.exactonline.nl/api/oauth2/auth',
    // Whoever consents for a customer must not do so as themselves by a session that is still open.
    parameters: { force_login: '1' },
    scope: null,
    pkce: false,
  },
  token: { url: 'https://start.exactonline.nl/api/oauth2/token', auth: 'post', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: 'https://start.exactonline.nl/api/v1/current/Me',
    id: ['d.results.0.UserID'],
    name: ['d.results.0.FullName'],
  },
  revoke: null,
  regions: whole('Exact Online'),
  gaps: [noRevoke, unknownPkce],
}
