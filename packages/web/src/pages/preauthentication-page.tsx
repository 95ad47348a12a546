import { Alert, Group, Stack, Table, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { Grant, Platform } from '../api/answers.ts'
import { grantQuery, platformsQuery } from '../api/calls.ts'
import { type Preauthentication, preauthenticationQuery } from '../api/consents.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { LinkButton } from '../parts/link-button.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { usePlaceName } from '../parts/place-fields.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { forgetLink } from '../preauthentication/link-memory.ts'
import { MadeResult } from '../preauthentication/made-result.tsx'
import { standingOf } from '../preauthentication/standing.ts'
import { StandingBadge } from '../preauthentication/standing-badge.tsx'
import { WaitingConsent } from '../preauthentication/waiting-consent.tsx'
import { useApi, useMay } from '../session.tsx'
import { slugOf } from '../wizard/platform-facts.ts'

/** One consent that was asked: its link while it waits, and what became of it. */
export function PreauthenticationPage() {
  const { t } = useLanguage()
  const api = useApi()
  const may = useMay()
  const queries = useQueryClient()
  const { id = '' } = useParams({ strict: false })
  const { data: asked, error, refetch } = useQuery(preauthenticationQuery(api, id))
  const { data: platforms } = useQuery(platformsQuery(api))
  const { data: grant } = useQuery({
    ...grantQuery(api, asked?.grant ?? ''),
    enabled: asked?.grant != null && may('grants:read'),
  })
  // What was told once serves nobody any more.
  const isOver = asked !== undefined && asked.state !== 'waiting'
  useEffect(() => {
    if (isOver) forgetLink(queries, id)
  }, [isOver, queries, id])
  if (error) return <FaultAlert error={error} onRetry={() => void refetch()} />
  if (!asked) return <Waiting />
  const standing = standingOf(asked, () => grant?.databases ?? [])
  const platform = platforms?.find((one) => one.id === asked.platform)
  return (
    <>
      <GrantTabs />
      <PageHeading title={asked.label ?? asked.externalId ?? t('pre.unnamed')}>
        <span role="status">
          <StandingBadge standing={standing} />
        </span>
      </PageHeading>
      <Stack gap="lg">
        {standing === 'waiting' && <WaitingConsent asked={asked} />}
        {standing === 'exchanging' && <Waiting text={t('pre.exchanging')} />}
        {asked.state === 'done' && asked.grant !== null && (
          <Kept asked={asked} id={asked.grant} grant={grant} platform={platform} />
        )}
        <MadeResult asked={asked} />
        {standing === 'refused' && (
          <Alert color="red" title={t('consent.refused')}>
            <Text lang="en">
              {asked.problem?.detail} {asked.problem?.hint}
            </Text>
          </Alert>
        )}
        {standing === 'expired' && <Text>{t('pre.expired')}</Text>}
        {(standing === 'refused' || standing === 'expired') && (
          <div>
            <LinkButton
              to="/preauthentications/new"
              search={{ platform: asked.platform, region: asked.region }}
              variant="default"
            >
              {t('pre.again')}
            </LinkButton>
          </div>
        )}
        <Facts asked={asked} platforms={platforms} />
      </Stack>
    </>
  )
}

/** The grant that a consent became, and the way to a database on it: now, or months later. */
function Kept(props: {
  readonly asked: Preauthentication
  readonly id: string
  readonly grant: Grant | undefined
  readonly platform: Platform | undefined
}) {
  const { asked, id, grant, platform } = props
  const { t } = useLanguage()
  const may = useMay()
  const databases = grant?.databases ?? []
  return (
    <Stack gap="sm">
      <Text>
        {t(asked.output === 'grant' ? 'pre.kept' : 'pre.keptInstead', {
          user: grant?.platformUser?.name ?? t('grant.unknownUser'),
        })}{' '}
        <Link to="/grants/$id" params={{ id }}>
          {t('consent.toGrant')}
        </Link>
      </Text>
      {databases.length > 0 && (
        <Group gap="xs">
          <Text>{t('grants.databases')}:</Text>
          {databases.map((name) => (
            <Link key={name} to="/databases/$name" params={{ name }}>
              {name}
            </Link>
          ))}
        </Group>
      )}
      {platform?.hasTables && may('databases:write') && (
        <div>
          <LinkButton
            to="/setup/databases/new/$platform"
            params={{ platform: slugOf(platform.id) }}
            search={{ grant: id }}
            variant={databases.length > 0 ? 'default' : 'filled'}
          >
            {t('pre.register')}
          </LinkButton>
        </div>
      )}
    </Stack>
  )
}

function Facts(props: {
  readonly asked: Preauthentication
  readonly platforms: readonly Platform[] | undefined
}) {
  const { asked } = props
  const { t } = useLanguage()
  const { moment } = useMoments()
  const nameOf = usePlaceName(props.platforms)
  const rows = [
    ['grants.region', nameOf(asked)],
    ['wizard.clientId', asked.clientId],
    ['wizard.redirectUrl', asked.redirectUri],
    ['pre.output', t(`pre.output.${asked.output}`)],
    ['pre.scopes', asked.scopes?.join(' ')],
    ['pre.externalId', asked.externalId],
    ['pre.asked', moment(asked.createdAt)],
    ['pre.until', asked.state === 'waiting' ? moment(asked.expiresAt) : null],
  ] as const
  return (
    <Table className="fact-table" withTableBorder variant="vertical" layout="fixed">
      <Table.Tbody>
        {rows.map(
          ([key, value]) =>
            value && (
              <Table.Tr key={key}>
                <Table.Th>{t(key)}</Table.Th>
                <Table.Td className="break">{value}</Table.Td>
              </Table.Tr>
            ),
        )}
      </Table.Tbody>
    </Table>
  )
}
