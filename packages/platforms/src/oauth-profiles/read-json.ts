import type { PlainSecret } from '@sluis/shared'
import type { PlatformValues } from '@sluis/vault'

/** A body as JSON, or as the form that some endpoints answer in; undefined when it is neither. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return /^[\w.-]+=[^\s<]*(&[\w.-]+=[^\s<]*)*$/.test(text.trim())
      ? Object.fromEntries(new URLSearchParams(text.trim()))
      : undefined
  }
}

/** The claims of a JWT, unverified: it came from the issuer itself over TLS. @see OpenID Connect Core § 3.1.3.7 */
export function claimsOf(jwt: string): Readonly<Record<string, unknown>> {
  const [, payload, signature] = jwt.split('.')
  if (payload === undefined || signature === undefined) return {}
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as unknown
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

interface Sources {
  readonly json: unknown
  readonly accessToken?: PlainSecret
  readonly values?: PlatformValues
}

const asText = (value: unknown): string | null =>
  typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : typeof value === 'string' && value.trim() !== ''
      ? value.trim()
      : null

/** The text at a path; see `oauth-profile.ts` for the forms that a path has. */
export function textAt({ json, accessToken, values }: Sources, path: string): string | null {
  if (path.startsWith('claim:')) {
    return asText(accessToken && claimsOf(accessToken.reveal())[path.slice('claim:'.length)])
  }
  if (path.startsWith('value:')) return values?.[path.slice('value:'.length)] ?? null
  let found: readonly unknown[] = [json]
  for (const key of path.split('.')) {
    found = found.flatMap((value) =>
      typeof value !== 'object' || value === null
        ? []
        : key === '*'
          ? Object.values(value)
          : Object.hasOwn(value, key)
            ? [Reflect.get(value, key) as unknown]
            : [],
    )
  }
  const texts = found.map(asText).filter((text) => text !== null)
  return texts.length === 0 ? null : texts.sort().join('+')
}

export function firstAt(sources: Sources, paths: readonly string[]): string | null {
  for (const path of paths) {
    const text = textAt(sources, path)
    if (text !== null) return text
  }
  return null
}
