import { useEffect, useState } from 'react'

/** What was answered so far and may be remembered. Secrets are not here: they never leave the page's memory. */
export interface Draft {
  readonly region: string | null
  readonly way: 'preauthenticated' | 'login' | 'grant' | null
  /** The id of a kept client, `typed` for another, or null while nobody has chosen. */
  readonly client: string | null
  readonly clientId: string
  readonly redirectUri: string
  readonly kind: 'code' | 'tokens' | null
  readonly grant: string | null
}

export const emptyDraft: Draft = {
  region: null,
  way: null,
  client: null,
  clientId: '',
  redirectUri: '',
  kind: null,
  grant: null,
}

const keyOf = (platform: string) => `sluis.wizard.${platform}`

/** The draft of a platform, kept for this tab over errors and reloads. */
export function useDraft(platform: string) {
  const key = keyOf(platform)
  const [draft, setDraft] = useState<Draft>(() => {
    try {
      return { ...emptyDraft, ...(JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<Draft>) }
    } catch {
      return emptyDraft
    }
  })
  useEffect(() => sessionStorage.setItem(key, JSON.stringify(draft)), [key, draft])
  return [draft, (change: Partial<Draft>) => setDraft((now) => ({ ...now, ...change }))] as const
}

/** Puts a grant into the wizard of its platform. */
export function putIntoWizard(
  platform: string,
  place: { readonly grant: string; readonly region?: string },
): void {
  const key = keyOf(platform)
  const draft = JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<Draft>
  sessionStorage.setItem(key, JSON.stringify({ ...draft, way: 'grant', ...place }))
}

/** Where somebody was who left for the platform's page. */
export type Back =
  | { readonly kind: 'wizard'; readonly platform: string }
  | { readonly kind: 'renew'; readonly grant: string }

const backKey = 'sluis.wizard.back'

/** The browser leaves for the platform's page, and this is where it wants to be afterwards. */
export const rememberBack = (back: Back) => sessionStorage.setItem(backKey, JSON.stringify(back))

/** Where the browser was before it left, told once; null where nobody left. */
export function takeBack(): Back | null {
  const text = sessionStorage.getItem(backKey)
  sessionStorage.removeItem(backKey)
  return text === null ? null : (JSON.parse(text) as Back)
}

/** Secrets as typed, with the moment at which the short-lived ones came in. */
export interface Secrets {
  readonly clientSecret: string
  readonly code: string
  readonly accessToken: string
  readonly refreshToken: string
  readonly codeAt: number | null
  readonly accessTokenAt: number | null
}

export const noSecrets: Secrets = {
  clientSecret: '',
  code: '',
  accessToken: '',
  refreshToken: '',
  codeAt: null,
  accessTokenAt: null,
}
