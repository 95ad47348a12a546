import { Alert } from '@mantine/core'
import { problemOf } from '../api/api-client.ts'
import { useLanguage } from '../i18n/language.tsx'
import type { MessageKey } from '../i18n/messages.en.ts'
import { FaultAlert } from '../parts/fault-alert.tsx'

/** What the calls of log-in say, in the person's own language. */
const texts: Readonly<Record<string, MessageKey>> = {
  INVALID_PASSWORD: 'account.wrongPassword',
  INVALID_CODE: 'account.wrongCode',
  PASSWORD_TOO_SHORT: 'account.passwordLength',
  PASSWORD_TOO_LONG: 'account.passwordLength',
  INVALID_TOKEN: 'reset.dead',
  PASSKEY_CANCELLED: 'passkeys.cancelled',
  PASSKEY_KNOWN: 'passkeys.known',
  PASSKEY_UNVERIFIED: 'passkeys.unverified',
  SESSION_NOT_FRESH: 'passkeys.notFresh',
}

export function LogInFault({ error }: { readonly error: unknown }) {
  const { t } = useLanguage()
  const text = texts[problemOf(error).code]
  if (text === undefined) return <FaultAlert error={error} />
  return (
    <Alert color="red" role="alert">
      {t(text)}
    </Alert>
  )
}
