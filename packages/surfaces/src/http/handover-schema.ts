import { isId, type OrganisationId, PlainSecret, SluisError } from '@sluis/shared'
import type { AskedHandover, HandoverCredentials, NamedClient, OAuthClient } from '@sluis/vault'
import { z } from 'zod'
import { isoTime, secretText, strict } from './strict-schema.ts'

const storedId = z.string().regex(/^cli_/, 'the id of a client starts with cli_')

/** The id of a stored client, alone or with one of its addresses, or all that stands at the platform. */
export const clientSchema = z.union(
  [
    storedId,
    strict({ id: storedId, redirectUri: z.string().trim().min(1).max(2000).optional() }),
    strict({
      clientId: z.string().trim().min(1).max(200),
      clientSecret: secretText,
      redirectUri: z.string().trim().min(1).max(2000),
    }),
  ],
  { error: 'is neither {clientId, clientSecret, redirectUri} nor the id of a stored client' },
)

/** What else came with the consent and the platform's API needs: `realmId`. No secrets. */
const values = z
  .record(z.string().regex(/^[\w.-]{1,60}$/), z.string().max(500))
  .refine((all) => Object.keys(all).length <= 20, 'has at most 20 members')

const obtainedAt = isoTime
  .optional()
  .describe('When the platform answered (ISO 8601 with a zone); now, unless told.')
const kept = values
  .optional()
  .describe('What else came with the consent and the platform’s API needs: `realmId`. No secrets.')

const tokens = strict({
  kind: z.literal('tokens'),
  accessToken: secretText.optional(),
  refreshToken: secretText.optional(),
  obtainedAt,
  expiresIn: z
    .number()
    .int()
    .positive()
    .max(100_000_000)
    .optional()
    .describe('Seconds that the access token lives, from `obtainedAt`.'),
  values: kept,
})
const code = strict({
  kind: z.literal('code'),
  code: secretText.describe('The code, or the whole address that the platform sent the browser to.'),
  obtainedAt,
  codeVerifier: secretText.optional(),
  values: kept,
})

const sealed = strict({
  kind: z.literal('sealed'),
  jwe: z.string().min(1).max(100_000).describe('A compact JWE for the key at `/handover-key`.'),
})

export const credentialsSchema = z.discriminatedUnion('kind', [tokens, code, sealed])

export const handoverShape = {
  platform: z.string().min(1).max(60),
  region: z.string().min(1).max(60),
  client: clientSchema,
  credentials: credentialsSchema,
}

/** What the grant is called here. */
export const handoverNames = {
  label: z.string().max(200).optional(),
  externalId: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Your own name for the customer, unique in the organisation.'),
}

export const handoverSchema = strict({
  ...handoverShape,
  ...handoverNames,
})
for (const [id, schema] of Object.entries({
  Client: clientSchema,
  TokenCredentials: tokens,
  CodeCredentials: code,
  SealedCredentials: sealed,
  Credentials: credentialsSchema,
  Handover: handoverSchema,
}))
  z.globalRegistry.add(schema, { id })

type Body = Pick<z.infer<typeof handoverSchema>, 'platform' | 'region' | 'client' | 'credentials'> & {
  readonly label?: string | undefined
  readonly externalId?: string | undefined
}

/** The body as the vault takes it: secrets become secrets here and nowhere later. */
export function toHandover(organisationId: OrganisationId, body: Body): AskedHandover {
  const { credentials } = body
  return {
    organisationId,
    platform: body.platform,
    region: body.region,
    client: toClient(body.client),
    credentials:
      credentials.kind === 'sealed'
        ? { kind: 'sealed', jwe: new PlainSecret(credentials.jwe) }
        : toCredentials(credentials),
    ...(body.label === undefined ? {} : { label: body.label }),
    ...(body.externalId === undefined ? {} : { externalId: body.externalId }),
  }
}

export function toClient(client: z.infer<typeof clientSchema>): OAuthClient | NamedClient {
  if (typeof client === 'object' && 'clientId' in client) {
    const { clientId, clientSecret, redirectUri } = client
    return { clientId, clientSecret: new PlainSecret(clientSecret), redirectUri }
  }
  const { id, redirectUri } = typeof client === 'string' ? { id: client, redirectUri: undefined } : client
  if (isId('cli', id)) return { stored: id, ...(redirectUri === undefined ? {} : { redirectUri }) }
  throw new SluisError('INVALID_REQUEST', 'client is not the id of a client.', {
    hint: 'GET /api/v1/clients lists them.',
    details: { field: 'client' },
  })
}

function toCredentials(
  credentials: Exclude<z.infer<typeof credentialsSchema>, { kind: 'sealed' }>,
): HandoverCredentials {
  const { obtainedAt } = credentials
  const at = {
    ...(obtainedAt === undefined ? {} : { obtainedAt }),
    ...(credentials.values === undefined ? {} : { values: credentials.values }),
  }
  if (credentials.kind === 'code') {
    return {
      kind: 'code',
      code: new PlainSecret(credentials.code),
      ...at,
      ...(credentials.codeVerifier === undefined
        ? {}
        : { codeVerifier: new PlainSecret(credentials.codeVerifier) }),
    }
  }
  return {
    kind: 'tokens',
    ...(credentials.accessToken === undefined
      ? {}
      : { accessToken: new PlainSecret(credentials.accessToken) }),
    ...(credentials.refreshToken === undefined
      ? {}
      : { refreshToken: new PlainSecret(credentials.refreshToken) }),
    ...at,
    ...(credentials.expiresIn === undefined ? {} : { expiresInSeconds: credentials.expiresIn }),
  }
}
