import type { OAuthProfileInput } from '../oauth-profile.ts'
import { noRevoke, unknownPkce, whole } from './notes.ts'

export const twinfield: OAuthProfileInput = {
  // As above: `twinfield/oauth.ts`.
  id: 'twinfield',
  label: 'Twinfield',
  authorize: {
    url: 'https://login.twinfield.com/auth/authentication/connect/authorize',
    scope: {
      delimiter: ' ',
      always: ['openid', 'offline_access', 'twf.user', 'twf.organisation', 'twf.organisationUser'],
    },
    pkce: false,
    nonce: 'answered',
  },
  token: {
    url: 'https://login.twinfield.com/auth/authentication/connect/token',
    auth: 'post',
    body: 'form',
  },
  whoAmI: {
    method: 'GET',
    url: 'https://login.twinfield.com/auth/authentication/connect/accesstokenvalidation',
    id: ['sub'],
    name: ['sub'],
  },
  revoke: null,
  regions: whole('Twinfield'),
  gaps: [noRevoke, unknownPkce],
}
