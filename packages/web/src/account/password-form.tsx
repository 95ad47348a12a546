import { Alert, Button, PasswordInput, Stack, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { changePassword } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi } from '../session.tsx'
import { LogInFault } from './log-in-fault.tsx'

/** Another password; every other session ends with the old one. */
export function PasswordForm() {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [isDone, setDone] = useState(false)
  const { fault, isBusy, run } = useTask()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setDone(false)
    void run(async () => {
      await changePassword(api, current, next)
      setCurrent('')
      setNext('')
      setDone(true)
      await queries.invalidateQueries({ queryKey: ['sessions'] })
    })
  }
  return (
    <form onSubmit={submit}>
      <Stack component="section" gap="sm" maw={420}>
        <Title order={2} size="h4">
          {t('account.password')}
        </Title>
        <PasswordInput
          label={t('account.currentPassword')}
          autoComplete="current-password"
          required
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('account.newPassword')}
          description={t('setup.passwordHelp')}
          autoComplete="new-password"
          required
          minLength={12}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        {fault !== null && <LogInFault error={fault} />}
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
