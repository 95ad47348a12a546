import { Alert, Button, NativeSelect, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Grant, Platform } from '../api/answers.ts'
import { clientsQuery, type StoredClient } from '../api/clients.ts'
import {
  type ConnectSettings,
  customersReturn,
  type MadeConnectLink,
  makeConnectLink,
} from '../api/connect-links.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { CodeField, TextField } from '../parts/field.tsx'
import { nowhere, PlaceFields } from '../parts/place-fields.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi, useMay } from '../session.tsx'
import { useRequestKey } from '../wizard/use-request-key.ts'

const validities = { hour: 3600, day: 86_400, week: 7 * 86_400, month: 30 * 86_400 } as const
type Validity = keyof typeof validities
const empty = {
  client: '',
  label: '',
  externalId: '',
  scopes: '',
  returnAddress: '',
  returnState: '',
  language: '',
  validity: 'week' as Validity,
}

/** A link for one customer: to connect an account, or to give a grant anew. */
export function LinkForm(props: {
  readonly platforms: readonly Platform[]
  readonly settings: ConnectSettings
  readonly renewed: Grant | null
  readonly onMade: (made: MadeConnectLink) => Promise<void>
}) {
  const { platforms, settings, renewed } = props
  const { t } = useLanguage()
  const api = useApi()
  const [place, setPlace] = useState(nowhere)
  const [form, setForm] = useState(empty)
  const set = (part: Partial<typeof empty>) => setForm((now) => ({ ...now, ...part }))
  const requestKey = useRequestKey()
  const { fault, isBusy, onSubmit } = useTask()
  const at = renewed ?? place
  const { data: clients } = useQuery({ ...clientsQuery(api), enabled: useMay()('clients:read') })
  const fits = ({ platform, region, clientId }: StoredClient) =>
    platform === at.platform && region === at.region && (renewed === null || clientId === renewed.clientId)
  const kept = clients?.filter(fits) ?? []
  const client = kept.find(({ id }) => id === form.client) ?? kept[0]
  const asked = platforms.find(({ id }) => id === at.platform)?.consent?.scopes ?? null
  const returnUri = customersReturn(settings.origin)
  const returnAddress = form.returnAddress || (settings.returnAddresses[0] ?? '')
  const submit = onSubmit(async () => {
    if (client === undefined) return
    const scopes = form.scopes.split(/\s+/).filter((scope) => scope !== '')
    const text = (name: 'label' | 'externalId' | 'returnState') =>
      form[name].trim() === '' ? {} : { [name]: form[name].trim() }
    const wanted = {
      ...(renewed === null ? { ...place, ...text('label'), ...text('externalId') } : { renews: renewed.id }),
      client: client.id,
      returnAddress,
      ...text('returnState'),
      ...(asked !== null && scopes.length > 0 ? { scopes } : {}),
      ...(form.language === '' ? {} : { language: form.language as 'en' | 'nl' }),
      validForSeconds: validities[form.validity],
    }
    await props.onMade(await makeConnectLink(api, wanted, requestKey.of('link', wanted).key))
  })
  if (settings.returnAddresses.length === 0) {
    return (
      <Alert variant="light">
        {t('links.noReturns')} <Link to="/connect-links/settings">{t('brand.title')}</Link>
      </Alert>
    )
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md" maw={640}>
        {renewed === null && <PlaceFields platforms={platforms} value={place} onChange={setPlace} />}
        {at.region !== '' && clients && client === undefined && (
          <Alert variant="light">
            {t('links.noClient', { address: returnUri })} <Link to="/clients">{t('clients.title')}</Link>
          </Alert>
        )}
        {at.region !== '' && client && (
          <>
            <NativeSelect
              label={t('wizard.app')}
              value={client.id}
              data={kept.map(({ id, label, clientId }) => ({ value: id, label: label ?? clientId }))}
              onChange={(event) => set({ client: event.currentTarget.value })}
            />
            {!client.redirectUris.includes(returnUri) && (
              <Alert variant="light">
                {t('links.elsewhere', { address: returnUri })}{' '}
                <Link to="/clients/$id" params={{ id: client.id }}>
                  {client.label ?? client.clientId}
                </Link>
              </Alert>
            )}
            {renewed === null && (
              <>
                <TextField
                  label={t('links.customer')}
                  description={t('pre.labelHelp')}
                  maxLength={200}
                  value={form.label}
                  onText={(label) => set({ label })}
                />
                <CodeField
                  label={t('pre.externalId')}
                  description={t('pre.externalIdHelp')}
                  maxLength={200}
                  value={form.externalId}
                  onText={(externalId) => set({ externalId })}
                />
              </>
            )}
            {asked && (
              <CodeField
                label={t('pre.scopes')}
                description={t('pre.scopesHelp', {
                  usual: asked.usual.join(' ') || t('common.none'),
                  always: asked.always.join(' ') || t('common.none'),
                })}
                value={form.scopes}
                onText={(scopes) => set({ scopes })}
              />
            )}
            <NativeSelect
              label={t('links.returnAddress')}
              description={t('links.returnAddressHelp')}
              value={returnAddress}
              data={[...settings.returnAddresses]}
              onChange={(event) => set({ returnAddress: event.currentTarget.value })}
            />
            <CodeField
              label={t('links.state')}
              description={t('links.stateHelp')}
              maxLength={500}
              value={form.returnState}
              onText={(returnState) => set({ returnState })}
            />
            <NativeSelect
              label={t('links.language')}
              value={form.language}
              data={[
                { value: '', label: t('links.languageOfBrowser') },
                { value: 'en', label: 'English' },
                { value: 'nl', label: 'Nederlands' },
              ]}
              onChange={(event) => set({ language: event.currentTarget.value })}
            />
            <NativeSelect
              label={t('links.validity')}
              value={form.validity}
              data={(Object.keys(validities) as Validity[]).map((value) => ({
                value,
                label: t(`links.valid.${value}`),
              }))}
              onChange={(event) => set({ validity: event.currentTarget.value as Validity })}
            />
            <Text size="sm">{t('links.once')}</Text>
            {fault !== null && <FaultAlert error={fault} />}
            <div>
              <Button type="submit" loading={isBusy}>
                {t('pre.begin')}
              </Button>
            </div>
          </>
        )}
      </Stack>
    </form>
  )
}
