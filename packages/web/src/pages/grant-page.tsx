import { Alert, Button, Card, Group, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { GrantEvent } from '../api/answers.ts'
import { deleteGrant, eventsShown, grantEventsQuery, grantQuery, platformsQuery } from '../api/calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { useActName } from '../parts/act-name.ts'
import { Actor } from '../parts/actor.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { Forecast } from '../parts/forecast.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { LinkButton } from '../parts/link-button.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { usePlaceName } from '../parts/place-fields.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { May, useApi } from '../session.tsx'

/** One consent: its health, what hangs on it, what happened to it. */
export function GrantPage() {
  const { t } = useLanguage()
  const { moment } = useMoments()
  const actName = useActName()
  const api = useApi()
  const { id = '' } = useParams({ strict: false })
  const { data: grant, error, refetch } = useQuery(grantQuery(api, id))
  const { data: platforms } = useQuery(platformsQuery(api))
  const nameOf = usePlaceName(platforms)
  const { data: events } = useQuery(grantEventsQuery(api, id))
  if (error) return <FaultAlert error={error} onRetry={() => void refetch()} />
  if (!grant) return <Waiting />
  /** The last times count; whether there were earlier ones is said. */
  const keptAlive = (known: readonly GrantEvent[]) => {
    const times = known.filter(({ action }) => action === 'grant.refreshed').length
    const first = known[0]
    if (known.length < eventsShown || first === undefined) return t('grant.renewedTimes', { count: times })
    return t('grant.renewedSince', { count: times, since: moment(first.at) })
  }
  const user = grant.platformUser?.name ?? t('grant.unknownUser')
  return (
    <>
      <GrantTabs />
      <PageHeading title={t('grant.title', { user })}>
        <StateBadge state={grant.state} />
      </PageHeading>
      <Stack gap="lg">
        {grant.problem && (
          <Alert color="red" title={grant.problem.code}>
            <Text lang="en">
              {grant.problem.detail} {grant.problem.hint}
            </Text>
          </Alert>
        )}
        <Table className="fact-table" withTableBorder variant="vertical" layout="fixed">
          <Table.Tbody>
            {(
              [
                ['grants.forecast', <Forecast key="forecast" grant={grant} />],
                ['grants.region', nameOf(grant)],
                ['grants.client', grant.clientId],
                ['grant.created', moment(grant.createdAt)],
                ['grant.lastRefreshed', moment(grant.lastRefreshedAt)],
                ['grant.renewed', keptAlive(events ?? [])],
              ] as const
            ).map(([key, value]) => (
              <Table.Tr key={key}>
                <Table.Th>{t(key)}</Table.Th>
                <Table.Td className="break">{value}</Table.Td>
              </Table.Tr>
            ))}
            <Table.Tr>
              <Table.Th>{t('grants.databases')}</Table.Th>
              <Table.Td>
                {grant.databases.length === 0 && t('common.none')}
                <Group gap="xs">
                  {grant.databases.map((name) => (
                    <Link key={name} to="/databases/$name" params={{ name }}>
                      {name}
                    </Link>
                  ))}
                </Group>
              </Table.Td>
            </Table.Tr>
          </Table.Tbody>
        </Table>
        <May scope="handover:write">
          <div>
            <LinkButton to="/grants/$id/renew" params={{ id: grant.id }} variant="default">
              {t('grant.reauthorise')}
            </LinkButton>
            <Text size="sm" mt={4}>
              {t('grant.reauthoriseHelp')}
            </Text>
          </div>
        </May>
        <section>
          <Title order={2} size="h4" mb="xs">
            {t('grant.events')}
          </Title>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section className="scroll" tabIndex={0} aria-label={t('grant.events')}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('common.when')}</Table.Th>
                  <Table.Th>{t('grant.event')}</Table.Th>
                  <Table.Th>{t('grant.by')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {[...(events ?? [])].reverse().map((event) => (
                  <Table.Tr key={event.id}>
                    <Table.Td>{moment(event.at)}</Table.Td>
                    <Table.Td>{actName(event.action)}</Table.Td>
                    <Table.Td>
                      <Actor {...event} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </section>
        </section>
        <May scope="grants:write">
          <Forget id={grant.id} />
        </May>
      </Stack>
    </>
  )
}

function Forget({ id }: { readonly id: string }) {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [isSure, setSure] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const forget = async () => {
    try {
      await deleteGrant(api, id)
      await queries.invalidateQueries({ queryKey: ['grants'], refetchType: 'none' })
      await navigate({ to: '/grants' })
    } catch (fault) {
      setError(fault)
    }
  }
  return (
    <Card withBorder component="section" aria-label={t('database.danger')}>
      <Title order={2} size="h4">
        {t('database.danger')}
      </Title>
      <Text size="sm" my="xs">
        {t('grant.deleteHelp')}
      </Text>
      <Group>
        {isSure ? (
          <>
            <Button color="red" onClick={() => void forget()}>
              {t('grant.deleteSure')}
            </Button>
            <Button variant="default" onClick={() => setSure(false)}>
              {t('common.cancel')}
            </Button>
          </>
        ) : (
          <Button variant="default" onClick={() => setSure(true)}>
            {t('grant.delete')}
          </Button>
        )}
      </Group>
      {error !== null && <FaultAlert error={error} />}
    </Card>
  )
}
