import { Alert, Button, Stack, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { EmailField, NameField, NewPasswordField } from '../account/person-fields.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { useTask } from '../parts/use-task.ts'
import { useTokenOfLink } from '../parts/use-token-of-link.ts'
import { useSession } from '../session.tsx'

/** `/app/setup#token=…`: whoever holds the link that the server printed becomes the first owner. */
export function SetupPage() {
  const { t } = useLanguage()
  const { api, ask } = useSession()
  const navigate = useNavigate()
  const token = useTokenOfLink()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const { fault, isBusy, onSubmit } = useTask()
  if (!token) {
    return (
      <>
        <PageHeading title={t('setup.title')} />
        <Alert color="red">{t('setup.noLink')}</Alert>
      </>
    )
  }
  const submit = onSubmit(async () => {
    await api.call('POST', '/setup', { token, name: name.trim(), email: email.trim(), password })
    await ask()
    await navigate({ to: '/databases' })
  })
  return (
    <form onSubmit={submit}>
      <Stack maw={420} mx="auto">
        <PageHeading title={t('setup.title')} />
        <Text>{t('setup.lead')}</Text>
        <NameField value={name} onText={setName} />
        <EmailField value={email} onText={setEmail} />
        <NewPasswordField label={t('login.password')} value={password} onText={setPassword} />
        {fault !== null && <FaultAlert error={fault} />}
        <Button type="submit" loading={isBusy}>
          {t('setup.submit')}
        </Button>
      </Stack>
    </form>
  )
}
