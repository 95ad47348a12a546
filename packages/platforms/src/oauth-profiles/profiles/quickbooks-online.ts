import type { OAuthProfileInput } from '../oauth-profile.ts'
import { isCompany, unknownPkce } from './notes.ts'

export const quickbooksOnline: OAuthProfileInput = {
  id: 'quickbooks-online',
  label: 'QuickBooks Online',
  authorize: {
    url: 'https://appcenter.intuit.com/connect/oauth2',
    scope: { delimiter: ' ', always: ['com.intuit.quickbooks.accounting'] },
    pkce: false,
    keeps: ['realmId'],
  },
  token: { url: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer', auth: 'basic', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: 'https://quickbooks.api.intuit.com/v3/company/{realmId}/companyinfo/{realmId}',
    id: ['value:realmId'],
    name: ['CompanyInfo.CompanyName'],
  },
  revoke: {
    method: 'POST',
    url: 'https://developer.api.intuit.com/v2/oauth2/tokens/revoke',
    auth: 'basic',
    body: 'json',
    token: 'refresh',
  },
  regions: [
    { id: 'global', label: 'QuickBooks Online' },
    {
      id: 'sandbox',
      label: 'QuickBooks Online sandbox',
      hosts: { 'quickbooks.api.intuit.com': 'sandbox-quickbooks.api.intuit.com' },
    },
  ],
  gaps: [
    unknownPkce,
    isCompany,
    {
      what: 'tokens that are handed over without their realmId',
      reason: 'the company stands in the callback only: give it as credentials.values.realmId',
    },
  ],
}
