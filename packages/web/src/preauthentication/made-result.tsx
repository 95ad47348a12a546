import { Alert, Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  cancelConsent,
  type Preauthentication,
  type PreauthenticationResult,
  showResult,
} from '../api/consents.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi } from '../session.tsx'

/** What was made for use elsewhere: shown once to who began, in this page's memory only. */
export function MadeResult({ asked }: { readonly asked: Preauthentication }) {
  const { t } = useLanguage()
  const { time } = useMoments()
  const api = useApi()
  const queries = useQueryClient()
  const [result, setResult] = useState<PreauthenticationResult | null>(null)
  const { fault, isBusy, run } = useTask()
  const refresh = () => queries.invalidateQueries({ queryKey: ['preauthentications'] })
  if (result === null && asked.resultUntil === null) return null
  return (
    <Card withBorder component="section" aria-label={t('pre.result')}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('pre.result')}
        </Title>
        {asked.output !== 'envelope' && (
          <Alert color="yellow" variant="light">
            {t(asked.output === 'tokens' ? 'pre.onlyOne' : 'pre.codeSoon')}
          </Alert>
        )}
        {result !== null ? (
          <>
            <Text size="sm">{t('pre.resultOnce')}</Text>
            <Shown result={result} />
            <div>
              <Button variant="default" size="xs" onClick={() => setResult(null)}>
                {t('common.done')}
              </Button>
            </div>
          </>
        ) : (
          <>
            <Text size="sm">{t('pre.resultUntil', { time: time(asked.resultUntil ?? '') })}</Text>
            <Group>
              <Button
                loading={isBusy}
                onClick={() =>
                  void run(async () => {
                    setResult(await showResult(api, asked.id))
                    await refresh()
                  })
                }
              >
                {t('pre.show')}
              </Button>
              <ConfirmButton
                label={t('pre.erase')}
                of={asked.label ?? asked.clientId}
                onConfirm={() =>
                  run(async () => {
                    await cancelConsent(api, asked.id)
                    await refresh()
                  })
                }
              />
            </Group>
          </>
        )}
        {fault !== null && <FaultAlert error={fault} />}
      </Stack>
    </Card>
  )
}

function Shown({ result }: { readonly result: PreauthenticationResult }) {
  const { t } = useLanguage()
  const { moment } = useMoments()
  const lines: readonly (readonly [label: string, text: string | null | undefined])[] =
    result.kind === 'code'
      ? [
          [t('wizard.kind.code'), result.code],
          [t('pre.codeVerifier'), result.codeVerifier],
          [t('wizard.redirectUrl'), result.redirectUri],
        ]
      : result.kind === 'envelope'
        ? [[t('pre.output.envelope'), result.jwe]]
        : [
            [t('wizard.accessToken'), result.accessToken],
            [t('wizard.refreshToken'), result.refreshToken],
            ...Object.entries(result.values),
          ]
  return (
    <>
      {lines.map(
        ([label, text]) =>
          text && (
            <div key={label}>
              <Text size="sm" fw={600}>
                {label}
              </Text>
              <CopyText label={label} text={text} />
            </div>
          ),
      )}
      {result.kind === 'tokens' && result.expiresAt !== null && (
        <Text size="sm">{t('pre.accessUntil', { moment: moment(result.expiresAt) })}</Text>
      )}
    </>
  )
}
