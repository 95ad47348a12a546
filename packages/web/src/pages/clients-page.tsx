import { Badge, Table, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { platformsQuery } from '../api/calls.ts'
import { clientsQuery, type StoredClient } from '../api/clients.ts'
import { ClientForm } from '../clients/client-form.tsx'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { usePlaceName } from '../parts/place-fields.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { May, useApi } from '../session.tsx'

/** `/app/clients`: app registrations that are kept, own ones and those of organisations above. */
export function ClientsPage() {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery(clientsQuery(api))
  const [kept, setKept] = useState<StoredClient | null>(null)
  return (
    <>
      <GrantTabs />
      <PageHeading title={t('clients.title')} />
      <Text mb="md" maw={640}>
        {t('clients.lead')}
      </Text>
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data?.length === 0 && <EmptyState title={t('clients.empty')} />}
      {data && data.length > 0 && <ClientTable clients={data} />}
      <Text size="sm" mt="xs" role="status">
        {kept && t('clients.kept', { name: kept.label ?? kept.clientId })}
      </Text>
      <May scope="clients:write">
        <ClientForm
          onKept={async (client) => {
            await queries.invalidateQueries({ queryKey: ['clients'] })
            setKept(client)
          }}
        />
      </May>
    </>
  )
}

function ClientTable({ clients }: { readonly clients: readonly StoredClient[] }) {
  const { t } = useLanguage()
  const { count } = useMoments()
  const { data: platforms } = useQuery(platformsQuery(useApi()))
  const nameOf = usePlaceName(platforms)
  return (
    <ListTable
      label={t('clients.title')}
      heads={[t('common.name'), t('grants.region'), t('grants.title'), t('wizard.clientSecret')]}
    >
      {clients.map((client) => (
        <Table.Tr key={client.id}>
          <Table.Td miw="10rem">
            <Link to="/clients/$id" params={{ id: client.id }} className="break">
              {client.label ?? client.clientId}
            </Link>
            {client.label !== null && (
              <Text size="sm" className="break">
                {client.clientId}
              </Text>
            )}
            {client.isInherited && (
              <Badge variant="light" color="gray" c="var(--mantine-color-text)" tt="none" miw="max-content">
                {t('clients.inherited')}
              </Badge>
            )}
          </Table.Td>
          <Table.Td miw="8rem">{nameOf(client)}</Table.Td>
          <Table.Td>{count(client.grants)}</Table.Td>
          <Table.Td>
            {client.newSecret === null
              ? t('clients.secret.kept')
              : t(client.newSecret.refusedAt === null ? 'clients.secret.waits' : 'clients.secret.refused')}
          </Table.Td>
        </Table.Tr>
      ))}
    </ListTable>
  )
}
