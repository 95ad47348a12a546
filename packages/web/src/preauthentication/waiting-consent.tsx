import { Alert, Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { cancelConsent, type Preauthentication, pasteReturn } from '../api/consents.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { SecretField } from '../parts/field.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi } from '../session.tsx'
import { linkOf } from './link-memory.ts'

/** A consent that is still to come: its link, the way back for a pasted address, and its end. */
export function WaitingConsent({ asked }: { readonly asked: Preauthentication }) {
  const { t } = useLanguage()
  const { time } = useMoments()
  const api = useApi()
  const queries = useQueryClient()
  const { fault, run } = useTask()
  const link = linkOf(queries, asked.id)
  const isPasted = asked.returnsBy === 'paste'
  return (
    <Card withBorder component="section" aria-label={t('pre.link')}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('pre.link')}
        </Title>
        {link === undefined ? (
          <Alert variant="light">{t('pre.linkGone')}</Alert>
        ) : (
          <>
            <Text size="sm">
              {t(isPasted ? 'pre.linkHelpPaste' : 'pre.linkHelp', { time: time(asked.expiresAt) })}
            </Text>
            <CopyText label={t('pre.link')} text={link} />
            <a href={link} target="_blank" rel="noreferrer">
              {t('pre.linkOpen')}
            </a>
          </>
        )}
        {isPasted && <PasteBack asked={asked} />}
        {fault !== null && <FaultAlert error={fault} />}
        <Group>
          <ConfirmButton
            label={t('pre.cancel')}
            of={asked.label ?? asked.clientId}
            onConfirm={() =>
              run(async () => {
                await cancelConsent(api, asked.id)
                await queries.invalidateQueries({ queryKey: ['preauthentications'] })
              })
            }
          />
        </Group>
      </Stack>
    </Card>
  )
}

/** The browser ended at another address than ours: it is pasted here whole. */
function PasteBack({ asked }: { readonly asked: Preauthentication }) {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const [url, setUrl] = useState('')
  const { fault, isBusy, onSubmit } = useTask()
  const submit = onSubmit(async () => {
    try {
      await pasteReturn(api, asked.id, url)
      setUrl('')
    } finally {
      await queries.invalidateQueries({ queryKey: ['preauthentications'] })
      void queries.invalidateQueries({ queryKey: ['grants'] })
    }
  })
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <SecretField
          label={t('wizard.login.paste')}
          description={t('pre.pasteHelp', { address: asked.redirectUri })}
          required
          value={url}
          onText={setUrl}
        />
        {fault !== null && <FaultAlert error={fault} />}
        <div>
          <Button type="submit" loading={isBusy}>
            {t('wizard.continue')}
          </Button>
        </div>
      </Stack>
    </form>
  )
}
