import { Alert, Button, Stack, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changePassword } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi } from '../session.tsx'
import { AccountFault } from './log-in-fault.tsx'
import { NewPasswordField, PasswordField } from './person-fields.tsx'

/** Another password; every other session ends with the old one. */
export function PasswordForm() {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [isDone, setDone] = useState(false)
  const { fault, isBusy, onSubmit } = useTask()
  const submit = onSubmit(async () => {
    setDone(false)
    await changePassword(api, current, next)
    setCurrent('')
    setNext('')
    setDone(true)
    await queries.invalidateQueries({ queryKey: ['sessions'] })
  })
  return (
    <form onSubmit={submit}>
      <Stack component="section" gap="sm" maw={420}>
        <Title order={2} size="h4">
          {t('account.password')}
        </Title>
        <PasswordField label={t('account.currentPassword')} value={current} onText={setCurrent} />
        <NewPasswordField label={t('account.newPassword')} value={next} onText={setNext} />
        {fault !== null && <AccountFault error={fault} />}
        {isDone && <Alert role="status">{t('account.passwordChanged')}</Alert>}
        <div>
          <Button type="submit" variant="default" loading={isBusy}>
            {t('account.changePassword')}
          </Button>
        </div>
      </Stack>
    </form>
  )
}
