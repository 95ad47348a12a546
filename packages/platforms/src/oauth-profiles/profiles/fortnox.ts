import type { OAuthProfileInput } from '../oauth-profile.ts'
import { isCompany, unknownPkce, whole } from './notes.ts'

export const fortnox: OAuthProfileInput = {
  id: 'fortnox',
  label: 'Fortnox',
  authorize: {
    url: 'https://apps.fortnox.se/oauth-v1/auth',
    parameters: { access_type: 'offline' },
    scope: {
      delimiter: ' ',
      always: ['companyinformation'],
      usual: ['bookkeeping', 'invoice', 'customer'],
    },
    pkce: false,
  },
  token: { url: 'https://apps.fortnox.se/oauth-v1/token', auth: 'basic', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: 'https://api.fortnox.se/3/companyinformation',
    id: ['CompanyInformation.DatabaseNumber', 'CompanyInformation.OrganizationNumber'],
    name: ['CompanyInformation.CompanyName'],
  },
  revoke: {
    method: 'POST',
    url: 'https://apps.fortnox.se/oauth-v1/revoke',
    auth: 'basic',
    body: 'form',
    token: 'refresh',
  },
  regions: whole('Fortnox'),
  gaps: [unknownPkce, isCompany],
}
