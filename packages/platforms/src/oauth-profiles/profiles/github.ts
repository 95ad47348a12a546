import type { OAuthProfileInput } from '../oauth-profile.ts'
import { whole } from './notes.ts'

export const github: OAuthProfileInput = {
  id: 'github',
  label: 'GitHub',
  authorize: {
    url: 'https://github.com/login/oauth/authorize',
    scope: { delimiter: ' ' },
    pkce: true,
  },
  token: { url: 'https://github.com/login/oauth/access_token', auth: 'post', body: 'form' },
  errors: {
    terminal: { bad_verification_code: 'invalid', bad_refresh_token: 'invalid' },
    configuration: ['incorrect_client_credentials', 'redirect_uri_mismatch'],
  },
  whoAmI: {
    method: 'GET',
    url: 'https://api.github.com/user',
    id: ['id'],
    name: ['name', 'login'],
    email: ['email'],
  },
  revoke: {
    method: 'DELETE',
    url: 'https://api.github.com/applications/{client_id}/token',
    auth: 'basic',
    body: 'json',
    token: 'access',
    field: 'access_token',
  },
  regions: whole('GitHub.com'),
  gaps: [
    {
      what: 'OAuth Apps and GitHub Apps without expiring tokens',
      reason: 'their access token has no refresh token beside it: the grant ends when the token is revoked',
    },
  ],
}
