import { Alert, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { platformsQuery } from '../api/calls.ts'
import { clientQuery } from '../api/clients.ts'
import { ClientSecret, NewSecret } from '../clients/client-secret.tsx'
import { ClientSettings } from '../clients/client-settings.tsx'
import { DeleteClient } from '../clients/delete-client.tsx'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { LinkButton } from '../parts/link-button.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { usePlaceName } from '../parts/place-fields.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi, useMay } from '../session.tsx'

/** One app registration: what hangs on it, its addresses, a new secret, and its end. */
export function ClientPage() {
  const { t } = useLanguage()
  const { moment, count } = useMoments()
  const api = useApi()
  const may = useMay()
  const { id = '' } = useParams({ strict: false })
  const { data: client, error, refetch } = useQuery(clientQuery(api, id))
  const { data: platforms } = useQuery(platformsQuery(api))
  const nameOf = usePlaceName(platforms)
  if (error) return <FaultAlert error={error} onRetry={() => void refetch()} />
  if (!client) return <Waiting />
  const platform = platforms?.find((one) => one.id === client.platform)
  const isOurs = !client.isInherited && may('clients:write')
  return (
    <>
      <GrantTabs />
      <PageHeading title={client.label ?? client.clientId}>
        {may('preauthentication:write') && platform?.consent && (
          <LinkButton
            to="/preauthentications/new"
            search={{ platform: client.platform, region: client.region, client: client.id }}
            variant="default"
          >
            {t('client.ask')}
          </LinkButton>
        )}
      </PageHeading>
      <Stack gap="lg">
        {client.isInherited && <Alert variant="light">{t('client.inherited')}</Alert>}
        <Table className="fact-table" withTableBorder variant="vertical" layout="fixed">
          <Table.Tbody>
            {(
              [
                ['grants.region', nameOf(client)],
                ['wizard.clientId', client.clientId],
                ['clients.keptSince', moment(client.createdAt)],
              ] as const
            ).map(([key, value]) => (
              <Table.Tr key={key}>
                <Table.Th>{t(key)}</Table.Th>
                <Table.Td className="break">{value}</Table.Td>
              </Table.Tr>
            ))}
            <Table.Tr>
              <Table.Th>{t('grants.title')}</Table.Th>
              <Table.Td>
                {count(client.grants)}
                <Text size="sm">{t(client.servesDescendants ? 'client.grantsBelow' : 'client.grants')}</Text>
              </Table.Td>
            </Table.Tr>
            {!isOurs && (
              <>
                <Table.Tr>
                  <Table.Th>{t('clients.redirectUrls')}</Table.Th>
                  <Table.Td className="break">
                    {client.redirectUris.map((uri) => (
                      <div key={uri}>{uri}</div>
                    ))}
                  </Table.Td>
                </Table.Tr>
                <Table.Tr>
                  <Table.Th>{t('wizard.clientSecret')}</Table.Th>
                  <Table.Td>
                    <NewSecret client={client} />
                  </Table.Td>
                </Table.Tr>
              </>
            )}
          </Table.Tbody>
        </Table>
        {isOurs && (
          <>
            <ClientSettings client={client} />
            <ClientSecret client={client} />
            <DeleteClient client={client} />
          </>
        )}
      </Stack>
    </>
  )
}
