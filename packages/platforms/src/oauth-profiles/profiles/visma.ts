import type { OAuthProfileInput } from '../oauth-profile.ts'
import { isCompany, noRevoke, unknownPkce, whole } from './notes.ts'

export const vismaNet: OAuthProfileInput = {
  id: 'visma-net',
  label: 'Visma.net',
  authorize: {
    url: 'https://connect.visma.com/connect/authorize',
    scope: {
      delimiter: ' ',
      always: ['openid', 'offline_access'],
      usual: ['vismanet_erp_interactive_api:read'],
    },
    pkce: true,
    nonce: 'answered',
    issuer: 'https://connect.visma.com',
  },
  token: { url: 'https://connect.visma.com/connect/token', auth: 'basic', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: 'https://connect.visma.com/connect/userinfo',
    id: ['sub'],
    // One grant covers one company.
    tenantId: ['claim:tenant_id'],
    name: ['name', 'email', 'sub'],
    email: ['email'],
    keeps: { tenant_id: 'claim:tenant_id' },
  },
  revoke: {
    method: 'POST',
    url: 'https://connect.visma.com/connect/revocation',
    auth: 'basic',
    body: 'form',
    token: 'refresh',
  },
  regions: whole('Visma.net'),
  gaps: [],
}

export const vismaEaccounting: OAuthProfileInput = {
  id: 'visma-eaccounting',
  label: 'Visma eAccounting',
  authorize: {
    url: 'https://identity.vismaonline.com/connect/authorize',
    parameters: { prompt: 'select_account' },
    scope: { delimiter: ' ', always: ['ea:api', 'offline_access'], usual: ['ea:sales', 'ea:accounting'] },
    pkce: false,
  },
  token: { url: 'https://identity.vismaonline.com/connect/token', auth: 'basic', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: 'https://eaccountingapi.vismaonline.com/v2/companysettings',
    id: ['CorporateIdentityNumber'],
    name: ['Name', 'CorporateIdentityNumber'],
    email: ['Email'],
  },
  revoke: null,
  regions: whole('Visma eAccounting'),
  gaps: [
    noRevoke,
    unknownPkce,
    isCompany,
    { what: 'the sandbox', reason: 'the address of its API is not known' },
  ],
}
