import type { OAuthProfileInput } from '../oauth-profile.ts'
import { noRevoke } from './notes.ts'

const microsoft = (id: string, label: string, usual: readonly string[]) => ({
  id,
  label,
  authorize: {
    url: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize',
    parameters: { response_mode: 'query' },
    scope: { delimiter: ' ' as const, always: ['offline_access', 'openid', 'profile'], usual: [...usual] },
    pkce: true,
    nonce: 'answered' as const,
  },
  token: {
    url: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token',
    auth: 'post' as const,
    body: 'form' as const,
  },
  errors: { terminal: { interaction_required: 'invalid', consent_required: 'invalid' } as const },
  revoke: null,
  regions: [
    { id: 'organizations', label: 'Work or school accounts', values: { tenant: 'organizations' } },
    { id: 'common', label: 'All Microsoft accounts', values: { tenant: 'common' } },
  ],
})
const singleTenant = {
  what: 'apps of a single tenant',
  reason: 'their authority has the tenant in its address, and a region is one address',
}

export const microsoftGraph: OAuthProfileInput = {
  ...microsoft('microsoft-graph', 'Microsoft Graph', ['https://graph.microsoft.com/.default']),
  whoAmI: {
    method: 'GET',
    url: 'https://graph.microsoft.com/v1.0/me',
    id: ['id'],
    name: ['displayName', 'userPrincipalName'],
    email: ['mail', 'userPrincipalName'],
  },
  gaps: [noRevoke, singleTenant],
}

export const businessCentral: OAuthProfileInput = {
  ...microsoft('business-central', 'Business Central', ['https://api.businesscentral.dynamics.com/.default']),
  token: {
    url: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token',
    auth: 'post',
    body: 'form',
    // Of the ID token.
    keeps: ['oid', 'tid', 'name'],
  },
  whoAmI: {
    method: 'GET',
    url: 'https://api.businesscentral.dynamics.com/v2.0/{tid}/production/api/v2.0/companies',
    id: ['value:oid'],
    tenantId: ['value:tid'],
    name: ['value:name', 'value.0.displayName', 'value:oid'],
    isForbiddenOpen: true,
  },
  gaps: [
    noRevoke,
    singleTenant,
    {
      what: 'tokens that are handed over without their ID token',
      reason: 'user and tenant stand only there: give them as credentials.values.oid and .tid',
    },
    { what: 'environments of another name than production', reason: 'who-am-I asks the usual one' },
  ],
}
