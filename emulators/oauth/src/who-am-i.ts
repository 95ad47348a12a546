import { realmOf } from './quirks.ts'

const email = (user: string) => (user.includes('@') ? user : `${user}@example.com`)
const guid = (user: string) =>
  `00000000-0000-4000-8000-${Buffer.from(user).toString('hex').slice(0, 12).padStart(12, '0')}`
const paypal = (user: string) => ({
  user_id: `https://www.paypal.com/webapps/auth/identity/user/${user}`,
  name: user,
  email: email(user),
})

/** What the platforms' documentation shows as the answer of the who-am-I call. */
export const whoAmIAnswers: Readonly<Record<string, (user: string) => unknown>> = {
  'exact-online': (user) => ({
    d: { results: [{ UserID: guid(user), FullName: user, UserName: user, Email: email(user) }] },
  }),
  twinfield: (user) => ({
    sub: guid(user),
    'twf.organisationUserCode': user.toUpperCase(),
    'twf.organisationId': guid('organisation'),
    'twf.organisationCode': 'SLUIS',
    'twf.clusterUrl': 'https://api.accounting.twinfield.com',
  }),
  calendly: (user) => ({
    resource: { uri: `https://api.calendly.com/users/${user}`, name: user, email: email(user) },
  }),
  fortnox: (user) => ({
    CompanyInformation: {
      DatabaseNumber: user.length * 1000 + user.charCodeAt(0),
      CompanyName: `${user} AB`,
      OrganizationNumber: '5555555555',
    },
  }),
  github: (user) => ({
    id: user.charCodeAt(0) * 1000 + user.length,
    login: user,
    name: null,
    email: email(user),
  }),
  gitlab: (user) => ({
    id: user.charCodeAt(0) * 1000 + user.length,
    username: user,
    name: user,
    email: email(user),
  }),
  loket: (user) => ({
    _embedded: [
      { id: guid(user), name: `Kantoor ${user}` },
      { id: guid('z'), name: 'Kantoor Z' },
    ],
  }),
  paypal,
  'paypal-sandbox': paypal,
  'teamleader-focus': (user) => ({
    data: { id: guid(user), first_name: user, last_name: 'Test', email: email(user) },
  }),
  'teamleader-orbit': (user) => ({ data: { user: { id: guid(user), name: user } } }),
  'visma-net': (user) => ({ sub: guid(user), name: user, email: email(user) }),
  zoom: (user) => ({ id: `z-${user}`, display_name: user, email: email(user) }),
  moneybird: (user) => [{ id: `${user.length}23456789`, name: `${user} Holding`, language: 'nl' }],
  'visma-eaccounting': (user) => ({
    Name: `${user} AB`,
    CorporateIdentityNumber: `556${user.length}-${user.charCodeAt(0)}`,
    Email: email(user),
  }),
  xero: (user) => [
    { id: guid(user), tenantId: guid('tenant'), tenantType: 'ORGANISATION', tenantName: `${user} Ltd` },
  ],
  'quickbooks-online': (user) => ({ CompanyInfo: { CompanyName: `${user} Inc`, Id: realmOf(user) } }),
  hubspot: (user) => ({
    user: email(user),
    user_id: user.charCodeAt(0) * 1000 + user.length,
    hub_id: 62515,
    hub_domain: 'demo.example',
  }),
  salesforce: (user) => ({
    user_id: `005${user}`,
    organization_id: '00Dxx',
    preferred_username: email(user),
    name: user,
    email: email(user),
  }),
  'microsoft-graph': (user) => ({
    id: guid(user),
    displayName: user,
    mail: null,
    userPrincipalName: email(user),
  }),
  'business-central': () => ({ value: [{ id: guid('c'), name: 'CRONUS', displayName: 'CRONUS' }] }),
}

/** Atlassian tells the user at another address than the sites. */
export const atlassianMe = (user: string) => ({
  account_id: `557058:${user}`,
  name: user,
  email: email(user),
})
export const atlassianSites = (user: string) => [
  { id: guid(`site ${user}`), url: `https://${user}.atlassian.net`, name: user, scopes: [] },
]
