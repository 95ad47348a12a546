import { z } from 'zod'

const url = z.string().regex(/^https:\/\/[a-z0-9.-]+\/\S*$/, 'an https address')
const name = z.string().regex(/^[\w.-]+$/)
/** Where a value stands in JSON: `data.id`, `0.name`, `*.id` (all, sorted, joined); `claim:tid` in the access token. */
const path = z.string().regex(/^(claim:|value:)?[\w*.-]+$/)
const paths = z.array(path).min(1)

/**
 * Everything that Sluis must know of a platform to let a user consent, to exchange, refresh and revoke tokens and to
 * learn whose they are. Addresses may hold `{name}`: a value of the region, or one that was kept of the consent.
 */
export const oauthProfileSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  label: z.string().min(1),
  authorize: z.strictObject({
    url,
    /** Sent besides `client_id`, `redirect_uri`, `response_type` and `state`. */
    parameters: z.record(name, z.string()).default({}),
    /** Null: the platform takes none; they are set on the app. `always` is asked whatever else is. */
    scope: z
      .strictObject({
        delimiter: z.enum([' ', ',']),
        always: z.array(z.string()).default([]),
        usual: z.array(z.string()).default([]),
      })
      .nullable(),
    /** Only where the platform is known to take it. @see RFC 7636 */
    pkce: z.boolean(),
    /**
     * Whether a nonce is sent, and what comes back. `answered`: the platform promises an ID token, which must carry it, so an
     * answer without one is refused. `sent`: nothing is promised; an ID token that comes must carry it.
     * @see OpenID Connect Core § 3.1.3.3 and § 3.1.3.7 (11), and ADR 0019
     */
    nonce: z.enum(['answered', 'sent']).nullable().default(null),
    /** What `iss` in the callback must be, where the platform sends it. @see RFC 9207 */
    issuer: z.string().nullable().default(null),
    /** Values that the callback carries besides the code, and that are kept. */
    keeps: z.array(name).default([]),
  }),
  token: z.strictObject({
    url,
    auth: z.enum(['basic', 'post']),
    body: z.enum(['form', 'json']),
    /** Sent with a refresh too. */
    redirectUriOnRefresh: z.boolean().default(false),
    /** Members of the answer that are kept beside the tokens. */
    keeps: z.array(name).default([]),
  }),
  /** Codes in `error` besides those of RFC 6749 § 5.2. */
  errors: z
    .strictObject({
      terminal: z.record(z.string(), z.enum(['spent', 'expired', 'invalid'])).default({}),
      configuration: z.array(z.string()).default([]),
    })
    .default({ terminal: {}, configuration: [] }),
  whoAmI: z.strictObject({
    method: z.enum(['GET', 'POST']),
    url,
    body: z.string().optional(),
    id: paths,
    /** Added to the id: one user's consents to two tenants are two grants. */
    tenantId: paths.optional(),
    name: paths,
    email: paths.optional(),
    /** Values in the answer that are kept. */
    keeps: z.record(name, path).default({}),
    /** 403 says that a scope is missing, and nothing of the token. */
    isForbiddenOpen: z.boolean().default(false),
  }),
  /** A second request that lists what the grant reaches: sites, companies, tenants. */
  tenants: z.strictObject({ url, list: z.string(), id: name, name }).nullable().default(null),
  revoke: z
    .strictObject({
      method: z.enum(['POST', 'DELETE']),
      url,
      auth: z.enum(['basic', 'post', 'none']),
      body: z.enum(['form', 'json', 'none']),
      token: z.enum(['refresh', 'access']),
      field: name.default('token'),
    })
    .nullable(),
  /** `hosts` and `values` replace what stands in the addresses. */
  regions: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
        label: z.string().min(1),
        hosts: z.record(z.string(), z.string()).default({}),
        values: z.record(name, z.string()).default({}),
      }),
    )
    .min(1),
  /** What is not known or not done, and why. */
  gaps: z.array(z.strictObject({ what: z.string().min(1), reason: z.string().min(1) })),
})

export type OAuthProfile = z.infer<typeof oauthProfileSchema>
export type OAuthProfileInput = z.input<typeof oauthProfileSchema>
