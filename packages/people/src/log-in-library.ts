import { randomUUID } from 'node:crypto'
import { kyselyAdapter } from '@better-auth/kysely-adapter'
import { newId } from '@sluis/shared'
import type { BetterAuthOptions } from 'better-auth'
import { isAPIError } from 'better-auth/api'
import { betterAuth } from 'better-auth/minimal'
import { twoFactor } from 'better-auth/plugins/two-factor'
import { Kysely, PostgresDialect } from 'kysely'
import { withHashedSessionTokens } from './hashed-session-tokens.ts'
import { addressHeader, type LogInParts, passwordLength, refusedPage } from './log-in-parts.ts'
import {
  accountNames,
  rateNames,
  sessionNames,
  twoFactorNames,
  userNames,
  verificationNames,
} from './log-in-tables.ts'
import type { SingleSignOn } from './openid-provider.ts'
import { passkeys } from './passkeys.ts'
import { accountLinking, openIdProvider, singleSignOnHooks } from './single-sign-on-library.ts'

const sessionSeconds = 7 * 86_400

/** better-auth as the log-in uses it. */
export type LogInLibrary = ReturnType<typeof openLogInLibrary>

/** better-auth over our own PostgreSQL, set up for how people log in here, or else at this provider. */
export function openLogInLibrary(parts: LogInParts, provider: SingleSignOn | null = null) {
  const { store, random, log, secret, publicUrl } = parts
  const isHttps = publicUrl?.startsWith('https://') === true
  const database = new Kysely<never>({ dialect: new PostgresDialect({ pool: store.pool }) })
  return betterAuth({
    appName: 'Sluis',
    baseURL: publicUrl ?? 'http://sluis.invalid',
    basePath: '/api/auth',
    secret: secret.toString('base64url'),
    database: (options: BetterAuthOptions) =>
      withHashedSessionTokens(kyselyAdapter(database, { type: 'postgres', transaction: true })(options)),
    telemetry: { enabled: false },
    onAPIError: {
      errorURL: refusedPage(publicUrl),
      // What was refused is the caller's to read; only our own faults go into the log.
      onError: (error) => {
        if (!isAPIError(error))
          log.error({ error: String((error as Error)?.stack ?? error) }, 'a log-in call failed')
      },
    },
    // Its messages can hold an address that was typed; only what it is about goes into the log.
    logger: {
      level: 'error',
      log: (_level, message) => log.warn({ message: message.slice(0, 200) }, 'log-in'),
    },
    // The page that asks must be one that this server itself has served.
    trustedOrigins: (request) => (request ? [new URL(request.url).origin] : []),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: passwordLength.least,
      maxPasswordLength: passwordLength.most,
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: 86_400,
    },
    user: userNames,
    account: { ...accountNames, accountLinking },
    ...(provider === null ? {} : { databaseHooks: singleSignOnHooks(parts) }),
    session: { ...sessionNames, expiresIn: sessionSeconds, disableSessionRefresh: true, freshAge: 3600 },
    verification: { ...verificationNames, storeIdentifier: 'hashed' },
    rateLimit: {
      ...rateNames,
      enabled: true,
      storage: 'database',
      window: 60,
      max: 120,
      customRules: {
        '/get-session': false,
        '/sign-in/email': { window: 60, max: 30 },
        '/change-password': { window: 60, max: 10 },
        '/verify-password': { window: 60, max: 10 },
        '/reset-password': { window: 60, max: 10 },
        '/two-factor/*': { window: 60, max: 20 },
        '/sign-in/social': { window: 60, max: 30 },
        '/passkey/*': { window: 60, max: 30 },
      },
    },
    advanced: {
      useSecureCookies: false,
      cookiePrefix: isHttps ? '__Host-sluis' : 'sluis',
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/', secure: isHttps },
      ipAddress: { ipAddressHeaders: [addressHeader] },
      database: {
        generateId: ({ model }) =>
          model === 'user'
            ? newId('per', Date.now(), random)
            : model === 'session'
              ? newId('ses', Date.now(), random)
              : randomUUID(),
      },
    },
    plugins: [
      passkeys(publicUrl),
      ...(provider === null ? [] : [openIdProvider(provider)]),
      twoFactor({
        issuer: 'Sluis',
        schema: twoFactorNames,
        backupCodeOptions: { storeBackupCodes: 'encrypted' },
        accountLockout: { enabled: true, maxFailedAttempts: 10, durationSeconds: 900 },
      }),
    ],
  })
}
