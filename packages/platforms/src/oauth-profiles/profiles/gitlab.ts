import type { OAuthProfileInput } from '../oauth-profile.ts'
import { whole } from './notes.ts'

export const gitlab: OAuthProfileInput = {
  id: 'gitlab',
  label: 'GitLab',
  authorize: {
    url: 'https://gitlab.com/oauth/authorize',
    scope: { delimiter: ' ', always: ['read_user'], usual: ['read_api'] },
    pkce: true,
  },
  token: {
    url: 'https://gitlab.com/oauth/token',
    auth: 'post',
    body: 'form',
    redirectUriOnRefresh: true,
  },
  whoAmI: {
    method: 'GET',
    url: 'https://gitlab.com/api/v4/user',
    id: ['id'],
    name: ['name', 'username'],
    email: ['email'],
  },
  revoke: {
    method: 'POST',
    url: 'https://gitlab.com/oauth/revoke',
    auth: 'post',
    body: 'form',
    token: 'refresh',
  },
  regions: whole('GitLab.com'),
  gaps: [],
}
