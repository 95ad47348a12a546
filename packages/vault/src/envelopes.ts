import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { type OrganisationId, PlainSecret, SluisError } from '@sluis/shared'
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader, importJWK, type JWK } from 'jose'
import { z } from 'zod'
import { envelopeRoute, type IdempotentRequest } from './idempotency.ts'
import type { KeyRing } from './key-ring.ts'
import type { HandoverCredentials } from './vault.ts'

/** How envelopes are made; both sides agree on exactly this. @see RFC 7518 § 4.6, § 5.3 */
const algorithm = 'ECDH-ES+A256KW'
const encryption = 'A256GCM'
const mostBytes = 100_000

const secret = z
  .string()
  .min(1)
  .max(20_000)
  .transform((text) => new PlainSecret(text))
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

const valuesSchema = z.record(z.string().max(60), z.string().max(500))

/** What stands in an envelope: the same credentials objects that are handed over in the open. */
const contentSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('tokens'),
    accessToken: secret.optional(),
    refreshToken: secret.optional(),
    obtainedAt: time.optional(),
    expiresIn: z.number().int().positive().max(100_000_000).optional(),
    values: valuesSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal('code'),
    code: secret,
    obtainedAt: time.optional(),
    codeVerifier: secret.optional(),
    values: valuesSchema.optional(),
  }),
])

/** Any two handovers of one envelope are the same request, with whatever key of its own each may come. */
export interface OpenedEnvelope {
  readonly credentials: HandoverCredentials
  readonly request: IdempotentRequest
}

/** Credentials that a partner sealed at the moment of consent; only the vault of the organisation opens them. */
export class Envelopes {
  readonly #keys: KeyRing

  constructor(keys: KeyRing) {
    this.#keys = keys
  }

  /** The public key to seal for this organisation now. @see RFC 7517 */
  async publicKey(organisationId: OrganisationId): Promise<JWK> {
    const { id, bytes } = await this.#keys.keyFor(organisationId, 'handover', newPrivateKey)
    const jwk = createPublicKey(privateKeyOf(bytes)).export({ format: 'jwk' }) as JWK
    return { ...jwk, use: 'enc', alg: algorithm, kid: id }
  }

  /** An envelope that only this organisation's vault opens. */
  async seal(organisationId: OrganisationId, content: object): Promise<string> {
    const { kid, ...jwk } = await this.publicKey(organisationId)
    return new CompactEncrypt(Buffer.from(JSON.stringify(content)))
      .setProtectedHeader({ alg: algorithm, enc: encryption, ...(kid === undefined ? {} : { kid }) })
      .encrypt(await importJWK(jwk, algorithm))
  }

  /** A new key pair; envelopes for the earlier ones still open. */
  async rotate(organisationId: OrganisationId): Promise<void> {
    await this.#keys.rotate(organisationId, 'handover', newPrivateKey())
  }

  async open(organisationId: OrganisationId, jwe: PlainSecret): Promise<OpenedEnvelope> {
    const text = jwe.reveal().trim()
    const plain = await this.#decrypt(organisationId, text)
    const content = contentSchema.safeParse(parseJson(plain))
    if (!content.success) {
      const faults = content.error.issues.map(
        ({ path, message }) => `${path.join('.') || 'content'}: ${message}`,
      )
      throw refused(`The envelope opens, and holds no usable credentials (${faults.join('; ')}).`)
    }
    // Of the content and not of the envelope's text, which can be written in more than one way.
    const key = (await this.#keys.fingerprint(`envelope ${organisationId} ${plain}`)).toString('base64url')
    return {
      credentials: toCredentials(content.data),
      request: { key, route: envelopeRoute, body: '' },
    }
  }

  async #decrypt(organisationId: OrganisationId, text: string): Promise<string> {
    if (text.length > mostBytes) throw refused('The envelope is too large.')
    let kid: unknown
    try {
      kid = decodeProtectedHeader(text).kid
    } catch {
      throw refused('The envelope is not a compact JWE.')
    }
    const key = typeof kid === 'string' ? await this.#keys.findKey(kid) : null
    // Keys of other organisations, and keys for other ends, are as unknown as those that never were.
    const bytes = key?.organisation === organisationId ? key.bytes : null
    if (bytes === null || bytes.length === 32)
      throw refused('The envelope was not sealed for this organisation’s key.')
    try {
      const { plaintext } = await compactDecrypt(text, privateKeyOf(bytes), {
        keyManagementAlgorithms: [algorithm],
        contentEncryptionAlgorithms: [encryption],
      })
      return Buffer.from(plaintext).toString('utf8')
    } catch {
      throw refused('The envelope does not open.')
    }
  }
}

const refused = (message: string) =>
  new SluisError('INVALID_REQUEST', message, {
    hint: `Seal {"kind":"tokens",…} or {"kind":"code",…} as a compact JWE with ${algorithm} and ${encryption}, for the key at GET /api/v1/handover-key with its kid.`,
    details: { field: 'credentials.jwe' },
  })

function newPrivateKey(): Buffer {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    format: 'der',
    type: 'pkcs8',
  })
}

function privateKeyOf(der: Buffer) {
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function toCredentials(content: z.infer<typeof contentSchema>): HandoverCredentials {
  if (content.kind === 'code') {
    const { kind, code, obtainedAt, codeVerifier, values } = content
    return {
      kind,
      code,
      ...(obtainedAt === undefined ? {} : { obtainedAt }),
      ...(codeVerifier === undefined ? {} : { codeVerifier }),
      ...(values === undefined ? {} : { values }),
    }
  }
  const { kind, accessToken, refreshToken, obtainedAt, expiresIn, values } = content
  return {
    kind,
    ...(accessToken === undefined ? {} : { accessToken }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(obtainedAt === undefined ? {} : { obtainedAt }),
    ...(expiresIn === undefined ? {} : { expiresInSeconds: expiresIn }),
    ...(values === undefined ? {} : { values }),
  }
}
