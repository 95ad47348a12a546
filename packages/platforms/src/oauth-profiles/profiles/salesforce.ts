import type { OAuthProfileInput } from '../oauth-profile.ts'
import { noIdToken } from './notes.ts'

export const salesforce: OAuthProfileInput = {
  id: 'salesforce',
  label: 'Salesforce',
  authorize: {
    url: 'https://login.salesforce.com/services/oauth2/authorize',
    scope: { delimiter: ' ', always: ['openid', 'refresh_token'], usual: ['api'] },
    pkce: true,
    nonce: 'sent',
  },
  token: {
    url: 'https://login.salesforce.com/services/oauth2/token',
    auth: 'post',
    body: 'form',
    keeps: ['instance_url'],
  },
  whoAmI: {
    method: 'GET',
    url: 'https://login.salesforce.com/services/oauth2/userinfo',
    id: ['user_id', 'sub'],
    tenantId: ['organization_id'],
    name: ['name', 'preferred_username'],
    email: ['email'],
    keeps: { organization_id: 'organization_id' },
  },
  revoke: {
    method: 'POST',
    url: 'https://login.salesforce.com/services/oauth2/revoke',
    auth: 'none',
    body: 'form',
    token: 'refresh',
  },
  regions: [
    { id: 'production', label: 'Salesforce' },
    {
      id: 'sandbox',
      label: 'Salesforce sandbox',
      hosts: { 'login.salesforce.com': 'test.salesforce.com' },
    },
  ],
  gaps: [
    noIdToken,
    {
      what: 'own log-in hosts (My Domain)',
      reason: 'their names are each customer’s own: an operator’s region',
    },
  ],
}
