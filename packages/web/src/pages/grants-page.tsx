import { Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { grantsQuery, platformsQuery } from '../api/calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { Forecast } from '../parts/forecast.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { usePlaceName } from '../parts/place-fields.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'

export function GrantsPage() {
  const { t } = useLanguage()
  const api = useApi()
  const { data, error, refetch } = useQuery(grantsQuery(api))
  const { data: platforms } = useQuery(platformsQuery(api))
  const nameOf = usePlaceName(platforms)
  return (
    <>
      <GrantTabs />
      <PageHeading title={t('grants.title')} />
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data?.length === 0 && <Text>{t('grants.empty')}</Text>}
      {data && data.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="scroll" tabIndex={0} aria-label={t('grants.title')}>
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('grants.user')}</Table.Th>
                <Table.Th>{t('common.state')}</Table.Th>
                <Table.Th>{t('grants.region')}</Table.Th>
                <Table.Th>{t('grants.databases')}</Table.Th>
                <Table.Th>{t('grants.forecast')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.map((grant) => (
                <Table.Tr key={grant.id}>
                  <Table.Td>
                    <Link to="/grants/$id" params={{ id: grant.id }}>
                      {grant.label ?? grant.platformUser?.name ?? t('grant.unknownUser')}
                    </Link>
                  </Table.Td>
                  <Table.Td>
                    <StateBadge state={grant.state} />
                  </Table.Td>
                  <Table.Td miw="8rem">{nameOf(grant)}</Table.Td>
                  <Table.Td>{grant.databases.join(', ') || t('common.none')}</Table.Td>
                  <Table.Td miw="15rem">
                    <Forecast grant={grant} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </section>
      )}
    </>
  )
}
