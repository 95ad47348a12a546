import type { OAuthProfileInput } from '../oauth-profile.ts'
import { isCompany, noRevoke, unknownPkce, whole } from './notes.ts'

export const moneybird: OAuthProfileInput = {
  id: 'moneybird',
  label: 'Moneybird',
  authorize: {
    url: 'https://moneybird.com/oauth/authorize',
    scope: { delimiter: ' ', usual: ['sales_invoices', 'settings'] },
    pkce: false,
  },
  token: { url: 'https://moneybird.com/oauth/token', auth: 'post', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: 'https://moneybird.com/api/v2/administrations.json',
    id: ['*.id'],
    name: ['0.name'],
  },
  tenants: { url: 'https://moneybird.com/api/v2/administrations.json', list: '', id: 'id', name: 'name' },
  revoke: null,
  regions: whole('Moneybird'),
  gaps: [noRevoke, unknownPkce, isCompany],
}
