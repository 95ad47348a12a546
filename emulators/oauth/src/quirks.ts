/** What the matrix tells in words, as this emulator reads it. Each line has its sentence there. */
export interface Quirks {
  /** Status of an error; 400 unless told, 401 for a client that is not known. */
  readonly statusOf?: Readonly<Record<string, number>>
  /** The platform's own names of errors. */
  readonly nameOf?: Readonly<Record<string, string>>
  /** Answers in form encoding unless asked for JSON. */
  readonly isForm?: true
  /** A refresh must carry the redirect address of the consent. */
  readonly redirectOnRefresh?: true
  /** No `expires_in` in the answer. */
  readonly hidesLife?: true
  /** `expires_in` as a string. */
  readonly lifeIsText?: true
  /** Sending a spent token outside the grace ends the whole consent. */
  readonly reuseEndsFamily?: true
  /** A code that comes twice ends what was made of it. */
  readonly codeReuseEndsFamily?: true
  readonly earliestRefreshSeconds?: number
  /** A new value only after so long. */
  readonly rollsAfterSeconds?: number
  /** Where the matrix says "configurable": what is configured here. */
  readonly rotation?: 'single-use'
  readonly reuseWindowSeconds?: number
  readonly needsNonce?: true
  /** Parameters without which the page refuses, or gives no refresh token. */
  readonly needs?: Readonly<Record<string, string>>
  readonly refreshNeeds?: Readonly<Record<string, string>>
  readonly needsScope?: string
  readonly callback?: (user: string) => Readonly<Record<string, string>>
  /** Where the matrix has words only. */
  readonly accessSeconds?: number
  readonly more?: (now: number) => Readonly<Record<string, unknown>>
  /** Access tokens are JWTs with these claims. */
  readonly claims?: (user: string) => Readonly<Record<string, unknown>>
  readonly pkceRequired?: true
}

/** The company that a user chose. */
export const realmOf = (user: string) =>
  `91303475968${Buffer.from(user).readUIntBE(0, Math.min(3, user.length))}`
export const tenantId = '8c2f1b0e-33aa-4b1f-9d2f-5a1c7f0e1d22'

const atlassian: Quirks = {
  // "HTTP 403 {"error":"invalid_grant",…}" and "an old token used outside the leeway invalidates the whole family"
  statusOf: { invalid_grant: 403 },
  reuseEndsFamily: true,
  needs: { audience: 'api.atlassian.com', prompt: 'consent' },
}
const paypal: Quirks = { needsScope: 'openid' }
const microsoft: Quirks = {
  // "random 60 to 90 minutes"
  accessSeconds: 3600,
  more: () => ({ ext_expires_in: 3600 }),
}

export const quirks: Readonly<Record<string, Quirks>> = {
  'exact-online': {
    lifeIsText: true,
    earliestRefreshSeconds: 570,
    // "the old refresh token keeps working until the new one has been used"
    reuseWindowSeconds: 600,
  },
  twinfield: { needsNonce: true },
  'atlassian-confluence': atlassian,
  'atlassian-jira': atlassian,
  'atlassian-jsm': atlassian,
  calendly: {
    more: () => ({
      owner: 'https://api.calendly.com/users/u',
      organization: 'https://api.calendly.com/organizations/o',
    }),
  },
  fortnox: { refreshNeeds: { access_type: 'offline' }, claims: () => ({ tenantId: 1234 }) },
  github: {
    isForm: true,
    statusOf: { bad_refresh_token: 200, bad_verification_code: 200, incorrect_client_credentials: 200 },
    nameOf: {
      'invalid_grant:code': 'bad_verification_code',
      'invalid_grant:refresh': 'bad_refresh_token',
      invalid_client: 'incorrect_client_credentials',
    },
    more: () => ({ refresh_token_expires_in: 15_897_600, scope: '' }),
  },
  gitlab: { redirectOnRefresh: true, more: (now) => ({ created_at: Math.floor(now / 1000) }) },
  paypal,
  'paypal-sandbox': paypal,
  'teamleader-focus': { claims: () => ({}) },
  'visma-net': {
    rotation: 'single-use',
    // "grace period 5 to 60 s"
    reuseWindowSeconds: 5,
    claims: () => ({ tenant_id: tenantId }),
  },
  moneybird: { hidesLife: true },
  xero: { claims: (user) => ({ xero_userid: `xero-${user}`, name: user }) },
  'quickbooks-online': {
    rollsAfterSeconds: 86_400,
    codeReuseEndsFamily: true,
    callback: (user) => ({ realmId: realmOf(user) }),
    more: () => ({ x_refresh_token_expires_in: 8_640_000 }),
  },
  salesforce: {
    hidesLife: true,
    rotation: 'single-use',
    more: (now) => ({ instance_url: 'https://emulated.my.salesforce.com', issued_at: String(now) }),
  },
  'microsoft-graph': microsoft,
  'business-central': microsoft,
}
