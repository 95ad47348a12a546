import type { OAuthProfileInput } from '../oauth-profile.ts'
import { noIdToken, whole } from './notes.ts'

export const xero: OAuthProfileInput = {
  id: 'xero',
  label: 'Xero',
  authorize: {
    url: 'https://login.xero.com/identity/connect/authorize',
    scope: {
      delimiter: ' ',
      always: ['openid', 'profile', 'offline_access'],
      usual: ['accounting.transactions', 'accounting.contacts'],
    },
    pkce: true,
    nonce: 'sent',
  },
  token: { url: 'https://identity.xero.com/connect/token', auth: 'basic', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: 'https://api.xero.com/connections',
    id: ['claim:xero_userid', 'claim:sub'],
    name: ['claim:name', '0.tenantName'],
  },
  tenants: { url: 'https://api.xero.com/connections', list: '', id: 'tenantId', name: 'tenantName' },
  revoke: {
    method: 'POST',
    url: 'https://identity.xero.com/connect/revocation',
    auth: 'basic',
    body: 'form',
    token: 'refresh',
  },
  regions: whole('Xero'),
  gaps: [noIdToken],
}
