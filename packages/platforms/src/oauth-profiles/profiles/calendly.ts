import type { OAuthProfileInput } from '../oauth-profile.ts'
import { whole } from './notes.ts'

export const calendly: OAuthProfileInput = {
  id: 'calendly',
  label: 'Calendly',
  authorize: {
    url: 'https://auth.calendly.com/oauth/authorize',
    scope: { delimiter: ' ' },
    pkce: true,
  },
  token: {
    url: 'https://auth.calendly.com/oauth/token',
    auth: 'basic',
    body: 'form',
    keeps: ['owner', 'organization'],
  },
  whoAmI: {
    method: 'GET',
    url: 'https://api.calendly.com/users/me',
    id: ['resource.uri'],
    name: ['resource.name', 'resource.email'],
    email: ['resource.email'],
  },
  revoke: {
    method: 'POST',
    url: 'https://auth.calendly.com/oauth/revoke',
    auth: 'post',
    body: 'form',
    token: 'refresh',
  },
  regions: whole('Calendly'),
  gaps: [],
}
