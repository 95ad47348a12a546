/** What somebody pasted into a field for credentials. */
export type Pasted =
  /** The value itself, without the blanks and quotes that pasting adds. */
  | { readonly kind: 'value'; readonly value: string; readonly wasCleaned: boolean }
  /** A callback address, or its query: the code that it carries. */
  | { readonly kind: 'code'; readonly code: string }
  /** A callback address that says no. */
  | { readonly kind: 'refusal'; readonly error: string }
  /** The JSON answer of a token endpoint. */
  | { readonly kind: 'tokens'; readonly accessToken: string; readonly refreshToken: string }

/** No token or code has a blank or a quote in it. */
const clean = (text: string) => text.replace(/[\s"'`“”‘’\u200b\ufeff]+/g, '')

/** Reads what was pasted or typed; half-typed JSON or addresses are values like any other. */
export function readPasted(text: string): Pasted {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) {
    const tokens = tokensIn(trimmed)
    if (tokens) return tokens
  }
  const bare = clean(text)
  const query = queryIn(bare)
  const code = query?.get('code')
  if (code) return { kind: 'code', code }
  const error = query?.get('error')
  if (error) return { kind: 'refusal', error: error.slice(0, 60) }
  const value = /^stamp[A-Z]{2}\d*\.[^!]*%21/.test(bare) ? decoded(bare) : bare
  return { kind: 'value', value, wasCleaned: value !== text }
}

function tokensIn(text: string): Pasted | null {
  try {
    const json = JSON.parse(text) as Record<string, unknown>
    const pick = (...names: string[]) =>
      clean(String(names.map((name) => json[name]).find((value) => typeof value === 'string') ?? ''))
    const accessToken = pick('access_token', 'accessToken')
    const refreshToken = pick('refresh_token', 'refreshToken')
    return accessToken || refreshToken ? { kind: 'tokens', accessToken, refreshToken } : null
  } catch {
    return null
  }
}

function queryIn(text: string): URLSearchParams | null {
  if (/^https?:\/\//i.test(text)) return URL.canParse(text) ? new URL(text).searchParams : null
  return /^\??(code|error|state)=/.test(text) ? new URLSearchParams(text) : null
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The region that a token's own country stamp names (`stampNL001.…`), or null. */
export function stampedRegion(token: string): string | null {
  const country = /^stamp([A-Z]{2})\d*\./.exec(token)?.[1]
  if (country === undefined) return null
  return country === 'GB' ? 'uk' : country.toLowerCase()
}

/** A database name made of a company's name: what every surface can spell without quotes. */
export function nameFrom(label: string): string {
  const name = label
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50)
  return /^[a-z]/.test(name) ? name : `db-${name || 'sluis'}`
}
