import { Button, Divider, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ForgotPassword } from '../account/forgot-password.tsx'
import { LogInFault } from '../account/log-in-fault.tsx'
import { EmailField, PasswordField } from '../account/person-fields.tsx'
import { knowsPasskeys, logInWithPasskey } from '../account/web-authn.ts'
import { problemOf } from '../api/api-client.ts'
import { beginSingleSignOn, singleSignOnQuery } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { SecretField, TextField } from '../parts/field.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { useTask } from '../parts/use-task.ts'
import { useSession } from '../session.tsx'

/** Log in as a person where the server has people, or with an API key, which stays in memory. */
export function LoginPage({ offersPassword }: { readonly offersPassword: boolean }) {
  const { t } = useLanguage()
  return (
    <Stack maw={420} mx="auto">
      <PageHeading title={t('login.title')} />
      {offersPassword && (
        <>
          <PasswordForm />
          <Divider label={t('login.or')} labelPosition="center" />
        </>
      )}
      <KeyForm />
    </Stack>
  )
}

function PasskeyForm() {
  const { t } = useLanguage()
  const { api, ask } = useSession()
  const { fault, isBusy, run } = useTask()
  return (
    <>
      {fault !== null && <LogInFault error={fault} refused="login.refusedPasskey" />}
      <Button
        variant="default"
        loading={isBusy}
        onClick={() =>
          void run(async () => {
            await logInWithPasskey(api)
            await ask()
          })
        }
      >
        {t('login.withPasskey')}
      </Button>
    </>
  )
}

/** A way to the OpenID provider, where there is one. */
function ProviderForm() {
  const { t } = useLanguage()
  const { api } = useSession()
  const { data: name } = useQuery(singleSignOnQuery(api))
  const { fault, isBusy, run } = useTask()
  if (!name) return null
  return (
    <>
      {fault !== null && <LogInFault error={fault} refused="refused.unreachable" />}
      <Button
        variant="default"
        loading={isBusy}
        onClick={() =>
          void run(async () => {
            const here = /\/refused\/?$/.test(location.pathname)
              ? '/app/'
              : location.pathname + location.search
            location.assign(await beginSingleSignOn(api, here))
          })
        }
      >
        {t('login.withProvider', { name })}
      </Button>
    </>
  )
}

function KeyForm() {
  const { t } = useLanguage()
  const { logInWithKey } = useSession()
  const [key, setKey] = useState('')
  const { fault, isBusy, onSubmit } = useTask()
  const submit = onSubmit(() => logInWithKey(key.trim()))
  return (
    <form onSubmit={submit}>
      <Stack>
        <SecretField
          label={t('login.key')}
          description={t('login.keyHelp')}
          autoComplete="off"
          required
          value={key}
          onText={setKey}
        />
        {fault !== null && <LogInFault error={fault} refused="login.refusedKey" />}
        <Button type="submit" loading={isBusy} variant="default">
          {t('login.withKey')}
        </Button>
      </Stack>
    </form>
  )
}

/** By password and second factor, or by a passkey that stands for both; with a way back in for who forgot. */
export function PasswordForm() {
  const [forgotten, setForgotten] = useState<string | null>(null)
  if (forgotten !== null) return <ForgotPassword email={forgotten} onBack={() => setForgotten(null)} />
  return (
    <Stack>
      <TypedForm onForgot={setForgotten} />
      {knowsPasskeys() && <PasskeyForm />}
      <ProviderForm />
    </Stack>
  )
}

function TypedForm({ onForgot }: { readonly onForgot: (email: string) => void }) {
  const { t } = useLanguage()
  const { api, ask } = useSession()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [needsCode, setNeedsCode] = useState(false)
  const { fault, isBusy, onSubmit } = useTask()
  const submit = onSubmit(async () => {
    if (needsCode) {
      const typed = code.replaceAll(/\s/g, '')
      const kind = /^\d{6}$/.test(typed) ? 'totp' : 'backup-code'
      await api.call('POST', `/api/auth/two-factor/verify-${kind}`, { code: typed }).catch((error) => {
        // A log-in that ran out of attempts begins anew.
        if (problemOf(error).code === 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE') setNeedsCode(false)
        throw error
      })
    } else {
      const answer = await api.call<{ twoFactorRedirect?: boolean }>('POST', '/api/auth/sign-in/email', {
        email,
        password,
      })
      if (answer.twoFactorRedirect) return setNeedsCode(true)
    }
    await ask()
  })
  return (
    <form onSubmit={submit}>
      <Stack>
        {needsCode ? (
          <TextField
            label={t('login.code')}
            description={t('login.orBackup')}
            autoComplete="one-time-code"
            required
            value={code}
            onText={setCode}
          />
        ) : (
          <>
            <EmailField value={email} onText={setEmail} />
            <PasswordField label={t('login.password')} value={password} onText={setPassword} />
          </>
        )}
        {fault !== null && <LogInFault error={fault} refused="login.refused" />}
        <Button type="submit" loading={isBusy}>
          {t(needsCode ? 'login.verify' : 'login.withPassword')}
        </Button>
        {!needsCode && (
          <Button variant="subtle" size="compact-sm" onClick={() => onForgot(email)}>
            {t('forgot.open')}
          </Button>
        )}
      </Stack>
    </form>
  )
}
