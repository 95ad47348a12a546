import type { OAuthProfileInput } from '../oauth-profile.ts'
import { whole } from './notes.ts'

export const hubspot: OAuthProfileInput = {
  id: 'hubspot',
  label: 'HubSpot',
  authorize: {
    url: 'https://app.hubspot.com/oauth/authorize',
    scope: { delimiter: ' ', always: ['oauth'], usual: ['crm.objects.contacts.read'] },
    pkce: true,
  },
  token: { url: 'https://api.hubapi.com/oauth/v1/token', auth: 'post', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: 'https://api.hubapi.com/oauth/v1/access-tokens/{token}',
    id: ['user_id'],
    tenantId: ['hub_id'],
    name: ['user', 'hub_domain'],
    email: ['user'],
    keeps: { hub_id: 'hub_id' },
  },
  revoke: {
    method: 'DELETE',
    url: 'https://api.hubapi.com/oauth/v1/refresh-tokens/{token}',
    auth: 'none',
    body: 'none',
    token: 'refresh',
  },
  regions: whole('HubSpot'),
  gaps: [],
}
