import { Group, NativeSelect, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { platformsQuery } from '../api/calls.ts'
import { connectLinksQuery, linkStates, revokeConnectLink } from '../api/connect-links.ts'
import { LinkTable } from '../connect/link-table.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { CodeField } from '../parts/field.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { LinkButton } from '../parts/link-button.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { useTask } from '../parts/use-task.ts'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'

/** `/app/connect-links`: the newest links that customers connect an account through, and what became of them. */
export function ConnectLinksPage() {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const [state, setState] = useState('')
  const [customer, setCustomer] = useState('')
  const [externalId] = useDebouncedValue(customer.trim(), 300)
  const { data, error, refetch } = useQuery(connectLinksQuery(api, externalId))
  const { data: platforms } = useQuery(platformsQuery(api))
  const { fault, run } = useTask()
  const shown = data?.filter((link) => state === '' || link.state === state)
  return (
    <>
      <GrantTabs />
      <PageHeading title={t('links.title')}>
        <Group gap="xs">
          <LinkButton to="/connect-links/settings" variant="default">
            {t('brand.title')}
          </LinkButton>
          <LinkButton to="/connect-links/new">{t('links.new')}</LinkButton>
        </Group>
      </PageHeading>
      <Text mb="md" maw={640}>
        {t('links.lead')}
      </Text>
      <Group mb="md" align="flex-end">
        <NativeSelect
          label={t('common.state')}
          value={state}
          data={[
            { value: '', label: t('links.all') },
            ...linkStates.map((value) => ({ value, label: t(`links.state.${value}`) })),
          ]}
          onChange={(event) => setState(event.currentTarget.value)}
        />
        <CodeField label={t('pre.externalId')} maxLength={200} value={customer} onText={setCustomer} />
      </Group>
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {fault !== null && <FaultAlert error={fault} />}
      {!data && !error && <Waiting />}
      {shown?.length === 0 && (
        <Text role="status">{t(state === '' && externalId === '' ? 'links.empty' : 'links.noneSuch')}</Text>
      )}
      {shown && shown.length > 0 && (
        <LinkTable
          links={shown}
          platforms={platforms}
          onRevoke={({ id }) =>
            run(async () => {
              await revokeConnectLink(api, id)
              await queries.invalidateQueries({ queryKey: ['connect-links'] })
            })
          }
        />
      )}
      {data?.length === 100 && (
        <Text size="sm" mt="xs">
          {t('links.newest')}
        </Text>
      )}
    </>
  )
}
