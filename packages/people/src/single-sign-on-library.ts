import type { PersonId } from '@sluis/shared'
import { APIError } from 'better-auth/api'
import { genericOAuth } from 'better-auth/plugins/generic-oauth'
import type { BetterAuthOptions } from 'better-auth/types'
import type { LogInParts } from './log-in-parts.ts'
import { discoveryUrl, type SingleSignOn } from './openid-provider.ts'
import { invitedOnly } from './taken-invitations.ts'
import { unprovenAccess } from './unproven-access.ts'

/** The provider as the library knows it: PKCE, state bound to the browser, nonce, and signed ID tokens only. */
export const openIdProvider = (config: SingleSignOn) =>
  genericOAuth({
    config: [
      {
        providerId: 'sso',
        name: config.name,
        discoveryUrl: discoveryUrl(config.issuer),
        clientId: config.clientId,
        clientSecret: config.clientSecret,
        // What OpenID Connect Core 1.0 § 9 takes where nothing else was agreed on.
        authentication: 'basic',
        scopes: ['openid', 'email', 'profile'],
        requireIdTokenVerification: true,
      },
    ],
  })

/**
 * Somebody who exists is found by an address that the provider has verified, and by the provider's own name for them from
 * then on. That our own side never mailed that address does not count against them: what was opened in its name before is
 * shut at that moment (`unprovenAccess`).
 */
export const accountLinking = {
  requireLocalEmailVerified: false,
  trustedProviders: [],
} satisfies NonNullable<BetterAuthOptions['account']>['accountLinking']

/** Lets only invited people become somebody here, and keeps none of the provider's tokens: nothing is asked of it later. */
export function singleSignOnHooks(parts: LogInParts): NonNullable<BetterAuthOptions['databaseHooks']> {
  const invited = invitedOnly(parts)
  const unproven = unprovenAccess(parts)
  const withoutTokens = async <Row extends object>(row: Row) => ({
    data: { ...row, accessToken: null, refreshToken: null, idToken: null },
  })
  return {
    user: {
      create: {
        before: async (user) => {
          if (!user.emailVerified) {
            throw new APIError('FORBIDDEN', {
              code: 'EMAIL_NOT_VERIFIED',
              message: 'The provider has not verified this address.',
            })
          }
          if (!(await invited.isInvited(user.email))) {
            throw new APIError('FORBIDDEN', { code: 'NOT_INVITED', message: 'There is no invitation.' })
          }
          return { data: { ...user, name: user.name || user.email } }
        },
        after: async (user) => invited.join(user.id as PersonId, user.email),
      },
    },
    account: {
      create: {
        before: async (account) => {
          // Somebody who is being made by this log-in is not there yet, and has nothing to end.
          await unproven.end(account.userId as PersonId, 'single-sign-on')
          return withoutTokens(account)
        },
      },
      update: { before: (account) => withoutTokens(account) },
    },
  }
}
