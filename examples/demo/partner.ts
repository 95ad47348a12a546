import type { EmulatorProcess } from './emulator-process.ts'

/** A token answer as a software partner's own web application would hold it. */
export interface PartnerTokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresIn: number
  /** ISO 8601. */
  readonly obtainedAt: string
}

export interface PartnerApp {
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
}

/**
 * Plays the partner: its customer consents at the platform, the browser comes back with a code, and the partner's web
 * application exchanges it (RFC 6749 § 4.1.3). Sluis has no part in this.
 */
export async function obtainTokens(
  emulator: EmulatorProcess,
  { clientId, clientSecret, redirectUri }: PartnerApp,
  user: string,
  tokenPath: string,
): Promise<PartnerTokens> {
  await emulator.control('apps', { clientId, clientSecret, redirectUris: [redirectUri] })
  const { code } = await emulator.control('consents', { clientId, user, redirectUri })
  const { now } = await emulator.control('clock')
  const response = await fetch(`${emulator.url}${tokenPath}`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      // Exact Online hands the code out URL-encoded, and wants it decoded; other codes are not changed by that.
      code: decodeURIComponent(String(code)),
      redirect_uri: redirectUri,
      client_id: clientId,
      client_secret: clientSecret,
    }),
  })
  const answer = (await response.json()) as Record<string, string>
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = answer
  if (!response.ok || !accessToken || !refreshToken) {
    throw new Error(`the emulator gave no tokens: ${response.status} ${answer.error ?? ''}`)
  }
  return {
    accessToken,
    refreshToken,
    expiresIn: Number(expiresIn),
    obtainedAt: new Date(Number(now)).toISOString(),
  }
}
