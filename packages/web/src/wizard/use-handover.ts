import { useState } from 'react'
import type { Platform, Region } from '../api/answers.ts'
import type { Credentials, NewHandover } from '../api/calls.ts'
import type { StoredClient } from '../api/clients.ts'
import { useLanguage } from '../i18n/language.tsx'
import { redirectOf } from './client-fields.tsx'
import { type Draft, noSecrets, type Secrets } from './draft.ts'
import { useKeptClients } from './kept-clients.ts'
import { stampedRegion } from './read-pasted.ts'

export interface TypedHandover {
  readonly kept: readonly StoredClient[]
  readonly picked: StoredClient | undefined
  readonly secrets: Secrets
  readonly onSecrets: (change: Partial<Secrets>) => void
  readonly forget: () => void
  /** The country that a token bears, where it is not the chosen one. The server would refuse it too. */
  readonly contradiction: Region | undefined
  /** What lacks, in the person's language, since the last `take`. */
  readonly missing: readonly string[]
  readonly say: (missing: readonly string[]) => void
  /** What is to be handed over, or null where something lacks or contradicts. */
  readonly take: () => NewHandover | null
}

/** Credentials obtained elsewhere, as they are typed: secrets in this page's memory, all else in the draft. */
export function useHandover(platform: Platform, region: string | null, draft: Draft): TypedHandover {
  const { t } = useLanguage()
  const [secrets, setSecrets] = useState(noSecrets)
  const [missing, say] = useState<readonly string[]>([])
  const kept = useKeptClients(platform.id, region)
  const picked = kept.find(({ id }) => id === draft.client)
  const { kind } = draft
  const chosen = platform.regions.find(({ id }) => id === region)
  const typed = kind === 'code' ? [secrets.code] : [secrets.accessToken, secrets.refreshToken]
  const stamps = typed.map(stampedRegion)
  const contradiction = chosen?.isOperators
    ? undefined
    : platform.regions.find((one) => one.id !== region && !one.isOperators && stamps.includes(one.id))

  const take = (): NewHandover | null => {
    const hasCredentials = kind === 'code' ? secrets.code : secrets.accessToken || secrets.refreshToken
    const lacks = [
      picked || draft.clientId.trim() ? '' : t('wizard.clientId'),
      picked || secrets.clientSecret.trim() ? '' : t('wizard.clientSecret'),
      picked || draft.redirectUri.trim() ? '' : t('wizard.redirectUrl'),
      hasCredentials ? '' : t(kind === 'code' ? 'wizard.kind.code' : 'wizard.kind.tokens'),
    ].filter(Boolean)
    say(lacks)
    if (lacks.length > 0 || region === null || contradiction) return null
    const credentials: Credentials =
      kind === 'code'
        ? { kind, code: secrets.code }
        : {
            kind: 'tokens',
            ...(secrets.accessToken ? { accessToken: secrets.accessToken } : {}),
            ...(secrets.refreshToken ? { refreshToken: secrets.refreshToken } : {}),
          }
    const client = picked
      ? { id: picked.id, redirectUri: redirectOf(picked, draft) }
      : {
          clientId: draft.clientId.trim(),
          clientSecret: secrets.clientSecret.trim(),
          redirectUri: draft.redirectUri.trim(),
        }
    return { platform: platform.id, region, client, credentials }
  }
  return {
    kept,
    picked,
    secrets,
    onSecrets: (part) => setSecrets((now) => ({ ...now, ...part })),
    forget: () => setSecrets(noSecrets),
    contradiction,
    missing,
    say,
    take,
  }
}
