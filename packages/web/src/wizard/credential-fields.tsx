import { Alert, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { Platform } from '../api/answers.ts'
import { useLanguage } from '../i18n/language.tsx'
import type { MessageKey } from '../i18n/messages.en.ts'
import { SecretField } from '../parts/field.tsx'
import { Countdown } from './countdown.tsx'
import type { Draft, Secrets } from './draft.ts'
import { readPasted } from './read-pasted.ts'

interface Note {
  readonly key: MessageKey
  readonly error?: string
}

/** The fields for a code or for tokens. Whatever is pasted into any of them ends up where it belongs. */
export function CredentialFields(props: {
  readonly platform: Platform
  readonly kind: NonNullable<Draft['kind']>
  readonly secrets: Secrets
  readonly onSecrets: (change: Partial<Secrets>) => void
  readonly onKind: (kind: NonNullable<Draft['kind']>) => void
}) {
  const { platform, kind, secrets, onSecrets, onKind } = props
  const { t } = useLanguage()
  const [note, setNote] = useState<Note | null>(null)

  const take = (field: 'code' | 'accessToken' | 'refreshToken', text: string) => {
    const pasted = readPasted(text)
    const now = Date.now()
    switch (pasted.kind) {
      case 'code':
        onSecrets({ code: pasted.code, codeAt: now })
        setNote({ key: field === 'code' ? 'wizard.note.code' : 'wizard.note.codeInTokens' })
        return onKind('code')
      case 'tokens':
        onSecrets({
          accessToken: pasted.accessToken,
          refreshToken: pasted.refreshToken,
          accessTokenAt: pasted.accessToken === '' ? null : now,
        })
        setNote({ key: field === 'code' ? 'wizard.note.tokensInCode' : 'wizard.note.tokens' })
        return onKind('tokens')
      case 'refusal':
        onSecrets({ [field]: '' })
        return setNote({ key: 'wizard.note.refusal', error: pasted.error })
      case 'value': {
        // Half of an address or of JSON may still be on its way: it stays as it was typed.
        const isPartial = /^\s*["']?(\{|https?:)/i.test(text)
        const value = isPartial ? text : pasted.value
        const at = value === '' ? null : now
        onSecrets({
          [field]: value,
          ...(field === 'code' && !(secrets.codeAt && value) ? { codeAt: at } : {}),
          ...(field === 'accessToken' && !(secrets.accessTokenAt && value) ? { accessTokenAt: at } : {}),
        })
        return setNote(pasted.wasCleaned && !isPartial ? { key: 'wizard.note.cleaned' } : null)
      }
      default:
        pasted satisfies never
    }
  }
  const field = (name: 'code' | 'accessToken' | 'refreshToken', label: MessageKey) => (
    <SecretField label={t(label)} value={secrets[name]} onText={(text) => take(name, text)} />
  )
  const days = platform.refreshIdleSeconds === null ? null : Math.round(platform.refreshIdleSeconds / 86_400)
  const minutes = Math.round(platform.accessTokenSeconds / 60)
  return (
    <Stack gap="sm" component="fieldset" className="form">
      <Text component="legend" fw={600} mb={4}>
        {t('wizard.credentials')}
      </Text>
      {kind === 'tokens' && (
        <>
          {days !== null && (
            <Alert color="yellow" variant="light">
              {t('wizard.warn.lifetimes', { minutes, days })}
            </Alert>
          )}
          {platform.isRefreshTokenSingleUse && (
            <Alert color="yellow" variant="light">
              {t('wizard.warn.once')}
            </Alert>
          )}
          <Text size="sm">{t('wizard.pasteHelp')}</Text>
          {field('accessToken', 'wizard.accessToken')}
          {secrets.accessTokenAt !== null && (
            <Countdown
              since={secrets.accessTokenAt}
              seconds={platform.accessTokenSeconds}
              running="wizard.countdown.access"
              over="wizard.countdown.accessOver"
            />
          )}
          {field('refreshToken', 'wizard.refreshToken')}
          {secrets.accessToken === '' && secrets.refreshToken !== '' && (
            <Text size="sm">{t('wizard.only.refresh')}</Text>
          )}
          {secrets.accessToken !== '' && secrets.refreshToken === '' && (
            <Text size="sm">{t('wizard.only.access')}</Text>
          )}
        </>
      )}
      {kind === 'code' && (
        <>
          {field('code', 'wizard.code')}
          {secrets.codeAt !== null && platform.codeSeconds !== null && (
            <Countdown
              since={secrets.codeAt}
              seconds={platform.codeSeconds}
              running="wizard.countdown.code"
              over="wizard.countdown.codeOver"
            />
          )}
        </>
      )}
      <Text size="sm" role="status">
        {note && t(note.key, { error: note.error ?? '' })}
      </Text>
    </Stack>
  )
}
