import type { OAuthProfileInput } from '../oauth-profile.ts'
import { noRevoke, unknownPkce, whole } from './notes.ts'

export const teamleaderFocus: OAuthProfileInput = {
  id: 'teamleader-focus',
  label: 'Teamleader Focus',
  authorize: { url: 'https://focus.teamleader.eu/oauth2/authorize', scope: null, pkce: false },
  token: { url: 'https://focus.teamleader.eu/oauth2/access_token', auth: 'post', body: 'form' },
  whoAmI: {
    method: 'POST',
    url: 'https://api.focus.teamleader.eu/users.me',
    body: '{}',
    id: ['data.id'],
    name: ['data.first_name', 'data.last_name', 'data.email'],
    email: ['data.email'],
  },
  revoke: null,
  regions: whole('Teamleader Focus'),
  gaps: [noRevoke, unknownPkce],
}

export const teamleaderOrbit: OAuthProfileInput = {
  id: 'teamleader-orbit',
  label: 'Teamleader Orbit',
  authorize: { url: 'https://api.orbit.teamleader.eu/oauth2/authorize', scope: null, pkce: false },
  token: { url: 'https://api.orbit.teamleader.eu/oauth2/access_token', auth: 'post', body: 'form' },
  whoAmI: {
    method: 'POST',
    url: 'https://api.orbit.teamleader.eu/entities.context',
    body: '{}',
    id: ['data.user.id', 'user.id', 'data.id', 'id'],
    name: ['data.user.name', 'user.name', 'data.name', 'name'],
  },
  revoke: null,
  regions: whole('Teamleader Orbit'),
  gaps: [
    noRevoke,
    unknownPkce,
    {
      what: 'the form of the who-am-I answer',
      reason: 'undocumented: the usual places are looked at in turn',
    },
  ],
}
