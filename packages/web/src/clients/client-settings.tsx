import { Button, Card, Stack, Switch, Text, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changeClient, type StoredClient } from '../api/clients.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { LinesField, TextField } from '../parts/field.tsx'
import { useTask } from '../parts/use-task.ts'
import { useAccess, useApi } from '../session.tsx'
import { linesIn } from './lines-in.ts'

/** A client's name, its addresses, and whom it serves. */
export function ClientSettings({ client }: { readonly client: StoredClient }) {
  const { t } = useLanguage()
  const api = useApi()
  const access = useAccess()
  const queries = useQueryClient()
  const [label, setLabel] = useState(client.label ?? '')
  const [redirectUris, setRedirectUris] = useState(client.redirectUris.join('\n'))
  const [servesDescendants, setServes] = useState(client.servesDescendants)
  const [isSaved, setSaved] = useState(false)
  const { fault, isBusy, onSubmit } = useTask()
  const submit = onSubmit(async () => {
    setSaved(false)
    await changeClient(api, client.id, {
      label: label.trim() === '' ? null : label.trim(),
      redirectUris: linesIn(redirectUris),
      ...(servesDescendants === client.servesDescendants ? {} : { servesDescendants }),
    })
    await queries.invalidateQueries({ queryKey: ['clients'] })
    setSaved(true)
  })
  return (
    <Card withBorder component="section" aria-label={t('database.settings')}>
      <Title order={2} size="h4" mb="xs">
        {t('database.settings')}
      </Title>
      <form onSubmit={submit}>
        <Stack gap="sm" maw={640}>
          <TextField
            label={t('common.name')}
            description={t('clients.nameHelp')}
            maxLength={200}
            value={label}
            onText={setLabel}
          />
          <LinesField
            label={t('clients.redirectUrls')}
            description={t('clients.redirectUrlsHelp')}
            required
            value={redirectUris}
            onText={setRedirectUris}
          />
          {(access?.descendants || client.servesDescendants) && (
            <Switch
              label={t('clients.serves')}
              description={t('clients.servesHelp')}
              checked={servesDescendants}
              onChange={(event) => setServes(event.currentTarget.checked)}
            />
          )}
          {fault !== null && <FaultAlert error={fault} />}
          <div>
            <Button type="submit" variant="default" loading={isBusy}>
              {t('common.save')}
            </Button>
          </div>
          <Text size="sm" role="status">
            {isSaved && t('done.saved')}
          </Text>
        </Stack>
      </form>
    </Card>
  )
}
