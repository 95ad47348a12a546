import { Alert, Button, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { AccountFault } from '../account/log-in-fault.tsx'
import { NewPasswordField } from '../account/person-fields.tsx'
import { resetPassword } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { useTask } from '../parts/use-task.ts'
import { useTokenOfLink } from '../parts/use-token-of-link.ts'
import { useApi } from '../session.tsx'

/** `/app/reset#token=…`: whoever holds the link chooses a new password, and all sessions end. */
export function ResetPage() {
  const { t } = useLanguage()
  const api = useApi()
  const token = useTokenOfLink()
  const [password, setPassword] = useState('')
  const [isDone, setDone] = useState(false)
  const { fault, isBusy, onSubmit } = useTask()
  const submit = onSubmit(async () => {
    await resetPassword(api, token ?? '', password)
    setDone(true)
  })
  return (
    <form onSubmit={submit}>
      <Stack maw={420} mx="auto">
        <PageHeading title={t('reset.title')} />
        {token === null && <Alert color="red">{t('link.incomplete')}</Alert>}
        {isDone && (
          <>
            <Alert role="status">{t('reset.done')}</Alert>
            <Link to="/databases">{t('login.title')}</Link>
          </>
        )}
        {token !== null && !isDone && (
          <>
            <Text>{t('reset.lead')}</Text>
            <NewPasswordField label={t('account.newPassword')} value={password} onText={setPassword} />
            {fault !== null && <AccountFault error={fault} />}
            <Button type="submit" loading={isBusy}>
              {t('common.save')}
            </Button>
          </>
        )}
      </Stack>
    </form>
  )
}
