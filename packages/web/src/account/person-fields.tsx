import { useLanguage } from '../i18n/language.tsx'
import { SecretField, TextField } from '../parts/field.tsx'

interface Typed {
  readonly value: string
  readonly onText: (text: string) => void
}

/** The address that somebody logs in with. */
export function EmailField(typed: Typed) {
  const { t } = useLanguage()
  return <TextField label={t('login.email')} type="email" autoComplete="username" required {...typed} />
}

/** What somebody is called. */
export function NameField(typed: Typed) {
  const { t } = useLanguage()
  return <TextField label={t('setup.name')} autoComplete="name" required {...typed} />
}

/** A password that is there already. */
export function PasswordField({ label, ...typed }: Typed & { readonly label: string }) {
  return <SecretField label={label} autoComplete="current-password" required {...typed} />
}

/** A password that is chosen now. */
export function NewPasswordField({ label, ...typed }: Typed & { readonly label: string }) {
  const { t } = useLanguage()
  return (
    <SecretField
      label={label}
      description={t('setup.passwordHelp')}
      autoComplete="new-password"
      required
      minLength={12}
      {...typed}
    />
  )
}
