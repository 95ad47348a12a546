import { PlainSecret, SluisError } from '@sluis/shared'
import type { OAuthPlatform, PlatformRegion, PlatformValues } from './oauth-platform.ts'
import type { Handover, HandoverCredentials } from './vault.ts'

const invalid = (message: string, field: string, hint?: string) =>
  new SluisError('INVALID_REQUEST', message, { details: { field }, ...(hint === undefined ? {} : { hint }) })

/** Pasting adds blanks, quotes and line breaks; no token has any. */
export function cleanToken(secret: PlainSecret): PlainSecret {
  return new PlainSecret(secret.reveal().replace(/[\s"'`“”‘’\u200b\ufeff]+/g, ''))
}

/** A code as pasted: alone, URL-encoded, or inside the whole callback address. */
export function cleanCode(secret: PlainSecret): PlainSecret {
  const text = cleanToken(secret).reveal()
  if (/^https?:\/\//i.test(text)) {
    const query = URL.canParse(text) ? new URL(text).searchParams : null
    const code = query?.get('code')
    if (code) return new PlainSecret(code)
    const refusal = query?.get('error')
    throw new SluisError(
      'HANDOVER_INCOMPLETE',
      refusal
        ? `The address says that no permission was given (${refusal.slice(0, 60)}).`
        : 'The address holds no code.',
      { hint: 'Paste the whole address that the browser was sent to after the consent.' },
    )
  }
  try {
    return new PlainSecret(/%[0-9a-f]{2}/i.test(text) ? decodeURIComponent(text) : text)
  } catch {
    return new PlainSecret(text)
  }
}

/** What a pasted callback address carries besides the code and the platform keeps. */
function callbackValues(code: PlainSecret, { consent }: OAuthPlatform): PlatformValues | null {
  const url = URL.parse(code.reveal().trim())
  const kept = (consent?.keeps ?? []).flatMap((name) => {
    const value = url?.searchParams.get(name)
    return value ? [[name, value.slice(0, 500)] as const] : []
  })
  return kept.length === 0 ? null : Object.fromEntries(kept)
}

/** The platform and region that a handover names, or `INVALID_REQUEST` with what there is. */
export function findIssuer(
  platforms: ReadonlyMap<string, OAuthPlatform>,
  handover: Pick<Handover, 'platform' | 'region'>,
): { readonly platform: OAuthPlatform; readonly region: PlatformRegion } {
  const platform = platforms.get(handover.platform)
  if (!platform) {
    throw invalid(
      `Unknown platform "${handover.platform.slice(0, 60)}".`,
      'platform',
      `Allowed: ${[...platforms.keys()].join(', ')}.`,
    )
  }
  const region = platform.regions.get(handover.region)
  if (!region) {
    throw invalid(
      `${platform.label} has no region "${handover.region.slice(0, 60)}" here.`,
      'region',
      `Allowed: ${[...platform.regions.keys()].join(', ')}.`,
    )
  }
  return { platform, region }
}

const futureMs = 60_000

/** Credentials as they can be used, with everything refused that can be refused without asking the platform. */
export function checkCredentials(
  credentials: HandoverCredentials,
  platform: OAuthPlatform,
  region: PlatformRegion,
  now: number,
): HandoverCredentials {
  const { obtainedAt } = credentials
  if (obtainedAt !== undefined && obtainedAt > now + futureMs) {
    throw invalid(
      'obtainedAt lies in the future.',
      'credentials.obtainedAt',
      'Give the moment of the token answer, with its time zone.',
    )
  }
  const { policy } = platform
  const age = now - (obtainedAt ?? now)
  if (credentials.kind === 'code') {
    const code = cleanCode(credentials.code)
    if (code.reveal() === '') throw new SluisError('HANDOVER_INCOMPLETE', 'The code is empty.')
    checkStamp(code, platform, region)
    if (policy.codeSeconds !== null && age > policy.codeSeconds * 1000) {
      throw new SluisError(
        'HANDOVER_CODE_EXPIRED',
        `The code is ${Math.round(age / 1000)} seconds old; ${platform.label} takes it for ${policy.codeSeconds}.`,
        {
          hint: 'Let the user consent again and hand the code over at once, or hand over tokens, which live longer.',
        },
      )
    }
    const values = callbackValues(credentials.code, platform)
    return {
      ...credentials,
      code,
      ...(values === null ? {} : { values: { ...values, ...credentials.values } }),
    }
  }
  const accessToken = credentials.accessToken && cleanToken(credentials.accessToken)
  const refreshToken = credentials.refreshToken && cleanToken(credentials.refreshToken)
  if (!accessToken?.reveal() && !refreshToken?.reveal()) {
    throw new SluisError('HANDOVER_INCOMPLETE', 'Neither an access token nor a refresh token was given.', {
      hint: 'Give at least one; both are best: then nothing has to be spent to verify them.',
      details: { field: 'credentials' },
    })
  }
  for (const token of [accessToken, refreshToken]) if (token) checkStamp(token, platform, region)
  if (refreshToken && policy.refreshIdleSeconds !== null && age > policy.refreshIdleSeconds * 1000) {
    throw new SluisError(
      'HANDOVER_TOKEN_EXPIRED',
      `The refresh token is ${Math.floor(age / 86_400_000)} days old; at ${platform.label} it dies after ${policy.refreshIdleSeconds / 86_400} idle days.`,
      {
        hint: 'Let the user consent again. Hand tokens over on the day of the consent: Sluis keeps them alive.',
      },
    )
  }
  return {
    kind: 'tokens',
    ...(accessToken?.reveal() ? { accessToken } : {}),
    ...(refreshToken?.reveal() ? { refreshToken } : {}),
    ...(obtainedAt === undefined ? {} : { obtainedAt }),
    ...(credentials.expiresInSeconds === undefined ? {} : { expiresInSeconds: credentials.expiresInSeconds }),
    ...(credentials.values === undefined ? {} : { values: credentials.values }),
  }
}

/** A token that says it is from another country is refused before anything is spent; an operator's region takes all. */
function checkStamp(token: PlainSecret, platform: OAuthPlatform, region: PlatformRegion): void {
  if (region.isOperators) return
  const stamped = platform.stampedRegion(token)
  if (stamped === null || stamped === region.id) return
  throw new SluisError(
    'HANDOVER_REGION_MISMATCH',
    `The token is of region "${stamped}" and not of "${region.id}".`,
    {
      hint: `Hand it over with region "${stamped}". Nothing was spent.`,
      details: { field: 'region', stamped },
    },
  )
}
