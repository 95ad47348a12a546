import { Alert, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { Grant } from '../api/answers.ts'
import { grantQuery, platformsQuery } from '../api/calls.ts'
import { clientsQuery } from '../api/clients.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { LinkButton } from '../parts/link-button.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { usePlaceName } from '../parts/place-fields.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi, useMay } from '../session.tsx'
import { isOf, RenewForm } from '../wizard/renew-form.tsx'

/**
 * `/app/grants/{id}/renew`: a new consent of the same user to the same app. The grant stays, and what hangs on it.
 * `?became=grt_…`: the grant that the new credentials came to, to be told.
 */
export function RenewPage() {
  const { t } = useLanguage()
  const api = useApi()
  const may = useMay()
  const navigate = useNavigate()
  const { id = '' } = useParams({ strict: false })
  const { became } = useSearch({ strict: false })
  const { data: grant, error, refetch } = useQuery(grantQuery(api, id))
  const { data: platforms } = useQuery(platformsQuery(api))
  const clients = useQuery({ ...clientsQuery(api), enabled: may('clients:read') })
  const nameOf = usePlaceName(platforms)
  if (error) return <FaultAlert error={error} onRetry={() => void refetch()} />
  if (!grant || !platforms || clients.isLoading) return <Waiting />
  const platform = platforms.find((one) => one.id === grant.platform)
  const kept = clients.data?.find((one) => isOf(grant, one))
  const user = grant.platformUser?.name ?? t('grant.unknownUser')
  return (
    <>
      <GrantTabs />
      <PageHeading title={t('renew.title', { user })} />
      <Text>{t('renew.lead')}</Text>
      <Text mb="lg" className="break">
        {nameOf(grant)} · {kept?.label ?? grant.clientId} ·{' '}
        {t('renew.databases', { names: grant.databases.join(', ') || t('common.none') })}
      </Text>
      {became !== undefined && <Became grant={grant} id={became} />}
      {became === undefined && platform && (
        <Stack gap="xl">
          <RenewForm
            grant={grant}
            platform={platform}
            clients={clients.data ?? []}
            onGrant={(next) =>
              void navigate({
                to: '/grants/$id/renew',
                params: { id },
                search: { became: next },
                replace: true,
              })
            }
          />
          {platform.consent && may('preauthentication:write') && (
            <div>
              <Text size="sm" mb={4}>
                {t('renew.elsewhere')}
              </Text>
              <LinkButton
                to="/preauthentications/new"
                search={{
                  platform: grant.platform,
                  region: grant.region,
                  ...(kept ? { client: kept.id } : {}),
                }}
                variant="default"
              >
                {t('pre.new')}
              </LinkButton>
            </div>
          )}
          {platform.consent && kept && grant.platformUser && may('connect:write') && (
            <div>
              <Text size="sm" mb={4}>
                {t('links.renewElsewhere')}
              </Text>
              <LinkButton to="/connect-links/new" search={{ renews: grant.id }} variant="default">
                {t('links.new')}
              </LinkButton>
            </div>
          )}
        </Stack>
      )}
    </>
  )
}

/** Whether the new credentials renewed the grant that was meant. */
function Became({ grant, id }: { readonly grant: Grant; readonly id: string }) {
  const { t } = useLanguage()
  const { data: other, error } = useQuery(grantQuery(useApi(), id))
  if (error) return <FaultAlert error={error} />
  if (!other) return <Waiting />
  const isSame = other.id === grant.id
  const isOpen = other.state === 'pending' || other.state === 'ambiguous'
  const user = other.platformUser?.name ?? t('grant.unknownUser')
  return (
    <Alert color={isOpen || !isSame ? 'yellow' : 'green'} variant="light" role="status">
      <Text>{isOpen ? t('renew.open') : isSame ? t('renew.done') : t('renew.other', { user })}</Text>
      <Link to="/grants/$id" params={{ id }}>
        {t('consent.toGrant')}
      </Link>
    </Alert>
  )
}
