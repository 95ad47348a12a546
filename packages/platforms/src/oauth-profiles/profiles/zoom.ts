import type { OAuthProfileInput } from '../oauth-profile.ts'
import { whole } from './notes.ts'

export const zoom: OAuthProfileInput = {
  id: 'zoom',
  label: 'Zoom',
  authorize: { url: 'https://zoom.us/oauth/authorize', scope: { delimiter: ',' }, pkce: true },
  token: { url: 'https://zoom.us/oauth/token', auth: 'basic', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: 'https://api.zoom.us/v2/users/me',
    id: ['id'],
    name: ['display_name', 'email'],
    email: ['email'],
  },
  revoke: {
    method: 'POST',
    url: 'https://zoom.us/oauth/revoke',
    auth: 'basic',
    body: 'form',
    token: 'refresh',
  },
  regions: whole('Zoom'),
  gaps: [],
}
