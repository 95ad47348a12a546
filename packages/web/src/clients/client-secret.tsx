import { Alert, Button, Card, Group, Text, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changeClient, type StoredClient } from '../api/clients.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { SecretField } from '../parts/field.tsx'
import { Refusal } from '../parts/refusal.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi } from '../session.tsx'

/** A new secret for a client. The one before is kept until the new one has worked; neither is ever shown. */
export function ClientSecret({ client }: { readonly client: StoredClient }) {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const [secret, setSecret] = useState('')
  const [isTaken, setTaken] = useState(false)
  const { fault, isBusy, onSubmit } = useTask()
  const submit = onSubmit(async () => {
    setTaken(false)
    await changeClient(api, client.id, { clientSecret: secret.trim() })
    setSecret('')
    await queries.invalidateQueries({ queryKey: ['clients'] })
    setTaken(true)
  })
  return (
    <Card withBorder component="section" aria-label={t('wizard.clientSecret')}>
      <Title order={2} size="h4" mb="xs">
        {t('wizard.clientSecret')}
      </Title>
      <NewSecret client={client} />
      <form onSubmit={submit}>
        <Group align="flex-end" gap="sm" mt="sm">
          <SecretField
            label={t('client.newSecret')}
            required
            w={320}
            maw="100%"
            value={secret}
            onText={setSecret}
          />
          <Button type="submit" variant="default" loading={isBusy}>
            {t('client.giveSecret')}
          </Button>
        </Group>
      </form>
      <Text size="sm" mt="xs" role="status">
        {isTaken && client.newSecret === null && t('client.secretReplaced')}
      </Text>
      {fault !== null && <FaultAlert error={fault} />}
    </Card>
  )
}

/** What stands between the secret before and a new one. */
export function NewSecret({ client: { newSecret, grants } }: { readonly client: StoredClient }) {
  const { t } = useLanguage()
  const { moment } = useMoments()
  if (newSecret === null) {
    return <Text size="sm">{t(grants === 0 ? 'client.secretUntried' : 'client.secretKept')}</Text>
  }
  const { since, refusedAt } = newSecret
  return refusedAt === null ? (
    <Alert color="yellow" variant="light">
      {t('client.secretWaits', { since: moment(since) })}
    </Alert>
  ) : (
    <Refusal>{t('client.secretRefused', { since: moment(since), refused: moment(refusedAt) })}</Refusal>
  )
}
