import { Alert, Button, Divider, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { ForgotPassword } from '../account/forgot-password.tsx'
import { knowsPasskeys, logInWithPasskey } from '../account/web-authn.ts'
import { problemOf } from '../api/api-client.ts'
import { beginSingleSignOn, singleSignOnQuery } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import type { MessageKey } from '../i18n/messages.en.ts'
import { PageHeading } from '../parts/page-heading.tsx'
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

/** Runs a log-in and keeps what there is to say when it fails. */
function useAttempt(refused: MessageKey) {
  const [fault, setFault] = useState<MessageKey | null>(null)
  const [isBusy, setBusy] = useState(false)
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true)
    setFault(null)
    try {
      await work()
    } catch (error) {
      setFault(textOf(error) ?? refused)
    } finally {
      setBusy(false)
    }
  }
  return { fault, isBusy, attempt }
}

/** What is to be said of a log-in that failed for another reason than what was typed. */
function textOf(error: unknown): MessageKey | null {
  const { code, status } = problemOf(error)
  if (status === 0) return 'login.unreachable'
  if (code === 'ACCOUNT_TEMPORARILY_LOCKED') return 'login.locked'
  if (code === 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE') return 'login.tooManyCodes'
  if (code === 'PASSKEY_CANCELLED') return 'passkeys.cancelled'
  if (code === 'PASSKEY_UNVERIFIED') return 'passkeys.unverified'
  return status === 429 ? 'login.tooMany' : null
}

function PasskeyForm() {
  const { t } = useLanguage()
  const { api, ask } = useSession()
  const { fault, isBusy, attempt } = useAttempt('login.refusedPasskey')
  return (
    <>
      {fault && (
        <Alert color="red" role="alert">
          {t(fault)}
        </Alert>
      )}
      <Button
        variant="default"
        loading={isBusy}
        onClick={() =>
          void attempt(async () => {
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
  const { fault, isBusy, attempt } = useAttempt('refused.unreachable')
  if (!name) return null
  return (
    <>
      {fault && (
        <Alert color="red" role="alert">
          {t(fault)}
        </Alert>
      )}
      <Button
        variant="default"
        loading={isBusy}
        onClick={() =>
          void attempt(async () => {
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
  const { fault, isBusy, attempt } = useAttempt('login.refusedKey')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void attempt(() => logInWithKey(key.trim()))
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <PasswordInput
          label={t('login.key')}
          description={t('login.keyHelp')}
          autoComplete="off"
          required
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        {fault && (
          <Alert color="red" role="alert">
            {t(fault)}
          </Alert>
        )}
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
  const { fault, isBusy, attempt } = useAttempt('login.refused')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void attempt(async () => {
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
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        {needsCode ? (
          <TextInput
            label={t('login.code')}
            description={t('login.orBackup')}
            autoComplete="one-time-code"
            required
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        ) : (
          <>
            <TextInput
              label={t('login.email')}
              type="email"
              autoComplete="username"
              required
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <PasswordInput
              label={t('login.password')}
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
          </>
        )}
        {fault && (
          <Alert color="red" role="alert">
            {t(fault)}
          </Alert>
        )}
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
