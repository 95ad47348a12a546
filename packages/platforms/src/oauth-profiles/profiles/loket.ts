import type { OAuthProfileInput } from '../oauth-profile.ts'
import { isCompany, noRevoke, unknownPkce } from './notes.ts'

export const loket: OAuthProfileInput = {
  id: 'loket',
  label: 'Loket.nl',
  authorize: {
    url: 'https://oauth.loket.nl/authorize',
    scope: { delimiter: ' ', always: ['all'] },
    pkce: false,
  },
  token: { url: 'https://oauth.loket.nl/token', auth: 'post', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: 'https://api.loket.nl/v2/providers',
    id: ['_embedded.*.id'],
    name: ['_embedded.0.name'],
  },
  tenants: { url: 'https://api.loket.nl/v2/providers', list: '_embedded', id: 'id', name: 'name' },
  revoke: null,
  regions: [
    { id: 'production', label: 'Loket.nl' },
    {
      id: 'acceptance',
      label: 'Loket.nl acceptance',
      hosts: { 'oauth.loket.nl': 'oauth.loket-acc.nl', 'api.loket.nl': 'api.loket-acc.nl' },
    },
  ],
  gaps: [
    noRevoke,
    unknownPkce,
    { ...isCompany, what: 'the user (payroll administrators stand for it)' },
    {
      what: 'clients without a secret',
      reason: 'undocumented which clients have none: one is always sent',
    },
  ],
}
