import { type OAuthProfile, type OAuthProfileInput, oauthProfileSchema } from './oauth-profile.ts'

const whole = (label: string) => [{ id: 'global', label }]
const noRevoke = { what: 'revocation', reason: 'the platform documents no endpoint that ends one grant' }
const unknownPkce = { what: 'PKCE', reason: 'no first-hand statement that the platform takes it: not sent' }
const isCompany = {
  what: 'the user',
  reason:
    'the platform tells the company and not the user: two users’ consents for the same company are one grant',
}

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

const paypal = (id: string, label: string, host: string, api: string): OAuthProfileInput => ({
  id,
  label,
  authorize: {
    url: `https://${host}/signin/authorize`,
    parameters: { flowEntry: 'static' },
    scope: { delimiter: ' ', always: ['openid'], usual: ['email'] },
    pkce: false,
    nonce: true,
  },
  token: { url: `https://${api}/v1/oauth2/token`, auth: 'basic', body: 'form' },
  whoAmI: {
    method: 'GET',
    url: `https://${api}/v1/identity/openidconnect/userinfo?schema=openid`,
    id: ['user_id', 'sub'],
    name: ['name', 'email', 'user_id'],
    email: ['email'],
  },
  revoke: null,
  regions: whole(label),
  gaps: [noRevoke, unknownPkce],
})

const microsoft = (id: string, label: string, usual: readonly string[]) => ({
  id,
  label,
  authorize: {
    url: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize',
    parameters: { response_mode: 'query' },
    scope: { delimiter: ' ' as const, always: ['offline_access', 'openid', 'profile'], usual: [...usual] },
    pkce: true,
    nonce: true,
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

const profiles: readonly OAuthProfileInput[] = [
  {
    // Tokens, errors and who-am-I are `exact-online/oauth.ts`; of this only the consent is used.
    id: 'exact-online',
    label: 'Exact Online',
    authorize: {
      url: 'https://start.exactonline.nl/api/oauth2/auth',
      // Whoever consents for a customer must not do so as themselves by a session that is still open.
      parameters: { force_login: '1' },
      scope: null,
      pkce: false,
    },
    token: { url: 'https://start.exactonline.nl/api/oauth2/token', auth: 'post', body: 'form' },
    whoAmI: {
      method: 'GET',
      url: 'https://start.exactonline.nl/api/v1/current/Me',
      id: ['d.results.0.UserID'],
      name: ['d.results.0.FullName'],
    },
    revoke: null,
    regions: whole('Exact Online'),
    gaps: [noRevoke, unknownPkce],
  },
  {
    // As above: `twinfield/oauth.ts`.
    id: 'twinfield',
    label: 'Twinfield',
    authorize: {
      url: 'https://login.twinfield.com/auth/authentication/connect/authorize',
      scope: {
        delimiter: ' ',
        always: ['openid', 'offline_access', 'twf.user', 'twf.organisation', 'twf.organisationUser'],
      },
      pkce: false,
      nonce: true,
    },
    token: {
      url: 'https://login.twinfield.com/auth/authentication/connect/token',
      auth: 'post',
      body: 'form',
    },
    whoAmI: {
      method: 'GET',
      url: 'https://login.twinfield.com/auth/authentication/connect/accesstokenvalidation',
      id: ['sub'],
      name: ['sub'],
    },
    revoke: null,
    regions: whole('Twinfield'),
    gaps: [noRevoke, unknownPkce],
  },
  atlassian('atlassian-confluence', 'Confluence', ['read:confluence-content.all']),
  atlassian('atlassian-jira', 'Jira', ['read:jira-work', 'read:jira-user']),
  atlassian('atlassian-jsm', 'Jira Service Desk', ['read:servicedesk-request']),
  {
    id: 'calendly',
    label: 'Calendly',
    authorize: {
      url: 'https://auth.calendly.com/oauth/authorize',
      scope: { delimiter: ' ' },
      pkce: true,
    },
    token: {
      url: 'https://auth.calendly.com/oauth/token',
      auth: 'basic',
      body: 'form',
      keeps: ['owner', 'organization'],
    },
    whoAmI: {
      method: 'GET',
      url: 'https://api.calendly.com/users/me',
      id: ['resource.uri'],
      name: ['resource.name', 'resource.email'],
      email: ['resource.email'],
    },
    revoke: {
      method: 'POST',
      url: 'https://auth.calendly.com/oauth/revoke',
      auth: 'post',
      body: 'form',
      token: 'refresh',
    },
    regions: whole('Calendly'),
    gaps: [],
  },
  {
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
  },
  {
    id: 'github',
    label: 'GitHub',
    authorize: {
      url: 'https://github.com/login/oauth/authorize',
      scope: { delimiter: ' ' },
      pkce: true,
    },
    token: { url: 'https://github.com/login/oauth/access_token', auth: 'post', body: 'form' },
    errors: {
      terminal: { bad_verification_code: 'invalid', bad_refresh_token: 'invalid' },
      configuration: ['incorrect_client_credentials', 'redirect_uri_mismatch'],
    },
    whoAmI: {
      method: 'GET',
      url: 'https://api.github.com/user',
      id: ['id'],
      name: ['name', 'login'],
      email: ['email'],
    },
    revoke: {
      method: 'DELETE',
      url: 'https://api.github.com/applications/{client_id}/token',
      auth: 'basic',
      body: 'json',
      token: 'access',
      field: 'access_token',
    },
    regions: whole('GitHub.com'),
    gaps: [
      {
        what: 'OAuth Apps and GitHub Apps without expiring tokens',
        reason: 'their access token has no refresh token beside it: the grant ends when the token is revoked',
      },
    ],
  },
  {
    id: 'gitlab',
    label: 'GitLab',
    authorize: {
      url: 'https://gitlab.com/oauth/authorize',
      scope: { delimiter: ' ', always: ['read_user'], usual: ['read_api'] },
      pkce: true,
    },
    token: {
      url: 'https://gitlab.com/oauth/token',
      auth: 'post',
      body: 'form',
      redirectUriOnRefresh: true,
    },
    whoAmI: {
      method: 'GET',
      url: 'https://gitlab.com/api/v4/user',
      id: ['id'],
      name: ['name', 'username'],
      email: ['email'],
    },
    revoke: {
      method: 'POST',
      url: 'https://gitlab.com/oauth/revoke',
      auth: 'post',
      body: 'form',
      token: 'refresh',
    },
    regions: whole('GitLab.com'),
    gaps: [],
  },
  {
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
  },
  paypal('paypal', 'PayPal', 'www.paypal.com', 'api-m.paypal.com'),
  paypal('paypal-sandbox', 'PayPal test', 'www.sandbox.paypal.com', 'api-m.sandbox.paypal.com'),
  {
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
  },
  {
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
  },
  {
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
      nonce: true,
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
  },
  {
    id: 'zoom',
    label: 'Zoom',
    authorize: { url: 'https://zoom.us/oauth/authorize', scope: { delimiter: ',' }, pkce: true },
    token: { url: 'https://zoom.us/oauth/token', auth: 'basic', body: 'form' },
    whoAmI: {
      method: 'GET',
      url: 'https://api.zoom.us/v2/users/me',
      id: ['id'],
      name: ['display_name', 'email'],
      email: ['email'],
    },
    revoke: {
      method: 'POST',
      url: 'https://zoom.us/oauth/revoke',
      auth: 'basic',
      body: 'form',
      token: 'refresh',
    },
    regions: whole('Zoom'),
    gaps: [],
  },
  {
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
  },
  {
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
  },
  {
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
      nonce: true,
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
    gaps: [],
  },
  {
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
  },
  {
    id: 'hubspot',
    label: 'HubSpot',
    authorize: {
      url: 'https://app.hubspot.com/oauth/authorize',
      scope: { delimiter: ' ', always: ['oauth'], usual: ['crm.objects.contacts.read'] },
      pkce: true,
    },
    token: { url: 'https://api.hubapi.com/oauth/v1/token', auth: 'post', body: 'form' },
    whoAmI: {
      method: 'GET',
      url: 'https://api.hubapi.com/oauth/v1/access-tokens/{token}',
      id: ['user_id'],
      tenantId: ['hub_id'],
      name: ['user', 'hub_domain'],
      email: ['user'],
      keeps: { hub_id: 'hub_id' },
    },
    revoke: {
      method: 'DELETE',
      url: 'https://api.hubapi.com/oauth/v1/refresh-tokens/{token}',
      auth: 'none',
      body: 'none',
      token: 'refresh',
    },
    regions: whole('HubSpot'),
    gaps: [],
  },
  {
    id: 'salesforce',
    label: 'Salesforce',
    authorize: {
      url: 'https://login.salesforce.com/services/oauth2/authorize',
      scope: { delimiter: ' ', always: ['openid', 'refresh_token'], usual: ['api'] },
      pkce: true,
      nonce: true,
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
      {
        what: 'own log-in hosts (My Domain)',
        reason: 'their names are each customer’s own: an operator’s region',
      },
    ],
  },
  {
    ...microsoft('microsoft-graph', 'Microsoft Graph', ['https://graph.microsoft.com/.default']),
    whoAmI: {
      method: 'GET',
      url: 'https://graph.microsoft.com/v1.0/me',
      id: ['id'],
      name: ['displayName', 'userPrincipalName'],
      email: ['mail', 'userPrincipalName'],
    },
    gaps: [noRevoke, singleTenant],
  },
  {
    ...microsoft('business-central', 'Business Central', [
      'https://api.businesscentral.dynamics.com/.default',
    ]),
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
  },
]

let checked: ReadonlyMap<string, OAuthProfile> | undefined

/** The profiles of all platforms with OAuth, by id; each checked against the schema when first asked for. */
export function oauthProfiles(): ReadonlyMap<string, OAuthProfile> {
  checked ??= new Map(profiles.map((profile) => [profile.id, oauthProfileSchema.parse(profile)]))
  return checked
}
