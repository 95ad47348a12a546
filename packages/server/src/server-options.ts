import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { SingleSignOn } from '@sluis/people'
import { type OptionName, readOptions, SluisError } from '@sluis/shared'

/** The options, checked and typed. */
export interface ServerOptions {
  readonly home: string
  readonly host: string
  readonly port: number
  readonly publicUrl: string | null
  /** Addresses and networks whose word about who asked is believed. */
  readonly trustedProxies: readonly string[]
  readonly databaseUrl: string | null
  readonly kekFile: string
  /** The key-encryption key itself, in place of the file. */
  readonly kek: string | null
  readonly bootstrapApiKey: string | null
  /** The parsed regions file; null without one. */
  readonly regions: unknown
  readonly logLevel: string
  readonly tokenTimeoutMs: number
  readonly workers: number
  readonly cacheBytes: number
  readonly smtpUrl: string | null
  readonly mailFrom: string | null
  readonly singleSignOn: SingleSignOn | null
  readonly unsafePrivateWebhooks: boolean
  readonly unsafeClockUrl: string | null
}

/** Reads the options; all faults are told at once, as `OPTIONS_INVALID`. */
export function readServerOptions(
  env: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Partial<Record<OptionName, string>>> = {},
): ServerOptions {
  const { texts, faults } = readOptions(env, flags)
  const all = [...faults]
  let regions: unknown = null
  if (texts.regionsFile !== null) {
    try {
      regions = JSON.parse(readFileSync(texts.regionsFile, 'utf8'))
    } catch (error) {
      all.push(
        `SLUIS_REGIONS_FILE "${texts.regionsFile}" cannot be read as JSON (${(error as Error).message.slice(0, 100)})`,
      )
    }
  }
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecret: clientSecret } = texts
  const isWhole = issuer !== null && clientId !== null && clientSecret !== null
  if (!isWhole && [issuer, clientId, clientSecret].some((text) => text !== null)) {
    all.push('SLUIS_OIDC_ISSUER, SLUIS_OIDC_CLIENT_ID and SLUIS_OIDC_CLIENT_SECRET are needed together')
  }
  if (isWhole && texts.publicUrl === null) all.push('SLUIS_OIDC_ISSUER needs SLUIS_PUBLIC_URL')
  if (all.length > 0) {
    throw new SluisError('OPTIONS_INVALID', `${all.join('.\n')}.`, {
      hint: '"npm run sluis -- serve --help" lists all options.',
      details: { faults: all },
    })
  }
  const home = resolve(texts.home)
  return {
    home,
    host: texts.host,
    port: Number(texts.port),
    publicUrl: texts.publicUrl,
    trustedProxies: (texts.trustedProxies ?? '').split(',').flatMap((network) => network.trim() || []),
    databaseUrl: texts.databaseUrl,
    kekFile: texts.kekFile === null ? join(home, 'kek') : resolve(texts.kekFile),
    kek: texts.kek,
    bootstrapApiKey: texts.bootstrapApiKey,
    regions,
    logLevel: texts.logLevel,
    tokenTimeoutMs: Number(texts.tokenTimeoutMs),
    workers: Number(texts.workers),
    cacheBytes: Number(texts.cacheBytes),
    smtpUrl: texts.smtpUrl,
    mailFrom: texts.mailFrom,
    singleSignOn: isWhole
      ? { issuer, clientId, clientSecret, name: texts.oidcName ?? new URL(issuer).host }
      : null,
    unsafePrivateWebhooks: texts.unsafePrivateWebhooks === 'yes',
    unsafeClockUrl: texts.unsafeClockUrl,
  }
}
