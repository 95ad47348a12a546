import type { OAuthProfileInput } from '../oauth-profile.ts'
import { noRevoke, unknownPkce, whole } from './notes.ts'

/** One consent serves Jira and Confluence; separate consents give separate pairs. */
const atlassian = (id: string, label: string, usual: readonly string[]): OAuthProfileInput => ({
  id,
  label,
  authorize: {
    url: 'https://auth.atlassian.com/authorize',
    parameters: { audience: 'api.atlassian.com', prompt: 'consent' },
    scope: { delimiter: ' ', always: ['offline_access', 'read:me'], usual: [...usual] },
    pkce: false,
  },
  token: { url: 'https://auth.atlassian.com/oauth/token', auth: 'post', body: 'json' },
  whoAmI: {
    method: 'GET',
    url: 'https://api.atlassian.com/me',
    id: ['account_id'],
    name: ['name', 'email'],
    email: ['email'],
    isForbiddenOpen: true,
  },
  tenants: {
    url: 'https://api.atlassian.com/oauth/token/accessible-resources',
    list: '',
    id: 'id',
    name: 'name',
  },
  revoke: null,
  regions: whole('Atlassian Cloud'),
  gaps: [
    noRevoke,
    unknownPkce,
    {
      what: 'tokens that were obtained without the scope read:me',
      reason: 'who they are of cannot be asked; the grant stays pending and says so',
    },
  ],
})

export const atlassianConfluence: OAuthProfileInput = atlassian('atlassian-confluence', 'Confluence', [
  'read:confluence-content.all',
])

export const atlassianJira: OAuthProfileInput = atlassian('atlassian-jira', 'Jira', [
  'read:jira-work',
  'read:jira-user',
])

export const atlassianJsm: OAuthProfileInput = atlassian('atlassian-jsm', 'Jira Service Desk', [
  'read:servicedesk-request',
])
