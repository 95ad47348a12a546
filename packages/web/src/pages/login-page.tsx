import { Alert, Button, Divider, PasswordInput, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { problemOf } from '../api/api-client.ts'
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
      setFault(problemOf(error).status === 0 ? 'login.unreachable' : refused)
    } finally {
      setBusy(false)
    }
  }
  return { fault, isBusy, attempt }
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

export function PasswordForm() {
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
      if (needsCode) await api.call('POST', '/api/auth/two-factor/verify-totp', { code: code.trim() })
      else {
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
            inputMode="numeric"
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
      </Stack>
    </form>
  )
}
