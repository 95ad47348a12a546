/** An OpenID provider at which people log in instead of here. */
export interface SingleSignOn {
  /** As its tokens name it; what is needed besides stands at its `/.well-known/openid-configuration`. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** What people call it, for the button. */
  readonly name: string
}

const lookMs = 10_000

/**
 * Rejects unless the provider names itself as the operator did.
 * @see OpenID Connect Discovery 1.0 § 4.3, read 2026-11-25
 */
export async function assertIssuer(issuer: string): Promise<void> {
  const answer = await fetch(discoveryUrl(issuer), {
    redirect: 'error',
    signal: AbortSignal.timeout(lookMs),
  })
  const found = (await answer.json()) as { readonly issuer?: unknown }
  if (found.issuer !== issuer) throw new Error('its configuration names another issuer')
}

export const discoveryUrl = (issuer: string) =>
  `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
