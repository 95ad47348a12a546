import { Alert, Button, Stack, Title } from '@mantine/core'
import { useState } from 'react'
import { askForReset } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi } from '../session.tsx'
import { AccountFault } from './log-in-fault.tsx'
import { EmailField } from './person-fields.tsx'

/** Who forgot their password gets a letter, or reads whom to ask; the answer is the same whoever has the address. */
export function ForgotPassword(props: { readonly email: string; readonly onBack: () => void }) {
  const { t, language } = useLanguage()
  const api = useApi()
  const [email, setEmail] = useState(props.email)
  const [isMailed, setMailed] = useState<boolean | null>(null)
  const { fault, isBusy, onSubmit } = useTask()
  const submit = onSubmit(async () => setMailed(await askForReset(api, email.trim(), language)))
  return (
    <form onSubmit={submit}>
      <Stack>
        <Title order={2} size="h4">
          {t('forgot.title')}
        </Title>
        {isMailed === null ? (
          <>
            <EmailField value={email} onText={setEmail} />
            {fault !== null && <AccountFault error={fault} />}
            <Button type="submit" loading={isBusy}>
              {t('forgot.send')}
            </Button>
          </>
        ) : (
          <Alert role="status">{t(isMailed ? 'forgot.mailed' : 'forgot.byHand')}</Alert>
        )}
        <Button variant="default" onClick={props.onBack}>
          {t('forgot.back')}
        </Button>
      </Stack>
    </form>
  )
}
