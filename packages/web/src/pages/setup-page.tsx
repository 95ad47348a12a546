import { Alert, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useEffect, useState } from 'react'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { useSession } from '../session.tsx'

/** `/app/setup#token=…`: whoever holds the link that the server printed becomes the first owner. */
export function SetupPage() {
  const { t } = useLanguage()
  const { api, ask } = useSession()
  const navigate = useNavigate()
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get('token'))
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  // The secret leaves the address, and with it the browser's history.
  useEffect(() => history.replaceState(history.state, '', location.pathname), [])
  if (!token) {
    return (
      <>
        <PageHeading title={t('setup.title')} />
        <Alert color="red">{t('setup.noLink')}</Alert>
      </>
    )
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await api.call('POST', '/setup', { token, name: name.trim(), email: email.trim(), password })
      await ask()
      await navigate({ to: '/databases' })
    } catch (fault) {
      setError(fault)
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack maw={420} mx="auto">
        <PageHeading title={t('setup.title')} />
        <Text>{t('setup.lead')}</Text>
        <TextInput
          label={t('setup.name')}
          autoComplete="name"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
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
          description={t('setup.passwordHelp')}
          autoComplete="new-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {error !== null && <FaultAlert error={error} />}
        <Button type="submit" loading={isBusy}>
          {t('setup.submit')}
        </Button>
      </Stack>
    </form>
  )
}
