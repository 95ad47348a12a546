import { problemOf } from '../api/api-client.ts'
import { useLanguage } from '../i18n/language.tsx'
import type { MessageKey } from '../i18n/messages.en.ts'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { Refusal } from '../parts/refusal.tsx'

type Texts = Readonly<Record<string, MessageKey>>

const ofPasskeys: Texts = {
  PASSKEY_CANCELLED: 'passkeys.cancelled',
  PASSKEY_UNVERIFIED: 'passkeys.unverified',
}
/** What the calls about an account say, in the person's own language. */
const ofAccount: Texts = {
  ...ofPasskeys,
  INVALID_PASSWORD: 'account.wrongPassword',
  INVALID_CODE: 'account.wrongCode',
  PASSWORD_TOO_SHORT: 'account.passwordLength',
  PASSWORD_TOO_LONG: 'account.passwordLength',
  INVALID_TOKEN: 'reset.dead',
  PASSKEY_KNOWN: 'passkeys.known',
  SESSION_NOT_FRESH: 'passkeys.notFresh',
}
/** Of a log-in is told only what failed for another reason than what was typed. */
const ofLogIn: Texts = {
  ...ofPasskeys,
  ACCOUNT_TEMPORARILY_LOCKED: 'login.locked',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'login.tooManyCodes',
}

/** A fault of a person's own account. */
export function AccountFault({ error }: { readonly error: unknown }) {
  const { t } = useLanguage()
  const text = ofAccount[problemOf(error).code]
  return text === undefined ? <FaultAlert error={error} /> : <Refusal>{t(text)}</Refusal>
}

/** A log-in that failed; `refused` is what is said of what was typed. */
export function LogInFault(props: { readonly error: unknown; readonly refused: MessageKey }) {
  const { t } = useLanguage()
  return <Refusal>{t(textOf(props.error) ?? props.refused)}</Refusal>
}

function textOf(error: unknown): MessageKey | null {
  const { code, status } = problemOf(error)
  if (status === 0) return 'login.unreachable'
  return ofLogIn[code] ?? (status === 429 ? 'login.tooMany' : null)
}
