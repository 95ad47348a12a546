import { CompactEncrypt, importJWK, type JWK } from 'jose'
import type { Credentials, PlainCredentials } from './types.ts'

const algorithm = 'ECDH-ES+A256KW'

/**
 * Credentials that only the vault can open: seal them at the moment of consent, keep or mail the envelope, hand it over
 * when you like. `key` is what `handoverKey()` gave; a later rotation does not close earlier envelopes.
 * @see RFC 7516, RFC 7518 § 4.6
 */
export async function sealCredentials(
  key: JWK,
  credentials: PlainCredentials,
): Promise<Extract<Credentials, { kind: 'sealed' }>> {
  if (key.kid === undefined || key.alg !== algorithm) {
    throw new TypeError(`key must be the JWK at /api/v1/handover-key: with a kid, for ${algorithm}`)
  }
  const jwe = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(credentials)))
    .setProtectedHeader({ alg: algorithm, enc: 'A256GCM', kid: key.kid })
    .encrypt(await importJWK(key, algorithm))
  return { kind: 'sealed', jwe }
}
