import { Button, Stack, Switch, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { platformsQuery } from '../api/calls.ts'
import { keepClient, type StoredClient } from '../api/clients.ts'
import { ownReturn } from '../api/consents.ts'
import { useLanguage } from '../i18n/language.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { CodeField, LinesField, SecretField, TextField } from '../parts/field.tsx'
import { nowhere, PlaceFields } from '../parts/place-fields.tsx'
import { useTask } from '../parts/use-task.ts'
import { useAccess, useApi } from '../session.tsx'
import { linesIn } from './lines-in.ts'

const empty = { clientId: '', clientSecret: '', redirectUris: '', label: '', servesDescendants: false }

/** An app registration to be kept. Its secret goes to the server and nowhere else. */
export function ClientForm({ onKept }: { readonly onKept: (client: StoredClient) => Promise<void> }) {
  const { t } = useLanguage()
  const api = useApi()
  const access = useAccess()
  const { data: platforms } = useQuery(platformsQuery(api))
  const [place, setPlace] = useState(nowhere)
  const [form, setForm] = useState(empty)
  const change = (part: Partial<typeof empty>) => setForm((now) => ({ ...now, ...part }))
  const { fault, isBusy, onSubmit } = useTask()
  const submit = onSubmit(async () => {
    const { clientId, clientSecret, redirectUris, label, servesDescendants } = form
    const client = await keepClient(api, {
      ...place,
      clientId: clientId.trim(),
      clientSecret: clientSecret.trim(),
      redirectUris: linesIn(redirectUris),
      ...(label.trim() === '' ? {} : { label: label.trim() }),
      ...(servesDescendants ? { servesDescendants } : {}),
    })
    setForm(empty)
    await onKept(client)
  })
  return (
    <form onSubmit={submit}>
      <Stack component="section" mt="xl" gap="md" maw={640} aria-labelledby="new-client">
        <Title order={2} size="h4" id="new-client">
          {t('clients.new')}
        </Title>
        <PlaceFields platforms={platforms ?? []} value={place} onChange={setPlace} />
        <TextField
          label={t('common.name')}
          description={t('clients.nameHelp')}
          maxLength={200}
          value={form.label}
          onText={(label) => change({ label })}
        />
        <CodeField
          label={t('wizard.clientId')}
          required
          maxLength={200}
          value={form.clientId}
          onText={(clientId) => change({ clientId })}
        />
        <SecretField
          label={t('wizard.clientSecret')}
          description={t('clients.secretHelp')}
          required
          value={form.clientSecret}
          onText={(clientSecret) => change({ clientSecret })}
        />
        <LinesField
          label={t('clients.redirectUrls')}
          description={t('clients.redirectUrlsHelp')}
          required
          value={form.redirectUris}
          onText={(redirectUris) => change({ redirectUris })}
        />
        <div>
          <Text size="sm" mb={4}>
            {t('clients.ownReturn')}
          </Text>
          <CopyText label={t('wizard.redirectUrl')} text={ownReturn()} />
        </div>
        {access?.descendants && (
          <Switch
            label={t('clients.serves')}
            description={t('clients.servesHelp')}
            checked={form.servesDescendants}
            onChange={(event) => change({ servesDescendants: event.currentTarget.checked })}
          />
        )}
        {fault !== null && <FaultAlert error={fault} />}
        <div>
          <Button type="submit" loading={isBusy}>
            {t('clients.keep')}
          </Button>
        </div>
      </Stack>
    </form>
  )
}
