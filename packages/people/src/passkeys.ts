import { passkey } from '@better-auth/passkey'
import { APIError } from 'better-auth/api'
import { passkeyNames } from './log-in-tables.ts'

const unverified = () =>
  new APIError('UNAUTHORIZED', {
    code: 'PASSKEY_UNVERIFIED',
    message: 'The authenticator did not check that it is you: a PIN, finger or face is needed.',
  })

/**
 * Passkeys that stand in for password and second factor together: having the authenticator is one, what it checks
 * (PIN, finger, face) the other, and an answer without that check is refused at registration and at log-in.
 *
 * A browser binds a passkey to a name. Without a public address that is `localhost`, the only one at which browsers offer
 * passkeys over plain http.
 * @see https://www.w3.org/TR/webauthn-3/ § 5.1.2 and § 6.1 (flag UV), read 2026-11-25
 */
export const passkeys = (publicUrl: string | null) =>
  passkey({
    rpName: 'Sluis',
    rpID: publicUrl === null ? 'localhost' : new URL(publicUrl).hostname,
    // Null: the header `Origin`, which the library compares with the address that the request came to.
    origin: publicUrl === null ? null : new URL(publicUrl).origin,
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    registration: {
      afterVerification: async ({ verification }) => {
        if (verification.registrationInfo?.userVerified !== true) throw unverified()
      },
    },
    authentication: {
      afterVerification: async ({ verification }) => {
        if (!verification.authenticationInfo.userVerified) throw unverified()
      },
    },
    advanced: { webAuthnChallengeCookie: 'passkey' },
    schema: passkeyNames,
  })
