import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import type { Person } from '../api/answers.ts'
import { beginTwoFactor, disableTwoFactor, verifyTwoFactor } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { TextField } from '../parts/field.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi, useSession } from '../session.tsx'
import { AccountFault } from './log-in-fault.tsx'
import { PasswordField } from './person-fields.tsx'
import { QrCode } from './qr-code.tsx'

interface Begun {
  readonly totpURI: string
  readonly backupCodes: readonly string[]
}

/** A second factor: an authenticator app, switched on only after it has shown a right code. */
export function TwoFactor({ person }: { readonly person: Person }) {
  const { t } = useLanguage()
  const api = useApi()
  const { ask } = useSession()
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [begun, setBegun] = useState<Begun | null>(null)
  const [backupCodes, setBackupCodes] = useState<readonly string[] | null>(null)
  const { fault, isBusy, onSubmit } = useTask()
  const submit = onSubmit(async () => {
    if (begun !== null) {
      await verifyTwoFactor(api, code.replaceAll(/\s/g, ''))
      setBackupCodes(begun.backupCodes)
      setBegun(null)
      setCode('')
      await ask()
    } else if (person.hasTwoFactor) {
      await disableTwoFactor(api, password)
      setPassword('')
      setBackupCodes(null)
      await ask()
    } else {
      setBegun(await beginTwoFactor(api, password))
      setPassword('')
    }
  })
  return (
    <form onSubmit={submit}>
      <Stack component="section" gap="sm" maw={480}>
        <Title order={2} size="h4">
          {t('account.twoFactor')}
        </Title>
        <Text>{t(person.hasTwoFactor ? 'account.twoFactorOn' : 'account.twoFactorOff')}</Text>
        {backupCodes !== null && (
          <Alert role="status" variant="default" title={t('account.backupCodes')}>
            <Text size="sm" mb="xs">
              {t('account.backupHelp')}
            </Text>
            <CopyText label={t('account.backupCodes')} text={backupCodes.join('\n')} />
          </Alert>
        )}
        {begun === null ? (
          <PasswordField label={t('account.confirmPassword')} value={password} onText={setPassword} />
        ) : (
          <>
            <Text size="sm">{t('account.scan')}</Text>
            <QrCode text={begun.totpURI} label={t('account.qr')} />
            <CopyText
              label={t('account.secret')}
              text={new URL(begun.totpURI).searchParams.get('secret') ?? ''}
            />
            <TextField
              label={t('login.code')}
              inputMode="numeric"
              autoComplete="one-time-code"
              required
              value={code}
              onText={setCode}
            />
          </>
        )}
        {fault !== null && <AccountFault error={fault} />}
        <Group>
          <Button type="submit" variant="default" loading={isBusy}>
            {t(
              begun !== null
                ? 'account.twoFactorFinish'
                : person.hasTwoFactor
                  ? 'account.twoFactorDisable'
                  : 'account.twoFactorEnable',
            )}
          </Button>
          {begun !== null && (
            <Button variant="default" onClick={() => setBegun(null)}>
              {t('common.cancel')}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  )
}
