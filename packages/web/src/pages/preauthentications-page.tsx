import { Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { grantsQuery, platformsQuery } from '../api/calls.ts'
import { preauthenticationsQuery } from '../api/consents.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { LinkButton } from '../parts/link-button.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { usePlaceName } from '../parts/place-fields.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { standingOf } from '../preauthentication/standing.ts'
import { StandingBadge } from '../preauthentication/standing-badge.tsx'
import { useApi, useMay } from '../session.tsx'

/** `/app/preauthentications`: the newest consents that were asked from here, and how far each has come. */
export function PreauthenticationsPage() {
  const { t } = useLanguage()
  const { moment } = useMoments()
  const api = useApi()
  const { data, error, refetch } = useQuery(preauthenticationsQuery(api))
  const { data: grants } = useQuery({ ...grantsQuery(api), enabled: useMay()('grants:read') })
  const { data: platforms } = useQuery(platformsQuery(api))
  const nameOf = usePlaceName(platforms)
  const databases = new Map(grants?.map((grant) => [grant.id, grant.databases]))
  return (
    <>
      <GrantTabs />
      <PageHeading title={t('pre.title')}>
        <LinkButton to="/preauthentications/new">{t('pre.new')}</LinkButton>
      </PageHeading>
      <Text mb="md" maw={640}>
        {t('pre.lead')}
      </Text>
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data?.length === 0 && <EmptyState title={t('pre.empty')} />}
      {data && data.length > 0 && (
        <ListTable
          label={t('pre.title')}
          heads={[t('pre.for'), t('common.state'), t('grants.region'), t('pre.asked')]}
        >
          {data.map((asked) => (
            <Table.Tr key={asked.id}>
              <Table.Td miw="10rem">
                <Link to="/preauthentications/$id" params={{ id: asked.id }} className="break">
                  {asked.label ?? asked.externalId ?? t('pre.unnamed')}
                </Link>
                {asked.output !== 'grant' && <Text size="sm">{t(`pre.output.${asked.output}`)}</Text>}
              </Table.Td>
              <Table.Td>
                <StandingBadge standing={standingOf(asked, (grant) => databases.get(grant) ?? [])} />
              </Table.Td>
              <Table.Td miw="8rem">{nameOf(asked)}</Table.Td>
              <Table.Td miw="9rem">{moment(asked.createdAt)}</Table.Td>
            </Table.Tr>
          ))}
        </ListTable>
      )}
    </>
  )
}
